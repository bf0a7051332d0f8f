"""From the system call a thread is blocked in to what it waits for; pure. One row for each call that is understood."""

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from grader.observe.blocking import Free, Place, Wait, World, has_handler_for_outside, nobody_goes_on
from grader.observe.futexes import futex_wait
from grader.observe.object_waits import (
    POLLIN,
    POLLOUT,
    as_int,
    child_wait,
    descriptor_wait,
    doubt_of_anonymous,
    doubt_of_any,
    file_lock_wait,
    is_on_own_stack,
    is_switched_off,
    open_wait,
    poll_wait,
    watched_by,
    watches_nothing,
)
from grader.observe.snapshot import ProcessState, ThreadState

_F_SETLKW, _F_OFD_SETLKW = 7, 38
_FD_SETSIZE = 1024


def classify(thread: ThreadState, process: ProcessState, world: World) -> Wait | Free:
    """What a thread waits for, or why it may go on."""
    place = Place(thread=thread, process=process, world=world)
    status = thread.status
    if status.tracer:
        return place.free("is being traced")
    if process.pid in world.armed:
        what = world.armed[process.pid]
        return place.free(f"will get a signal: {what}" if what else "may have a timer, for which it cannot be asked")
    if process.has_timers:
        return place.free("has a timer of its own (timer_create)")
    if status.pending & ~status.blocked & ~status.ignored:
        return place.free("has a signal pending")
    if status.state == "T":
        if world.signals_from_outside or not place.others:
            return place.free("is stopped, until somebody sends SIGCONT")
        return place.wait(place.others, "is stopped and waits for SIGCONT", resource="SIGCONT")
    if status.state == "D" and thread.call is not None and thread.call.name in ("vfork", "clone", "clone3"):
        return place.free("waits until its vfork child executes a program or ends")
    if status.state != "S" or thread.call is None:
        return place.free("is running")
    judge = _CALLS.get(thread.call.name)
    if judge is None:
        return place.free(f"is in {thread.call.name or f'system call {thread.call.number}'}")
    state = judge(place)
    handled = world.handlers_may_run and thread.call.name != "futex" and has_handler_for_outside(process)
    if isinstance(state, Wait) and handled:
        return place.free(f"{state.does}, which a signal that has a handler would interrupt")
    return state


def _is_another_file(place: Place) -> bool:
    """Whether a plain read or write goes on with a file that is no pipe, under a number that is a pipe's by now, or
    the other way round: another thread may have closed it. Where the kernel sleeps for pipes is named after them.
    """
    descriptor = place.descriptor(as_int(place.arguments[0]))
    if descriptor is None or not place.siblings or not place.thread.sleeps_in:
        return False
    return descriptor.is_fifo != ("pipe" in place.thread.sleeps_in)


def _plain(*, reading: bool) -> Callable[[Place], Wait | Free]:
    def judge(place: Place) -> Wait | Free:
        number = as_int(place.arguments[0])
        if _is_another_file(place):
            return place.free(f"{'reads from' if reading else 'writes to'} what was fd {number}, by now another file")
        return descriptor_wait(place, number, reading=reading)

    return judge


def _reads(place: Place) -> Wait | Free:
    return descriptor_wait(place, as_int(place.arguments[0]), reading=True)


def _writes(place: Place) -> Wait | Free:
    return descriptor_wait(place, as_int(place.arguments[0]), reading=False)


def _on_socket(judge: Callable[[Place], Wait | Free]) -> Callable[[Place], Wait | Free]:
    """For calls that wait at sockets alone: another thread may have closed it since, and its number be another file's,
    whereas the call goes on with the socket.
    """

    def of_socket(place: Place) -> Wait | Free:
        descriptor = place.descriptor(as_int(place.arguments[0]))
        if descriptor is not None and not descriptor.target.startswith("socket:"):
            assert place.thread.call is not None
            number = descriptor.number
            return place.free(f"is in {place.thread.call.name} for a socket that was fd {number}, by now another file")
        return judge(place)

    return of_socket


def _sleeps(place: Place) -> Free:
    return place.free("sleeps for a time")


def _awaits_signal(place: Place) -> Free:
    return place.free("waits for a signal, which anyone may send")


def _splices(place: Place) -> Wait | Free:
    """splice(2) and tee(2) may wait at either end."""
    out_argument = 2 if place.thread.call is not None and place.thread.call.name == "splice" else 1
    return _moves(place, as_int(place.arguments[0]), as_int(place.arguments[out_argument]))


def _receives_several(place: Place) -> Wait | Free:
    if place.arguments[4]:
        return place.free("is in recvmmsg with a time limit")
    return _reads(place)


def _sends_file(place: Place) -> Wait | Free:
    """sendfile(2) may wait for what it reads as well, unless that is a file."""
    source = place.descriptor(as_int(place.arguments[1]))
    if source is not None and source.target.startswith("/") and not source.is_fifo:
        return _writes(place)
    return _moves(place, as_int(place.arguments[1]), as_int(place.arguments[0]))


