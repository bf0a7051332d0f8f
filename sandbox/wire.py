"""Messages between host and agent, and their frames: bytes to values and back, without any I/O.

A frame is two big-endian 32-bit lengths, a JSON object of the first length, and raw bytes of the second.
The object names the message (`type`), the request it belongs to (`id`, 0 for none), and holds every field
but `data`, which is the raw bytes. Texts that the kernel gave as bytes travel as Python's
`surrogateescape` strings, so no byte is lost.

Both ends run this very module: it is part of what the sandbox image's name is the digest of. Standard library
only, and nothing that is slow to import: the agent starts with every container.
"""

import json
import struct
from typing import Any, NamedTuple, TypeAlias, get_args

LENGTHS = struct.Struct(">II")

_ENCODER = json.JSONEncoder(separators=(",", ":"))

BEAT_SECONDS = 0.05
"""How often the host lets hear from itself. Programs may wait for it, and the way to them may be blocked."""

MAX_FRAME_BYTES = 256 << 20
"""The largest frame either end accepts: beyond any capture or file of a submission, below any machine's memory."""

Facts: TypeAlias = dict[str, Any]
"""What the agent captured, as JSON values: uninterpreted kernel text, links, numbers."""


class Stage(NamedTuple):
    """Put a file into the stage, of which every reset makes a fresh copy as the work folder."""

    path: str
    mode: int
    data: bytes


class Store(NamedTuple):
    """Write a file into the work folder as the student's uid."""

    path: str
    mode: int
    data: bytes


class Fetch(NamedTuple):
    """Read a regular file of the work folder, or with `kept` of the stage; answered by `Done` with its bytes from
    `offset` on, at most `max_bytes`.
    """

    path: str
    max_bytes: int
    offset: int
    kept: bool


class Keep(NamedTuple):
    """Copy a regular file of the work folder into the stage, executable: the built program."""

    path: str


class Names(NamedTuple):
    """List the work folder; answered by `Done` whose facts hold `names`, or by `Failed` if they are too many."""


class Reset(NamedTuple):
    """Kill every process, remove every file and IPC object, and lay out the stage afresh."""


class Spawn(NamedTuple):
    """Start a program as the student's uid; answered by `Done` whose facts hold `pid`.

    `limits` has `wall_seconds`, `cpu_seconds`, `processes`, `output_bytes`, `file_bytes`, `open_files`.
    `faults` has objects of `call`, `errno` (a number) and `on_call` (counted from 1). Unless `watched`, no system
    call is observed; `traced` is "", "openings" (those are, too, that make descriptors) or "descriptors" (those, too,
    that use them), each slower than the one before. With `input` false, standard input is `/dev/null`; with
    `terminal`, all three are a terminal of the program's own. Unless `attended`, nobody waits for anything but its end,
    and what it does before that, its start included, is told when that saves messages.
    """

    run: int
    argv: list[str]
    env: dict[str, str]
    limits: dict[str, float]
    watched: bool
    traced: str
    input: bool
    attended: bool
    terminal: bool
    faults: list[Facts]


class Input(NamedTuple):
    """Bytes for the program's standard input; not answered."""

    run: int
    data: bytes


class CloseInput(NamedTuple):
    """Close the program's standard input once all bytes sent before are written; not answered."""

    run: int


class Signal(NamedTuple):
    """Send signal `number` to process `pid`, or to process group `pid` if `group`."""

    pid: int
    number: int
    group: bool


class Look(NamedTuple):
    """Take a snapshot now; answered by `Done` with the snapshot as facts."""


class Timers(NamedTuple):
    """Ask which timers of real time are armed, which may disturb a call that has a time limit: for when everything
    waits for good otherwise. Answered by `Done` whose facts hold `timers`, by process the seconds that are left, 0 for
    none; nothing of processes whose timers are known from events; and the `time`. Or by `Failed`, with EAGAIN, if
    something has moved since the last `Quiet`.
    """


class Lost(NamedTuple):
    """Ask how many of the last `seconds` the programs lost to a busy machine; answered by `Done` whose facts hold
    `seconds`.
    """

    seconds: float


class Here(NamedTuple):
    """Tell that the host is there and waits; sent every BEAT_SECONDS while programs run, and not answered."""


class Stop(NamedTuple):
    """Kill what is left of a run; `Ended` follows. Not answered."""

    run: int


