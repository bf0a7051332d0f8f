"""Whatever bytes a program printed, no report acts on them."""

import json
import time

import pytest

from grader.reports.text import (
    cells,
    cut,
    cut_lines,
    json_without_ci_commands,
    one_line,
    visible,
    without_ci_commands,
    without_surrogates,
    xml_text,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttab\nline", "plain\ttab\nline"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x00\x07\x7f\x9b", r"\x00\x07\x7f\x9b"),
        ("dos\r\nline", "dos\nline"),
        ("10%\r99%", r"10%\r99%"),
        ("\udcff", r"\xff"),
        ("\ud83d", r"\ud83d"),
        ("\u202egnp\u2066", r"\u202egnp\u2066"),
        ("grüße 猫 🐈", "grüße 猫 🐈"),
    ],
)
def test_visible_shows_control_characters_as_escapes(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0\x1b\\text", "text"),
        ("\x1b(Btext\x1bM", "text"),
        ("\x00\x08\x0b\ufffe\ud800", "\ufffd" * 5),
        ("a\rb\r\nc", "a\nb\nc"),
        ("grüße 猫 🐈", "grüße 猫 🐈"),
    ],
)
def test_xml_text_drops_escape_sequences_and_replaces_what_xml_forbids(text: str, carried: str) -> None:
    assert xml_text(text) == carried


def test_an_escape_sequence_left_open_hides_no_other_line() -> None:
    assert "kept" in xml_text("\x1b]0;never ended\nkept\n")


@pytest.mark.parametrize("unit", ["\x1b", "\x1b]", "\x1b[", "\x1b[0;", "\x1b(", "\x9b", "#", "##", " ", "::"])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    start = time.process_time()
    xml_text(text)
    visible(text)
    without_ci_commands(text)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("::error::x", r"\::error::x"),
        ("ok\n  ::add-mask::x", "ok\n  \\::add-mask::x"),
        ("\N{NO-BREAK SPACE}::error::x", "\N{NO-BREAK SPACE}\\::error::x"),
        ("see std::cout", "see std::cout"),
        ("##[group]", r"#\#[group]"),
        ("##vso[task.complete]", r"#\#vso[task.complete]"),
        ("a ## b [c]", "a ## b [c]"),
    ],
)
def test_a_ci_runner_finds_no_command(text: str, harmless: str) -> None:
    assert without_ci_commands(text) == harmless


@pytest.mark.parametrize("text", ["##[group]", "###vso[task.complete]", "\\##[x]", "a ## b"])
def test_a_ci_runner_finds_no_command_in_json_that_says_the_same(text: str) -> None:
    written = json_without_ci_commands(json.dumps({"said": text}))
    assert "##" not in written
    assert json.loads(written) == {"said": text}


def test_lone_surrogates_become_replacement_characters() -> None:
    assert without_surrogates("a\udcffb\ud83d🐈") == "a\ufffdb\ufffd🐈"


def test_one_line_joins_lines_with_blanks() -> None:
    assert one_line("  one\n\ttwo \r\n three ") == "one two three"


def test_cut_says_how_much_is_missing() -> None:
    assert cut("short", 5) == "short"
    assert cut("longer", 4) == "long…\n(2 more characters)"
    assert cut_lines("1\n2\n3\n", 3) == ["1", "2", "3"]
    assert cut_lines("1\n2\n3\n4\n5\n", 3) == ["1", "2", "3", "(2 more lines)"]


def test_cells_counts_columns_not_characters() -> None:
    assert cells("ab") == 2
    assert cells("猫") == 2
    assert cells("e\N{COMBINING ACUTE ACCENT}") == 1
