"""Grades many submissions, several at a time.

Each worker is forked from this process with everything loaded, collects the checks, and forks again for each
submission: nothing of one grading is left for the next, memory stays flat, and a grading that dies takes nothing with
it. While a grading goes on its worker starts the container of the next one.
"""

import ctypes
import fcntl
import gc
import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, NoReturn, TypeVar

from grader.checks.plugin import RunChecks
from grader.checks.runner import load_checks
from grader.containment import containment_of
from grader.errors import GraderError
from grader.grade import grade
from grader.result import Result
from grader.spec import Assignment
from grader.submission import Submission
from sandbox.container import ContainerStream, Containment
from sandbox.docker import clear_leftovers  # not when it is needed: that would be in every fork
from sandbox.errors import SandboxError
from sandbox.launcher import Launch, launch_here

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class NoVerdict:
    """Why a submission could not be graded: a fault of the machine, of the assignment or of the grader. `is_lasting`
    says that another try would end the same.
    """

    reason: str
    is_lasting: bool = False


Outcome = Result | NoVerdict


@dataclass(frozen=True, slots=True)
class _Task:
    submission: Submission
    is_last: bool


def default_jobs() -> int:
    """One more than there are cores: while a container starts, its worker waits."""
    return (os.cpu_count() or 1) + 1


def grade_all(
    assignment: Assignment,
    submissions: Iterable[tuple[Key, Submission]],
    jobs: int,
    *,
    tries: int = 1,
    on_start: Callable[[Key], None] = lambda _: None,
) -> Generator[tuple[Key, Outcome], None, None]:
    """Grade each submission and yield what came of it with its key, in the order in which they are done.

    `submissions` are asked for one by one as workers become free; what has no verdict is tried again, `tries` times in
    all. To be called while this process has one thread; to be closed, so that nothing goes on if all is given up.
    """
    clear_leftovers()
    gc.freeze()  # what is loaded now is garbage never, and would be copied into every fork if it were looked through
    incoming = ((key, submission, 1) for key, submission in submissions)
    waiting = deque(_take(incoming))
    pool: dict[Connection, _Worker[tuple[Key, Submission, int]]] = {}
    launches = _Launches()

    def assign(worker: "_Worker[tuple[Key, Submission, int]]") -> None:
        item = waiting.popleft()
        waiting.extend(() if waiting else _take(incoming))
        if item[2] == 1:
            on_start(item[0])
        worker.give(item, _Task(item[1], is_last=not waiting))

    try:
        while waiting or pool:
            while waiting and len(pool) < jobs:
                worker: _Worker[tuple[Key, Submission, int]] = _Worker(assignment, [*pool], launches)
                pool[worker.connection] = worker
                assign(worker)
            for ready in wait([*pool]):
                assert isinstance(ready, Connection)
                worker = pool[ready]
                (key, submission, attempt), outcome = worker.result()
                again = isinstance(outcome, NoVerdict) and not outcome.is_lasting and attempt < tries
                if again:
                    waiting.append((key, submission, attempt + 1))
                if worker.is_alive and waiting:
                    assign(worker)
                else:
                    worker.end()
                    del pool[ready]
                if not again:
                    yield key, outcome
    finally:
        if pool:
            _give_up(pool.values(), launches)
        launches.close()


T = TypeVar("T")


def _take(items: Iterator[T]) -> tuple[T, ...]:
    """The next item, if there is one."""
    for item in items:
        return (item,)
    return ()


