"""Small C programs in a real sandbox: compile one, then hold it as a check would."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.build import BUILD_LIMITS, COMPILER
from grader.checks import Program, Run
from grader.checks.run import CheckContext
from grader.spec import Limits
from sandbox.session import RunLimits, RunRecord, Session

PROGRAMS = Path(__file__).with_name("programs")

LIMITS = Limits(time_seconds=20.0, memory_bytes=128 << 20, processes=24, output_bytes=1 << 20)
"""The time limit is there for what hangs by mistake: no test of a program that ends waits for it."""

PATIENCE = 20.0
"""Seconds that a state may take to come on a busy machine; only a failing test needs them."""

END_SECONDS = PATIENCE + 60.0
"""Longer than any time limit that a test sets: the limit is what ends a run."""

PLAIN_LIMITS = RunLimits(wall_seconds=PATIENCE, cpu_seconds=20, processes=24, output_bytes=1 << 20)

_PRELUDE = (PROGRAMS / "prelude.h").read_text(encoding="utf-8") + '#line 1 "program.c"\n'


class Workshop:
    """Compiles programs in the sandbox and runs them there."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def compile(self, source: str, *options: str, name: str = "program") -> str:
        """Compile `source`, below the prelude, into the work folder; the program's name."""
        self.session.store(f"{name}.c", (_PRELUDE + source).encode())
        record = self.spawn(
            *(COMPILER, "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-pthread"),
            *("-o", name, f"{name}.c", *options),
            limits=BUILD_LIMITS,
        )
        assert self.end_of(record) == 0, record.stderr.decode()
        return name

    def program(self, source: str, *options: str, limits: Limits = LIMITS) -> Program:
        """The program made of `source`, as a check gets it."""
        return Program(self.session, self.compile(source, *options), limits, CheckContext())

    def kept_program(self, source: str, name: str) -> Program:
        """The same, as after a grading's build: a copy is kept that the program cannot change. No other test of the
        module may use that name.
        """
        self.compile(source, name=name)
        self.session.keep(name)
        return Program(self.session, name, LIMITS, CheckContext())

    def run(self, source: str, *options: str, limits: Limits = LIMITS) -> Run:
        """Run the program made of `source` to its end, without input."""
        return self.program(source, *options, limits=limits).run()

    # -- plain runs, which nothing watches --------------------------------------------------------

    def spawn(self, *argv: str, limits: RunLimits = PLAIN_LIMITS) -> RunRecord:
        """Start any program of the sandbox as the student's user."""
        return self.session.spawn(argv, limits, watched=False, with_input=False)

    def end_of(self, record: RunRecord) -> int:
        """Wait for the end of a run; the wait status of its first process."""
        ended = self.session.wait(lambda: record.ended, END_SECONDS)
        assert ended is not None, "the run does not end"
        status = ended.facts["wait_status"]
        assert isinstance(status, int)
        return status

    def output_of(self, *argv: str) -> str:
        """What a program prints that must succeed."""
        record = self.spawn(*argv)
        assert self.end_of(record) == 0, (record.stdout + record.stderr).decode()
        return record.stdout.decode()

    def shell(self, script: str) -> str:
        """What a shell script prints that must succeed."""
        return self.output_of("/bin/sh", "-c", script)

    @contextmanager
    def running(self, *argv: str, until: bytes) -> Iterator[RunRecord]:
        """A program that has printed `until` and runs on until the end of the block, if it lasts so long."""
        record = self.spawn(*argv)
        assert self.session.wait(lambda: until in record.stdout or None, PATIENCE), record.stderr.decode()
        yield record
        self.session.stop(record)
