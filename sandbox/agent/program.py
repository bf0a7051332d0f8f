"""One run of a program: its pipes, the calls it is held at, and its end. Events go out as they happen."""

import contextlib
import errno
import os
import signal
import stat
import time
from collections.abc import Callable

from sandbox.agent import capture, kernel
from sandbox.agent.held_calls import Captured, HeldCall
from sandbox.agent.reading import memory, text
from sandbox.agent.spawn import WORK, Spawned
from sandbox.agent.watch_filter import FAULT_CALLS, OPENING, SIGNAL_ARGUMENT, USING
from sandbox.wire import Ended, Event, Events, Facts, Message, Output, Spawn

GRACE_SECONDS = 0.2
"""How long processes may outlive the program's first process before they count as left behind."""

LOST_TIMES, LOST_SECONDS = 10, 20
"""The time limit in the machine's time: however busy it is, a run ends after so many times its limit and so many
seconds. The host then looks whether the machine was to blame."""

MEMORY_RESERVE = 48 << 20
"""What a run leaves of the sandbox's memory. The kernel's own limit comes too late for the agent, if what fills the
memory does not go with the processes: files, System V objects."""

READ_BYTES = 64 << 10
PENDING_INPUT_BYTES = 64 << 10
END_OF_FILE = b"\x04"
STACK_BYTES = 2048
"""How much of the stack is captured where a descriptor is made: the frames of the library and its caller's."""

MISUSES_EXPLAINED = 50
"""How many uses of a wrong descriptor are captured with where they come from; a loop may make thousands."""

_NEEDED = {"read": stat.S_IRUSR, "readv": stat.S_IRUSR, "write": stat.S_IWUSR, "writev": stat.S_IWUSR}

_NAMES = {number: name for name, number in kernel.SYSCALL.items()}