def _moves(place: Place, from_number: int, to_number: int) -> Wait | Free:
    """Which end it waits at the kernel does not tell: it is free if it could go on at either.

    What another thread waits for at the same pipe tells: who waits to write to the source, finds it full, and who waits
    to read from the target, empty.
    """
    source = descriptor_wait(place, from_number, reading=True)
    if isinstance(source, Free):
        return source
    target = descriptor_wait(place, to_number, reading=False)
    if isinstance(target, Free):
        return target
    if _is_waited_at(place, from_number, reading=False):
        return target
    if _is_waited_at(place, to_number, reading=True):
        return source
    call = place.thread.call.name if place.thread.call else ""
    return place.wait(
        source.wakers | target.wakers,
        f"waits in {call} until fd {from_number} ({source.resource}) can be read from "
        f"and fd {to_number} ({target.resource}) has room",
        f"of fd {from_number}, {source.because}; of fd {to_number}, {target.because}",
        source.resource,
    )


_ONE_WAY = {"read": True, "readv": True, "write": False, "writev": False}


def _is_waited_at(place: Place, number: int, *, reading: bool) -> bool:
    """Whether some thread waits in a plain call to read from, or write to, the pipe of that descriptor."""
    pipe = place.descriptor(number)
    return pipe is not None and any(
        other.identity == pipe.identity
        for process, thread in place.world.snapshot.live_threads
        if thread.call is not None and _ONE_WAY.get(thread.call.name) is reading
        for other in process.fds or ()
        if other.is_fifo and other.number == as_int(thread.call.arguments[0])
    )


def _fcntl(place: Place) -> Wait | Free:
    if place.arguments[1] not in (_F_SETLKW, _F_OFD_SETLKW):
        return place.free("is in fcntl")
    return file_lock_wait(place, as_int(place.arguments[0]), "fcntl")


def _poll(place: Place) -> Wait | Free:
    if as_int(place.arguments[2]) >= 0:
        return place.free("is in poll with a time limit")
    return _any_of(place, _pollfds(place), "poll", place.arguments[:1])


def _ppoll(place: Place) -> Wait | Free:
    if place.arguments[2]:
        return place.free("is in ppoll with a time limit")
    return _any_of(place, _pollfds(place), "ppoll", place.arguments[:1])


def _pollfds(place: Place) -> dict[int, int] | None:
    content = place.thread.memory.get("0", b"")
    if len(content) < 8 * place.arguments[1]:
        return None
    wanted: dict[int, int] = {}
    for number, events, _returned in struct.iter_unpack("=iHH", content[: 8 * place.arguments[1]]):
        if number >= 0:
            wanted[number] = wanted.get(number, 0) | events
    return wanted


def _select(place: Place) -> Wait | Free:
    if place.arguments[4]:
        return place.free("is in select with a time limit")
    wanted: dict[int, int] = {}
    beyond: set[int] = set()
    for index, event in ((1, POLLIN), (2, POLLOUT)):
        content = place.thread.memory.get(str(index), b"")
        if place.arguments[index] and 8 * len(content) < min(place.arguments[0], _FD_SETSIZE):
            return place.free("is in select with a set that could not be read")
        bits = int.from_bytes(content, "little")
        for number in range(min(place.arguments[0], 8 * len(content))):
            if bits >> number & 1:
                wanted[number] = wanted.get(number, 0) | event
        beyond |= {fd.number for fd in place.process.fds or () if bits >> fd.number & 1} - wanted.keys()
    if place.arguments[3] and any(place.thread.memory.get("3", b"?")):
        return place.free("is in select for exceptional conditions")
    state = _any_of(place, wanted, "select", place.arguments[1:3])
    if isinstance(state, Wait) and beyond:
        numbers = ", ".join(map(str, sorted(beyond)))
        left_out = f"it does not look at fd {numbers}, as its first argument, {place.arguments[0]}, is too small"
        return replace(state, because=f"{state.because}; {left_out}" if wanted else left_out)
    return state


def _epoll(place: Place) -> Wait | Free:
    assert place.thread.call is not None
    timeout = place.arguments[3]
    if (timeout != 0) if place.thread.call.name == "epoll_pwait2" else as_int(timeout) >= 0:
        return place.free("is in epoll_wait with a time limit")
    instance = place.descriptor(as_int(place.arguments[0]))
    if instance is not None and watches_nothing(instance):
        what = f"waits in epoll_wait, and epoll fd {instance.number} watches nothing"
        return place.wait(place.others, what, "nobody goes on who could add a descriptor to it", instance.target)
    rows = watched_by(place.process, instance) if instance else None
    if rows is None:
        return place.free("is in epoll_wait for a file that has no number any more")
    wanted = {watched.number: events for watched, events in rows if not is_switched_off(events)}
    if not wanted:
        numbers = ", ".join(str(watched.number) for watched, _events in rows)
        return place.wait(
            place.others,
            f"waits in epoll_wait for fd {numbers}, which EPOLLONESHOT has switched off",
            "nobody goes on who could switch it on again (EPOLL_CTL_MOD)",
            rows[0][0].target,
        )
    state = _any_of(place, wanted, "epoll_wait")
    if isinstance(state, Wait) and any(watched.is_anonymous for watched, _events in rows):
        doubt = doubt_of_anonymous(place)
        if doubt is not None:
            return place.free(
                f"is in epoll_wait for one of several that the kernel does not tell apart; perhaps it {doubt.reason}"
            )
    return state


