"""Starting a student's program: from fork to exec, contained."""

import fcntl
import os
import resource
import signal
import termios
from typing import NamedTuple, NoReturn

from sandbox.agent import kernel

WORK = "/work"

OOM_SCORE_STUDENT = 1000
"""The out-of-memory killer takes student processes before the agent, which is often larger than they are."""


class Spawned(NamedTuple):
    """A started program: its descriptors are the agent's ends. `outputs` are for stdout and stderr, or a terminal."""

    pid: int
    pidfd: int
    input: int | None
    outputs: tuple[int, ...]
    terminal: bool
    held_calls: "HeldCalls | None"


class HeldCalls(NamedTuple):
    """The descriptors of a watched program: the listener to answer, the pipe notifications come through, and the
    one whose closing ends their receiver.
    """

    listener: int
    notifications: int
    stop: int


def spawn(
    argv: list[str],
    env: dict[str, str],
    limits: dict[str, float],
    uid: int,
    *,
    program_filter: bytes | None,
    exec_is_watched: bool,
    with_input: bool,
    terminal: bool,
) -> Spawned:
    """Start `argv` in the work folder as `uid`, in a session of its own; raises OSError if it cannot be started.

    With `program_filter` the calls it names are held for the agent from the exec on; if that makes `execve`
    one of them, the exec that starts the program is let go here.
    """
    standard, input_write, outputs = _terminal(uid) if terminal else _pipes(with_input)
    report_read, report_write = os.pipe()
    go_read, go_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become_program(argv, env, limits, uid, program_filter, standard, report_write, go_read)
    for descriptor in {*standard, report_write, go_read}:
        os.close(descriptor)
    pidfd = os.pidfd_open(pid)
    held_calls = None
    try:
        if program_filter is not None:
            listener = kernel.pidfd_getfd(pidfd, _reported(report_read))
            held_calls = HeldCalls(listener, *kernel.start_receiver(listener))
        os.write(go_write, b"g")
        if held_calls is not None and exec_is_watched:
            for held in kernel.read_notifications(held_calls.notifications) or ():
                kernel.let_go(held_calls.listener, held)
        _reported(report_read, ends=True)
    except OSError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for open_end in (pidfd, *outputs, input_write, *(held_calls or ())):
            if open_end is not None:
                os.close(open_end)
        raise
    finally:
        os.close(report_read)
        os.close(go_write)
    for end in (*outputs, input_write):
        if end is not None:
            os.set_blocking(end, False)
    return Spawned(pid, pidfd, input_write, outputs, terminal, held_calls)


def _pipes(with_input: bool) -> tuple[tuple[int, int, int], int | None, tuple[int, ...]]:
    """The program's three standard descriptors, and the agent's ends: for its input, for its outputs."""
    input_read, input_write = os.pipe() if with_input else (os.open("/dev/null", os.O_RDONLY), None)
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    return (input_read, out_write, err_write), input_write, (out_read, err_read)


def _terminal(uid: int) -> tuple[tuple[int, int, int], int | None, tuple[int, ...]]:
    """The same for a pseudo-terminal, see pty(7): the agent's two ends are its master side."""
    master, slave = os.openpty()
    os.fchown(slave, uid, uid)
    return (slave, slave, slave), os.dup(master), (master,)


def _reported(descriptor: int, *, ends: bool = False) -> int:
    """The number the child reports; a negative one is an errno, and nothing at all means that it executes."""
    number = os.read(descriptor, 16)
    if not number and ends:
        return 0
    value = int(number or b"-5")
    if value < 0:
        raise OSError(-value, os.strerror(-value))
    return value


def _become_program(
    argv: list[str],
    env: dict[str, str],
    limits: dict[str, float],
    uid: int,
    program_filter: bytes | None,
    standard: tuple[int, int, int],
    report: int,
    go: int,
) -> NoReturn:
    try:
        os.setsid()
        for number, descriptor in enumerate(standard):
            os.dup2(descriptor, number)
        if os.isatty(0):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        _set_limits(limits)
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write(str(OOM_SCORE_STUDENT))
        os.setpriority(os.PRIO_PROCESS, 0, 0)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        os.chdir(WORK)
        os.umask(0o022)
        kernel.default_dispositions()
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        if program_filter is not None:
            os.write(report, str(kernel.install_filter(program_filter)).encode())
        os.read(go, 1)
        os.execve(argv[0], argv, env)
    except OSError as error:
        os.write(report, str(-(error.errno or 5)).encode())
    finally:
        os._exit(127)


def _set_limits(limits: dict[str, float]) -> None:
    cpu_seconds = int(limits["cpu_seconds"])
    for what, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, cpu_seconds, resource.RLIM_INFINITY),  # SIGXCPU; who ignores it has the wall clock
        (resource.RLIMIT_FSIZE, int(limits["file_bytes"]), int(limits["file_bytes"])),
        (resource.RLIMIT_NOFILE, int(limits["open_files"]), int(limits["open_files"])),
        (resource.RLIMIT_NPROC, int(limits["processes"]), int(limits["processes"])),
    ):
        resource.setrlimit(what, (soft, hard))
