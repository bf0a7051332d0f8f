"""Result files, whole or not at all: a reader never sees half a grade, and a full disk leaves the old one."""

import errno
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from grader.errors import GraderError, UsageError

_NEW_FILE_MODE = 0o644

UNFINISHED = ".grader-*.tmp"
"""What a file is called until it is whole; one that stays was left by a process that was killed."""


def check_writable(path: Path) -> None:
    """Whether `write_whole` could write there now: raises UsageError if not, and leaves nothing."""
    parent = path.absolute().parent
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder", advice="Name a file in it.")
    if not parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} to", advice="Create it first.")
    if path.exists() and not path.is_file():
        return
    try:
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise _cannot_write(path, error) from error


def write_whole(path: Path, text: str | Iterable[str]) -> None:
    """Writes `text`, or its parts one after the other, as UTF-8 to `path`, in one step: afterwards the file is the new
    one or still the old one.

    An existing file keeps its permissions, a symbolic link stays one. What cannot be replaced, such as
    `/dev/stdout` or a FIFO, is written directly. Raises UsageError if nothing can be written there.
    """
    parts = (text,) if isinstance(text, str) else text
    data = (part.encode("utf-8") for part in parts)
    try:
        existing = _status(path)
        if existing is not None and stat.S_ISDIR(existing.st_mode):
            raise UsageError(f"cannot write {path}: it is a folder", advice="Name a file in it.")
        if existing is not None and _is_special(path, existing):
            with path.open("wb") as file:
                file.writelines(data)
        else:
            _replace(path, data, existing)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> GraderError:
    """The machine's fault if its disk is full or broken, which is no verdict; else the caller's."""
    message = f"cannot write {path}: {error.strerror}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return GraderError(message, advice="There is no verdict; make room and run the command again.")
    return UsageError(message)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _is_special(path: Path, existing: os.stat_result) -> bool:
    # /dev/stdout may lead to a regular file, but to one that this process already holds open: replacing it
    # would part the two.
    return not stat.S_ISREG(existing.st_mode) or path.absolute().parts[1] in ("dev", "proc")


def _replace(path: Path, data: Iterable[bytes], existing: os.stat_result | None) -> None:
    target = path.resolve()
    if not target.parent.is_dir():
        raise UsageError(
            f"cannot write {path}: there is no folder {path.parent}",
            advice="Create it first, or name another.",
        )
    # In the same folder, since a rename is one step only within a file system.
    temporary = target.parent / f".grader-{secrets.token_hex(8)}.tmp"
    try:
        # os.open lets the kernel apply the umask, which cannot be read without setting it for every thread.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _NEW_FILE_MODE)
        with open(descriptor, "wb") as file:
            if existing is not None:
                os.fchmod(descriptor, stat.S_IMODE(existing.st_mode) & 0o777)
            file.writelines(data)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
