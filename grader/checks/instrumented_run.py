"""A run under a tool: what the tool reported, and what else ended the program."""

from dataclasses import dataclass, fields, replace
from functools import cached_property

from grader.checks.process import Process
from grader.checks.run import CheckContext, Run
from grader.checks.variants import read_files
from grader.findings import Finding, FindingKind
from grader.instruments.reports import ToolFailedError
from grader.instruments.tools import TOOL_EXIT_CODE, Tool
from grader.rules import judge
from sandbox.errors import SandboxError
from sandbox.session import RunLimits, RunRecord, Session

ENDINGS = frozenset(
    {FindingKind.TIMEOUT, FindingKind.OUTPUT_LIMIT, FindingKind.MEMORY_LIMIT, FindingKind.DEADLOCK, FindingKind.CRASH}
)

_FAULTS = frozenset({"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT"})


@dataclass(kw_only=True, repr=False)
class InstrumentedRun(Run):
    """A run under a tool. `reported` is what the tool found; `endings` is what ended the program, if not itself."""

    tool: Tool
    program: str
    reported: tuple[Finding, ...]
    endings: tuple[Finding, ...] = ()

    @cached_property
    def all_findings(self) -> tuple[Finding, ...]:
        """What the tool reported; only without a report what ended the run, of which a report is the reason."""
        return self.reported or self.endings

    @property
    def ending(self) -> str:
        """As of any run; also that the tool stopped it."""
        return f"stopped by {self.tool.title} at the first error" if self.end.reason == "tool" else super().ending

    @property
    def ended_by_itself(self) -> bool:
        """Whether neither a limit nor the tool ended it."""
        return self.end.reason == "exited"

    @property
    def trouble(self) -> str:
        """What is to be told of a run that is not conclusive."""
        return self.all_findings[0].message if self.all_findings else f"It {self.ending}."

    @property
    def is_conclusive(self) -> bool:
        """Whether the tool has seen the program to its end, or has found something of which it is sure.

        That the stack was used up is not sure: the tool itself uses more of it. Nor is a failure under an intrusive
        tool.
        """
        if self.reported:
            return any(finding.evidence["error"] != "stack-overflow" for finding in self.reported)
        return not self.endings and not (self.tool.is_intrusive and self.exit_code)


class InstrumentedProcess(Process):
    """A running program under a tool; its end is an `InstrumentedRun`."""

    def __init__(
        self,
        session: Session,
        record: RunRecord,
        program: str,
        command: str,
        limits: RunLimits,
        context: CheckContext,
        *,
        tool: Tool,
        uid: int,
        log: str,
    ) -> None:
        super().__init__(session, record, program, command, limits, context)
        self._tool = tool
        self._uid = uid
        self.log = log

    def _finish(self, reason: str | None = None, within: float | None = None) -> Run:
        run = super()._finish(reason, within)
        if isinstance(run, InstrumentedRun):
            return run
        try:
            reported = self._tool.read(read_files(self._session, self.log), self._program)
        except ToolFailedError as error:
            raise SandboxError(f"{self._tool.title} gave up on {run}: {error}", self._tool.needs) from error
        if any(_was_sent(finding, self._uid) for finding in reported):
            raise SandboxError(
                f"{self._tool.title} took a signal that a process of {run} sent for a fault of the one it was sent to",
                "Judge this submission by hand, or without this tool.",
            )
        if _was_ended_by(self._tool, run, reported):
            run.end = replace(run.end, reason="tool")
        values = {field.name: getattr(run, field.name) for field in fields(run)}
        instrumented = InstrumentedRun(
            **values,
            tool=self._tool,
            program=self._program,
            reported=reported,
            endings=_endings(self._program, run, self._tool),
        )
        self._context.runs[self._context.runs.index(run)] = instrumented
        self._run = instrumented
        return instrumented


def _was_sent(finding: Finding, uid: int) -> bool:
    """Whether the fault is a signal such as SIGSEGV that a process sent.

    In the siginfo of such a signal the sender's pid and uid stand where that of a fault has the address, see
    sigaction(2).
    """
    address = finding.evidence.get("address")
    return isinstance(address, int) and address >> 32 == uid


def _was_ended_by(tool: Tool, run: Run, reported: tuple[Finding, ...]) -> bool:
    """Whether the tool, not the program itself, ended the first process."""
    exited = run.status is not None and run.status.exit_code == TOOL_EXIT_CODE
    return tool.ends_the_program and exited and bool(reported)


def _endings(program: str, run: Run, tool: Tool) -> tuple[Finding, ...]:
    """What ended the run before its time; the process that the agent did not watch gets its name."""
    found = [
        replace(finding, process=program)
        for finding in judge(run.history, run.end, None, run.hang)
        if finding.kind in ENDINGS
    ]
    signal = run.signal
    if signal in _FAULTS and signal not in run.end.sent:
        found.append(
            Finding(
                kind=FindingKind.CRASH,
                process=program,
                pid=run.root,
                message=f"`{program}` was killed by {signal} under {tool.title}.",
                evidence={"signal": signal},
            )
        )
    return tuple(found)
