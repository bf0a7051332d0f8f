"""The seccomp filter of a watched program: which of its system calls the agent is told of. Pure.

Calls that are not listed cost a handful of BPF instructions. A listed call can, in the moment before it is
received, be interrupted by a signal with a handler (see receiver.c), so only calls are listed for which that is
harmless, or which nothing else tells of and are seldom made while signals fly. That rules out `fork`, `wait` and
`kill` in general: what they would tell comes from the first call that a new process makes, and from the end of
processes.
See seccomp(2), seccomp_unotify(2) and the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

import struct
from collections.abc import Iterable, Sequence

from sandbox.syscall_numbers import NUMBERS

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOW = 0x7FFF0000
_NOTIFY = 0x7FC00000
_SUCCEED = 0x00050000  # SECCOMP_RET_ERRNO with no error: the call returns 0 and does nothing

_LOAD, _JUMP_EQUAL, _JUMP_SET, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_OFFSET_NUMBER, _OFFSET_ARCH, _OFFSET_POINTER, _OFFSET_ARGUMENTS = 0, 4, 8, 16
_PAGE_MASK = 0xFFF

_CLONE_THREAD = 0x10000
_SIGCHLD = 17
_ITIMER_REAL = 0  # the others count the time that a process computes: one that waits for something uses none

TIMERS = ("alarm", "setitimer")
"""The calls that set a timer of real time, see setitimer(2)."""

ALWAYS = ("set_tid_address", "set_robust_list", "exit_group", *TIMERS)
"""`set_tid_address` is the first thing that the C library of a new image does (glibc and musl, static or not): at
that moment the table shows just what survived the exec. `set_robust_list` is the first thing that a child of
glibc's `fork` does: its table is just what it inherited. The results of both are ignored by the library."""

SIGNAL_ARGUMENT = {
    "kill": 1,
    "tkill": 1,
    "tgkill": 2,
    "rt_sigqueueinfo": 1,
    "rt_tgsigqueueinfo": 2,
    "pidfd_send_signal": 1,
}
"""Which argument of each call is the signal."""

TELLTALE_SIGNALS = (4, 5, 6, 7, 8, 11, 13, 14, 24, 25, 26, 27, 31)
"""Signals that the kernel sends for a process's own doing (ILL, TRAP, ABRT, BUS, FPE, SEGV, PIPE, ALRM, XCPU, XFSZ,
VTALRM, PROF, SYS): that one process sends another such a signal is worth knowing, and rare."""

OPENING = (
    *("open", "openat", "openat2", "creat", "pipe", "pipe2", "dup", "dup2", "dup3", "socket", "socketpair"),
    *("accept", "accept4", "eventfd", "eventfd2", "epoll_create", "epoll_create1", "signalfd", "signalfd4"),
    *("timerfd_create", "memfd_create", "inotify_init", "inotify_init1", "mq_open", "pidfd_open", "pidfd_getfd"),
    *("recvmsg", "recvmmsg"),
)
"""Calls that make descriptors, or may bring some, watched only to find out where a leaked one came from; `fcntl` with a
command of DUPLICATING too."""

OWN_PID = 0x7FFFFFFF
"""Stands for the process id of the program until it is known, see launch.c; no process has it."""

OPENINGS, DESCRIPTORS = "openings", "descriptors"
"""The two depths of a traced run."""

USING = ("close", "read", "write", "readv", "writev")
"""Calls whose first argument is a descriptor, watched only to find out which of them name a wrong one."""

DUPLICATING = (0, 1030)
"""F_DUPFD and F_DUPFD_CLOEXEC."""

FAULT_CALLS = {
    "fork": ("fork", "vfork", "clone"),
    "pipe": ("pipe", "pipe2"),
    "dup": ("dup", "dup2", "dup3"),
    "execve": ("execve", "execveat"),
    "wait": ("wait4", "waitid"),
    "kill": ("kill",),
}
"""What a fault's name stands for."""


