"""What a check can ask about the source: whether the signal handlers call only async-signal-safe functions."""

from collections.abc import Sequence
from typing import Self

from grader.build import COMPILER
from grader.checks.commands import require_unchanged, run_command
from grader.checks.run import CheckContext, CheckFailed, Findings
from grader.findings import Finding
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

CI_BYTES = 16 << 20


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
        graphs, preprocessed = [], {}
        for number, file in enumerate(file for file in self._files if file.name.endswith(".c")):
            base = f".grader-calls-{number}"
            options = [option for option in self._spec.cflags if not option.startswith(_LEFT_OUT)]
            result = run_command(self._session, [COMPILER, *options, *_OPTIONS, "-o", f"{base}.o", file.name])
            if not result.ok:
                raise SandboxError(
                    f"{file.name} cannot be compiled to see who calls whom: {result.output.strip()[-500:]}",
                    "Options of the assignment's `cflags` may not go together with -fcallgraph-info.",
                )
            graphs.append(self._fetch(f"{base}.ci"))
            preprocessed[file.name] = self._fetch(f"{base}.i")
        graph = read_call_graph(graphs)
        try:
            return graph, find_handlers(preprocessed, graph)
        except UnreadableSourceError as error:
            raise CheckFailed(str(error)) from error

    def _fetch(self, name: str) -> str:
        try:
            return self._session.fetch(name, CI_BYTES).decode("utf-8", "replace")
        except RequestFailedError as error:
            raise SandboxError(f"the compiler left no {name}: {error.errno_name}", "Run `grader doctor`.") from error
