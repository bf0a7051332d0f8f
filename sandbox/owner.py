"""Whose a container is: a label that tells the process which started it from every other, before and after it."""

import os
import socket
from pathlib import Path

OWNER_LABEL = "grader.owner"


def owner(pid: int | None = None) -> str:
    """This process or another: the machine since it was started, the PID namespace, the process id, and when it
    began.
    """
    pid = pid or os.getpid()
    return f"{_machine()} {pid} {_start_of(pid)}"


def is_gone(label: str) -> bool | None:
    """Whether the process of that label has ended; None if that cannot be told from here."""
    machine, _, process = label.rpartition(" ")[0].rpartition(" ")
    if machine != _machine() or not process.isdigit():
        return None
    return _start_of(int(process)) != label.rpartition(" ")[2]


def _machine() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id")
    try:
        return f"{socket.gethostname()} {boot.read_text().strip()} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:  # no Linux: the engine is on another machine
        return socket.gethostname()


def _start_of(pid: int) -> str:
    """When a process began, in clock ticks since the machine was started, see proc_pid_stat(5); "" if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
