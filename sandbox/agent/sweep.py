"""Leaving nothing behind: processes, files, shared memory, IPC objects. Needs no fork, which may be impossible."""

import contextlib
import errno
import os
import signal
import stat
from collections.abc import Iterator
from itertools import count, islice

from sandbox.agent import capture, kernel
from sandbox.agent.reading import text
from sandbox.agent.spawn import WORK

STAGE = "/stage"
SWEPT = (WORK, "/tmp", "/dev/shm", "/dev/mqueue")

NAMES_CHARACTERS = 512 << 10
"""How much of names is told: each character may take six bytes on its way, several times over in the agent's memory."""

ENTRIES_AT_ONCE = 1000
"""How many names are read at a time: a student can make more files than the agent has memory for their names."""


def kill_everything() -> None:
    """Kill and reap every process but the agent.

    As PID 1 of the sandbox's own PID namespace, kill(-1) reaches all others at once, so that a fork bomb cannot
    outrun it: what it misses (born meanwhile) the next round gets.
    """
    while capture.student_processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            pass


def sweep(uid: int) -> None:
    """Remove all files and IPC objects of the student; no student process may be left.

    Done with the student's effective uid: the owner alone may remove from sticky folders and destroy IPC objects
    without further capabilities.
    """
    os.seteuid(uid)
    try:
        if os.stat(WORK).st_uid == uid:
            os.chmod(WORK, 0o755)
        for folder in SWEPT:
            _empty(folder)
        for kind in ("shm", "msg", "sem"):
            while identifiers := _ipc_identifiers(kind):  # a long table is not read to its end at once
                for identifier in identifiers:
                    kernel.remove_ipc(kind, identifier)
    finally:
        os.seteuid(0)
    for folder in (WORK, "/tmp", "/dev/shm"):
        _empty(folder)


def _empty(folder: str) -> None:
    """Remove what is in `folder`, however deep and however much: a folder's own folders are moved up before it is
    removed.

    So neither the depth of a tree, which may be beyond any path (PATH_MAX), nor its size counts.
    """
    try:
        base = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    token = os.urandom(8).hex()  # nobody could put a folder of such a name in the way
    names = (f".swept-{token}-{number}" for number in count())
    try:
        while _remove_some(base, base, names):
            pass
    finally:
        os.close(base)


def _remove_some(folder: int, base: int, names: Iterator[str]) -> bool:
    """Remove some of what is in `folder`, or move it up into `base` by one of `names`; whether anything has gone."""
    with os.scandir(folder) as listed:
        entries = list(islice(listed, ENTRIES_AT_ONCE))
    has_gone = False
    for entry in entries:
        with contextlib.suppress(OSError):  # another's in a sticky folder, which the second round removes as root
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.name, dir_fd=folder)
            elif folder == base:
                _remove_folder(entry.name, base, names)
            else:
                os.chmod(entry.name, 0o700, dir_fd=folder)  # a folder that may not be written cannot be moved
                os.rename(entry.name, next(names), src_dir_fd=folder, dst_dir_fd=base)
            has_gone = True
    return has_gone


def _remove_folder(name: str, base: int, names: Iterator[str]) -> None:
    os.chmod(name, 0o700, dir_fd=base)
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=base)
    try:
        while _remove_some(inner, base, names):
            pass
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=base)


def _ipc_identifiers(kind: str) -> list[int]:
    listed = text(f"/proc/sysvipc/{kind}")
    if not isinstance(listed, str):
        return []
    complete = listed[: listed.rfind("\n") + 1]
    return [int(line.split()[1]) for line in complete.splitlines()[1:]]


def _open_below(folder: str, path: str, flags: int) -> int:
    """Open a file below `folder`, following no link, nor one that a student has put in the place of a folder."""
    *folders, name = [part for part in path.split("/") if part not in ("", ".")] or ["."]
    base = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for inner in folders:
            outer, base = base, os.open(inner, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=base)
            os.close(outer)
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=base)
    finally:
        os.close(base)


def write_file(folder: str, path: str, data: bytes, mode: int, owner: int) -> None:
    """Write a file below `folder`, following no link; raises OSError."""
    descriptor = _open_below(folder, path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fchmod(descriptor, mode)
        if owner:
            os.fchown(descriptor, owner, owner)
    finally:
        os.close(descriptor)


def read_file(folder: str, path: str, max_bytes: int, offset: int = 0) -> tuple[bytes, int]:
    """A regular file's bytes from `offset` on and its mode; raises OSError, also for what is no regular file.

    Non-blocking and without following links: the student chooses what stands at that name.
    """
    descriptor = _open_below(folder, path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(22, "not a regular file")
        os.lseek(descriptor, offset, os.SEEK_SET)
        chunks = []
        left = max_bytes
        while left > 0 and (chunk := os.read(descriptor, min(left, 1 << 20))):
            chunks.append(chunk)
            left -= len(chunk)
        return b"".join(chunks), status.st_mode
    finally:
        os.close(descriptor)


def names_in(folder: str) -> list[str]:
    """What is in a folder, sorted; raises OSError (E2BIG) if that is too much to tell."""
    names = []
    room = NAMES_CHARACTERS
    with os.scandir(folder) as entries:
        for entry in entries:
            names.append(entry.name)
            room -= len(entry.name)
            if room < 0:
                raise OSError(errno.E2BIG, "there are too many names")
    return sorted(names)


def lay_out(uid: int) -> None:
    """Copy the stage into the empty work folder, owned by the student."""
    os.chown(WORK, uid, uid)
    for base, folders, files in os.walk(STAGE):
        inner = os.path.relpath(base, STAGE)
        for name in folders:
            path = os.path.normpath(f"{WORK}/{inner}/{name}")
            os.mkdir(path, 0o755)
            os.chown(path, uid, uid)
        for name in files:
            path = os.path.normpath(f"{inner}/{name}")
            data, mode = read_file(STAGE, path, 1 << 30)
            write_file(WORK, path, data, stat.S_IMODE(mode), uid)