class Program:
    """A running program. `send` emits a message; `own_time` is the clock that its limits are judged by."""

    def __init__(
        self,
        spawn: Spawn,
        spawned: Spawned,
        send: Callable[[Message], None],
        own_time: Callable[[], float],
    ) -> None:
        self.number = spawn.run
        self.attended = spawn.attended
        self.pid = spawned.pid
        self.input = spawned.input
        self.outputs = dict(zip(spawned.outputs, (1, 2), strict=False))
        self.terminal = spawned.terminal
        self.held_calls = spawned.held_calls
        self.deadline = own_time() + spawn.limits["wall_seconds"]
        self._last_deadline = time.monotonic() + LOST_TIMES * spawn.limits["wall_seconds"] + LOST_SECONDS
        self._starved = False
        self.events_bytes = 0
        self.is_heard = True
        """Whether its calls are still taken; one that has done too much is held at its next."""
        self.reason = "exited"
        self.wait_status: int | None = None
        self.over = False
        self._send = send
        self._own_time = own_time
        self._limits = spawn.limits
        self._faults = [dict(fault, seen=0) for fault in spawn.faults]
        self._input_queue = bytearray()
        self._input_ends = False
        self._written = {1: 0, 2: 0}
        self.pidfds: dict[int, int] = {}
        """Of the processes whose end nobody else tells of."""
        if spawned.held_calls is None:
            self.pidfds[spawned.pidfd] = spawned.pid
        else:
            os.close(spawned.pidfd)
        self._ended: set[int] = set()
        self._known = {spawned.pid}
        self._grace_ends: float | None = None
        self._oom_kills_before = capture.oom_kills()
        self.peak_tasks = 0
        self._misuses = 0

    # -- what the loop waits for ------------------------------------------------------------------

    @property
    def wants_to_write(self) -> bool:
        """Whether input is queued for the program."""
        return self.input is not None and (bool(self._input_queue) or self._input_ends)

    def outside(self) -> Facts:
        """The pipe ends the agent holds: link to access, `w` for the program's input, `r` for its outputs.

        A terminal is none: reading from one is never taken for a wait within the program.
        """
        ends: Facts = {}
        for descriptor in self.outputs:
            ends[os.readlink(f"/proc/self/fd/{descriptor}")] = "r"
        if self.input is not None:
            ends[os.readlink(f"/proc/self/fd/{self.input}")] = "w"
        return ends

    # -- input and output -------------------------------------------------------------------------

    def queue_input(self, data: bytes) -> None:
        """Take bytes for the program's standard input."""
        if self.input is not None:
            self._input_queue += data
            self.write_input()

    def end_input(self) -> None:
        """Close standard input once the queue is written; on a terminal, type the end-of-file character."""
        if self.terminal:
            self._input_queue += END_OF_FILE
        else:
            self._input_ends = True
        self.write_input()

    def write_input(self) -> None:
        """Write what the pipe takes now."""
        if self.input is None:
            return
        try:
            while self._input_queue:
                written = os.write(self.input, self._input_queue[:PENDING_INPUT_BYTES])
                del self._input_queue[:written]
        except BlockingIOError:
            return
        except OSError:  # EPIPE, of a terminal EIO: nobody reads any more, and the rest has no reader either
            self._input_queue.clear()
            self._input_ends = True
        if self._input_ends:
            os.close(self.input)
            self.input = None

    def read_output(self, descriptor: int) -> bool:
        """Forward what can be read; False once the stream has ended."""
        stream = self.outputs[descriptor]
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return True
        except OSError as error:
            if error.errno == errno.EIO:  # nobody has the terminal open any more
                return False
            raise
        if not data:
            return False
        room = max(0, int(self._limits["output_bytes"]) - self._written[stream])
        self._written[stream] += len(data)
        if data[:room]:
            self._send(Output(self.number, stream, data[:room]))
        if len(data) > room and self.reason == "exited":
            self.stop("output-limit")
        return True

    # -- held calls -------------------------------------------------------------------------------

    def take_calls(self) -> bool:
        """Report what has happened; capture what each held call is about, then let it go or refuse it.

        Returns whether there was anything.
        """
        assert self.held_calls is not None
        taken = self.held_calls.take()
        if taken and self.reason == "exited" and capture.is_memory_short(MEMORY_RESERVE):
            self.stop("memory-limit")
        for call in taken:
            if isinstance(call, Captured):
                self._report(call)
                continue
            name = _NAMES.get(call.number, "")
            pid = self._process_of(call.tid)
            error_number = self._fault_for(name)
            self._capture_call(name, pid, call)
            if error_number:
                self._event("fault", pid, {"call": name, "errno": error_number})
                self.held_calls.refuse(call, error_number)
            else:
                self.held_calls.let_go(call)
        return bool(taken)

    def _report(self, captured: Captured) -> None:
        self._known.update(captured.pids)
        self._send(Events(self.number, b"[" + b",".join(captured.rows) + b"]"))

    def _capture_call(self, name: str, pid: int, held: HeldCall) -> None:
        arguments = held.arguments
        if name == "set_tid_address":
            self._event(
                "exec",
                pid,
                {
                    "stat": text(f"/proc/{pid}/stat"),
                    "cmdline": text(f"/proc/{pid}/cmdline"),
                    "exe": capture.link(f"/proc/{pid}/exe"),
                    "fds": capture.descriptors(held.tid),
                },
            )
        elif name == "set_robust_list":
            self._capture_birth(pid, held.tid)
        elif name == "exit_group" or (name == "exit" and self._is_last_thread(pid, held.tid)):
            children = self._look_at_children(pid)
            haste = {"called": held.time, "queued": capture.scheduled(held.tid)[1]} if children else {}
            self._event(
                "exit",
                pid,
                {
                    "code": arguments[0] & 0xFF,
                    "stat": text(f"/proc/{pid}/stat"),
                    "exe": capture.link(f"/proc/{held.tid}/exe"),
                    "fds": capture.with_sockets(pid, capture.descriptors(held.tid)),
                    **capture.other_tables(pid, held.tid),
                    "children": children,
                    **haste,
                },
            )
        elif name in SIGNAL_ARGUMENT:
            number = arguments[SIGNAL_ARGUMENT[name]] & 0xFF
            target = -1 if name == "pidfd_send_signal" else arguments[0]
            self._event("kill", pid, {"target": target, "signal": number, "group": _group_of(pid)})
        elif name == "alarm":
            self._event("alarm", pid, {"seconds": arguments[0] & 0xFFFFFFFF})
        elif name == "setitimer":
            value = memory(held.tid, arguments[1], 32)
            self._event("setitimer", pid, {"which": arguments[0], "value": value})
        elif name in OPENING or name == "fcntl":
            self._event("open", pid, self._opening(name, pid, held))
        elif name in USING:
            self._capture_use(name, pid, held)
        elif name == "rt_sigaction" and arguments[1]:
            self._event("sigchld", pid, {"action": memory(held.tid, arguments[1], 32)})

    def _opening(self, name: str, pid: int, held: HeldCall) -> Facts:
        """What tells which descriptor the call will make, from where it is made, and who got a copy of the table
        before.
        """
        return {
            "call": name,
            "args": held.arguments[:3],
            "taken": capture.numbers_in(f"/proc/{held.tid}/fd"),
            "stat": text(f"/proc/{pid}/stat"),
            "children": capture.children(pid),
            **self._caller(held),
        }

    def _capture_use(self, name: str, pid: int, held: HeldCall) -> None:
        """Report a call that will fail with EBADF: its descriptor is not open, or not for that."""
        number = held.arguments[0] & 0xFFFFFFFF
        number -= 1 << 32 if number & 0x80000000 else 0
        mode = capture.access(held.tid, number)
        needed = _NEEDED.get(name, 0)
        if mode is None or (mode and (mode & needed) == needed):
            return
        exe = capture.link(f"/proc/{held.tid}/exe")
        if not isinstance(exe, str) or not exe.startswith(f"{WORK}/"):  # a program of the system
            return
        self._misuses += 1
        caller = self._caller(held) if self._misuses <= MISUSES_EXPLAINED else {"stack": "", "maps": ""}
        self._event("misuse", pid, {"call": name, "fd": number, "is_open": bool(mode), **caller})

    def _caller(self, held: HeldCall) -> Facts:
        """The captured stack and mappings, from which the student's line is found."""
        registers = text(f"/proc/{held.tid}/syscall")
        fields = registers.split() if isinstance(registers, str) else []
        stack_pointer = int(fields[7], 16) if len(fields) > 7 else 0
        return {
            "stack": memory(held.tid, stack_pointer, STACK_BYTES),
            "maps": text(f"/proc/{held.tid}/maps"),
        }

    def _capture_birth(self, pid: int, tid: int) -> None:
        """A child of `fork` makes this call first, a thread too."""
        if pid == tid:
            facts = {"stat": text(f"/proc/{pid}/stat"), "fds": capture.descriptors(tid)}
            self._event("birth", pid, facts)

    def _process_of(self, tid: int) -> int:
        """The process of a thread; sees to it that its end will be noticed."""
        if tid in self._known:
            return tid
        status = text(f"/proc/{tid}/status")
        pid = tid
        if isinstance(status, str):
            pid = int(status.partition("\nTgid:\t")[2].partition("\n")[0] or tid)
        self.know(pid)
        return pid

    def know(self, pid: int) -> None:
        """Watch for the end of a process of this run, so that its wait status is not missed."""
        if pid in self._known:
            return
        with contextlib.suppress(OSError):
            self.pidfds[os.pidfd_open(pid)] = pid
        self._known.add(pid)

    def knows(self, pid: int) -> bool:
        """Whether `pid` is known to belong to this run."""
        return pid in self._known

    def _look_at_children(self, pid: int) -> Facts:
        """The `stat` of every child."""
        found = {}
        for child in capture.children(pid):
            self.know(child)
            found[str(child)] = text(f"/proc/{child}/stat")
        return found

    def _is_last_thread(self, pid: int, tid: int) -> bool:
        for other in capture.numbers_in(f"/proc/{pid}/task"):
            if other != tid and _state(text(f"/proc/{pid}/task/{other}/stat")) not in ("", "Z", "X"):
                return False
        return True

    def _fault_for(self, name: str) -> int:
        error_number = 0
        for fault in self._faults:
            if name in FAULT_CALLS[fault["call"]]:
                fault["seen"] += 1
                if fault["seen"] == fault["on_call"]:
                    error_number = error_number or int(fault["errno"])
        return error_number

    # -- the end ----------------------------------------------------------------------------------

    def on_pidfd(self, pidfd: int, *, reaped: bool) -> bool:
        """A process of this run has ended, or its parent has now reaped it; whether that is still to be told."""
        pid = self.pidfds[pidfd]
        if pidfd not in self._ended:
            self._ended.add(pidfd)
            self._event("end", pid, {"wait_status": kernel.wait_status_of(pid, pidfd)})
        if reaped:
            self._event("gone", pid, {})
        if reaped or not kernel.TELLS_OF_REAPING:
            self._forget(pidfd)
            return False
        return True

    def _forget(self, pidfd: int) -> None:
        del self.pidfds[pidfd]
        self._ended.discard(pidfd)
        os.close(pidfd)

    def on_reaped(self, pid: int, wait_status: int) -> None:
        """The agent has reaped a process: the program's first one, or one that had lost its parent."""
        self._event("reaped", pid, {"wait_status": wait_status})
        if pid == self.pid:
            self.wait_status = wait_status
            self._grace_ends = self._own_time() + GRACE_SECONDS

    def stop(self, reason: str) -> None:
        """End the run: everything of it is killed, again on every turn of the loop until nothing is left."""
        if self.reason == "exited":
            self.reason = reason
        self._grace_ends = self._own_time()
        self._event("stop", self.pid, {})
        self.kill_rest()

    def kill_rest(self) -> None:
        for pid in self.members(capture.student_processes()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def members(self, present: list[int]) -> list[int]:
        """Those of the processes that are there now which are of this run; learns of new ones by their parents."""
        for pid in present:
            if pid not in self._known:
                captured = text(f"/proc/{pid}/stat")
                if isinstance(captured, str) and int(captured.rpartition(")")[2].split()[1]) in self._known:
                    self.know(pid)
        return [pid for pid in present if pid in self._known]

    def turn(self, alone: bool) -> None:
        """See to time limits and to the end; `alone`: no other run is active, so every process is this run's."""
        if self.over:
            return
        now = self._own_time()
        clock = time.monotonic()
        present = capture.student_processes()
        if alone:
            for pid in present:
                self.know(pid)
        is_late = now >= self.deadline or clock >= self._last_deadline
        if self.wait_status is None and is_late and self.reason == "exited":
            self._event("timeout", self.pid, {"snapshot": capture.snapshot(self.outside(), clock)})
            self._starved = now < self.deadline
            self.stop("timeout")
        if self.reason == "exited" and capture.is_memory_short(MEMORY_RESERVE):
            self.stop("memory-limit")
        members = self.members(present)
        if self.wait_status is not None and not members:
            self._finish()
        elif self._grace_ends is not None and now >= self._grace_ends:
            if self.reason == "exited" and self.wait_status is not None:
                self.reason = "survivors"
                self._event(
                    "survivors", self.pid, {"members": members, "snapshot": capture.snapshot(self.outside(), clock)}
                )
            self.kill_rest()

    def _finish(self) -> None:
        self.over = True
        if self.held_calls is not None:
            if self.is_heard:
                for call in self.held_calls.take_rest():
                    if isinstance(call, Captured):
                        self._report(call)
            else:
                self.held_calls.abandon()
            self.held_calls = None
        for descriptor in list(self.outputs):
            while self._read_rest(descriptor):
                pass
            os.close(descriptor)
        self.outputs.clear()
        for pidfd in list(self.pidfds):
            if self.on_pidfd(pidfd, reaped=False):
                self._forget(pidfd)
        if self.input is not None:
            os.close(self.input)
            self.input = None
        reason = "exited" if self.reason == "survivors" else self.reason
        oom_kills = capture.oom_kills() - self._oom_kills_before
        self._send(
            Ended(
                self.number,
                reason,
                {
                    "wait_status": self.wait_status,
                    "peak_tasks": self.peak_tasks,
                    "written": [self._written[1], self._written[2]],
                    "starved": self._starved,
                    "oom_kills": max(oom_kills, int(reason == "memory-limit")),
                },
            )
        )

    def _read_rest(self, descriptor: int) -> bool:
        """Read on; whether there may be more. Another program that got hold of the stream may fill it without end."""
        before = self._written[self.outputs[descriptor]]
        goes_on = self.read_output(descriptor) and self._written[self.outputs[descriptor]] > before
        return goes_on and before <= self._limits["output_bytes"]

    def _event(self, kind: str, pid: int, facts: Facts) -> None:
        self._send(Event(self.number, kind, time.monotonic(), pid, facts))


def _state(captured: str | Facts) -> str:
    """The state letter in the text of a `stat` file; "" if it could not be read."""
    return captured.rpartition(")")[2][1:2] if isinstance(captured, str) else ""


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0
