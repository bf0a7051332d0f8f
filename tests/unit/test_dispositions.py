"""A student's program starts with every signal at its default action, whatever the engine's service ignores."""

import subprocess
import sys

IGNORE_ALL_THEN_DEFAULT = """
import ctypes, signal
from sandbox.agent import kernel
ignore = ctypes.create_string_buffer((1).to_bytes(8, "little"), 32)  # SIG_IGN
libc = ctypes.CDLL(None)
for number in set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP}:
    assert libc.syscall(kernel.SYSCALL["rt_sigaction"], number, ignore, None, ctypes.c_size_t(8)) == 0
def ignored():
    return [line.split()[1] for line in open("/proc/self/status") if line.startswith("SigIgn")]
print(*ignored())
kernel.default_dispositions()
print(*ignored())
"""


def test_ignored_signals_become_default_even_those_that_the_c_library_keeps_for_itself() -> None:
    done = subprocess.run([sys.executable, "-c", IGNORE_ALL_THEN_DEFAULT], capture_output=True, text=True, check=True)
    before, after = done.stdout.split()
    assert before == "fffffffffffbfeff"
    assert after == "0" * 16
