"""Builds of the submission for the tools, made when first asked for and kept for the grading; each tool is tried first.

A tool that does not find what is known to be wrong, or finds something where nothing is, says nothing about a
submission: that is a fault of the machine, never a lost point. A source that keeps a tool that works from looking loses
the points of the checks that ask for it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.build import COMPILER
from grader.checks.commands import CommandResult, file_names, read_file, require_unchanged, run_command, write_file
from grader.checks.run import CheckFailed
from grader.instruments import probe
from grader.instruments.refusals import find_refusal, may_refuse
from grader.instruments.reports import WORK_FOLDER, ToolFailedError
from grader.instruments.tools import UNOPTIMISED, Tool, compiler_options
from grader.spec import BuildSpec, Limits
from grader.submission import SubmittedFile
from sandbox.errors import SandboxError
from sandbox.session import RunLimits, Session

PROGRAM_BYTES = 64 << 20
REPORT_BYTES = 1 << 20
MAX_REPORTS = 64
PREPROCESSED_BYTES = 16 << 20
PROBE_SECONDS = 30.0

_PID = re.compile(r"[0-9]{1,10}")
_NOT_OF_ITS_CHOICE = re.compile(r"impossible constraints|more than \d+ operands|relocation truncated")
"""What a tool can make of a source that only leaves it too little room."""


class Variants:
    """The submission's builds for the tools. One for each grading; `files` are what was submitted."""

    def __init__(self, spec: BuildSpec, files: Sequence[SubmittedFile], limits: Limits) -> None:
        self.spec = spec
        self.limits = limits
        self._files = files
        self._programs: dict[str, bytes] = {}
        self._refusals: dict[str, str] = {}
        self._reports = 0
        self._uid: int | None = None

    def place(self, session: Session, tool: Tool) -> str:
        """Put the build for `tool` into the work folder and return its path there; its last part is as always.

        Raises SandboxError if the tool does not work here, or cannot follow this program; CheckFailed if the
        program has changed its own source before, or if its source keeps the tool from looking.
        """
        flat = f".grader-{tool.name}"
        if tool.name not in self._programs:
            if tool.name in probe.WRONGS:
                self._try_out(session, tool)
            program = self._build(session, tool, flat)
            _refuse_unsupported(tool, program)
            self._programs[tool.name] = program
        else:
            write_file(session, flat, self._programs[tool.name], 0o755)
        folder = f".grader/{tool.name}"
        script = f'mkdir -p {folder} && mv -f {flat} "{folder}/$0"'
        moved = run_command(session, ["/bin/sh", "-c", script, self.spec.program])
        if not moved.ok:
            raise SandboxError(f"the program for {tool.title} cannot be put in place: {moved.output}")
        return f"./{folder}/{self.spec.program}"

    def new_log(self) -> str:
        """The path of the next run's reports, to which each process adds `.` and its pid."""
        self._reports += 1
        return f"{WORK_FOLDER}.grader-report-{self._reports}"

    def uid(self, session: Session) -> int:
        """Of the student's processes."""
        if self._uid is None:
            self._uid = int(run_command(session, ["/usr/bin/id", "-u"]).output)
        return self._uid

    def _build(self, session: Session, tool: Tool, target: str) -> bytes:
        if tool.name in self._refusals:
            raise CheckFailed(self._refusals[tool.name])
        require_unchanged(session, self._files)
        sources = [f"{WORK_FOLDER}{file.name}" for file in self._files if file.name.endswith(".c")]
        refusal = self._hidden_from(session, tool, sources)
        if not refusal:
            try:
                return compile_for(tool, session, self.spec, sources, target)
            except NotCompiledError as error:
                if not self._refuses(session, tool, sources, error):
                    raise
                refusal = (
                    f"the program can be compiled, but not for {tool.title}, under which this check runs it: "
                    f"{_first_error(error.said)}"
                )
        self._refusals[tool.name] = refusal
        raise CheckFailed(refusal)

    def _hidden_from(self, session: Session, tool: Tool, sources: Sequence[str]) -> str:
        """In words, where the source tells the tool not to look; "" if it does not."""
        if not tool.attribute or not any(may_refuse(file.data) for file in self._files):
            return ""
        options = compiler_options(tool, self.spec.cflags, optimised=False)
        target = f".grader-{tool.name}.i"
        for source in sources:
            if run_command(session, [COMPILER, *options, "-E", "-o", target, source]).ok:
                text = read_file(session, target, PREPROCESSED_BYTES).decode("utf-8", "replace")
                place = find_refusal(text, tool.attribute)
                if place is not None:
                    return (
                        f"{place[0]}:{place[1]} keeps {tool.title} from looking (`no_sanitize`), "
                        "and this check runs the program under it: remove that attribute"
                    )
        return ""

    def _refuses(self, session: Session, tool: Tool, sources: Sequence[str], error: "NotCompiledError") -> bool:
        """Whether it is the source's own doing that it cannot be compiled for a tool, and not that of the assignment's
        options or of the machine.

        It is if nothing but the tool's macro makes the difference. Otherwise the tool must be able to compile another
        program with the same options, and the compiler must have come to an end.
        """
        if not tool.option or not self._compiles(session, UNOPTIMISED, sources):
            return False
        if tool.macro and not self._compiles(session, UNOPTIMISED, sources, f"-D{tool.macro}=1"):
            return True
        if tool.name == "undefined" or not error.has_ended or _NOT_OF_ITS_CHOICE.search(error.said):
            return False  # in C, what it watches is not constant any more where a constant is asked for
        other = f".grader-{tool.name}-other-{probe.FILE}"
        write_file(session, other, probe.SOURCE.encode())
        return self._compiles(session, tool, [f"{WORK_FOLDER}{other}"])

    def _compiles(self, session: Session, tool: Tool, sources: Sequence[str], *more: str) -> bool:
        spec = replace(self.spec, cflags=(*self.spec.cflags, *more))
        try:
            compile_for(tool, session, spec, sources, ".grader-tried")
        except NotCompiledError:
            return False
        return True

    def _try_out(self, session: Session, tool: Tool) -> None:
        name, source = f".grader-{tool.name}-probe", f".grader-{tool.name}-{probe.FILE}"
        write_file(session, source, probe.SOURCE.encode())
        spec = BuildSpec(program=name, cflags=("-std=gnu17", "-pthread"))
        compile_for(tool, session, spec, [f"{WORK_FOLDER}{source}"], name)
        wrong = probe.WRONGS[tool.name]
        for args in ((), (wrong,)):
            log = self.new_log()
            machine = session.machine["machine"]
            result = run_command(
                session,
                tool.command_for(log, machine, f"./{name}", args),
                limits=self._probe_limits(tool),
                env=tool.environment_for(log),
            )
            self._judge_probe(session, tool, log, wrong if args else "", result)

    def _probe_limits(self, tool: Tool) -> RunLimits:
        return RunLimits(
            wall_seconds=PROBE_SECONDS,
            cpu_seconds=PROBE_SECONDS,
            processes=self.limits.processes + tool.extra_tasks,
            output_bytes=64 << 10,
        )

    def _judge_probe(self, session: Session, tool: Tool, log: str, wrong: str, result: CommandResult) -> None:
        reason = "it needs more memory than there is" if result.out_of_memory else result.output.strip()[:300]
        try:
            found = tool.read(read_files(session, log), tool.name)
        except ToolFailedError as error:
            found, reason = (), str(error)
        is_right = probe.is_found(wrong, found) if wrong else result.ok and not found
        if not is_right:
            said = "; ".join(finding.message for finding in found) or reason or "it says nothing"
            tried = f"a program with this fault: {wrong}" if wrong else "a program without fault"
            raise SandboxError(
                f"{tool.title} does not work in the sandbox of this machine; tried out on {tried}: {said}", tool.needs
            )


