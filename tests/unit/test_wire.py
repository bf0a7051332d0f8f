"""Messages and their frames: both directions, however the bytes are cut, and what is refused."""

import json
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import wire
from sandbox.wire import (
    CloseInput,
    Decoder,
    Done,
    Ended,
    Event,
    Events,
    Failed,
    Fetch,
    Here,
    Input,
    Keep,
    Look,
    Lost,
    Message,
    Names,
    Output,
    ProtocolError,
    Quiet,
    Ready,
    Reset,
    Signal,
    Spawn,
    Stage,
    Stop,
    Store,
    Timers,
    encode,
    events_of,
)

FRAMES: list[tuple[int, Message, bytes]] = [
    (1, Stage("a.c", 0o644, b"int\0main"), b'{"path":"a.c","mode":420,"type":"Stage","id":1}' + b"int\0main"),
    (2, Store("in", 0o600, b""), b'{"path":"in","mode":384,"type":"Store","id":2}'),
    (
        3,
        Fetch("out", 99, 5, False),
        b'{"path":"out","max_bytes":99,"offset":5,"kept":false,"type":"Fetch","id":3}',
    ),
    (4, Keep("p"), b'{"path":"p","type":"Keep","id":4}'),
    (5, Names(), b'{"type":"Names","id":5}'),
    (6, Reset(), b'{"type":"Reset","id":6}'),
    (
        7,
        Spawn(
            run=1,
            argv=["./p", "\udcff"],
            env={"LANG": "C"},
            limits={"wall_seconds": 0.5},
            watched=True,
            traced="",
            input=False,
            attended=True,
            terminal=False,
            faults=[{"call": "fork"}],
        ),
        rb'{"run":1,"argv":["./p","\udcff"],"env":{"LANG":"C"},"limits":{"wall_seconds":0.5},"watched":true,'
        rb'"traced":"","input":false,"attended":true,"terminal":false,"faults":[{"call":"fork"}],"type":"Spawn","id":7}',
    ),
    (0, Input(1, b"\xff\n"), b'{"run":1,"type":"Input","id":0}' + b"\xff\n"),
    (0, CloseInput(1), b'{"run":1,"type":"CloseInput","id":0}'),
    (8, Signal(7, 15, False), b'{"pid":7,"number":15,"group":false,"type":"Signal","id":8}'),
    (9, Look(), b'{"type":"Look","id":9}'),
    (10, Timers(), b'{"type":"Timers","id":10}'),
    (10, Lost(2.5), b'{"seconds":2.5,"type":"Lost","id":10}'),
    (0, Here(), b'{"type":"Here","id":0}'),
    (0, Stop(1), b'{"run":1,"type":"Stop","id":0}'),
    (0, Ready({"kernel": "6.1"}), b'{"facts":{"kernel":"6.1"},"type":"Ready","id":0}'),
    (9, Done({"pid": 7}, b"{}"), b'{"facts":{"pid":7},"type":"Done","id":9}' + b"{}"),
    (9, Failed("ENOENT", "none"), b'{"errno_name":"ENOENT","reason":"none","type":"Failed","id":9}'),
    (0, Output(1, 2, b"\0"), b'{"run":1,"stream":2,"type":"Output","id":0}' + b"\0"),
    (0, Event(1, "exit", 1.5, 7, {}), b'{"run":1,"kind":"exit","time":1.5,"pid":7,"facts":{},"type":"Event","id":0}'),
    (0, Events(1, b"[]"), b'{"run":1,"type":"Events","id":0}' + b"[]"),
    (0, Quiet(True, 3, {}), b'{"again":true,"served":3,"facts":{},"type":"Quiet","id":0}'),
    (0, Ended(1, "exited", {}), b'{"run":1,"reason":"exited","facts":{},"type":"Ended","id":0}'),
]
MESSAGE_TYPES = get_args(Message)


def frame(header: bytes, data: bytes = b"") -> bytes:
    return len(header).to_bytes(4, "big") + len(data).to_bytes(4, "big") + header + data


def bytes_of(message: Message, body: bytes) -> bytes:
    data: bytes = getattr(message, "data", b"")
    return frame(body.removesuffix(data), data)


def typed(received: list[tuple[int, Message]]) -> list[tuple[int, str, Message]]:
    """With the type's name: as tuples, `Stop(1)` and `CloseInput(1)` are equal."""
    return [(request_id, type(message).__name__, message) for request_id, message in received]


