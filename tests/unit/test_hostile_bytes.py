"""Whatever bytes a sandbox or a submission is made of, who reads them comes to an end, and to one that is foreseen.

Each test changes something real a little: pure noise is refused at the door, and shows nothing of what is behind it.
"""

import copy
import re
import shutil
import subprocess
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import FOLDER, NAMES, Recording, recorded
from results import HOSTILE

from grader.build import parse_diagnostics
from grader.checks.message import explain
from grader.checks.variants import read_files
from grader.errors import AssignmentError
from grader.instruments import address, thread, undefined, valgrind
from grader.instruments.refusals import find_refusal
from grader.instruments.reports import ToolFailedError
from grader.observe.blocking import Name
from grader.observe.elf import UnreadableProgramError, reading
from grader.observe.history import read_history
from grader.observe.origins import read_lines
from grader.observe.snapshot import parse_snapshot
from grader.observe.symbols import Symbols, read_symbols
from grader.observe.wait_for import describe, prove_deadlock
from grader.reports.text import visible, xml_text
from grader.rules import RunEnd, judge
from grader.spec import parse_assignment

if TYPE_CHECKING:
    from sandbox.session import Session

FEW = settings(max_examples=60, deadline=None)
RECORDINGS = sorted(path.name.partition(".")[0] for path in FOLDER.glob("*.json*"))

ODD_WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "0", "-1", ") Z 1 1 (", "999999999999999999999999", "\udcff\n\t", "/work/x (deleted)", "pipe:[", "\0"]
    ),
)


def spoilt(text: str, position: float, word: str, length: int) -> str:
    """The text with a word in the place of some characters."""
    start = int(position * len(text))
    return text[:start] + word + text[start + length :]


SPOILERS = st.builds(
    lambda position, word, length: lambda text: spoilt(text, position, word, length),
    st.floats(0, 1, exclude_max=True),
    ODD_WORDS,
    st.integers(0, 20),
)

# -- what the agent captures -------------------------------------------------------------------------

CHOSEN = ("stat", "cmdline", "exe", "link", "maps", "info")
"""What a student's process has a say in: its names, its arguments, what its files are called. The rest is numbers
that the kernel writes.
"""


def with_odd_names(captured: Any, draw: Callable[[], str]) -> Any:
    """The capture, the names in it chosen by somebody else."""
    if isinstance(captured, list):
        return [with_odd_names(each, draw) for each in captured]
    if not isinstance(captured, dict):
        return captured
    changed = {}
    for key, value in captured.items():
        if key == "stat" and isinstance(value, str) and ")" in value:
            changed[key] = f"{value.partition('(')[0]}({draw()}){value.rpartition(')')[2]}"
        elif key in CHOSEN and key != "stat" and isinstance(value, str):
            changed[key] = value[:3] + draw() if key == "link" else draw()
        else:
            changed[key] = with_odd_names(value, draw)
    return changed


