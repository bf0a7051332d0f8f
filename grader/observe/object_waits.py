"""What a blocked thread waits for, and who could end that: one function for each kind of object; pure."""

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from grader.observe.blocking import Free, Place, Wait, has_handler_for_outside, nobody_goes_on, threads_of
from grader.observe.procfs import FileDescriptor
from grader.observe.snapshot import ProcessState

# -- children -------------------------------------------------------------------------------------

_P_ALL, _P_PID, _P_PGID, _P_PIDFD = 0, 1, 2, 3
_WSTOPPED, _WEXITED, _WCONTINUED = 2, 4, 8


def child_wait(place: Place) -> Wait | Free:
    """wait4(2) and waitid(2): a child's end is up to the child's threads."""
    matching = [
        child
        for child in place.world.snapshot.processes.values()
        if child.ppid == place.process.pid and _is_waited_for(place, child)
    ]
    if not matching or any(child.is_zombie for child in matching):  # then the call would have returned
        return place.free("waits for a child")
    names = " or ".join(child.label for child in matching[:3]) + (" or others" if len(matching) > 3 else "")
    what = f"waits for its child {names} {_awaited_change(place)}"
    return place.wait(threads_of(matching), what, resource=f"child {matching[0].pid}")


def _awaited_change(place: Place) -> str:
    assert place.thread.call is not None
    options = place.arguments[3]
    if place.thread.call.name != "waitid" or options & _WEXITED:
        return "to end"
    return " or ".join(text for bit, text in ((_WSTOPPED, "to stop"), (_WCONTINUED, "to go on")) if options & bit)


def _is_waited_for(place: Place, child: ProcessState) -> bool:
    first, second = place.arguments[:2]
    assert place.thread.call is not None
    if place.thread.call.name == "waitid":
        if first == _P_PGID:
            return child.pgid == (second or place.process.pgid)
        if first == _P_PIDFD:
            return pidfd_process(place.descriptor(as_int(second))) in (None, child.pid)
        return first == _P_ALL or (first == _P_PID and child.pid == second) or first > _P_PGID
    wanted = as_int(first)
    if wanted > 0:
        return child.pid == wanted
    return wanted == -1 or child.pgid == (place.process.pgid if wanted == 0 else -wanted)


def as_int(argument: int) -> int:
    """A register as the C `int` in its low half."""
    return (argument & 0xFFFFFFFF) - (1 << 32 if argument & 0x80000000 else 0)


# -- descriptors ----------------------------------------------------------------------------------


def descriptor_wait(place: Place, number: int, *, reading: bool) -> Wait | Free:
    """Reading from or writing to whatever the descriptor is for."""
    descriptor = place.descriptor(number)
    if descriptor is None:
        return place.free(f"uses fd {number}, which is not in its table")
    return _object_wait(place, descriptor, reading=reading)


def _object_wait(place: Place, descriptor: FileDescriptor, *, reading: bool) -> Wait | Free:
    number = descriptor.number
    if descriptor.is_fifo:
        return pipe_wait(place, descriptor, reading=reading)
    if descriptor.target.startswith("socket:"):
        return socket_wait(place, descriptor, reading=reading)
    if descriptor.target == "anon_inode:[eventfd]" or descriptor.target == "anon_inode:[timerfd]":
        return counter_wait(place, descriptor, reading=reading)
    if descriptor.target.endswith("[pidfd]") and reading:
        return _end_wait(place, descriptor)
    if descriptor.target == EPOLL:
        what = f"waits for what epoll fd {number} watches"
        doubt = doubt_of_anonymous(place)
        if doubt is not None:
            return place.free(f"{what}; perhaps it {doubt.reason}")
        return place.wait(place.others, what, "nothing that it watches can become ready", descriptor.target)
    if descriptor.target == "anon_inode:[signalfd]":
        return place.free(f"waits for a signal (signalfd, fd {number}), which anyone may send")
    return place.free(f"{'reads from' if reading else 'writes to'} fd {number} ({descriptor.target})")


def pidfd_process(descriptor: FileDescriptor | None) -> int | None:
    """The process that a pidfd is for; None if that is not known."""
    found = re.search(r"^Pid:\t(\d+)$", descriptor.info, re.MULTILINE) if descriptor else None
    return int(found[1]) if found else None


