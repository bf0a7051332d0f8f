"""Who calls whom: reads the `.ci` files that GCC writes with `-fcallgraph-info`. Pure.

They are in the language of the VCG tool: a `node` for each function, defined here (with its place) or elsewhere (an
`ellipse`), an `edge` for each call (with its place). A function that no other file sees has its file before its name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NODE = re.compile(r'^node: \{ title: "(?P<title>[^"]+)" label: "(?P<label>[^"]*)"(?P<ellipse> shape : ellipse)? \}')
_EDGE = re.compile(
    r'^edge: \{ sourcename: "(?P<caller>[^"]+)" targetname: "(?P<callee>[^"]+)"(?: label: "(?P<place>[^"]*)")? \}'
)
_PLACE = re.compile(r"^(?P<file>.+):(?P<line>\d{1,10}):\d+$")

INDIRECT = "__indirect_call"
"""Stands for whatever a pointer points to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of the student's source."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of `callee`, a title or the name of an external function; without a place the compiler made it."""

    callee: str
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGraph:
    """`calls` has every function that the program defines, by title: `file.c:name` if static, `name` otherwise."""

    calls: Mapping[str, tuple[Call, ...]]
    places: Mapping[str, Place]

    def title_of(self, name: str, file: str) -> str | None:
        """The function that `name` means in `file`, None if the program defines none of that name."""
        for title in (f"{file}:{name}", name):
            if title in self.calls:
                return title
        return None


def function_name(title: str) -> str:
    """The name of a function without its file."""
    return title.rpartition(":")[2]


def read_call_graph(texts: Iterable[str]) -> CallGraph:
    """The graph of a program from the `.ci` file of each of its sources."""
    calls: dict[str, list[Call]] = {}
    places: dict[str, Place] = {}
    for text in texts:
        for line in text.splitlines():
            node = _NODE.match(line)
            if node is not None and not node["ellipse"]:
                calls.setdefault(node["title"], [])
                place = _place(node["label"].rpartition("\\n")[2])
                if place is not None:
                    places[node["title"]] = place
                continue
            edge = _EDGE.match(line)
            if edge is not None:
                calls.setdefault(edge["caller"], []).append(
                    Call(callee=edge["callee"], place=_place(edge["place"] or ""))
                )
    return CallGraph(calls={title: tuple(made) for title, made in calls.items()}, places=places)


def _place(text: str) -> Place | None:
    match = _PLACE.match(text)
    if match is None:
        return None
    return Place(file=match["file"].removeprefix("./"), line=int(match["line"]))
