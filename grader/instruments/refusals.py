"""Where a source keeps a tool from looking, in what the preprocessor makes of it. Pure."""

import re
from collections.abc import Sequence

from grader.instruments.reports import relative

_MARKER = re.compile(r'^# (?P<line>\d{1,10}) "(?P<file>[^"]*)"')
_TEXT = re.compile(r""" '(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" """, re.VERBOSE)
_NAMED = re.compile(r"\b_*no_(sanitize_address|sanitize_thread|sanitize_undefined|address_safety_analysis)_*\b")
_LISTED = re.compile(r'\b_*no_sanitize_*\s*\((?P<names>[\s\w",-]*)')
_NAMES = {"sanitize_address": "address", "address_safety_analysis": "address"} | {
    "sanitize_thread": "thread",
    "sanitize_undefined": "undefined",
}
_ALL = "all"


def may_refuse(source: bytes) -> bool:
    """Whether it is worth while to look closer: an attribute is spelt out, or names are put together."""
    spliced = re.sub(rb"(?:\\|\?\?/)\r?\n", b"", source)
    return re.search(rb"sanit|safety|##|%:%:|\?\?=", spliced) is not None


def find_refusal(preprocessed: str, attribute: str) -> tuple[str, int] | None:
    """The first place, as file and line, where a function of the student's is kept from the tool of that attribute.

    `preprocessed` is what `gcc -E` made of a file of the work folder.
    """
    file, line = "", 0
    lines = preprocessed.split("\n")
    for number, text in enumerate(lines):
        marker = _MARKER.match(text)
        if marker is not None:
            file, line = relative(marker["file"]), int(marker["line"])
            continue
        if not text.startswith("#") and file and attribute in _hidden_from(text, lines[number + 1 : number + 4]):
            return file, line
        line += 1
    return None


def _hidden_from(line: str, following: Sequence[str]) -> frozenset[str]:
    """The tools that an attribute in that line keeps from looking. Its arguments may stand in the lines below."""
    words = _TEXT.sub('""', line)
    found = {_NAMES[name] for name in _NAMED.findall(words)}
    if _LISTED.search(f"{words}("):
        for match in _LISTED.finditer(" ".join((line, *following))):
            listed = re.sub(r'"\s*"', "", match["names"])  # texts side by side are one
            found.update(re.findall(r"[\w-]+", listed))
    return frozenset(found | {"address", "thread", "undefined"} if _ALL in found else found)