def table(*rows: tuple[int, Message, bytes]) -> list[tuple[int, str, Message]]:
    return typed([(request_id, message) for request_id, message, _body in rows])


def test_the_table_of_frames_has_every_message() -> None:
    assert [type(message) for _id, message, _body in FRAMES] == list(MESSAGE_TYPES)


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: type(row[1]).__name__)
def test_a_message_is_written_as_its_frame(row: tuple[int, Message, bytes]) -> None:
    request_id, message, body = row
    assert encode(message, request_id) == bytes_of(message, body)


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: type(row[1]).__name__)
def test_a_frame_is_read_as_its_message(row: tuple[int, Message, bytes]) -> None:
    _id, message, body = row
    assert typed(Decoder().feed(bytes_of(message, body))) == table(row)


def test_events_are_told_one_by_one() -> None:
    rows = b'[["exit",1.5,7,{"code":0,"stat":"7 (p) R\\u000a"}],["gone",2.5,7,{}]]'
    assert events_of(Events(3, rows)) == [
        Event(3, "exit", 1.5, 7, {"code": 0, "stat": "7 (p) R\n"}),
        Event(3, "gone", 2.5, 7, {}),
    ]


@pytest.mark.parametrize("data", [b"", b"{}}", b"[1]", b"7", b'[["exit"]]', b"[" * 100_000, b"[[1,2,3,4,5]]"])
def test_what_are_no_events_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="no events"):
        events_of(Events(1, data))


def test_all_messages_at_once_are_read_in_order() -> None:
    stream = b"".join(bytes_of(message, body) for _id, message, body in FRAMES)
    assert typed(Decoder().feed(stream)) == table(*FRAMES)


def test_byte_by_byte_each_message_is_there_with_its_last_byte() -> None:
    decoder = Decoder()
    for row in FRAMES:
        stream = bytes_of(row[1], row[2])
        assert [decoder.feed(stream[i : i + 1]) for i in range(len(stream) - 1)] == [[]] * (len(stream) - 1)
        assert typed(decoder.feed(stream[-1:])) == table(row)


def test_every_split_point_of_two_messages_yields_both() -> None:
    first, second = FRAMES[0], FRAMES[13]
    stream = bytes_of(first[1], first[2]) + bytes_of(second[1], second[2])
    for cut in range(len(stream) + 1):
        decoder = Decoder()
        received = decoder.feed(stream[:cut]) + decoder.feed(stream[cut:])
        assert typed(received) == table(first, second), cut


def test_a_truncated_frame_yields_nothing_however_long_one_waits() -> None:
    decoder = Decoder()
    assert decoder.feed(encode(Keep("p"), 1)[:-1]) == []
    assert decoder.feed(b"") == []


def test_the_messages_before_a_truncated_frame_are_read() -> None:
    stream = encode(Keep("p"), 1) + encode(Keep("q"), 2)[:-1]
    assert Decoder().feed(stream) == [(1, Keep("p"))]


def test_nothing_fed_yields_nothing() -> None:
    assert Decoder().feed(b"") == []


# -- what is refused ------------------------------------------------------------------------------


def test_a_frame_beyond_the_limit_is_refused_on_its_lengths_alone() -> None:
    announced = (wire.MAX_FRAME_BYTES - 8).to_bytes(4, "big") + (1).to_bytes(4, "big")
    with pytest.raises(ProtocolError) as caught:
        Decoder().feed(announced)
    assert str(caught.value) == "a frame of 268435457 bytes is announced, at most 268435456 are taken"


def test_a_frame_of_the_largest_size_is_waited_for() -> None:
    announced = (wire.MAX_FRAME_BYTES - 8).to_bytes(4, "big") + (0).to_bytes(4, "big")
    assert Decoder().feed(announced) == []


def test_both_lengths_together_count_against_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encode(Output(1, 1, b"x" * 100))
    monkeypatch.setattr(wire, "MAX_FRAME_BYTES", len(whole))
    assert Decoder().feed(whole) == [(0, Output(1, 1, b"x" * 100))]
    monkeypatch.setattr(wire, "MAX_FRAME_BYTES", len(whole) - 1)
    with pytest.raises(ProtocolError):
        Decoder().feed(whole)


