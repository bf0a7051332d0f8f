r"""Untrusted text made harmless: whatever bytes a program printed, no report acts on them.

Two ways. `visible` is for people: a control character is shown as what it is (`\x1b`), never sent to the
terminal. `xml_text` is for XML 1.0, which cannot carry most of them: escape sequences are dropped whole, the
rest becomes U+FFFD.
"""

import re
import unicodedata

# Besides what XML 1.0 forbids: C1 controls (a terminal may obey them), line separators (they would break
# one-line promises) and bidirectional overrides (they make a text read as something else). Tab and newline
# stay.
_HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")

# ECMA-48: strings (OSC, DCS, …) up to their terminator, CSI sequences, then every other escape. No string
# runs over a newline, so that one left open hides no more than its line.
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
)

_SURROGATE = re.compile(r"[\ud800-\udfff]")
# A runner takes any white space of Unicode off before it looks for the colons.
_CI_COMMAND = re.compile(r"(?m)^(?P<indent>[^\S\n]*)(?=::)|(?<=#)(?=#\w*\[)")


def visible(text: str) -> str:
    r"""The text for a person, control characters shown as escapes; newlines and tabs stay."""
    return _HARMFUL.sub(_as_escape, text.replace("\r\n", "\n"))


def xml_text(text: str) -> str:
    """The text as XML 1.0 can carry it: no escape sequences, U+FFFD for what is forbidden."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HARMFUL.sub("\ufffd", _ESCAPE_SEQUENCE.sub("", lines))


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, which no encoding of Unicode can carry."""
    return _SURROGATE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The text with every run of white space made one blank."""
    return " ".join(text.split())


def cut(text: str, limit: int) -> str:
    """The beginning of a text that is longer than `limit` characters, with a note of how much is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}…\n({len(text) - limit} more characters)"


def cut_lines(text: str, limit: int) -> list[str]:
    """The lines of a text, the first `limit` of them, with a note of how many are missing."""
    lines = text.rstrip("\n").split("\n")
    missing = len(lines) - limit
    return lines if missing <= 0 else [*lines[:limit], f"({missing} more lines)"]


def without_ci_commands(text: str) -> str:
    r"""The text with `\` in what a CI runner would obey in a job's log (`::error::`, `##[group]`, `##vso[`).

    https://docs.github.com/actions: a workflow command is any line of output that begins with `::`.
    """
    return _CI_COMMAND.sub(lambda match: f"{match['indent'] or ''}\\", text)


def json_without_ci_commands(text: str) -> str:
    """The same JSON, no line of which a CI runner would obey: its strings are on one line, but may hold a `##[`."""
    return text.replace("##", "#\\u0023")


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(_cells_of(character) for character in text)


def _cells_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8, decoded with surrogateescape
        code -= 0xDC00
    if match[0] == "\r":
        return r"\r"
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
