"""The agent: PID 1 of a sandbox, a single-threaded loop over one stream to the host.

The protocol is `sandbox.wire`. After `Ready` the host sends requests and the agent answers each in order with
`Done` or `Failed`, except `Input`, `CloseInput` and `Stop`. `Output`, `Event`, `Quiet` and `Ended` come unasked
between a `Spawn` and its `Ended`. When the stream from the host ends the agent exits, and the kernel ends every
process of the sandbox with it: a host that dies leaves nothing.

The agent trusts the host. It trusts nothing that a student's process wrote, and has no other duty to it than to
stay alive: bounded reads, no blocking open, no fork needed to kill.
"""

import contextlib
import errno
import gc
import math
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from sandbox.agent import capture, kernel, sweep
from sandbox.agent.clock import OwnClock
from sandbox.agent.program import Program
from sandbox.agent.reading import error_name, text
from sandbox.agent.spawn import EXEC_PASS, WORK, spawn
from sandbox.agent.watch_filter import watch_filter
from sandbox.wire import (
    CloseInput,
    Decoder,
    Done,
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
)

TICK_SECONDS = 0.005
"""How often the agent looks whether every process sleeps; a look costs about a fiftieth of that."""

TELL_SECONDS, TELL_BYTES = 0.2, 1 << 20
"""How long, and up to how much, the agent keeps what nobody waits for, to send it with something else: each write wakes
the engine and the host, on processors that the program could use."""

QUIET_AGAIN_SECONDS = 0.5
"""How often a sandbox that stays quiet is judged again: a timer may have gone off that moved nothing."""

EVENT_BYTES = 32 << 20
"""How much of one run's events the host is told. A program that does more is held at its next watched call until its
time is up: forty thousand processes are none that anybody has asked for."""

PROGRAM_BYTES = 16 << 20
"""A program that is kept lies in memory three times at the worst; its author chooses how large it is."""

UNSENT_BYTES = 4 << 20
"""How much may be on its way to the host before nothing more is captured: it is the agent's memory."""

NICE = -10
"""The agent goes before the student's programs, however many they are."""

TOOLS = (
    *("/bin/sh", "/bin/cat", "/usr/bin/gcc", "/usr/bin/as", "/usr/bin/ld", "/usr/bin/strace", "/usr/bin/valgrind"),
    *("/usr/local/bin/canary", "/usr/local/bin/fdprobe", kernel.LIBRARY),
)
"""What an image must have. Where one is missing, checks would fail for no fault of the program's."""

HOST_IN, HOST_OUT = 0, 1


