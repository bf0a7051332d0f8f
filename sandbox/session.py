"""The host's end of one sandbox: requests and their answers, and what its runs report meanwhile.

A session is one container for one submission. Nothing here judges: what the agent captures is collected in a
`RunRecord` and handed on as it came.
"""

import math
import select
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, TypeVar

from sandbox.errors import SandboxError, SandboxLostError
from sandbox.wire import (
    BEAT_SECONDS,
    CloseInput,
    Decoder,
    Done,
    Ended,
    Event,
    Events,
    Facts,
    Failed,
    Fetch,
    Here,
    Input,
    Keep,
    Look,
    Lost,
    Message,
    Names,
    Output,
    ProtocolError,
    Quiet,
    Ready,
    Reset,
    Signal,
    Spawn,
    Stage,
    Stop,
    Store,
    Timers,
    encode,
    events_of,
)

ANSWER_SECONDS = 60.0
"""How long the agent may take for an answer. It takes under a millisecond; this only bounds a broken machine."""

STALLED_SECONDS = 120.0
"""How much longer than wanted `wait_fairly` waits in all, however busy the machine is."""

FETCH_BYTES = 1 << 20
"""How much of a file is asked for at a time."""

FAIR_SECONDS = 0.02
"""How soon `wait_fairly` asks again at the soonest: else it would come closer to the end, and never there."""

T = TypeVar("T")


class Stream(Protocol):
    """What a launcher hands back."""

    def fileno(self) -> int: ...
    def send(self, data: bytes | memoryview) -> int: ...
    def receive(self) -> bytes: ...
    def close(self, *, at_once: bool = False) -> None: ...


