"""A running program that a check talks to, looks at and signals; every wait is for a state."""

import re
import time
from collections.abc import Callable
from functools import cache, partial
from types import TracebackType
from typing import Self, TypeVar

from grader.checks.run import CheckContext, CheckFailed, Findings, Run, require_bytes
from grader.checks.view import ProcessView, Signals, View
from grader.observe.blocking import NameOf, label_of, no_names
from grader.observe.history import LATE_SECONDS, WORK_FOLDER, read_history
from grader.observe.naps import is_awake, sleepers_for_a_time
from grader.observe.procfs import FileDescriptor
from grader.observe.signals import NUMBER_OF_SIGNAL, WaitStatus
from grader.observe.snapshot import parse_snapshot
from grader.observe.wait_for import Deadlock, describe, prove_deadlock
from grader.rules import RunEnd, growth_finding
from sandbox.session import RequestFailedError, RunLimits, RunRecord, Session
from sandbox.syscall_numbers import names_by_number
from sandbox.wire import Facts

STATE_SECONDS = 2.0
"""How long a check waits for a state unless it says otherwise. A loaded machine needs most of it, a free one
milliseconds; a program that never gets there costs this much once."""

LOOK_AGAIN_SECONDS = 0.002

NAP_SECONDS = 2.5
"""For how long a program that sleeps in a call with a time limit is watched. Others are not made to wait."""

NAP_LOOK_SECONDS = 0.02

NAPS = 2
"""So often it has to wake in that time for nothing: once could be for something that was still on its way."""

PROGRAM_BYTES = 64 << 20

ENDING_SECONDS = 30.0
"""How much longer than the time limit the end of a run may take to arrive: only a broken machine needs it."""

T = TypeVar("T")


_KEYS = {b"\x03": "SIGINT", b"\x1a": "SIGTSTP", b"\x1c": "SIGQUIT"}