class Agent:
    """The loop and what it knows: the programs that run, the bytes on their way to the host."""

    def __init__(self, uid: int) -> None:
        self._uid = uid
        self._decoder = Decoder()
        self._outgoing = bytearray()
        self._queue: deque[tuple[Message, int]] = deque()
        self._is_awaited = False
        self._tell_by = math.inf
        self._kept_bytes = 0
        self._programs: dict[int, Program] = {}
        self._epoll = select.epoll()
        self._on_ready: dict[int, Callable[[int], None]] = {}
        self._last_look: list[_Task] = []
        self._quiet_sent = 0
        self._quiet_again = 0.0
        self._served = 0
        self._next_tick = 0.0
        self._wake_read = -1
        self._clock = OwnClock()

    def run(self) -> None:
        """Serve until the host closes the stream."""
        for descriptor in (HOST_IN, HOST_OUT):
            os.set_blocking(descriptor, False)
        self._wake_read, wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self._watch(HOST_IN, self._read_host, select.EPOLLIN)
        self._watch(self._wake_read, self._reap, select.EPOLLIN)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        with contextlib.suppress(OSError):  # it may be refused by a stricter runtime
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
        sweep.sweep(self._uid)
        missing = [path for path in TOOLS if not os.access(path, os.X_OK)]
        processors = len(os.sched_getaffinity(0))
        facts = {"kernel": os.uname().release, "machine": kernel.MACHINE, "processors": processors, "missing": missing}
        self._send(Ready(facts))
        while True:
            self._flush()
            ready = self._epoll.poll(self._poll_seconds())
            for descriptor, event, handler in [(fd, event, self._on_ready.get(fd)) for fd, event in ready]:
                if handler is not None and self._on_ready.get(descriptor) is handler:  # still the same descriptor
                    handler(event)
            self._tick()

    # -- the loop ---------------------------------------------------------------------------------

    def _watch(self, descriptor: int, handler: Callable[[int], None], mask: int) -> None:
        self._on_ready[descriptor] = handler
        self._epoll.register(descriptor, mask)

    def _unwatch(self, descriptor: int) -> None:
        if self._on_ready.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def _poll_seconds(self) -> float | None:
        if not self._programs:
            return None
        return max(0.0, self._next_tick - time.monotonic())

    def _tick(self) -> None:
        now = time.monotonic()
        if not self._programs or now < self._next_tick:
            return
        self._next_tick = now + TICK_SECONDS
        self._is_awaited = self._is_awaited or now >= self._tell_by
        self._turn()
        if any(program.held_calls is not None for program in self._programs.values()):
            self._look_whether_quiet()

    def _turn(self) -> None:
        self._clock.turn()  # first: a pause that has just ended is no time of the programs'
        for program in list(self._programs.values()):
            self._take_calls(program)
            descriptors = [*program.outputs, program.input, *program.pidfds]
            if program.held_calls is not None:
                descriptors.append(program.held_calls.descriptor)
            program.turn(alone=len(self._programs) == 1)
            if program.over:
                for descriptor in descriptors:
                    if descriptor is not None:
                        self._forget_closed(descriptor)
                del self._programs[program.number]
            else:
                self._watch_new(program)

    def _forget_closed(self, descriptor: int) -> None:
        """A closed descriptor has left the epoll set by itself; its handler must go before the number is reused."""
        self._on_ready.pop(descriptor, None)

    def _watch_new(self, program: Program) -> None:
        for pidfd in program.pidfds:
            if pidfd not in self._on_ready:
                self._watch(pidfd, partial(self._on_pidfd, program, pidfd), select.EPOLLIN)
        if program.input is None:
            return
        if program.wants_to_write and program.input not in self._on_ready:
            self._watch(program.input, partial(self._write_input, program), select.EPOLLOUT)

    def _on_pidfd(self, program: Program, pidfd: int, event: int) -> None:
        self._take_calls(program)  # its exit comes before its end
        if program.on_pidfd(pidfd, reaped=bool(event & select.EPOLLHUP)):
            self._epoll.modify(pidfd, 0)  # the hang-up is reported all the same
        else:
            self._forget_closed(pidfd)

    def _write_input(self, program: Program, event: int) -> None:
        descriptor = program.input
        if descriptor is None:
            return
        program.write_input()
        if program.input is None:
            self._forget_closed(descriptor)
        elif not program.wants_to_write:
            self._unwatch(descriptor)

    def _on_output(self, program: Program, descriptor: int, event: int) -> None:
        self._clock.has_served = True
        if not program.read_output(descriptor):
            self._epoll.unregister(descriptor)  # the end of the stream would be ready for ever
            del self._on_ready[descriptor]

    def _on_calls(self, program: Program, event: int) -> None:
        self._take_calls(program)

    def _take_calls(self, program: Program) -> None:
        calls = program.held_calls
        if calls is None or not program.is_heard:
            return
        if program.events_bytes > EVENT_BYTES:
            program.is_heard = False
            self._unwatch(calls.descriptor)
            return
        self._clock.has_served |= program.take_calls()
        self._watch_new(program)

    def _reap(self, event: int) -> None:
        os.read(self._wake_read, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if os.WIFSTOPPED(status):  # of a process that has asked its parent to trace it, see ptrace(2)
                continue
            for program in self._programs.values():
                self._take_calls(program)  # what it did comes before its end
                if program.knows(pid):
                    program.on_reaped(pid, status)
        self._turn()

    # -- whether everything sleeps ----------------------------------------------------------------

    def _look_whether_quiet(self) -> None:
        look = self._look()
        tasks = sum(not task.awaits_agent for task in look)
        for program in self._programs.values():
            program.peak_tasks = max(program.peak_tasks, tasks)
        if not look or not _all_sleep(look) or look != self._last_look:
            self._last_look = look
            self._quiet_sent = 0
        elif self._quiet_sent < 2 or time.monotonic() >= self._quiet_again:
            snapshot = self._snapshot()
            if capture.is_held(snapshot):  # asleep only until its call has been received and answered
                return
            if kernel.is_closing_aside():  # asleep only until we have let go of a copy
                self._quiet_sent = 0
                return
            if self._look() != look:  # a timer went off meanwhile: half is from before that, half from after
                self._quiet_sent = 0
                return
            self._send(Quiet(self._quiet_sent > 0, self._served, snapshot))
            self._quiet_sent += 1
            self._quiet_again = time.monotonic() + QUIET_AGAIN_SECONDS

    def _look(self) -> "list[_Task]":
        look = []
        for pid in capture.student_processes():
            for tid in capture.numbers_in(f"/proc/{pid}/task"):
                status = text(f"/proc/{pid}/task/{tid}/status")
                if not isinstance(status, str):
                    look.append(_Task(tid, "", "", awaits_agent=False))
                    continue
                state = status.partition("\nState:\t")[2][:1]
                is_orphan = "\nPPid:\t1\n" in status
                switches = status.partition("\nvoluntary_ctxt_switches:")[2]
                look.append(_Task(tid, state, switches, awaits_agent=is_orphan and state == "Z"))
        return look

    def _snapshot(self) -> Facts:
        outside: Facts = {}
        for program in self._programs.values():
            outside.update(program.outside())
        return capture.snapshot(outside, time.monotonic())

    # -- the host ---------------------------------------------------------------------------------

    def _send(self, message: Message, request_id: int = 0, *, awaited: bool = True) -> None:
        """Have a message sent: soon, or if the host does not wait for it, with the next that it waits for."""
        if isinstance(message, Event | Events):
            self._quiet_sent = 0  # as the host counts: what was quiet before it learnt of this is not what is now
            awaited = False
        elif isinstance(message, Output):
            awaited = self._programs[message.run].attended
        if isinstance(message, Output | Events):
            self._kept_bytes += len(message.data)
            awaited = awaited or self._kept_bytes >= TELL_BYTES
        self._queue.append((message, request_id))
        self._is_awaited = self._is_awaited or awaited
        self._tell_by = min(self._tell_by, time.monotonic() + TELL_SECONDS)

    def _flush(self) -> None:
        """Write all there is, if the host waits for any of it."""
        if not self._is_awaited:
            return
        self._tell_by = math.inf
        self._kept_bytes = 0
        while self._queue:
            message, request_id = self._queue.popleft()
            frame = encode(message, request_id)
            self._outgoing += frame
            if isinstance(message, Event | Events) and message.run in self._programs:
                self._programs[message.run].events_bytes += len(frame)
            if len(self._outgoing) >= UNSENT_BYTES:  # what is said of many processes at once is more than fits here
                self._write_out()
        if self._write_out():
            self._unwatch(HOST_OUT)
            self._is_awaited = False
        elif HOST_OUT not in self._on_ready:
            self._watch(HOST_OUT, lambda event: None, select.EPOLLOUT)

    def _write_out(self) -> bool:
        """Write to the host, waiting while there is too much for that; whether all is written."""
        try:
            while self._outgoing:
                try:
                    written = os.write(HOST_OUT, self._outgoing[: 1 << 20])
                    del self._outgoing[:written]
                except BlockingIOError:
                    if len(self._outgoing) < UNSENT_BYTES:
                        return False
                    select.select((), (HOST_OUT,), ())
        except BrokenPipeError:
            os._exit(0)
        return True

    def _read_host(self, event: int) -> None:
        data = os.read(HOST_IN, 1 << 20)
        if not data:
            os._exit(0)
        self._clock.hear()
        for request_id, message in self._decoder.feed(data):
            if isinstance(message, Here):
                continue
            self._served += 1
            try:
                answer = self._serve(message)
            except OSError as error:
                answer = Failed(error_name(error), str(error))
            if answer is not None:
                self._send(answer, request_id, awaited=_is_awaited(message) or isinstance(answer, Failed))

    def _serve(self, message: Message) -> Message | None:
        was_quiet = self._quiet_sent >= 2
        self._quiet_sent = 0  # what the host does may be what makes a wait hopeless
        match message:
            case Input() | CloseInput() | Stop():
                self._serve_program(message)
                return None
            case Spawn():
                return Done({"pid": self._spawn(message)}, b"")
            case Signal():
                (os.killpg if message.group else os.kill)(message.pid, message.number)
            case Look():
                for program in self._programs.values():
                    self._take_calls(program)
                return Done(self._snapshot(), b"")
            case Timers():
                if not was_quiet or self._look() != self._last_look:
                    return Failed("EAGAIN", "something moved")
                timers = capture.real_timers() if kernel.ASKS_FOR_TIMERS else {}
                return Done({"timers": timers, "time": time.monotonic()}, b"")
            case Lost():
                return Done({"seconds": self._clock.lost_in(message.seconds)}, b"")
            case Stage():
                _make_folders(sweep.STAGE, message.path)
                sweep.write_file(sweep.STAGE, message.path, message.data, message.mode, 0)
            case Store():
                sweep.write_file(WORK, message.path, message.data, message.mode, self._uid)
            case Fetch():
                folder = sweep.STAGE if message.kept else WORK
                return Done({}, sweep.read_file(folder, message.path, message.max_bytes, message.offset)[0])
            case Keep():
                data, _mode = sweep.read_file(WORK, message.path, PROGRAM_BYTES + 1)
                if len(data) > PROGRAM_BYTES:
                    raise OSError(errno.EFBIG, "the program is too large")
                sweep.write_file(sweep.STAGE, message.path, data, 0o755, 0)
            case Names():
                return Done({"names": sweep.names_in(WORK)}, b"")
            case Reset():
                self._reset()
            case _:
                return Failed("EINVAL", f"{type(message).__name__} is no request")
        return Done({}, b"")

    def _serve_program(self, message: Input | CloseInput | Stop) -> None:
        self._clock.has_served = True
        program = self._programs.get(message.run)
        if program is None:  # it ended while the request was on its way
            return
        descriptor = program.input
        match message:
            case Input():
                program.queue_input(message.data)
            case CloseInput():
                program.end_input()
            case Stop():
                program.stop("stopped")
        if descriptor is not None and program.input is None:
            self._forget_closed(descriptor)
        self._watch_new(program)

    def _spawn(self, message: Spawn) -> int:
        program_filter = None
        if message.watched:
            calls = tuple(fault["call"] for fault in message.faults)
            program_filter = _filter(calls, traced=message.traced, terminal=message.terminal)
        spawned = spawn(
            message.argv,
            message.env,
            message.limits,
            self._uid,
            program_filter=program_filter,
            with_input=message.input,
            terminal=message.terminal,
        )
        if not self._programs:
            self._clock.start()
        program = Program(message, spawned, self._send, self._clock.now)
        self._programs[message.run] = program
        for descriptor in program.outputs:
            self._watch(descriptor, partial(self._on_output, program, descriptor), select.EPOLLIN)
        if program.held_calls is not None:
            self._watch(program.held_calls.descriptor, partial(self._on_calls, program), select.EPOLLIN)
        self._watch_new(program)
        self._next_tick = time.monotonic() + TICK_SECONDS
        if not message.watched:
            _filter()  # a compiler takes its time, and then somebody waits for the first program that is watched
        return spawned.pid

    def _reset(self) -> None:
        for program in self._programs.values():
            program.stop("stopped")
        sweep.kill_everything()
        for program in list(self._programs.values()):
            if program.wait_status is None:
                program.wait_status = int(signal.SIGKILL)  # as a wait status: killed by it
        self._turn()
        sweep.sweep(self._uid)
        sweep.lay_out(self._uid)


def _is_awaited(request: Message) -> bool:
    """Whether the host does nothing else until it has the answer."""
    if isinstance(request, Spawn):
        return request.attended
    return not isinstance(request, Stage | Reset)


@cache
def _filter(calls: tuple[str, ...] = (), *, traced: str = "", terminal: bool = False) -> bytes:
    return watch_filter(
        kernel.MACHINE,
        kernel.exit_fallback_offsets(),
        calls,
        start_offsets=_start_offsets(),
        traced=traced,
        exec_pass=EXEC_PASS,
        terminal=terminal,
        timers=not kernel.ASKS_FOR_TIMERS,
    )


_start_offsets = cache(kernel.start_offsets)


class _Task(NamedTuple):
    """A thread as it is found: its state's letter, "" if it could not be read, and how often it was scheduled.

    A zombie that `awaits_agent` is there only until the agent reaps it.
    """

    tid: int
    state: str
    switches: str
    awaits_agent: bool


def _all_sleep(look: list[_Task]) -> bool:
    return all(task.state in ("S", "T", "Z", "X") for task in look)


def _make_folders(base: str, path: str) -> None:
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(f"{base}/{folder}", 0o755, exist_ok=True)


def main() -> None:
    """Run as the container's command, with the student's uid as the only argument."""
    agent = Agent(int(sys.argv[1]))
    gc.freeze()  # what is loaded now is garbage never
    gc.enable()
    agent.run()