def watch_filter(
    machine: str,
    exit_offsets: Sequence[int],
    fault_calls: Iterable[str] = (),
    *,
    start_offsets: Sequence[int] = (),
    traced: str = "",
    exec_pass: int | None = None,
    terminal: bool = False,
    timers: bool = True,
) -> bytes:
    """The BPF program for `machine`, with the calls of `fault_calls` (names of FAULT_CALLS) watched too, and if
    `traced` those that make descriptors; `descriptors` as its value adds those that use them.

    `exit_offsets` are places within a page from which `exit` is let through unseen, `start_offsets` those for
    `set_robust_list`, `exec_pass` is the fourth
    argument (programs have no use for one) of the `execve` that is. `terminal`: the program has one of its own.
    `timers`: those of real time cannot be asked for.
    """
    numbers = NUMBERS[machine]
    faulted = [name for fault in fault_calls for name in FAULT_CALLS[fault] if name in numbers]
    code = [
        _instruction(_LOAD, _OFFSET_ARCH),
        _instruction(_JUMP_EQUAL, _AUDIT_ARCH[machine], 1, 0),
        _instruction(_RETURN, _ALLOW),
        _instruction(_LOAD, _OFFSET_NUMBER),
    ]
    openings = OPENING if traced else ()
    uses = USING if traced == DESCRIPTORS else ()
    for name in dict.fromkeys((*ALWAYS, *faulted, *openings, *uses)):
        if name in numbers and name not in ("clone", "execve", "set_robust_list", *TIMERS):
            code += _on_call(numbers[name], [_instruction(_RETURN, _NOTIFY)])
    if terminal:
        code += _on_call(numbers["setpgid"], _succeed_if_both(OWN_PID))
    code += _on_call(numbers["set_robust_list"], _unless_from(start_offsets))
    if "clone" in faulted:
        code += _on_call(numbers["clone"], _unless_set(_CLONE_THREAD))
    if "execve" in faulted:
        body = [_instruction(_RETURN, _NOTIFY)]
        if exec_pass is not None:
            body = _unless_equal(_OFFSET_ARGUMENTS + 8 * 3, exec_pass)
        code += _on_call(numbers["execve"], body)
    for name, index in SIGNAL_ARGUMENT.items():
        if name not in faulted:
            code += _on_call(numbers[name], _if_any(_OFFSET_ARGUMENTS + 8 * index, TELLTALE_SIGNALS))
    code += _on_call(numbers["rt_sigaction"], _if_any(_OFFSET_ARGUMENTS, (_SIGCHLD,)))
    if timers:
        code += _on_call(numbers["setitimer"], _if_any(_OFFSET_ARGUMENTS, (_ITIMER_REAL,)))
        if "alarm" in numbers:
            code += _on_call(numbers["alarm"], [_instruction(_RETURN, _NOTIFY)])
    if traced:
        code += _on_call(numbers["fcntl"], _if_any(_OFFSET_ARGUMENTS + 8, DUPLICATING))
    code += _on_call(numbers["exit"], _unless_from(exit_offsets))
    code.append(_instruction(_RETURN, _ALLOW))
    return b"".join(code)


def _on_call(number: int, body: list[bytes]) -> list[bytes]:
    """Run `body`, which returns, for that call; otherwise go on with the call's number still loaded."""
    return [_instruction(_JUMP_EQUAL, number, 0, len(body)), *body]


def _if_any(offset: int, values: Sequence[int]) -> list[bytes]:
    """Notify if the low word at `offset` is one of `values`."""
    tests = [_instruction(_JUMP_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return [
        _instruction(_LOAD, offset),
        *tests,
        _instruction(_RETURN, _ALLOW),
        _instruction(_RETURN, _NOTIFY),
    ]


def _unless_set(bits: int) -> list[bytes]:
    """Notify unless the first argument has one of `bits`."""
    return [
        _instruction(_LOAD, _OFFSET_ARGUMENTS),
        _instruction(_JUMP_SET, bits, 0, 1),
        _instruction(_RETURN, _ALLOW),
        _instruction(_RETURN, _NOTIFY),
    ]


def _succeed_if_both(value: int) -> list[bytes]:
    """Let the call return 0 at once if the first two arguments are `value`.

    On a terminal of its own the program leads the session, and a shell that puts itself into a group of its own, as
    the GNU C library's manual has it, would be refused: it is in that group already, and so the call is let succeed.
    """
    return [
        _instruction(_LOAD, _OFFSET_ARGUMENTS),
        _instruction(_JUMP_EQUAL, value, 0, 3),
        _instruction(_LOAD, _OFFSET_ARGUMENTS + 8),
        _instruction(_JUMP_EQUAL, value, 0, 1),
        _instruction(_RETURN, _SUCCEED),
        _instruction(_RETURN, _ALLOW),
    ]


def _unless_equal(offset: int, value: int) -> list[bytes]:
    """Notify unless the two words at `offset` are those of `value`."""
    return [
        _instruction(_LOAD, offset),
        _instruction(_JUMP_EQUAL, value & 0xFFFFFFFF, 0, 3),
        _instruction(_LOAD, offset + 4),
        _instruction(_JUMP_EQUAL, value >> 32, 0, 1),
        _instruction(_RETURN, _ALLOW),
        _instruction(_RETURN, _NOTIFY),
    ]


def _unless_from(page_offsets: Sequence[int]) -> list[bytes]:
    """Notify unless the call returns to one of those places within a page."""
    tests = [
        _instruction(_JUMP_EQUAL, offset, len(page_offsets) - place, 0) for place, offset in enumerate(page_offsets)
    ]
    return [
        _instruction(_LOAD, _OFFSET_POINTER),
        _instruction(_AND, _PAGE_MASK),
        *tests,
        _instruction(_RETURN, _NOTIFY),
        _instruction(_RETURN, _ALLOW),
    ]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
