"""Reading text and memory of processes through `/proc`: bounded, and with the reason where it cannot be read."""

import errno
import os

from sandbox.wire import Facts

MAX_TEXT_BYTES = 64 << 10
"""Beyond any kernel file that is read here; `cmdline` alone can be larger, and is cut."""

NANOSECONDS = 1e9
"""Of a second."""


def error_name(error: OSError) -> str:
    """`ENOENT` and the like."""
    return errno.errorcode.get(error.errno or 0, str(error.errno))


def text(path: str) -> str | Facts:
    """The file's content as a `surrogateescape` string."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            content = b""
            while len(content) < MAX_TEXT_BYTES and (more := os.read(descriptor, MAX_TEXT_BYTES)):
                content += more  # the kernel gives long tables a page at a time
            return os.fsdecode(content)
        finally:
            os.close(descriptor)
    except OSError as error:
        return {"error": error_name(error)}


def memory(pid: int, address: int, size: int) -> str | Facts:
    """`size` bytes of a process's memory, in hexadecimal."""
    try:
        descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(descriptor, size, address).hex()
        finally:
            os.close(descriptor)
    except OverflowError:
        return {"error": "EFAULT"}
    except OSError as error:
        return {"error": error_name(error)}