@pytest.mark.parametrize("behaviour", RECORDINGS[:: max(1, len(RECORDINGS) // 6)])
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_run_with_any_names_in_it_is_judged(behaviour: str, data: st.DataObject) -> None:
    words = data.draw(st.lists(ODD_WORDS, min_size=8, max_size=8))
    drawn = iter(range(10**9))

    def draw() -> str:
        return words[next(drawn) % len(words)]

    recording: Recording = recorded(behaviour)
    events = [event._replace(facts=with_odd_names(copy.deepcopy(event.facts), draw)) for event in recording.events]
    history = read_history(recording.root, events)
    findings = judge(history, RunEnd(reason="exited"), None)
    for finding in findings:
        xml_text(finding.message).encode()
        visible(finding.message).encode()
    looks = [parse_snapshot(with_odd_names(snapshot, draw), NAMES) for snapshot in recording.snapshots]
    for look in looks:
        describe(look, {})
        prove_deadlock(look, look, {}, signals_from_outside=False)


# -- programs ----------------------------------------------------------------------------------------

SOURCE = "int lock[10];\nint main(void)\n{\n    return lock[3];\n}\n"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return compiled(tmp_path_factory, SOURCE)


def compiled(tmp_path_factory: pytest.TempPathFactory, source: str) -> bytes:
    """A program with debugging sections; skips where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no compiler on this machine")
    folder = tmp_path_factory.mktemp("program")
    (folder / "main.c").write_text(source)
    subprocess.run([compiler, "-g", "-O0", "-o", "program", "main.c"], cwd=folder, check=True)
    return (folder / "program").read_bytes()


@FEW
@given(data=st.data())
def test_a_program_made_by_anybody_is_read_or_not(program: bytes, data: st.DataObject) -> None:
    content = bytearray(program)
    for _ in range(data.draw(st.integers(1, 8))):
        where = data.draw(st.one_of(st.integers(0, len(content) - 1), st.integers(0, 63)))
        content[where : where + 4] = data.draw(st.binary(min_size=4, max_size=4))
    read_symbols(bytes(content))
    read_lines(bytes(content))


@given(st.binary(max_size=200))
def test_what_is_no_program_has_no_symbols_and_no_lines(content: bytes) -> None:
    assert read_symbols(b"\x7fELF" + content).variables == ()
    assert read_lines(content) is None


def test_the_program_itself_is_read(program: bytes) -> None:
    assert any(variable.name == "lock" for variable in read_symbols(program).variables)
    lines = read_lines(program)
    assert lines is not None
    assert {source.line for source in lines.sources if source is not None} >= {3, 4}


def test_a_variable_is_named_by_its_part(program: bytes) -> None:
    (lock,) = (variable for variable in read_symbols(program).variables if variable.name == "lock")
    assert read_symbols(program).name_at(lock.address + 12) == Name("lock[3]", "futex")


def test_a_variable_has_its_name_without_readable_types(program: bytes) -> None:
    content = program.replace(b".debug_abbrev\0", b".debug_abbrex\0")
    (lock,) = (variable for variable in read_symbols(content).variables if variable.name == "lock")
    assert read_symbols(content).name_at(lock.address) == Name("lock")


@pytest.mark.parametrize("section", [".debug_info", ".debug_abbrev"])
def test_types_beyond_what_a_course_needs_are_not_read(tmp_path_factory: pytest.TempPathFactory, section: str) -> None:
    more = f'__asm__(".section {section},\\"\\",@progbits\\n.fill 300000,1,1\\n.text");\n'
    symbols = read_symbols(compiled(tmp_path_factory, more + SOURCE))
    assert symbols.layouts == {}
    assert any(variable.name == "lock" for variable in symbols.variables)


def test_nothing_in_a_program_is_unpacked(program: bytes) -> None:
    """Sixteen megabytes may unpack to sixteen thousand."""
    content = program.replace(b".debug_line\0", b".zdebug_lin\0") + zlib.compress(b"")
    with pytest.raises(UnreadableProgramError, match="compressed"), reading(content):
        pass
    assert read_lines(content) is None
    assert read_symbols(content) == Symbols((), False)


def test_a_table_of_lines_beyond_any_memory_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each byte of it can become half a kilobyte."""
    more = '__asm__(".section .debug_line,\\"\\",@progbits\\n.fill 300000,1,1\\n.text");\n'
    content = compiled(tmp_path_factory, more + SOURCE)
    with pytest.raises(UnreadableProgramError, match="lines"), reading(content):
        pass
    assert read_lines(content) is None


ENDLESS = r"""
__asm__(".section .debug_abbrev,\"\",@progbits\n"
        "abbreviation: .uleb128 1, 0x11\n .byte 0\n .uleb128 0x10, 0x17, 0, 0, 0\n"
        ".section .debug_line.more,\"\",@progbits\n table: .long 60\n .short 5\n .byte 8, 0\n .long 40\n"
        ".byte 1, 1, 1, 1, 1, 1, 0\n .uleb128 0x7fffffffff\n .byte 0\n .uleb128 0x7fffffffff\n .fill 100, 1, 0\n"
        ".section .debug_info,\"\",@progbits\n .long 12\n .short 4\n .long abbreviation\n .byte 8\n .uleb128 1\n"
        ".long table\n .text\n");
"""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
# What gives it up may come while the garbage collector tells somebody, who cannot pass it on; then it comes again.
def test_a_list_without_end_is_given_up(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The things in it have no bytes of their own, so that it ends nowhere in the file."""
    monkeypatch.setattr("grader.observe.elf.READING_SECONDS", 0.2)
    assert read_lines(compiled(tmp_path_factory, ENDLESS + SOURCE)) is None


def test_many_leaks_are_told_by_some() -> None:
    """Thirty processes with two hundred descriptors each have six thousand, each with the table of all as evidence."""
    subject = recorded("leaks_a_file_at_exit")
    (leak,) = judge(subject.history(), subject.end(), None)
    for event in subject.events:
        if event.kind == "exit":
            row = event.facts["fds"][str(leak.fd)]
            event.facts["fds"] |= {
                str(number): {**row, "link": f"/work/{number}", "file": [1, number, 0o100644]}
                for number in range(10, 600)
            }
    found = judge(subject.history(), subject.end(), None)
    assert 100 < len(found) < 500
    rows = found[0].evidence["descriptors_at_exit"]
    assert isinstance(rows, list)
    assert len(rows) < 200
    assert rows[-1].endswith(" more")


# -- what tools write into the work folder, where a program may write as well ---------------------------

REPORTS = Path(__file__).parent / "tool_reports"
READERS: dict[str, Callable[[str], object]] = {
    "address": address.read_reports,
    "thread": thread.read_reports,
    "undefined": lambda text: undefined.read_reports(text, 7),
    "valgrind": lambda text: valgrind.read_reports(text, 7),
}


@pytest.mark.parametrize("reader", READERS)
@FEW
@given(data=st.data())
def test_a_tool_s_report_written_by_anybody_is_read_or_refused(reader: str, data: st.DataObject) -> None:
    files = sorted(path for path in REPORTS.rglob("*") if path.is_file())
    text = data.draw(st.sampled_from(files)).read_text(encoding="utf-8", errors="replace")
    for spoil in data.draw(st.lists(SPOILERS, max_size=4)):
        text = spoil(text)
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # as it is read from the sandbox
    with suppress(ToolFailedError):
        tuple(READERS[reader](text))  # type: ignore[call-overload]  # readers of several types


@pytest.mark.parametrize("endless", ["9" * 5000, "-", ""])
@pytest.mark.parametrize("reader", READERS)
def test_a_tool_s_report_of_numbers_that_are_none_is_read_or_refused(reader: str, endless: str) -> None:
    for path in REPORTS.rglob("*"):
        if path.is_file():
            text = re.sub("[0-9]+", endless, path.read_text(encoding="utf-8", errors="replace"))
            with suppress(ToolFailedError):
                tuple(READERS[reader](text))  # type: ignore[call-overload]  # readers of several types


SLOW_TEXTS: dict[str, Callable[[], object]] = {
    "a warning of many options": lambda: parse_diagnostics("a.c:1:2: error: no" + " [-W" * 40_000, {}),
    "a linker's word of many sections": lambda: parse_diagnostics("x.o:y:(" * 20_000, {}),
    "characters that are quotes": lambda: find_refusal(f'# 1 "/work/a.c"\n{QUOTES * 40_000}', "address"),
    "a pragma of quotes": lambda: find_refusal(f'# 1 "/work/a.c"\n#pragma x "{ESCAPED * 40_000}', "address"),
    "errors that do not end": lambda: valgrind.read_reports(f'<?xml version="1.0"?>{"<error>" * 40_000}', 1),
}
QUOTES, ESCAPED = r"'\"',", r"\""


@pytest.mark.parametrize("read", SLOW_TEXTS.values(), ids=SLOW_TEXTS)
def test_no_text_takes_long_to_read(read: Callable[[], object]) -> None:
    """A source, and so what a tool says of it, can have as many of anything as its author likes."""
    started = time.process_time()
    read()
    assert time.process_time() - started < 2


def test_a_report_is_named_after_a_process() -> None:
    """A program may make files of such names itself; `"²".isdigit()` holds, and it is no number."""

    class Sandbox:
        def names(self) -> list[str]:
            return [".log.7", ".log.\N{SUPERSCRIPT TWO}", f".log.{'9' * 5000}", ".log.", ".log.7x"]

        def fetch(self, name: str, max_bytes: int) -> bytes:
            return name.encode()[:max_bytes]

    assert read_files(cast("Session", Sandbox()), "/work/.log") == {7: ".log.7"}


# -- reports -------------------------------------------------------------------------------------------


@FEW
@given(st.lists(SPOILERS, max_size=4), st.binary(max_size=60))
def test_any_text_is_well_formed_in_xml_and_harmless_on_a_terminal(
    spoilers: list[Callable[[str], str]], raw: bytes
) -> None:
    text = HOSTILE + raw.decode("utf-8", "surrogateescape")
    for spoil in spoilers:
        text = spoil(text)
    element = ElementTree.Element("text", value=xml_text(text))
    element.text = xml_text(text)
    again = ElementTree.fromstring(ElementTree.tostring(element))
    assert again.text == (element.text or None)
    assert "\x1b" not in visible(text)


@FEW
@given(st.text(max_size=200))
def test_any_assertion_is_explained(text: str) -> None:
    assert explain(f"assert {text}", (), ())[1] == ()


# -- assignments ---------------------------------------------------------------------------------------

YAML = """\
name: tiny
title: A tiny assignment
submission: {files: [tiny.c], optional: ['*.h']}
build: {program: tiny, cflags: [-Wall]}
limits: {time: 5s, memory: 64MiB, processes: 4, output: 1MiB}
checks:
  one: {title: The first, points: 1, visible: true}
  two: {title: The second, points: 2.5, needs: [one], hint: "Think."}
"""


@FEW
@given(st.lists(SPOILERS, min_size=1, max_size=3))
def test_a_yaml_written_by_anybody_is_an_assignment_or_its_author_s_mistake(
    spoilers: list[Callable[[str], str]],
) -> None:
    text = YAML
    for spoil in spoilers:
        text = spoil(text)
    with suppress(AssignmentError):
        parse_assignment(text, Path("assignment.yaml"), {})