class NotCompiledError(SandboxError):
    """A program cannot be compiled for a tool. `said` are the compiler's words; `has_ended` if no limit ended it."""

    def __init__(self, tool: Tool, said: str, *, has_ended: bool) -> None:
        super().__init__(
            f"the program cannot be compiled for {tool.title}: {said[-500:]}",
            "Options of the assignment's `cflags` may not go together with the tool's.",
        )
        self.said = said
        self.has_ended = has_ended


def _first_error(said: str) -> str:
    """The compiler's first error, without the names of the sandbox's folders."""
    lines = [line for line in said.splitlines() if "rror: " in line] or said.splitlines()
    return lines[0].replace(WORK_FOLDER, "")[:300] if lines else "the compiler did not come to an end"


def read_files(session: Session, log: str) -> Mapping[int, str]:
    """The reports that were written to `log`, by the pid of the process that wrote it."""
    prefix = f"{log.removeprefix(WORK_FOLDER)}."
    found: dict[int, str] = {}
    for name in file_names(session):
        pid = name.removeprefix(prefix)
        if name.startswith(prefix) and _PID.fullmatch(pid) and len(found) < MAX_REPORTS:
            found[int(pid)] = read_file(session, name, REPORT_BYTES).decode("utf-8", "replace")
    return found


def compile_for(tool: Tool, session: Session, spec: BuildSpec, sources: Sequence[str], target: str) -> bytes:
    """Compile `sources` for `tool` into `target` in the work folder and return it; raises NotCompiledError.

    Some programs link only when they are optimised (`inline` functions of C99): those are.
    """
    prefix_map = f"-fmacro-prefix-map={WORK_FOLDER}="
    for optimised in (False, True):
        options = compiler_options(tool, spec.cflags, optimised=optimised)
        linking = compiler_options(tool, spec.ldflags, optimised=optimised)
        result = run_command(session, [COMPILER, *options, prefix_map, "-o", target, *sources, *linking])
        has_ended = result.reason == "exited" and not result.out_of_memory
        if result.ok or not has_ended:
            break
    if not result.ok:
        raise NotCompiledError(tool, result.output.strip(), has_ended=has_ended)
    return read_file(session, target, PROGRAM_BYTES)


def _refuse_unsupported(tool: Tool, program: bytes) -> None:
    if tool.unsupported:
        used = sorted(tool.unsupported & imported_functions(program))
        if used:
            names = ", ".join(name.removeprefix("__tsan_") for name in used)
            raise SandboxError(
                f"{tool.title} cannot judge a program that uses {names}: it would be wrong about it",
                "Judge this submission by hand; let the assignment demand POSIX threads and locks.",
            )


def imported_functions(program: bytes) -> frozenset[str]:
    """The names that a program takes from shared libraries."""
    from elftools.elf.sections import SymbolTableSection

    from grader.observe.elf import UnreadableProgramError, reading

    try:
        with reading(program) as elf:
            symbols = elf.get_section_by_name(".dynsym")
            if not isinstance(symbols, SymbolTableSection):
                return frozenset()
            return frozenset(symbol.name for symbol in symbols.iter_symbols() if symbol["st_shndx"] == "SHN_UNDEF")
    except UnreadableProgramError:
        return frozenset()