class _Launches:
    """What starts the sandboxes of all workers, until they are to start no more.

    By a record lock that each process has for itself and loses when it ends, see fcntl(2).
    """

    def __init__(self) -> None:
        self._file = os.memfd_create("grader-launches")

    def __call__(self, containment: Containment) -> ContainerStream:
        fcntl.lockf(self._file, fcntl.LOCK_SH)
        try:
            return launch_here(containment)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def end(self) -> None:
        """Have no more begun, and wait until those that were begun are through."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        os.close(self._file)


def _give_up(workers: "Iterable[_Worker[Any]]", launches: _Launches) -> None:
    """End the workers and all that they do, and remove their sandboxes, whether or not their agents are up yet."""
    launches.end()  # of a sandbox that Docker is still making it cannot be told yet that nobody wants it
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what a worker has begun becomes ours when it ends, to be waited for
    for worker in workers:
        worker.kill()
    prctl(_PR_SET_CHILD_SUBREAPER, 0)
    clear_leftovers()


class _Worker(Generic[T]):
    """The near end of a worker; it has at most one task, known here by its item."""

    def __init__(self, assignment: Assignment, others: list[Connection], launch: Launch) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        arguments = (assignment, launch, theirs, [*others, self.connection], os.getpid())
        self._process = context.Process(target=_work, args=arguments)
        # What is raised in one of the functions that run at a fork is dropped, and would be: a fork takes long.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        self._item: T | None = None
        self.is_alive = True

    def give(self, item: T, task: _Task) -> None:
        self._item = item
        with suppress(OSError):  # a worker that has died is found when its result is asked for
            self.connection.send(task)

    def result(self) -> tuple[T, Outcome]:
        """What came of the task; waits for it."""
        assert self._item is not None
        try:
            outcome = self.connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            self.is_alive = False
            outcome = NoVerdict("the process that was to grade it died")
        assert isinstance(outcome, Outcome)
        return self._item, outcome

    def end(self) -> None:
        """Let it end by itself; it has nothing to do."""
        self.connection.close()
        self._process.join()

    def kill(self) -> None:
        """End it and what it has begun, and wait until all of that has ended."""
        self._process.terminate()
        self.end()
        with suppress(ChildProcessError):
            while self._process.pid is not None:
                os.waitpid(-self._process.pid, 0)


# -- in the worker --------------------------------------------------------------------------------


def _work(
    assignment: Assignment, launch: Launch, connection: Connection, others: list[Connection], asked_by: int
) -> None:
    """Load the checks, then grade what comes until nothing more can, or nobody is left to take it: what is being
    graded then would be for nobody, and take the processors from the next.
    """
    for other in others:  # so that each sees the end of file of its own
        other.close()
    os.setpgid(0, 0)  # Ctrl-C is for the process that gave out the work, which ends us
    for handler in (signal.SIG_IGN, signal.default_int_handler):  # one that came before is forgotten
        signal.signal(signal.SIGINT, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    signal.signal(signal.SIGTERM, lambda number, frame: os.killpg(0, signal.SIGKILL))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != asked_by:  # it had ended before
        return
    serve = partial(_serve, assignment, launch, connection)
    try:
        load_checks(assignment, serve)
    except GraderError as error:  # nothing has been served: every submission is told why
        serve(partial(_raise, error))


def _raise(error: Exception, *_grading: object) -> NoReturn:
    raise error


def _serve(assignment: Assignment, launch: Launch, connection: Connection, run: RunChecks) -> None:
    """Grade what comes; the container for the next one is started meanwhile."""
    gc.freeze()
    ahead = _SandboxAhead(containment_of(assignment.limits), launch)
    with suppress(EOFError, BrokenPipeError):
        while True:
            task = connection.recv()
            sandbox = ahead.take()
            outcome = _in_child(partial(_graded, assignment, task.submission, sandbox, run), connection)
            sandbox.let_go()
            if not task.is_last:
                ahead.start()
            connection.send(outcome())
    ahead.close()


class _Handed:
    """Gives the sandbox that was started ahead, and starts one if there is none."""

    def __init__(self, stream: ContainerStream | None, launch: Launch) -> None:
        self._stream = stream
        self._launch = launch

    def __call__(self, containment: Containment) -> ContainerStream:
        stream, self._stream = self._stream, None
        return stream if stream is not None else self._launch(containment)

    def let_go(self) -> None:
        """It is another process's now."""
        if self._stream is not None:
            self._stream.close()


class _SandboxAhead:
    """At most one sandbox that nobody uses yet."""

    def __init__(self, containment: Containment, launch: Launch) -> None:
        self._containment = containment
        self._launch = launch
        self._stream: ContainerStream | None = None

    def start(self) -> None:
        """Start one; if that fails, whoever takes it tries again and is told why."""
        with suppress(SandboxError):
            self._stream = self._launch(self._containment)

    def take(self) -> _Handed:
        """What hands out the sandbox that waits, or starts one."""
        stream, self._stream = self._stream, None
        return _Handed(stream, self._launch)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


def _in_child(work: Callable[[], Outcome], connection: Connection) -> Callable[[], Outcome]:
    """Begin `work` in a process of its own; the function returned waits for the outcome."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        gc.disable()  # it does not live long, and what is looked through is copied from its parent
        try:
            os.close(reading)
            connection.close()
            with open(writing, "wb") as stream:
                pickle.dump(work(), stream)
        finally:
            os._exit(0)
    os.close(writing)

    def outcome() -> Outcome:
        with open(reading, "rb") as stream:
            data = stream.read()
        _pid, status = os.waitpid(pid, 0)
        try:
            found = pickle.loads(data)
        except (EOFError, pickle.UnpicklingError):
            ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit status {status >> 8}"
            return NoVerdict(f"the process that graded it died ({ended})")
        assert isinstance(found, Outcome)
        return found

    return outcome


def _graded(assignment: Assignment, submission: Submission, launch: Launch, run: RunChecks) -> Outcome:
    try:
        return grade(assignment, submission, launch=launch, run=run)
    except GraderError as error:
        return NoVerdict(str(error), is_lasting=True)
    except SandboxError as error:
        return NoVerdict(f"{error}\n{error.advice}")
    except Exception as error:  # noqa: BLE001  # the border of this process: whatever it is, it is no grade
        return NoVerdict(f"internal error: {type(error).__name__}: {error}")
