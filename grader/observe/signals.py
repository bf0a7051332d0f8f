"""Linux signals and wait statuses by name, whatever system the host runs. See signal(7) and wait(2)."""

from dataclasses import dataclass

_NAMES = (
    *("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM"),
    *("TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF"),
    *("WINCH", "IO", "PWR", "SYS"),
)

NUMBER_OF_SIGNAL = {f"SIG{name}": number for number, name in enumerate(_NAMES, start=1)}
_NAME_OF_NUMBER = {number: name for name, number in NUMBER_OF_SIGNAL.items()}

FATAL_FAULTS = frozenset({"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS", "SIGTRAP"})
"""Signals that a program's own mistake raises."""


def signal_name(number: int) -> str:
    """`SIGTERM` for 15; real-time signals are `SIGRTMIN+n` as the kernel counts them, from 32."""
    return _NAME_OF_NUMBER.get(number) or (f"SIGRTMIN+{number - 32}" if number >= 32 else f"signal {number}")


def signals_in_mask(mask: int) -> frozenset[str]:
    """The signals of a bit mask as `/proc/PID/status` prints them: bit 0 is signal 1."""
    return frozenset(signal_name(bit + 1) for bit in range(64) if mask >> bit & 1)


@dataclass(frozen=True, slots=True)
class WaitStatus:
    """How a process ended: `exit_code` or `signal`, the other is None."""

    exit_code: int | None
    signal: str | None

    @classmethod
    def from_raw(cls, raw: int) -> "WaitStatus":
        """Take apart the number that wait(2) stores."""
        number = raw & 0x7F
        if number:
            return cls(None, signal_name(number))
        return cls(raw >> 8 & 0xFF, None)

    def __str__(self) -> str:
        return f"ended by {self.signal}" if self.signal else f"exited with {self.exit_code}"