class Process:
    """A running program. Use it with `with`: at the end of the block everything of it is killed.

    `alone` says that it runs to its end without anybody who would send it signals.
    """

    def __init__(
        self,
        session: Session,
        record: RunRecord,
        program: str,
        command: str,
        limits: RunLimits,
        context: CheckContext,
        *,
        terminal: bool = False,
        alone: bool = False,
    ) -> None:
        self._session = session
        self._record = record
        self._program = program
        self._command = command
        self._limits = limits
        self._context = context
        self._terminal = terminal
        self._alone = alone
        self._expected_to = 0
        self._sent: set[str] = set()
        self._names = names_by_number(session.machine["machine"])
        self._judged: object = None
        self._timers: dict[int, tuple[float, str]] = {}
        self._deadlock: Deadlock | None = None
        self._run: Run | None = None

    def __repr__(self) -> str:
        return self._command

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, AssertionError):
            self.stop()

    @property
    def pid(self) -> int:
        """Of the program's first process, inside the sandbox."""
        return self._record.pid

    @property
    def is_running(self) -> bool:
        """Whether its end has not come yet, as far as is known."""
        return self._record.ended is None

    @property
    def stdout(self) -> bytes:
        """What the program has written so far."""
        return bytes(self._record.stdout)

    @property
    def stderr(self) -> bytes:
        """What the program has written to standard error so far."""
        return bytes(self._record.stderr)

    # -- talking ----------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Write to the program's standard input; what it does not read yet is queued.

        On a terminal, the bytes of Ctrl-C, Ctrl-Z and Ctrl-\\ make it send signals to its foreground group.
        """
        require_bytes("what is sent", data)
        if self._terminal:
            self._sent.update(name for key, name in _KEYS.items() if key in data)
        if data:
            self._session.input(self._record, data)

    def close_stdin(self) -> None:
        """Close its standard input after what was sent."""
        self._session.close_input(self._record)

    def send_signal(self, name: str, to: str | int = "program") -> None:
        """Send a signal to the program's first process, to its `"group"` (as Ctrl-C does), or to a pid.

        Raises CheckFailed if that process has ended.
        """
        if name not in NUMBER_OF_SIGNAL:
            raise ValueError(f"no such signal: {name!r}; names are such as 'SIGTERM'")
        number = NUMBER_OF_SIGNAL[name]
        self._sent.add(name)
        pid = to if isinstance(to, int) else self.pid
        try:
            self._session.signal(pid, number, group=to == "group")
        except RequestFailedError as error:
            raise CheckFailed(f"{name} could not be sent: process {pid} of {self} has ended") from error

    def expect(self, pattern: bytes | re.Pattern[bytes], within: float = STATE_SECONDS) -> bytes:
        """Wait until standard output has `pattern` beyond what was expected before; return it and what is before.

        Raises CheckFailed if the program ends, is deadlocked, or takes longer.
        """
        require_bytes("the pattern of expect", pattern)
        compiled = re.compile(re.escape(pattern)) if isinstance(pattern, bytes) else pattern

        def found() -> bytes | None:
            match = compiled.search(self._record.stdout, self._expected_to)
            if match is None:
                return None
            start, self._expected_to = self._expected_to, match.end()
            return bytes(self._record.stdout[start : match.end()])

        text = self._wait_for(found, within)
        if text is None:
            rest = bytes(self._record.stdout[self._expected_to :])
            wanted = pattern if isinstance(pattern, bytes) else pattern.pattern
            raise CheckFailed(f"{self} was to print {wanted!r}, but {self._why()}; it printed {rest[-200:]!r}")
        return text

    # -- looking ----------------------------------------------------------------------------------

    def view(self) -> View:
        """What the kernel says right now."""
        return View(parse_snapshot(self._session.look(), self._names), self.pid)

    def settle(self, within: float = STATE_SECONDS) -> View:
        """Wait until every thread sleeps and none has moved between two looks; return that moment.

        Raises CheckFailed if the program ends or goes on moving.
        """

        def settled() -> tuple[Facts, Facts] | None:
            return self._session.quiet

        quiet = self._wait_for(settled, within)
        if quiet is None:
            why = "it goes on running" if self._record.ended is None and self._deadlock is None else self._why()
            raise CheckFailed(f"{self} did not come to rest: {why}")
        return View(parse_snapshot(quiet[1], self._names), self.pid)

    def growth(self, one_round: Callable[[], object], rounds: int = 4, within: float = STATE_SECONDS) -> Findings:
        """Let the program do the same work again and again, and compare its descriptor tables at rest.

        A finding `fd-leak-growth` if the table of its first process is larger after every round than before it.
        The first round is not counted: what is opened once and kept is no leak.
        """
        one_round()
        tables = [self.settle(within).root.fds]
        for _round in range(rounds):
            one_round()
            tables.append(self.settle(within).root.fds)
        found = growth_finding(self.pid, self._program, tables)
        findings = Findings([found] if found else [])
        self._context.asked.extend(findings)
        return findings

    def naps(self, within: float = NAP_SECONDS) -> str:
        """Who sleeps for a time and wakes for nothing, again and again, in words; "" if nobody does.

        For a program that has nothing to do and will get nothing meanwhile. Only processes that run the program itself
        count, not its commands; only calls with a time limit, such as `poll` or `nanosleep`; and no limit that is so
        long that none ends twice `within` that time.
        """
        seen: dict[int, tuple[int, float]] = {}
        exe = found = ""

        def told() -> bool | None:
            nonlocal exe, found
            now = parse_snapshot(self._session.look(), self._names)
            root = now.processes.get(self.pid)
            exe = exe or (root.exe if root is not None else "")
            for tid, (process, thread) in sleepers_for_a_time(now, exe).items():
                switches, since = seen.setdefault(tid, (thread.status.switches[0], now.time))
                wakes, passed = thread.status.switches[0] - switches, now.time - since
                if wakes >= NAPS and thread.call is not None:
                    label = label_of(process, tid)
                    found = f"{label} sleeps in {thread.call.name} for a time: it woke {wakes} times in {passed:.1f} s"
            is_over = found or self._record.ended is not None or not exe
            # One that naps may be awake just now.
            return True if is_over or (not seen and not is_awake(now, exe)) else None

        self._session.wait_fairly(told, within, NAP_LOOK_SECONDS)
        return found

    @property
    def signals(self) -> Signals:
        """Of the first process, right now."""
        return self.view().root.signals

    @property
    def fds(self) -> tuple[FileDescriptor, ...]:
        """The first process's descriptor table, right now."""
        return self.view().root.fds

    @property
    def tree(self) -> tuple[ProcessView, ...]:
        """All processes, right now."""
        return self.view().processes

    def wait_until(self, condition: Callable[[View], object], within: float = STATE_SECONDS, what: str = "") -> View:
        """Look until `condition(view)` is true and return that view.

        Raises CheckFailed if the program ends before, or time is up; a condition about a process that is gone is
        false. `what` is the condition in words, for that message: "both stages wait for input".
        """

        def reached() -> View | None:
            has_ended = self._record.ended is not None  # before the look: what it did last counts
            view = self.view()
            return view if has_ended or self._is_met(condition, view) else None

        view = self._session.wait_fairly(reached, within, LOOK_AGAIN_SECONDS)
        if view is None:
            self._context.timed_out = True
            view = self.view()
        if self._is_met(condition, view):
            return view
        state = f"was to get to where {what}, but" if what else "did not reach the state that was waited for:"
        raise CheckFailed(f"{self} {state} {self._why()}; by then: {view}")

    @staticmethod
    def _is_met(condition: Callable[[View], object], view: View) -> bool:
        try:
            return bool(condition(view))
        except CheckFailed:  # the root process is gone
            return False

    # -- the end ----------------------------------------------------------------------------------

    def wait(self, within: float | None = None) -> Run:
        """Wait for the end and return the run; a deadlock or the time limit ends it too, as does `within` seconds.

        With standard input still open a program that reads it is waiting for the check, not deadlocked.
        """
        seconds = self._limits.wall_seconds + ENDING_SECONDS if within is None else within
        ended = self._wait_for(lambda: self._record.ended, seconds)
        if ended is None and self._deadlock is None:
            return self._finish("timeout", within)
        return self._finish()

    def stop(self) -> Run:
        """Kill what is left of it and return the run so far."""
        return self._finish()

    def _wait_for(self, condition: Callable[[], T | None], seconds: float) -> T | None:
        """Wait for `condition`, for the program's end, or for a deadlock, whichever comes first."""
        found: T | None = None

        def stirred() -> bool | None:
            nonlocal found
            found = condition()
            over = found is not None or self._record.ended is not None or self._judge_quiet() is not None
            return True if over else None

        if self._session.wait_fairly(stirred, seconds) is None:
            self._context.timed_out = True
        return found

    def _finish(self, reason: str | None = None, within: float | None = None) -> Run:
        if self._run is not None:
            return self._run
        hang: tuple[str, ...] = ()
        if reason == "timeout":
            hang = self._describe(self._session.look())
        self._session.stop(self._record)
        ended = self._record.ended
        assert ended is not None
        raw = ended.facts["wait_status"]
        self._run = Run(
            command=self._command,
            record=self._record,
            end=RunEnd(
                reason=reason or ended.reason,
                oom_kills=ended.facts["oom_kills"],
                peak_tasks=ended.facts["peak_tasks"],
                sent=frozenset(self._sent),
                time_limit=within or self._limits.wall_seconds,
                process_limit=self._limits.processes,
                output_limit=self._limits.output_bytes,
                took_seconds=time.monotonic() - self._record.started,
            ),
            status=WaitStatus.from_raw(raw) if raw is not None else None,
            stdout=bytes(self._record.stdout),
            stderr=bytes(self._record.stderr),
            deadlock=self._deadlock,
            hang=hang,
            context=self._context,
        )
        if ended.reason == "timeout":
            self._context.timed_out = True
            self._context.starved = self._context.starved or ended.facts["starved"]
            if (snapshot := self._run.history.timeout_snapshot) is not None:
                self._run.hang = self._describe(snapshot)
        self._context.runs.append(self._run)
        return self._run

    def _describe(self, facts: Facts) -> tuple[str, ...]:
        look = parse_snapshot(facts, self._names)
        return describe(look, self._armed_at(look.time), self._variable_names())

    def _judge_quiet(self) -> Deadlock | None:
        """Judge the last pair of snapshots once."""
        quiet = self._session.quiet
        if quiet is None or quiet is self._judged:
            return self._deadlock
        self._judged = quiet
        first, second = (parse_snapshot(facts, self._names) for facts in quiet)
        armed = self._armed_at(second.time)
        prove = partial(
            prove_deadlock,
            first,
            second,
            armed,
            signals_from_outside=not self._alone,
            handlers_may_run=self._context.handlers_may_run,
        )
        if isinstance(prove(), Deadlock) and self._no_timer_is_armed():
            proof = prove(name_of=self._variable_names())  # the same again, with names to tell it by
            self._deadlock = proof if isinstance(proof, Deadlock) else None
        return self._deadlock

    def _no_timer_is_armed(self) -> bool:
        """Ask every process that waits for good otherwise, and remember the timers that there are."""
        facts = self._session.timers()
        if facts is None:
            return False
        soon = facts["time"] + LATE_SECONDS
        self._timers = {
            int(pid): (soon + left, "alarm or setitimer") if isinstance(left, float) else (soon, "")
            for pid, left in facts["timers"].items()
            if left != 0.0
        }
        return not self._timers

    def _armed_at(self, moment: float) -> dict[int, str]:
        """The timers of every program of this check, as they all could wake each other."""
        armed: dict[int, str] = {}
        for process in self._context.processes:
            armed.update(read_history(process.pid, process._record.events).armed_at(moment))
            armed.update({pid: what for pid, (until, what) in process._timers.items() if until > moment})
        return armed

    def _variable_names(self) -> NameOf:
        """Names from the program's symbol table, which is read when the first is asked for: most hangs are about pipes
        and children.
        """

        @cache
        def names() -> NameOf:
            from grader.observe.symbols import names_from, read_symbols

            try:
                program = self._session.fetch_kept(self._program, PROGRAM_BYTES)
            except RequestFailedError:  # it was made for a tool
                return no_names
            return names_from({f"{WORK_FOLDER}{self._program}": read_symbols(program)})

        return lambda process, address: names()(process, address)

    def _why(self) -> str:
        """Why what was waited for did not come, for a message."""
        ended = self._record.ended
        if self._deadlock is not None:
            return "it is deadlocked"
        if ended is None:
            return "it did not do so in time"
        if ended.reason == "exited" and ended.facts["wait_status"] is not None:
            return f"it {WaitStatus.from_raw(ended.facts['wait_status'])}"
        return f"it was ended by the grader ({ended.reason})"
