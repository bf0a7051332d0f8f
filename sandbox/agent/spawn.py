"""Starting a student's program: from fork to exec, contained."""

import ctypes
import os
import resource
from typing import NamedTuple

from sandbox.agent import kernel
from sandbox.agent.held_calls import HeldCalls

WORK = "/work"

EXEC_PASS = int.from_bytes(os.urandom(8), "big")
"""What the filter of a watched program lets the exec that starts it through by, should `execve` be held."""

OOM_SCORE_STUDENT = 1000
"""The out-of-memory killer takes student processes before the agent, which is often larger than they are."""


class Spawned(NamedTuple):
    """A started program: its descriptors are the agent's ends. `outputs` are for stdout and stderr, or a terminal."""

    pid: int
    pidfd: int
    input: int | None
    outputs: tuple[int, ...]
    terminal: bool
    held_calls: HeldCalls | None


def spawn(
    argv: list[str],
    env: dict[str, str],
    limits: dict[str, float],
    uid: int,
    *,
    program_filter: bytes | None,
    with_input: bool,
    terminal: bool,
) -> Spawned:
    """Start `argv` in the work folder as `uid`, in a session of its own; raises OSError if it cannot be started.

    With `program_filter` the calls it names are held for the agent from the exec on.
    """
    standard, input_write, outputs = _terminal(uid) if terminal else _pipes(uid, with_input)
    held_calls = None
    try:
        started = kernel.launch_program(
            argv,
            env,
            folder=WORK,
            uid=uid,
            standard=standard,
            terminal=terminal,
            limits=_limits(limits),
            oom_score=OOM_SCORE_STUDENT,
            program_filter=program_filter,
            exec_pass=EXEC_PASS,
        )
        if started.listener is not None:
            held_calls = HeldCalls(started.listener)
    except OSError:
        for end in (*outputs, input_write):
            if end is not None:
                os.close(end)
        raise
    finally:
        for descriptor in set(standard):
            os.close(descriptor)
    for end in (*outputs, input_write):
        if end is not None:
            os.set_blocking(end, False)
    return Spawned(started.pid, started.pidfd, input_write, outputs, terminal, held_calls)


def _pipes(uid: int, with_input: bool) -> tuple[tuple[int, int, int], int | None, tuple[int, ...]]:
    """The program's three standard descriptors, and the agent's ends: for its input, for its outputs.

    The pipes are the student's, as those of a shell would be, so that `/dev/stdout` can be opened.
    """
    input_read, input_write = os.pipe() if with_input else (os.open("/dev/null", os.O_RDONLY), None)
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    for end in (out_write, err_write, *((input_read,) if input_write is not None else ())):
        os.fchown(end, uid, uid)
    return (input_read, out_write, err_write), input_write, (out_read, err_read)


def _terminal(uid: int) -> tuple[tuple[int, int, int], int | None, tuple[int, ...]]:
    """The same for a pseudo-terminal, see pty(7): the agent's two ends are its master side."""
    master, slave = os.openpty()
    os.fchown(slave, uid, uid)
    return (slave, slave, slave), os.dup(master), (master,)


def _limits(limits: dict[str, float]) -> list[tuple[int, int, int]]:
    cpu_seconds = int(limits["cpu_seconds"])
    unlimited = ctypes.c_uint64(resource.RLIM_INFINITY).value
    return [
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, cpu_seconds, unlimited),  # SIGXCPU; who ignores it has the wall clock
        (resource.RLIMIT_FSIZE, int(limits["file_bytes"]), int(limits["file_bytes"])),
        (resource.RLIMIT_NOFILE, int(limits["open_files"]), int(limits["open_files"])),
        (resource.RLIMIT_NPROC, int(limits["processes"]), int(limits["processes"])),
    ]
