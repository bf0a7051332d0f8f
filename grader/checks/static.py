"""What a check can ask about the source: whether the signal handlers call only async-signal-safe functions."""

from collections.abc import Sequence
from typing import Self

from grader.build import COMPILER
from grader.checks.commands import require_unchanged, run_command, write_file
from grader.checks.run import CheckContext, CheckFailed, Findings
from grader.findings import Finding
from grader.observe.within import within
from grader.signal_safety.call_graph import CallGraph, function_name, read_call_graph
from grader.signal_safety.handlers import find_handlers
from grader.signal_safety.judge import signal_safety_findings
from grader.signal_safety.tokens import UnreadableSourceError
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.errors import SandboxError
from sandbox.session import RequestFailedError, Session

_OPTIONS = ("-O0", "-fno-builtin", "-fno-lto", "-w", "-U_FORTIFY_SOURCE", "-fcallgraph-info", "-save-temps=obj", "-c")
"""Without optimisation and builtin functions the calls are those of the source."""

_LEFT_OUT = ("-flto", "-O", "-fsanitize", "-static", "-save-temps", "-W")

_OPTIONS_OPTIMISED = ("-fno-inline", "-fno-lto", "-w", "-fcallgraph-info", "-save-temps=obj", "-c")
"""For a source that can be compiled in no other way than it is for the program."""

_LEFT_OUT_OPTIMISED = tuple(option for option in _LEFT_OUT if option != "-O")

CI_BYTES = 16 << 20
"""Of all that the compiler writes about a program."""

READING_SECONDS = 10.0
"""Of computing; an honest program takes some hundredths."""

_OTHER = b"int other(void) { return 0; }\n"


class SignalSafety:
    """The program's signal handlers and what they call; the compiler is asked once for each grading.

    It tells what the source says, not what happened: a handler that only ever runs while the program waits in
    `sigsuspend` or `ppoll`, with the signal blocked everywhere else, may call what it likes.
    """

    def __init__(self, session: Session, spec: BuildSpec, files: Sequence[SubmittedFile]) -> None:
        self._session = session
        self._spec = spec
        self._files = files
        self._context = CheckContext()
        self._handlers: tuple[str, ...] = ()
        self._findings: tuple[Finding, ...] | None = None

    def asked_by(self, context: CheckContext) -> Self:
        """The check that asks from now on."""
        self._context = context
        return self

    @property
    def handlers(self) -> tuple[str, ...]:
        """The names of the functions that the program installs as signal handlers, as far as the source tells."""
        self._read_once()
        return tuple(function_name(title) for title in self._handlers)

    def findings(self) -> Findings:
        """A finding `signal` for each call of a function that is not async-signal-safe, with its line."""
        found = Findings(self._read_once())
        self._context.asked.extend(found)
        return found

    def _read_once(self) -> tuple[Finding, ...]:
        if self._findings is None:
            graph, self._handlers = self._read()
            self._findings = signal_safety_findings(graph, self._handlers)
        return self._findings

    def _read(self) -> tuple[CallGraph, tuple[str, ...]]:
        require_unchanged(self._session, self._files)
        graphs: list[str] = []
        preprocessed: dict[str, str] = {}
        room = CI_BYTES
        for number, file in enumerate(file for file in self._files if file.name.endswith(".c")):
            base = f".grader-calls-{number}"
            self._compile(file.name, base)
            graphs.append(self._fetch(f"{base}.ci"))
            preprocessed[file.name] = self._fetch(f"{base}.i")
            room -= len(graphs[-1]) + len(preprocessed[file.name])
            if room <= 0:
                raise CheckFailed(f"with {file.name} the sources are too large to be searched for signal handlers")
        too_long = UnreadableSourceError("it takes too long to search the sources for signal handlers")
        try:
            with within(READING_SECONDS, too_long):
                graph = read_call_graph(graphs)
                return graph, find_handlers(preprocessed, graph)
        except UnreadableSourceError as error:
            raise CheckFailed(str(error)) from error

    def _compile(self, source: str, base: str) -> None:
        """Let the compiler tell of a source; raises CheckFailed if it is the source's own doing that it cannot.

        It is if the source can be compiled for the program, and another one in this way.
        """
        cflags = self._spec.cflags
        options = [*(option for option in cflags if not option.startswith(_LEFT_OUT)), *_OPTIONS]
        result = run_command(self._session, [COMPILER, *options, "-o", f"{base}.o", source])
        if result.ok:
            return
        optimised = [*(option for option in cflags if not option.startswith(_LEFT_OUT_OPTIMISED)), *_OPTIONS_OPTIMISED]
        if run_command(self._session, [COMPILER, *optimised, "-o", f"{base}.o", source]).ok:
            return
        said = result.output.strip()
        if run_command(self._session, [COMPILER, *cflags, "-c", "-o", f"{base}.plain.o", source]).ok:
            write_file(self._session, f"{base}.other.c", _OTHER)
            if run_command(self._session, [COMPILER, *options, "-o", f"{base}.other.o", f"{base}.other.c"]).ok:
                raise CheckFailed(
                    f"{source} can be compiled, but not so as to see what its handlers call: {said[:300]}"
                )
        raise SandboxError(
            f"{source} cannot be compiled to see who calls whom: {said[-500:]}",
            "Options of the assignment's `cflags` may not go together with -fcallgraph-info.",
        )

    def _fetch(self, name: str) -> str:
        try:
            return self._session.fetch(name, CI_BYTES).decode("utf-8", "replace")
        except RequestFailedError as error:
            raise SandboxError(f"the compiler left no {name}: {error.errno_name}", "Run `grader doctor`.") from error