def pipe_wait(place: Place, descriptor: FileDescriptor, *, reading: bool) -> Wait | Free:
    """pipe(7): reading waits for whoever holds a write end, writing to a full pipe for the readers."""
    what = f"{'reads from' if reading else 'writes to'} {pipe_name(descriptor)} (fd {descriptor.number})"
    if place.world.snapshot.outside.get(descriptor.identity):
        return place.free(f"{what}, {'waiting for input from outside' if reading else 'waiting to be read outside'}")
    holders = _holders(place, descriptor, lambda fd: fd.writable if reading else fd.readable)
    if not holders:  # then the call would have returned: something is not as it seems
        return place.free(what)
    for other, _fd in holders:
        if (other.pid == place.process.pid or place.world.handlers_may_run) and has_handler_for_outside(other):
            return place.free(f"{what}, to which a signal handler of {other.label} could write")
    on_its_way = _may_be_on_its_way(place)
    return place.wait(
        threads_of(other for other, _fd in holders),
        f"{what}, which {'is empty' if reading else _is_full(place)}",
        _holders_text(place.process, holders, "write" if reading else "read", on_its_way=on_its_way),
        descriptor.target,
    )


_PIPE_BUF = 4096


def _is_full(place: Place) -> str:
    """Up to PIPE_BUF bytes are written all together, and wait for that much room, see pipe(7)."""
    size = place.arguments[2]
    is_write = place.thread.call is not None and place.thread.call.name == "write"
    return f"has no room for {size} bytes" if is_write and 1 < size <= _PIPE_BUF else "is full"


def pipe_name(descriptor: FileDescriptor) -> str:
    """`pipe 21809`, or `FIFO /work/f`."""
    if descriptor.target.startswith("pipe:["):
        return f"pipe {descriptor.target[6:-1]}"
    return f"FIFO {descriptor.target}"


Holders: TypeAlias = Sequence[tuple[ProcessState, FileDescriptor]]


def _holders(place: Place, descriptor: FileDescriptor, fits: Callable[[FileDescriptor], bool]) -> Holders:
    return [
        (other, fd)
        for other in place.world.snapshot.processes.values()
        for fd in other.fds or ()
        if fd.identity == descriptor.identity and fits(fd)
    ]


def _of_kind(place: Place, descriptor: FileDescriptor) -> Holders:
    """Every descriptor of that kind: which of them are the same timer the kernel does not tell."""
    return [
        (other, fd)
        for other in place.world.snapshot.processes.values()
        for fd in other.fds or ()
        if fd.target == descriptor.target
    ]


_HOLDERS_TOLD = 4


def _places(process: ProcessState, holders: Holders) -> str:
    """Where holders have the object open, the process's own descriptors first; of many, how many more there are."""
    own = [f"its own fd {fd.number}" for other, fd in holders if other.pid == process.pid]
    places = own + [f"fd {fd.number} of {other.label}" for other, fd in holders if other.pid != process.pid]
    if len(places) > _HOLDERS_TOLD:
        places[_HOLDERS_TOLD - 1 :] = [f"{len(places) - _HOLDERS_TOLD + 1} more"]
    return f"{', '.join(places[:-1])} and {places[-1]}" if len(places) > 1 else places[0]


def _holders_text(process: ProcessState, holders: Holders, end: str, *, on_its_way: bool) -> str:
    if on_its_way:
        return (
            f"its {end} end is open as {_places(process, holders)}, perhaps in a message that nobody has received, too"
        )
    if len(holders) == 1:
        return f"the only open {end} end is {_places(process, holders)}"
    return f"its {end} end is open as {_places(process, holders)}"


def _sharers_text(process: ProcessState, holders: Holders) -> str:
    """Who else has the object of a descriptor open, of which there are no two ends."""
    others = [(other, fd) for other, fd in holders if other.pid != process.pid]
    return f"it is open too as {_places(process, others)}" if others else "no other process has it open"


_AF_UNIX = 1
_ON_SOCKET = {
    **dict.fromkeys(("accept", "accept4"), ("waits for somebody to connect to", "connect to it")),
    "connect": ("waits for its connection to be accepted, on", "accept it"),
}


