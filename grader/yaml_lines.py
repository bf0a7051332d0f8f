"""YAML as values that know their line, so that every complaint names the file, the line and the key.

It knows nothing of assignments. Only plain YAML is read: mappings, lists and scalars. Tags, aliases and a
key given twice are errors: with each of them a file means something else than it seems to.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

import yaml
from yaml.reader import Reader

from grader.errors import AssignmentError, Place

# Far more than any assignment needs.
MAX_CHARACTERS = 256 << 10
MAX_DEPTH = 16

_KINDS = {"int": "number", "float": "number", "bool": "boolean", "timestamp": "date", "str": "text"}
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{0,9})?|\.[0-9]{1,9}")
_TRUE = frozenset({"yes", "true", "on"})

_Loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader]
_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A scalar as it was written; `kind` is how YAML reads it: text, number, boolean, date, null, …"""

    text: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of the file. `name` is its trail of keys (`limits.time`), "" at the top.

    The methods give it as the type that was asked for, or raise `AssignmentError`.
    """

    content: "Scalar | tuple[Value, ...] | Mapping[str, Value]"
    name: str
    place: Place

    def wrong(self, message: str, advice: str = "") -> AssignmentError:
        """The error that says `message` about this value."""
        named = f"{self.name}: {message}" if self.name else message
        return AssignmentError(named, advice=advice, place=self.place)

    def unexpected(self, expected: str, advice: str = "") -> AssignmentError:
        """The error that says what was expected here, and what was found."""
        return self.wrong(f"expected {expected}, found {self._found()}", advice)

    def line(self) -> str:
        """A text of one line, not blank."""
        text = self.paragraph()
        if not text.isprintable():
            raise self.unexpected("text of one line without control characters")
        return text

    def paragraph(self) -> str:
        """A text of one or more lines, not blank."""
        match self.content:
            case Scalar(kind="text", text=text):
                if not text.strip() or not text.replace("\n", "").replace("\t", "").isprintable():
                    raise self.unexpected("text that is not blank and has no control characters")
                return text.strip()
            case Scalar(kind="null"):
                raise self.unexpected("text")
            case Scalar(text=text):
                raise self.unexpected("text", f"if text is meant, put it in quotes: '{text}'")
            case _:
                raise self.unexpected("text")

    def flag(self) -> bool:
        """A boolean."""
        match self.content:
            case Scalar(kind="boolean", text=text):
                return text.lower() in _TRUE
            case _:
                raise self.unexpected("true or false")

    def number(self) -> Fraction:
        """A decimal number of at least 0, exactly as it is written."""
        match self.content:
            case Scalar(kind="number", text=text) if _NUMBER.fullmatch(text):
                return Fraction(text)
            case Scalar(kind="text", text=text) if _NUMBER.fullmatch(text):
                raise self.unexpected("a number", f"write it without quotes: {text}")
            case _:
                raise self.unexpected("a number of at least 0, such as 10 or 2.5")

    def written(self, expected: str) -> str:
        """A number or a text with a unit, as it was written; `expected` says what it should have been."""
        match self.content:
            case Scalar(kind="number" | "text", text=text):
                return text.strip()
            case _:
                raise self.unexpected(expected)

    def items(self, example: str) -> "tuple[Value, ...]":
        """A list; `example` shows one."""
        match self.content:
            case tuple() as items:
                return items
            case _:
                raise self.unexpected("a list", f"write it in brackets: {example}")

    def entries(self, example: str) -> "Mapping[str, Value]":
        """A mapping with whatever keys, in the order of the file; `example` shows one."""
        match self.content:
            case Scalar() | tuple():
                raise self.unexpected("a mapping", f"for example {example}")
            case entries:
                return entries

    def table(self, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> "Mapping[str, Value]":
        """A mapping that has the required keys, and none but those and the optional ones."""
        known = (*required, *optional)
        entries = self.entries(" ".join(f"{key}: …" for key in required or optional))
        where = f" of {self.name}" if self.name else ""
        for key, value in entries.items():
            if key not in known:
                message = f"expected a key{where}, found {key!r}"
                raise AssignmentError(message, advice=did_you_mean(key, known), place=value.place)
        for key in required:
            if key not in entries:
                found = ", ".join(entries) or "nothing"
                raise self.wrong(f"expected the key {key!r}, found {found}", f"add a line `{key}: …`")
        return entries

    def _found(self) -> str:
        match self.content:
            case Scalar(kind="null"):
                return "nothing"
            case Scalar(kind=kind, text=text):
                return f"the {kind} {text if len(text) <= 60 else text[:60] + '…'!r}"
            case tuple():
                return "a list"
            case _:
                return "a mapping"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Advice for a word that is none of the known ones."""
    if near := difflib.get_close_matches(word, known, n=1):
        return f"did you mean {near[0]!r}?"
    return f"known here: {', '.join(known)}" if known else ""