class RequestFailedError(Exception):
    """The agent could not do what was asked; `errno_name` tells why (`ENOENT`)."""

    def __init__(self, errno_name: str, reason: str) -> None:
        super().__init__(reason)
        self.errno_name = errno_name


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Limits of one run: seconds, counts, bytes."""

    wall_seconds: float
    cpu_seconds: float
    processes: int
    output_bytes: int
    file_bytes: int = 64 << 20
    open_files: int = 256


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """All that is known of one run so far. `ended` is None while it lasts."""

    number: int
    pid: int = 0
    started: float = field(default_factory=time.monotonic)
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    ended: Ended | None = None
    _events: list[Event] = field(default_factory=list)
    _unread: list[Event | Events] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        """What happened, in the order in which it was told. It is taken apart when it is asked for, which is mostly
        after the end: the program may need the processors.

        Raises SandboxLostError.
        """
        for message in self._unread:
            try:
                self._events += events_of(message) if isinstance(message, Events) else [message]
            except ProtocolError as error:
                raise _nonsense(error) from error
        self._unread.clear()
        return self._events

    def take(self, message: Event | Events) -> None:
        """Take in what the agent tells."""
        self._unread.append(message)


class _Exchange:
    """A place in the stream, used with `with`. Whoever is interrupted has lost it, and is interrupted wherever it is
    needed again: in the `finally` of a check, which would wait for an answer.

    KeyboardInterrupt comes between any two steps: what has been received may be lost, what was sent may be sent again.
    """

    def __init__(self) -> None:
        self._is_interrupted = False

    def __enter__(self) -> None:
        if self._is_interrupted:
            raise KeyboardInterrupt

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_interrupted = self._is_interrupted or kind is KeyboardInterrupt


class Session:
    """One sandbox. Use it with `with`: it is gone afterwards, whatever happened."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decoder = Decoder()
        self._outgoing = bytearray()
        self._answers: dict[int, Done | Failed] = {}
        self._runs: dict[int, RunRecord] = {}
        self._last_request = 0
        self._unawaited: list[int] = []
        self._last_run = 0
        self._sent = 0
        self._next_beat = 0.0
        self.quiet: tuple[Facts, Facts] | None = None
        """The last two snapshots of a sandbox in which nothing moved between them, if nothing has since."""
        self._last_quiet: Facts | None = None
        self._ready: Facts | None = None
        self._exchanging = _Exchange()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close(at_once=kind is not None)

    def close(self, *, at_once: bool = False) -> None:
        """End the sandbox; `at_once` waits until it is removed."""
        self._stream.close(at_once=at_once)

    @property
    def machine(self) -> Facts:
        """`kernel`, `machine` and `processors` as the agent found them; waits for the agent to be up."""
        if self.wait(lambda: self._ready, ANSWER_SECONDS) is None:
            raise SandboxLostError("the sandbox did not come up", "Run `grader doctor` to find out why.")
        assert self._ready is not None
        return self._ready

    # -- files ------------------------------------------------------------------------------------

    def stage(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Add a file to what every reset lays out.

        It is done before whatever is asked for next, which raises SandboxLostError if it went wrong.
        """
        self._ask_ahead(Stage(path, mode, data))

    def store(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Write a new file into the work folder as the student."""
        self.request(Store(path, mode, data))

    def fetch(self, path: str, max_bytes: int) -> bytes:
        """Read a regular file of the work folder; raises RequestFailedError if there is none."""
        return self._fetch(path, max_bytes, kept=False)

    def fetch_kept(self, path: str, max_bytes: int) -> bytes:
        """Read a file of the stage, which no program can have changed; raises RequestFailedError if there is none."""
        return self._fetch(path, max_bytes, kept=True)

    def _fetch(self, path: str, max_bytes: int, *, kept: bool) -> bytes:
        """Piece by piece: the agent has little memory, and the file may be as large as its maker wants."""
        data = bytearray()
        while len(data) < max_bytes:
            wanted = min(FETCH_BYTES, max_bytes - len(data))
            piece = self.request(Fetch(path, wanted, len(data), kept)).data
            data += piece
            if len(piece) < wanted:
                break
        return bytes(data)

    def keep(self, path: str) -> None:
        """Add a file of the work folder to the stage; raises RequestFailedError if there is none."""
        self.request(Keep(path))

    def names(self) -> list[str]:
        """What is in the work folder; raises RequestFailedError if that is too much to tell."""
        return list(self.request(Names()).facts["names"])

    def reset(self) -> None:
        """Kill and remove everything of the student's, and lay out the stage as a fresh work folder.

        It is done before whatever is asked for next, which raises SandboxLostError if it went wrong.
        """
        self._ask_ahead(Reset())
        self._runs = {number: record for number, record in self._runs.items() if record.ended is None}
        self.quiet = self._last_quiet = None

    # -- runs -------------------------------------------------------------------------------------

    def spawn(
        self,
        argv: Sequence[str],
        limits: RunLimits,
        *,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        watched: bool = True,
        traced: str = "",
        with_input: bool = True,
        terminal: bool = False,
        faults: Sequence[Facts] = (),
    ) -> RunRecord:
        """Start a program; raises RequestFailedError if it cannot be executed.

        `stdin` is all that it gets as its standard input; None leaves that open.
        """
        self._last_run += 1
        record = RunRecord(number=self._last_run)
        self._runs[record.number] = record
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/work",
            "LANG": "C.UTF-8",
            **(env or {}),
        }
        numbers = {name: getattr(limits, name) for name in RunLimits.__dataclass_fields__}
        self.quiet = self._last_quiet = None
        spawn = Spawn(
            run=record.number,
            argv=list(argv),
            env=environment,
            limits=numbers,
            watched=watched,
            traced=traced,
            input=with_input,
            attended=with_input and stdin is None,
            terminal=terminal,
            faults=list(faults),
        )
        given = () if stdin is None else (Input(record.number, stdin), CloseInput(record.number))
        record.pid = int(self.request(spawn, *given).facts["pid"])
        return record

    def input(self, record: RunRecord, data: bytes) -> None:
        """Give bytes to the program's standard input; they are queued if it does not read."""
        self._send(Input(record.number, data))

    def close_input(self, record: RunRecord) -> None:
        """Close the program's standard input after what was given."""
        self._send(CloseInput(record.number))

    def signal(self, pid: int, number: int, *, group: bool = False) -> None:
        """Send a signal; raises RequestFailedError if there is no such process."""
        self.request(Signal(pid, number, group))

    def stop(self, record: RunRecord) -> None:
        """Kill what is left of a run and wait until it has ended."""
        if record.ended is None:
            self._send(Stop(record.number))
            if self.wait(lambda: record.ended, ANSWER_SECONDS) is None:
                raise SandboxLostError("the sandbox does not end a run", "Run the command again.")

    def look(self) -> Facts:
        """A snapshot of every student process, now."""
        return self.request(Look()).facts

    def timers(self) -> Facts | None:
        """The timers of real time that are armed, where everything waits for good otherwise: see `Timers`.

        None if something has moved since the last `quiet`.
        """
        try:
            return self.request(Timers()).facts
        except RequestFailedError:
            return None

    # -- the stream -------------------------------------------------------------------------------

    def request(self, message: Message, *more: Input | CloseInput) -> Done:
        """Send a request, and right behind it what is not answered, and wait for the answer.

        Raises RequestFailedError or SandboxError.
        """
        with self._exchanging:
            self._last_request += 1
            request_id = self._last_request
            self._put(message, request_id)
            for unanswered in more:
                self._put(unanswered)
            self._exchange(0)
            if self.wait(lambda: request_id in self._answers or None, ANSWER_SECONDS) is None:
                raise SandboxLostError("the sandbox does not answer", "Run the command again.")
            answer = self._answers.pop(request_id)
            for earlier in [self._answers.pop(number) for number in self._unawaited]:  # answers come in order
                self._unawaited.clear()
                if isinstance(earlier, Failed):
                    raise SandboxLostError(
                        f"the sandbox cannot be made ready: {earlier.reason}", "Run the command again."
                    )
            if isinstance(answer, Failed):
                raise RequestFailedError(answer.errno_name, answer.reason)
            return answer

    def _ask_ahead(self, message: Stage | Reset) -> None:
        """Send a request whose answer is looked at with the next one's: it can only fail if the sandbox is broken."""
        with self._exchanging:
            self._last_request += 1
            self._unawaited.append(self._last_request)
            self._send(message, self._last_request)

    def wait(self, condition: Callable[[], T | None], seconds: float, again: float = math.inf) -> T | None:
        """Take in what comes until `condition` yields something, which is returned, or time is up: None.

        It is asked whenever something has come, and every `again` seconds.
        """
        with self._exchanging:
            deadline = time.monotonic() + seconds
            while (found := condition()) is None:
                now = time.monotonic()
                if now >= deadline:
                    return None
                self._exchange(min(deadline - now, again, self._beat(now)))
            return found

    def _beat(self, now: float) -> float:
        """Let the agent know that the host is there if it is time to; return the seconds until it is again.

        Without that the agent takes it that nothing reaches it, and that programs wait for no fault of their own.
        """
        if all(record.ended is not None for record in self._runs.values()):
            return math.inf
        if now >= self._next_beat:
            self._next_beat = now + BEAT_SECONDS
            self._outgoing += encode(Here())
        return self._next_beat - now

    def wait_fairly(self, condition: Callable[[], T | None], seconds: float, again: float = math.inf) -> T | None:
        """Like `wait`, but by the programs' own time: what they lose to a busy or paused machine is not counted.

        Nor are the questions how much that is, and, once, the way of a message to the sandbox and back, which is as
        long as the longest of them.
        """
        started = time.monotonic()
        asking = longest = 0.0
        left = seconds
        while (found := self.wait(condition, max(left, FAIR_SECONDS), again)) is None:
            asked = time.monotonic()
            lost = float(self.request(Lost(asked - started)).facts["seconds"])
            if asked > started:  # what was lost while it was asked is in `asking` already
                lost *= 1 - asking / (asked - started)
            passed = time.monotonic() - started
            question = started + passed - asked
            asking += question
            longest = max(longest, question)
            left = seconds - passed + lost + asking + longest
            if left <= 0 or passed > seconds + STALLED_SECONDS:
                return condition()  # what came while nobody looked, this process being kept waiting itself
        return found

    def _send(self, message: Message, request_id: int = 0) -> None:
        with self._exchanging:
            self._put(message, request_id)
            self._exchange(0)

    def _put(self, message: Message, request_id: int = 0) -> None:
        self.quiet = self._last_quiet = None
        self._sent += 1
        self._outgoing += encode(message, request_id)

    def _exchange(self, seconds: float) -> None:
        poll = select.poll()
        poll.register(self._stream, select.POLLIN | (select.POLLOUT if self._outgoing else 0))
        for _descriptor, event in poll.poll(seconds * 1000):
            if event & select.POLLOUT:
                sent = self._stream.send(memoryview(self._outgoing)[: 1 << 20].tobytes())
                del self._outgoing[:sent]
            if event & ~select.POLLOUT:
                self._take_in(self._stream.receive())

    def _take_in(self, data: bytes) -> None:
        try:
            messages = self._decoder.feed(data)
        except ProtocolError as error:
            raise _nonsense(error) from error
        for request_id, message in messages:
            match message:
                case Done() | Failed():
                    self._answers[request_id] = message
                case Ready():
                    self._take_ready(message.facts)
                case Quiet():
                    self._take_quiet(message)
                case Output() | Event() | Events() | Ended():
                    self._take_report(message)
                case _:
                    raise SandboxLostError(f"the sandbox sent a {type(message).__name__}", "Run the command again.")

    def _take_ready(self, facts: Facts) -> None:
        if facts["missing"]:
            raise SandboxError(
                f"the sandbox image lacks {', '.join(facts['missing'])}",
                "Remove the image with `docker rmi` and run `grader sandbox build`.",
            )
        self._ready = facts

    def _take_quiet(self, message: Quiet) -> None:
        if message.served != self._sent:  # from before the agent had our last word
            self.quiet = self._last_quiet = None
        elif message.again and self._last_quiet is not None:
            self.quiet = (self._last_quiet, message.facts)
            self._last_quiet = message.facts
        elif not message.again:
            self._last_quiet = message.facts
            self.quiet = None

    def _take_report(self, message: Output | Event | Events | Ended) -> None:
        record = self._runs.get(message.run)
        if record is None:  # of a run that a reset has ended
            return
        match message:
            case Output():
                (record.stdout if message.stream == 1 else record.stderr).extend(message.data)
            case Event() | Events():
                record.take(message)
                self.quiet = self._last_quiet = None
            case Ended():
                record.ended = message


def _nonsense(error: ProtocolError) -> SandboxLostError:
    return SandboxLostError(f"the sandbox sent nonsense: {error}", "Rebuild it: `grader sandbox build`.")
