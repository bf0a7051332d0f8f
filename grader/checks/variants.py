"""Builds of the submission for the tools, made when first asked for and kept for the grading; each tool is tried first.

A tool that does not find what is known to be wrong, or finds something where nothing is, says nothing about a
submission: that is a fault of the machine, never a lost point.
"""

from collections.abc import Mapping, Sequence

from grader.build import COMPILER
from grader.checks.commands import CommandResult, read_file, require_unchanged, run_command, write_file
from grader.instruments import probe
from grader.instruments.reports import WORK_FOLDER, ToolFailedError
from grader.instruments.tools import Tool, compiler_options
from grader.spec import BuildSpec, Limits
from grader.submission import SubmittedFile
from sandbox.errors import SandboxError
from sandbox.session import RunLimits, Session

PROGRAM_BYTES = 64 << 20
REPORT_BYTES = 1 << 20
MAX_REPORTS = 64
PROBE_SECONDS = 30.0


class Variants:
    """The submission's builds for the tools. One for each grading; `files` are what was submitted."""

    def __init__(self, spec: BuildSpec, files: Sequence[SubmittedFile], limits: Limits) -> None:
        self.spec = spec
        self.limits = limits
        self._files = files
        self._programs: dict[str, bytes] = {}
        self._reports = 0
        self._uid: int | None = None

    def place(self, session: Session, tool: Tool) -> str:
        """Put the build for `tool` into the work folder and return its path there; its last part is as always.

        Raises SandboxError if the tool does not work here, or cannot follow this program; CheckFailed if the
        program has changed its own source before.
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
        require_unchanged(session, self._files)
        sources = [f"{WORK_FOLDER}{file.name}" for file in self._files if file.name.endswith(".c")]
        return compile_for(tool, session, self.spec, sources, target)

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


def read_files(session: Session, log: str) -> Mapping[int, str]:
    """The reports that were written to `log`, by the pid of the process that wrote it."""
    prefix = f"{log.removeprefix(WORK_FOLDER)}."
    found: dict[int, str] = {}
    for name in session.names():
        pid = name.removeprefix(prefix)
        if name.startswith(prefix) and pid.isdigit() and len(found) < MAX_REPORTS:
            found[int(pid)] = read_file(session, name, REPORT_BYTES).decode("utf-8", "replace")
    return found


def compile_for(tool: Tool, session: Session, spec: BuildSpec, sources: Sequence[str], target: str) -> bytes:
    """Compile `sources` for `tool` into `target` in the work folder and return it; raises SandboxError.

    Some programs link only when they are optimised (`inline` functions of C99): those are.
    """
    prefix_map = f"-fmacro-prefix-map={WORK_FOLDER}="
    for optimised in (False, True):
        options = compiler_options(tool, spec.cflags, optimised=optimised)
        linking = compiler_options(tool, spec.ldflags, optimised=optimised)
        result = run_command(session, [COMPILER, *options, prefix_map, "-o", target, *sources, *linking])
        if result.ok:
            break
    else:
        raise SandboxError(
            f"the program cannot be compiled for {tool.title}: {result.output.strip()[-500:]}",
            "Options of the assignment's `cflags` may not go together with the tool's.",
        )
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