def socket_wait(place: Place, descriptor: FileDescriptor, *, reading: bool) -> Wait | Free:
    """A socket without a time limit of its own waits for a process of the sandbox. Which one has its other end, if any
    still has, the kernel does not tell.
    """
    call = place.thread.call.name if place.thread.call else ""
    plain = ("waits to receive from", "send to it") if reading else ("waits to send to", "receive what it sends")
    does, help_ = _ON_SOCKET.get(call, plain)
    what = f"{does} {descriptor.target} (fd {descriptor.number})"
    if descriptor.socket_has_timeout or descriptor.socket_family != _AF_UNIX:
        return place.free(what)
    if has_handler_for_outside(place.process):
        return place.free(f"{what}, to which its own signal handler could write")
    return place.wait(place.others, what, nobody_goes_on(place, help_), descriptor.target)


def counter_wait(place: Place, descriptor: FileDescriptor, *, reading: bool) -> Wait | Free:
    """eventfd(2) and timerfd_create(2): whoever holds the descriptor could change what it counts."""
    kind = descriptor.target[12:-1]
    counter = "zero" if reading else "full"
    what = f"{'reads from' if reading else 'writes to'} {kind} (fd {descriptor.number})"
    if kind == "timerfd" and not _timer_is_disarmed(descriptor):
        return place.free(f"{what}, which will expire")
    if kind == "timerfd" and place.world.still_seconds < OVERDUE_SECONDS:
        return place.free(f"{what}, which is not armed or just expires")
    holders = _holders(place, descriptor, lambda fd: True) if kind == "eventfd" else _of_kind(place, descriptor)
    on_its_way = _may_be_on_its_way(place)
    if has_handler_for_outside(place.process):
        return place.free(f"{what}, to which its own signal handler could write")
    return place.wait(
        threads_of(other for other, _fd in holders),
        f"{what}, {'which is not armed' if kind == 'timerfd' else f'whose counter is {counter}'}",
        "perhaps a message that nobody has received has it, too"
        if on_its_way
        else _sharers_text(place.process, holders),
        descriptor.target,
    )


def _end_wait(place: Place, descriptor: FileDescriptor) -> Wait | Free:
    """pidfd_open(2): ready to be read when its process has ended."""
    process = place.world.snapshot.processes.get(pidfd_process(descriptor) or 0)
    if process is None or process.is_zombie:
        return place.free(f"waits for a process to end (pidfd, fd {descriptor.number})")
    what = f"waits for {process.label} to end (pidfd, fd {descriptor.number})"
    return place.wait(threads_of((process,)), what, f"{process.label} has not ended", descriptor.target)


OVERDUE_SECONDS = 0.4
"""How late a busy machine may be with a timer. Meanwhile it has no time left, just like one that is not armed."""


def _timer_is_disarmed(descriptor: FileDescriptor) -> bool:
    return "it_value: (0, 0)" in descriptor.info


def open_wait(place: Place, argument: int) -> Wait | Free:
    """open(2) of a FIFO waits for somebody to open its other end; nothing else of a sandbox's files blocks."""
    path = place.thread.memory.get(str(argument), b"").partition(b"\0")[0].decode("utf-8", "replace")
    if not path or place.thread.memory.get("fifo") != b"\1":
        return place.free("opens a file")
    return place.wait(
        place.others,
        f"opens the FIFO {path} and waits for another to open its other end",
        resource=path,
    )


POLLIN, POLLOUT = 0x0001, 0x0004
_EPOLLET = 1 << 31
_ONLY_NEWS = ", told of only when something new comes (EPOLLET)"


def poll_wait(place: Place, wanted: Mapping[int, int], call: str) -> Wait | Free:
    """poll(2) and its kin without a time limit: any of the descriptors could end it. `wanted`: number to events."""
    parts: dict[int, Wait] = {}
    for number, events in wanted.items():
        for event, reading in ((POLLIN, True), (POLLOUT, False)):
            if events & event:
                part = descriptor_wait(place, number, reading=reading)
                if isinstance(part, Free):
                    return place.free(f"is in {call} and {part.reason}")
                parts[number] = part
    if not parts or len(parts) < len(wanted):
        return place.free(f"is in {call}, for events that are not followed here")
    return place.wait(
        frozenset[int]().union(*(part.wakers for part in parts.values())),
        f"waits in {call} for fd {', '.join(str(number) for number in parts)}",
        "; ".join(
            f"fd {number} is {part.resource}{_ONLY_NEWS if wanted[number] & _EPOLLET else ''}: {part.because}"
            for number, part in parts.items()
        ),
        next(iter(parts.values())).resource,
    )


