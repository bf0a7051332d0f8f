"""The student's program under a tool that watches its memory or its threads.

Such a run is not watched by the agent: a tool has processes and descriptors of its own, which would be taken for the
program's. So it has findings of what the tool reported and of what ended it, none about descriptors and processes.
"""

import shlex
from collections.abc import Callable, Mapping

from grader.checks.instrumented_run import ENDINGS, InstrumentedProcess, InstrumentedRun
from grader.checks.program import Program, cpu_seconds
from grader.checks.run import CheckContext
from grader.checks.variants import Variants
from grader.findings import Finding, FindingKind
from grader.instruments.tools import TIME_FACTOR, TOOLS, UNOPTIMISED, Tool
from sandbox.errors import SandboxError
from sandbox.session import RunLimits, RunRecord, Session


class InstrumentedProgram:
    """The student's program, built for one tool and run under it."""

    def __init__(self, session: Session, variants: Variants, tool: Tool, context: CheckContext) -> None:
        self._session = session
        self._variants = variants
        self._tool = tool
        self._context = context
        self._path = variants.place(session, tool)

    def run(
        self,
        *args: str,
        stdin: bytes = b"",
        timeout: float | None = None,
        env: Mapping[str, str] | None = None,
    ) -> InstrumentedRun:
        """Run it with `stdin` to its end, or to three times the time limit.

        A run that ended in another way is made again without the tool: what happens there too is the program's
        fault and a finding. Raises SandboxError if it does not, for then the tool could not tell.
        """
        with self.start(*args, timeout=timeout, env=env) as process:
            process.send(stdin)
            process.close_stdin()
            run = process.wait()
        assert isinstance(run, InstrumentedRun)
        if run.is_conclusive or self._others_run():
            return run
        endings = self._endings_without_tool(run, args, stdin, timeout, env)
        if endings is None:
            raise SandboxError(
                f"{self._tool.title} could not watch {run} to its end: {run.trouble} Without the tool it does not.",
                f"{self._tool.needs} Or give the program less to do, or more time.",
            )
        run.endings = endings
        return run

    def start(
        self, *args: str, timeout: float | None = None, env: Mapping[str, str] | None = None
    ) -> InstrumentedProcess:
        """Start it with its standard input open."""
        seconds = (timeout or self._variants.limits.time_seconds) * TIME_FACTOR
        limits = RunLimits(
            wall_seconds=seconds,
            cpu_seconds=cpu_seconds(self._session, seconds),
            processes=self._variants.limits.processes + self._tool.extra_tasks,
            output_bytes=self._variants.limits.output_bytes,
        )
        log, uid = self._variants.new_log(), self._variants.uid(self._session)
        record = self._spawn(args, log, limits, env or {})
        name = self._variants.spec.program
        command = f"{shlex.join([f'./{name}', *args])} (under {self._tool.title})"
        process = InstrumentedProcess(
            self._session, record, name, command, limits, self._context, tool=self._tool, uid=uid, log=log
        )
        self._context.processes.append(process)
        return process

    def _spawn(self, args: tuple[str, ...], log: str, limits: RunLimits, env: Mapping[str, str]) -> RunRecord:
        argv = self._tool.command_for(log, self._session.machine["machine"], self._path, args)
        return self._session.spawn(argv, limits, env={**env, **self._tool.environment_for(log)}, watched=False)

    def _others_run(self) -> bool:
        """Whether the check has other programs running, without which a second run would mean nothing."""
        return any(process.is_running for process in self._context.processes)

    def _endings_without_tool(
        self,
        run: InstrumentedRun,
        args: tuple[str, ...],
        stdin: bytes,
        timeout: float | None,
        env: Mapping[str, str] | None,
    ) -> tuple[Finding, ...] | None:
        """What ends the program without the tool, in a fresh work folder; after a crash also without optimisation.

        None if it ends otherwise. What ends as it did under the tool, by a signal that was sent, has no fault.
        """
        variants, name = self._variants, self._variants.spec.program
        crashed = any(finding.kind is FindingKind.CRASH for finding in run.endings)
        endings: tuple[Finding, ...] | None = None
        for unoptimised in (False, True) if crashed else (False,):
            self._session.reset()
            for stored in self._context.stored:
                self._session.store(*stored)
            path = variants.place(self._session, UNOPTIMISED).removeprefix("./") if unoptimised else name
            plain = Program(self._session, path, variants.limits, self._context)
            plain_run = plain.run(*args, stdin=stdin, timeout=timeout, env=env)
            self._context.runs.remove(plain_run)
            found = tuple(finding for finding in plain_run.all_findings if finding.kind in ENDINGS)
            if found or (run.status == plain_run.status and run.ended_by_itself):
                endings = found
                break
        self._path = variants.place(self._session, self._tool)
        return endings


def instrumented_programs(
    session: Session, variants: Variants, context: CheckContext
) -> Callable[[str], InstrumentedProgram]:
    """The fixture `instrumented`: from a tool's name to the program under it."""

    def instrumented(tool: str) -> InstrumentedProgram:
        if tool not in TOOLS:
            raise ValueError(f"no such tool: {tool!r}; there are {', '.join(TOOLS)}")
        return InstrumentedProgram(session, variants, TOOLS[tool], context)

    return instrumented