class Ready(NamedTuple):
    """The agent's first message: what machine this is."""

    facts: Facts


class Done(NamedTuple):
    """The request with the same id succeeded."""

    facts: Facts
    data: bytes


class Failed(NamedTuple):
    """The request with the same id could not be done; `errno_name` is the reason, such as `ENOENT`."""

    errno_name: str
    reason: str


class Output(NamedTuple):
    """Bytes that the program wrote; `stream` is 1 for stdout, 2 for stderr."""

    run: int
    stream: int
    data: bytes


class Event(NamedTuple):
    """Something a process of the run is about to do, or has done, at `time` (seconds, monotonic clock).

    `kind` is `birth` (by fork), `exec` (a new image is loaded and has not run yet), `exit`, `end`, `reaped` (by
    the agent), `kill`, `alarm`, `setitimer`, `sigchld`, `open`, `fault`, `timeout`, `survivors`, `stop`.
    """

    run: int
    kind: str
    time: float
    pid: int
    facts: Facts


class Events(NamedTuple):
    """Events of a run, as JSON: rows of kind, time, pid and facts. See `events_of`."""

    run: int
    data: bytes


class Quiet(NamedTuple):
    """Every thread of every student process sleeps; `again` says that nothing moved since the last one.

    `served` counts the host's messages that the agent had taken in by then: the host drops what it has overtaken.
    """

    again: bool
    served: int
    facts: Facts


class Ended(NamedTuple):
    """A run is over, none of its processes is left. `reason`: `exited`, `timeout`, `stopped`, `output-limit`,
    `memory-limit`. Its facts tell of a `starved` one that it was stopped before it had had its time.
    """

    run: int
    reason: str
    facts: Facts


Message = (
    Stage
    | Store
    | Fetch
    | Keep
    | Names
    | Reset
    | Spawn
    | Input
    | CloseInput
    | Signal
    | Look
    | Timers
    | Lost
    | Here
    | Stop
    | Ready
    | Done
    | Failed
    | Output
    | Event
    | Events
    | Quiet
    | Ended
)


_TYPES: dict[str, Any] = {message.__name__: message for message in get_args(Message)}


class ProtocolError(Exception):
    """The other end sent something that is no frame of this protocol."""


def encode(message: Message, request_id: int = 0) -> bytes:
    """The frame of `message`."""
    fields = message._asdict()
    data: bytes = fields.pop("data", b"")
    fields["type"] = type(message).__name__
    fields["id"] = request_id
    header = _ENCODER.encode(fields).encode("ascii")
    return LENGTHS.pack(len(header), len(data)) + header + data


class Decoder:
    """Collects bytes and yields whole messages, however the bytes were cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, Message]]:
        """Take `data`; return the messages it completes, each with its request id.

        Raises ProtocolError for what is no frame; the stream is then of no more use.
        """
        self._buffer += data
        messages = []
        while (frame := self._maybe_frame()) is not None:
            messages.append(_decode(*frame))
        return messages

    def _maybe_frame(self) -> tuple[bytes, bytes] | None:
        if len(self._buffer) < LENGTHS.size:
            return None
        header_size, data_size = LENGTHS.unpack_from(self._buffer)
        size = LENGTHS.size + header_size + data_size
        if size > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {size} bytes is announced, at most {MAX_FRAME_BYTES} are taken")
        if len(self._buffer) < size:
            return None
        header = bytes(self._buffer[LENGTHS.size : LENGTHS.size + header_size])
        data = bytes(self._buffer[LENGTHS.size + header_size : size])
        del self._buffer[:size]
        return header, data


def _decode(header: bytes, data: bytes) -> tuple[int, Message]:
    try:
        fields = json.loads(header)
        message_type = _TYPES[fields.pop("type")]
        request_id = int(fields.pop("id"))
        if "data" in message_type._fields:
            fields["data"] = data
        message: Message = message_type(**fields)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ProtocolError(f"no message of this protocol: {header[:80]!r}: {error!r}") from error
    return request_id, message


def events_of(message: Events) -> list[Event]:
    """The events, one by one; raises ProtocolError if they are none."""
    try:
        return [Event(message.run, *row) for row in json.loads(message.data)]
    except (ValueError, TypeError, RecursionError) as error:
        raise ProtocolError(f"no events: {message.data[:80]!r}: {error!r}") from error