def read_yaml(text: str, path: Path) -> Value:
    """The one document in `text`; `path` is where it came from, for the errors."""
    if len(text) > MAX_CHARACTERS:
        message = f"expected at most {MAX_CHARACTERS} characters, found {len(text)}"
        raise AssignmentError(message, advice="long texts belong into README.md", place=Place(path))
    if odd := Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        message = f"expected printable text, found the control character {odd.group()!r}"
        raise AssignmentError(message, advice="remove it, or write the file again", place=Place(path, line))
    try:
        return _Composer(text, path).document()
    except yaml.MarkedYAMLError as error:
        raise _explained(error, text, path) from error


class _Composer:
    """Builds the values from the parser's events.

    PyYAML's own composer lets a key stand twice, and deep nesting overflows its C stack.
    """

    def __init__(self, text: str, path: Path) -> None:
        self._loader = _Loader(text)
        self._path = path

    def document(self) -> Value:
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            raise AssignmentError("expected a mapping, found an empty file", place=Place(self._path, 1))
        value = self._value(self._next(), "", Place(self._path, 1), 0)
        self._next()  # the end of the document
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse("one document", "a second one", after, "remove the line `---` and what follows")
        return value

    def _next(self) -> yaml.Event:
        event = self._loader.get_event()
        assert isinstance(event, yaml.Event)
        return event

    def _value(self, event: yaml.Event, name: str, place: Place, depth: int) -> Value:
        if depth > MAX_DEPTH:
            self._refuse(f"at most {MAX_DEPTH} levels", "a deeper one", event, "")
        if isinstance(event, yaml.AliasEvent):
            self._refuse("a value", f"the alias '*{event.anchor}'", event, "write the value out")
        if tag := getattr(event, "tag", None):
            self._refuse("a plain value", f"the tag {tag!r}", event, "leave the tag out")
        content: Scalar | tuple[Value, ...] | Mapping[str, Value]
        match event:
            case yaml.SequenceStartEvent():
                content = self._list(name, depth)
            case yaml.MappingStartEvent():
                content = self._mapping(name, depth)
            case _:
                content = self._scalar(event)
        return Value(content=content, name=name, place=place)

    def _scalar(self, event: yaml.Event) -> Scalar:
        assert isinstance(event, yaml.ScalarEvent)
        tag: str = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
        kind = tag.rpartition(":")[2]
        return Scalar(text=event.value, kind=_KINDS.get(kind, kind))

    def _list(self, name: str, depth: int) -> tuple[Value, ...]:
        items: list[Value] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, f"{name}[{len(items)}]", self._place(event), depth + 1))
        return tuple(items)

    def _mapping(self, name: str, depth: int) -> Mapping[str, Value]:
        entries: dict[str, Value] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            place = self._place(event)
            key = self._value(event, name, place, depth + 1).content
            if not isinstance(key, Scalar) or key.kind != "text":
                what = f"{key.text!r}, which YAML reads as {key.kind}" if isinstance(key, Scalar) else "a collection"
                self._refuse("a key that is text", what, event, "put the key in quotes, or use another one")
            if key.text in entries:
                first = entries[key.text].place.line
                self._refuse("each key once", f"{key.text!r} again", event, f"it stands in line {first} already")
            trail = f"{name}.{key.text}" if name else key.text
            entries[key.text] = self._value(self._next(), trail, place, depth + 1)
        return entries

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self._path, None if mark is None else mark.line + 1)

    def _refuse(self, expected: str, found: str, event: yaml.Event, advice: str) -> NoReturn:
        message = f"expected {expected}, found {found}"
        raise AssignmentError(message, advice=advice, place=self._place(event))


def _explained(error: yaml.MarkedYAMLError, text: str, path: Path) -> AssignmentError:
    """The parser's complaint in words that help; for what was opened and never closed, at its beginning."""
    context, problem = error.context or "", error.problem or "it cannot be read"
    mark = error.problem_mark or error.context_mark
    if error.context_mark is not None and ("flow" in context or "quoted" in context):
        mark = error.context_mark
    index = mark.line if mark is not None else 0
    written = dict(enumerate(text.splitlines())).get(index, "")
    at = written[mark.column : mark.column + 1] if mark is not None else ""
    if "cannot start any token" in problem and at == "\t":
        advice = "indent with spaces, not with tabs"
    elif "cannot start any token" in problem:
        advice = f"a text that begins with {at!r} needs quotes"
    elif "mapping values are not allowed" in problem:
        advice = "a text with a colon in it needs quotes; the keys of one mapping need the same indentation"
    elif "quoted" in context:
        advice = "is the closing quote there? a backslash in double quotes is written twice"
    elif "flow" in context:
        advice = "is the closing bracket there? a text with a colon or a comma in it needs quotes"
    else:
        advice = "check the indentation: what belongs together begins in the same column"
    message = f"expected YAML, but the parser says: {problem}; the line is {written.strip()[:80]!r}"
    return AssignmentError(message, advice=advice, place=Place(path, index + 1))