_NEGATIVE = "each of its entries has a negative number"
_EMPTY = {"select": "its sets are empty", "poll": _NEGATIVE, "ppoll": _NEGATIVE}


def _any_of(place: Place, wanted: Mapping[int, int] | None, call: str, asked_at: Iterable[int] = ()) -> Wait | Free:
    """Any of several descriptors; see `poll_wait`. `asked_at`: where in memory the program has named them.

    The kernel has looked there when the call began. What is there now may have been put there by another thread since,
    unless it is on the thread's own stack: then it may be any descriptor that is waited for.
    """
    asked_at = tuple(address for address in asked_at if address)
    if wanted is None:
        return place.free(f"is in {call}")
    if not wanted and not (asked_at and place.arguments[0 if call == "select" else 1]):  # it means to be like pause
        return place.free(f"is in {call} for nothing but a signal, which anyone may send")
    if wanted:
        state = poll_wait(place, wanted, call)
    else:
        state = place.wait((), f"waits in {call} for no descriptor at all", _EMPTY.get(call, ""), call)
    if isinstance(state, Wait) and not all(is_on_own_stack(place, address) for address in asked_at):
        doubt = doubt_of_any(place)
        if doubt is not None:
            return place.free(f"is in {call} for what another thread may have overwritten; perhaps it {doubt.reason}")
    return state


def _ipc(what: str, help_: str, timeout_argument: int | None = None) -> Callable[[Place], Wait | Free]:
    """Waiting on a System V or POSIX IPC object, which any process of the sandbox could use."""

    def judge(place: Place) -> Wait | Free:
        if timeout_argument is not None and place.arguments[timeout_argument]:
            return place.free(f"waits for {what} with a time limit")
        if has_handler_for_outside(place.process):
            return place.free(f"waits for {what}, which its own signal handler could use")
        return place.wait(place.others, f"waits for {what} {place.arguments[0]}", nobody_goes_on(place, help_), what)

    return judge


def _receives_message(place: Place) -> Wait | Free:
    """msgrcv(2): which messages it takes, its fourth argument tells."""
    wanted = place.arguments[3] - (1 << 64 if place.arguments[3] >> 63 else 0)
    of_type = f" of type {wanted}" if wanted > 0 else f" of a type up to {-wanted}" if wanted else ""
    return _ipc(f"a message{of_type} in queue", "send one")(place)


_CALLS: dict[str, Callable[[Place], Wait | Free]] = {
    **dict.fromkeys(("read", "readv"), _plain(reading=True)),
    **dict.fromkeys(("recvfrom", "recvmsg", "accept", "accept4"), _on_socket(_reads)),
    **dict.fromkeys(("write", "writev"), _plain(reading=False)),
    "vmsplice": _writes,
    **dict.fromkeys(("sendto", "sendmsg", "sendmmsg", "connect"), _on_socket(_writes)),
    "recvmmsg": _on_socket(_receives_several),
    "sendfile": _sends_file,
    **dict.fromkeys(("splice", "tee"), _splices),
    **dict.fromkeys(("wait4", "waitid"), child_wait),
    "open": lambda place: open_wait(place, 0),
    "creat": lambda place: open_wait(place, 0),
    "openat": lambda place: open_wait(place, 1),
    "openat2": lambda place: open_wait(place, 1),
    "futex": futex_wait,
    "poll": _poll,
    "ppoll": _ppoll,
    **dict.fromkeys(("select", "pselect6"), _select),
    **dict.fromkeys(("epoll_wait", "epoll_pwait", "epoll_pwait2"), _epoll),
    "flock": lambda place: file_lock_wait(place, as_int(place.arguments[0]), "flock"),
    "fcntl": _fcntl,
    "msgrcv": _receives_message,
    "msgsnd": _ipc("room in message queue", "receive from it"),
    "semop": _ipc("the semaphore set", "change it"),
    "semtimedop": _ipc("the semaphore set", "change it", 3),
    "mq_timedreceive": _ipc("a message in POSIX queue fd", "send one", 4),
    "mq_timedsend": _ipc("room in POSIX queue fd", "receive from it", 4),
    **dict.fromkeys(("nanosleep", "clock_nanosleep"), _sleeps),
    **dict.fromkeys(("pause", "rt_sigsuspend", "rt_sigtimedwait"), _awaits_signal),
}