NO_MESSAGES = {
    "empty": b"",
    "no JSON": b"ready",
    "cut JSON": b'{"type":"Names","id":',
    "bytes that are no UTF-8": b'{"type":"Names\xff","id":1}',
    "a list": b'["Names",1]',
    "a number": b"7",
    "null": b"null",
    "a text": b'"Names"',
    "no type": b'{"id":1}',
    "no id": b'{"type":"Names"}',
    "an unknown type": b'{"type":"Shutdown","id":1}',
    "a type that is no text": b'{"type":7,"id":1}',
    "a type that is a list": b'{"type":[],"id":1}',
    "a type that is the union itself": b'{"type":"Message","id":1}',
    "an id that is no number": b'{"type":"Names","id":"first"}',
    "an id that is null": b'{"type":"Names","id":null}',
    "a field too few": b'{"type":"Keep","id":1}',
    "a field too many": b'{"type":"Names","id":1,"path":"p"}',
    "a field of another message": b'{"type":"Keep","id":1,"run":1}',
    "data where there is none": b'{"type":"Names","id":1,"data":"x"}',
    "a number of too many digits": b'{"type":"Stop","id":1,"run":' + b"1" * 5000 + b"}",
}


@pytest.mark.parametrize("header", NO_MESSAGES.values(), ids=NO_MESSAGES.keys())
def test_a_frame_that_holds_no_message_is_refused(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        Decoder().feed(frame(header))


def test_a_header_in_another_encoding_of_unicode_is_a_message_too() -> None:
    """Neither end sends one; that it is read does no harm."""
    assert Decoder().feed(frame('{"type":"Names","id":1}'.encode("utf-16"))) == [(1, Names())]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b'{"type":"Names","id":1e999}', id="an infinite id"),
        pytest.param(b'{"type":"Names","id":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested too deep"),
    ],
)
def test_json_that_python_cannot_take_is_refused_like_any_other_nonsense(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        Decoder().feed(frame(header))


def test_the_error_shows_the_beginning_of_what_came() -> None:
    with pytest.raises(ProtocolError, match="no message of this protocol: b'xxxx"):
        Decoder().feed(frame(b"x" * 1000))


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waited_for_and_never_anything_else(garbage: bytes) -> None:
    try:
        received = Decoder().feed(garbage)
    except ProtocolError:
        return
    assert all(type(message) in MESSAGE_TYPES for _id, message in received)


@given(st.binary(max_size=60))
def test_a_frame_of_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(ProtocolError):
        Decoder().feed(frame(garbage))


# -- whatever the values --------------------------------------------------------------------------

numbers = st.integers(-(2**63), 2**64)
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.binary().map(
    lambda b: b.decode("utf-8", "surrogateescape")
)
"""Any text, and any bytes as Python's file-system encoding shows them."""
values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
OF_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    int: numbers,
    str: texts,
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    bytes: st.binary(),
    list[str]: st.lists(texts, max_size=4),
    dict[str, str]: st.dictionaries(texts, texts, max_size=3),
    dict[str, float]: st.dictionaries(texts, st.floats(allow_nan=False), max_size=3),
    wire.Facts: st.dictionaries(texts, values, max_size=3),
    list[wire.Facts]: st.lists(st.dictionaries(texts, values, max_size=3), max_size=2),
}


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Any message, with values of the types that its fields declare."""
    kind = draw(st.sampled_from(MESSAGE_TYPES))
    hints = get_type_hints(kind)
    message: Message = kind(**{name: draw(OF_TYPE[hints[name]]) for name in kind._fields})
    return message


@given(st.integers(0, 2**63), messages())
def test_whatever_is_written_is_read_back(request_id: int, message: Message) -> None:
    assert typed(Decoder().feed(encode(message, request_id))) == typed([(request_id, message)])


@given(st.lists(st.tuples(st.integers(0, 99), messages()), max_size=5), st.data())
def test_however_a_stream_is_cut_the_same_messages_come(sent: list[tuple[int, Message]], data: st.DataObject) -> None:
    stream = b"".join(encode(message, request_id) for request_id, message in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder = Decoder()
    received = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += decoder.feed(stream[start:end])
    assert typed(received) == typed(sent)


@given(messages())
def test_headers_are_plain_ascii_json(message: Message) -> None:
    whole = encode(message)
    size = int.from_bytes(whole[:4], "big")
    header = json.loads(whole[8 : 8 + size].decode("ascii"))
    assert header["type"] == type(message).__name__
    assert "data" not in header