_TERMINALS = ("/dev/pts/", "/dev/tty", "/dev/ptmx")


_MOST_DOUBTED = 128
"""How many descriptors are asked whether it may be them: a student can make thousands, in each of many processes."""


def is_on_own_stack(place: Place, address: int) -> bool:
    """Whether an address is in a living frame of the thread's own stack."""
    top = place.thread.call.stack_pointer if place.thread.call else 0
    ends = (last for first, last, _is_shared in place.mappings if first <= top)
    return top <= address < next((end for end in ends if top < end), 0)


def doubt_of_any(place: Place) -> Free | None:
    """What could make some descriptor of the process ready to be read without any thread of the program, if there is
    such a one. It is none of those that are always ready: then the call would have returned.
    """
    if len(place.process.fds or ()) > _MOST_DOUBTED:
        return place.free("waits for one of many descriptors")
    for descriptor in place.process.fds or ():
        is_file = descriptor.target.startswith("/") and not descriptor.target.startswith(_TERMINALS)
        is_open = place.world.snapshot.outside.get(descriptor.identity) or _holders(
            place, descriptor, lambda fd: fd.writable
        )
        if not descriptor.readable or (not is_open if descriptor.is_fifo else is_file):
            continue
        part = _object_wait(place, descriptor, reading=True)
        if isinstance(part, Free):
            return part
    return None


EPOLL = "anon_inode:[eventpoll]"

_EPOLL_ROW = re.compile(r"^tfd:\s*(\d+) events:\s*([0-9a-f]+).* ino:([0-9a-f]+)", re.MULTILINE)


def watched_by(process: ProcessState, instance: FileDescriptor) -> Sequence[tuple[FileDescriptor, int]] | None:
    """What an epoll instance of a process watches, each with its events; None if that cannot be told.

    The kernel tells the number that a file had when it was added. An anonymous inode may be another one by now.
    """
    by_number = {fd.number: fd for fd in process.fds or ()}
    found = []
    for number, events, inode in _EPOLL_ROW.findall(instance.info):
        watched = by_number.get(int(number))
        if watched is None or watched.inode != int(inode, 16):  # the number is another file's by now
            return None
        found.append((watched, int(events, 16)))
    return found or None


def watches_nothing(instance: FileDescriptor) -> bool:
    """Whether nothing was ever added to an epoll instance, or all of it has gone again."""
    return "flags:" in instance.info and "tfd:" not in instance.info


_EPOLL_FLAGS = 0xF0000000
"""EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET."""


def is_switched_off(events: int) -> bool:
    """Whether EPOLLONESHOT has left nothing that is watched for: errors and ends always are otherwise."""
    return not events & ~_EPOLL_FLAGS


def _may_carry_descriptors(descriptor: FileDescriptor) -> bool:
    """Whether descriptors may lie in messages that a socket has yet to receive: `fdinfo` tells, from Linux 5.6 on."""
    if not descriptor.target.startswith("socket:") or descriptor.socket_family not in (_AF_UNIX, None):
        return False
    return not re.search(r"^scm_fds: 0$", descriptor.info, re.MULTILINE)


def _may_be_on_its_way(place: Place) -> bool:
    """Whether any descriptor may be in a message, and so be open where no table tells."""
    processes = place.world.snapshot.processes.values()
    return any(_may_carry_descriptors(fd) for process in processes for fd in process.fds or ())


def doubt_of_anonymous(place: Place) -> Free | None:
    """What could make an anonymous inode ready without any thread of the program, if there is such a one.

    They all have one inode, so that which of them an epoll instance watches is not to be told: it may be one that only
    another process still has open, or none but a message that nobody has received yet, or an epoll instance itself.
    """
    if _may_be_on_its_way(place):
        return place.free("waits for a descriptor that is on its way through a socket")
    asked = 0
    seen = set()
    for process in place.world.snapshot.processes.values():
        for descriptor in process.fds or ():
            key = (descriptor.target, descriptor.info, process.pid if descriptor.target == EPOLL else 0)
            if not descriptor.is_anonymous or key in seen:  # inherited by many, perhaps
                continue
            seen.add(key)
            if descriptor.target == EPOLL:
                parts = _parts_of_instance(place, process, descriptor)
            else:
                parts = [_object_wait(place, descriptor, reading=True)]
            asked += max(1, len(parts))
            for part in parts:
                if isinstance(part, Free):
                    return part
            if asked > _MOST_DOUBTED:
                return place.free("waits for one of many descriptors")
    return None


