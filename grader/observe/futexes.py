"""Threads blocked in futex(2): which lock of the C library it is, who owns it, what it is called; pure.

The layouts are those of glibc's `pthread_mutex_t` on 64-bit machines, stable since 2.3: the lock word, a count,
the owner's thread id, a count of users, the kind. Offsets are from the lock word.
"""

import struct
from dataclasses import dataclass

from grader.observe.blocking import Free, Place, Wait, has_handler_for_outside, is_in_shared_memory, label_of

_PRIVATE, _CLOCK_REALTIME = 128, 256
_WAIT, _LOCK_PI, _WAIT_BITSET, _LOCK_PI2 = 0, 6, 9, 13
_TID_MASK = 0x3FFFFFFF
_CONTENDED = 2
_MOST_TIDS = 1 << 22
_KINDS_END = 0x200
_PROCESS_SHARED, _TYPE, _RECURSIVE = 128, 3, 1
_KINDS = {0: "", 1: "recursive ", 2: "error-checking ", 3: ""}


@dataclass(frozen=True, slots=True)
class _Mutex:
    """A locked mutex: its owner's thread id, its kind."""

    owner: int
    kind: str


def futex_wait(place: Place) -> Wait | Free:
    """What the futex word belongs to decides who could wake the thread."""
    address, operation, value, timeout = place.arguments[:4]
    command = operation & ~(_PRIVATE | _CLOCK_REALTIME) & 0x7F
    if command not in (_WAIT, _WAIT_BITSET, _LOCK_PI, _LOCK_PI2):
        return place.free("is in futex")
    if timeout:
        return place.free("waits for a lock or condition with a time limit")
    word = place.thread.memory.get("0", b"")
    if len(word) < 20:
        return place.free("waits for a lock that could not be read")
    name = place.world.name_of(place.process, address)
    joined = _joined_thread(place, command, operation, value, word)
    if joined is not None:
        return place.wait({joined}, f"waits for thread {joined} to end (pthread_join)", resource=f"thread {joined}")
    is_private = bool(operation & _PRIVATE)
    mutex = _mutex(place, command, value, word, is_private=is_private)
    if mutex is not None and name.kind in ("", "mutex"):
        return _mutex_wait(place, mutex, f"`{name.text}`" if name else f"at {address:#x}", is_private=is_private)
    if has_handler_for_outside(place.process):
        return place.free("waits for a semaphore or condition that its own signal handler could post")
    kind = f"the {name.kind}" if name.kind else "a lock, semaphore, condition variable or barrier"
    wakers = place.siblings if is_private else place.others
    return place.wait(
        wakers,
        f"waits for {kind}{f' `{name.text}`' if name else ''}",
        "every thread that could wake it waits itself" if wakers else "no thread is left that could wake it",
        name.text or f"futex {address:#x}",
    )


def _joined_thread(place: Place, command: int, operation: int, value: int, word: bytes) -> int | None:
    """pthread_join(3) waits, shared, for the kernel to clear the thread's id in its descriptor."""
    (content,) = struct.unpack_from("=I", word)
    if command in (_WAIT, _WAIT_BITSET) and not operation & _PRIVATE and content == value & 0xFFFFFFFF:
        return content if content in place.siblings else None
    return None


def _mutex(place: Place, command: int, value: int, word: bytes, *, is_private: bool) -> _Mutex | None:
    """The mutex whose lock word that is; None if it may be something else, such as the round of a barrier."""
    lock, count, owner, users, kind = struct.unpack_from("=IIIIi", word)
    if command in (_LOCK_PI, _LOCK_PI2):
        return _Mutex(lock & _TID_MASK, "priority-inheriting ")
    present = place.others | {place.thread.tid}
    if command == _WAIT and value & 0xFFFFFFFF == _CONTENDED and lock == _CONTENDED:
        is_locked = 0 < owner <= _MOST_TIDS and users > 0 and (count > 0) == (kind & _TYPE == _RECURSIVE)
        is_kind = 0 <= kind < _KINDS_END and bool(kind & _PROCESS_SHARED) != is_private
        return _Mutex(owner, _KINDS[kind & _TYPE]) if is_locked and is_kind else None
    if command == _WAIT and lock & _TID_MASK in present and lock >> 31:
        return _Mutex(lock & _TID_MASK, "robust ")
    return None


def _mutex_wait(place: Place, mutex: _Mutex, name: str, *, is_private: bool) -> Wait:
    """A lock that `fork` has copied while it was held is one that no thread of the parent can unlock. And one that is
    not made to be shared wakes nobody in another process.
    """
    does = f"waits for the {mutex.kind}mutex {name}"
    if mutex.owner == place.thread.tid:
        return place.wait((), f"{does}, which it holds itself", resource=name)
    owners = [(process, thread) for process, thread in place.world.snapshot.live_threads if thread.tid == mutex.owner]
    if not owners:
        is_first = place.process.pid == place.process.sid  # which is no child of anybody's
        may_be_copy = is_private and not is_first
        perhaps = ", or which fork has copied while it was locked" if may_be_copy else ""
        does = f"{does}, whose owner has ended without unlocking it{perhaps}"
        return place.wait(place.others, does, resource=name)
    process, thread = owners[0]
    if is_private and process.pid != place.process.pid:
        owner = label_of(process, thread.tid)
        if is_in_shared_memory(place, place.arguments[0]):
            does = f"{does}, which {owner} holds, but which is not made to be shared (PTHREAD_PROCESS_SHARED)"
        else:
            does = (
                f"{does}, a copy of one that {owner} held at the fork: that one may be unlocked, this one stays locked"
            )
        return place.wait(place.siblings, does, resource=name)
    return place.wait({thread.tid}, f"{does}, which {label_of(process, thread.tid)} holds", resource=name)