def _parts_of_instance(place: Place, process: ProcessState, instance: FileDescriptor) -> list[Wait | Free]:
    """The waits for all that it watches, but for anonymous inodes."""
    rows = watched_by(process, instance)
    if rows is None or len(rows) > _MOST_DOUBTED:
        return [place.free(f"waits for what epoll fd {instance.number} of {process.label} watches")]
    return [part for fd, events in rows if not fd.is_anonymous for part in _parts(place, fd, events)]


def _parts(place: Place, descriptor: FileDescriptor, events: int) -> list[Wait | Free]:
    """The waits for each of the events of a descriptor that an epoll instance watches."""
    if is_switched_off(events):
        return []
    directions = [reading for event, reading in ((POLLIN, True), (POLLOUT, False)) if events & event]
    if not directions:
        return [place.free("waits for events that are not followed here")]
    return [_object_wait(place, descriptor, reading=reading) for reading in directions]


# -- locks of files -------------------------------------------------------------------------------


_LOCK_ROW = re.compile(r"^lock:\s*\d+: (FLOCK|POSIX|OFDLCK)\s+\S+\s+(READ|WRITE)\s.* (\d+) (\d+|EOF)$", re.MULTILINE)
_F_RDLCK, _F_WRLCK, _SEEK_SET = 0, 1, 0


def _is_in_the_way(place: Place, number: int, call: str, other: ProcessState, fd: FileDescriptor) -> bool:
    """Whether a lock held through `fd`, as its `fdinfo` tells, keeps the one that is waited for."""
    if other.pid == place.process.pid and fd.number == number:
        return False
    wanted = place.thread.memory.get("2", b"")
    kind, whence, start, length = struct.unpack_from("=hh4xqq", wanted) if len(wanted) >= 24 else (_F_WRLCK, -1, 0, 0)
    for family, access, first, last in _LOCK_ROW.findall(fd.info):
        if (family == "FLOCK") != (call == "flock"):  # the two know nothing of each other
            continue
        own = family == "POSIX" and other.pid == place.process.pid
        shared = access == "READ" and kind == _F_RDLCK
        before = last != "EOF" and int(last) < start
        beyond = length > 0 and start + length <= int(first)
        if not own and not shared and not (whence == _SEEK_SET and (before or beyond)):
            return True
    return False


def file_lock_wait(place: Place, number: int, call: str) -> Wait | Free:
    """flock(2) and fcntl(2) F_SETLKW: whoever has the descriptor that holds the lock. `/proc/locks` tells who took it,
    which for locks of open files may be one that has closed it since, or ended.
    """
    descriptor = place.descriptor(number)
    if descriptor is None:
        return place.free(f"is in {call}")
    through = [
        (other, fd)
        for other, fd in _holders(place, descriptor, lambda fd: True)
        if _is_in_the_way(place, number, call, other, fd)
    ]
    if through:
        return place.wait(
            threads_of(other for other, _fd in through),
            f"waits for the lock of {descriptor.target} ({call}, fd {number})",
            f"it is held through {_places(place.process, through)}",
            descriptor.target,
        )
    inode = descriptor.identity.partition(":")[2]
    owners = {
        int(fields[4])
        for fields in (line.split() for line in place.world.snapshot.locks.splitlines())
        if len(fields) >= 8 and fields[1] != "->" and fields[5].rpartition(":")[2] == inode and fields[4].isdigit()
    }
    holders = [process for pid, process in place.world.snapshot.processes.items() if pid in owners]
    names = " and ".join(process.label for process in holders)
    return place.wait(
        threads_of(holders) if holders else place.others,
        f"waits for the lock of {descriptor.target} ({call}, fd {number})",
        f"it is held by {names}" if holders else "",
        descriptor.target,
    )
