"""What an assignment.yaml may say, and how each mistake is named: file, line, what was expected."""

import errno
import re
import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import spec
from grader.check_tests import find_tests
from grader.errors import AssignmentError, GraderError, Place, UsageError
from grader.spec import (
    Assignment,
    BuildSpec,
    CheckSpec,
    GivenFile,
    Limits,
    SubmissionSpec,
    load_assignment,
    parse_assignment,
)

GOOD = """\
name: pipeline
title: A pipeline of processes
topics: [pipe, fork]
submission:
  files: [pipeline.c]
  optional: ['*.h']
build:
  program: pipeline
  cflags: [-std=gnu17, -Wall]
  ldflags: [-pthread]
limits: {time: 2.5s, memory: 64MiB, processes: 16, output: 512KiB}
checks:
  two_stages: {title: Two stages, points: 7.5, visible: true}
  no_leaks:
    title: No descriptor leaks
    points: 20
    needs: [two_stages]
    hint: Close both ends.
"""
YAML = Path("course/pipeline/assignment.yaml")
TEST_FILE = Path("course/pipeline/checks/test_pipeline.py")


def places_of(*ids: str) -> Mapping[str, Place]:
    return {id_: Place(TEST_FILE, 10 * number) for number, id_ in enumerate(ids, 1)}


def parse(text: str, *ids: str) -> Assignment:
    return parse_assignment(text, YAML, places_of(*(ids or ("two_stages", "no_leaks"))))


def error_of(text: str, *ids: str) -> AssignmentError:
    with pytest.raises(AssignmentError) as caught:
        parse(text, *ids)
    return caught.value


def changed(old: str, new: str) -> str:
    """The good text with one change."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def write_assignment(folder: Path, text: str = GOOD) -> Path:
    (folder / "checks").mkdir(parents=True)
    (folder / "assignment.yaml").write_text(text)
    tests = "def test_two_stages(program):\n    pass\n\n\ndef test_no_leaks(program):\n    pass\n"
    (folder / "checks" / "test_pipeline.py").write_text(tests)
    return folder


def test_every_field_is_read():
    assert parse(GOOD) == Assignment(
        name="pipeline",
        title="A pipeline of processes",
        folder=YAML.parent,
        topics=("pipe", "fork"),
        submission=SubmissionSpec(files=("pipeline.c",), optional=("*.h",)),
        build=BuildSpec(program="pipeline", cflags=("-std=gnu17", "-Wall"), ldflags=("-pthread",)),
        limits=Limits(time_seconds=2.5, memory_bytes=64 << 20, processes=16, output_bytes=512 << 10),
        checks=(
            CheckSpec(id="two_stages", title="Two stages", points=Fraction(15, 2), visible=True, line=13),
            CheckSpec(
                id="no_leaks",
                title="No descriptor leaks",
                points=Fraction(20),
                needs=("two_stages",),
                hint="Close both ends.",
                line=14,
            ),
        ),
    )


def test_what_is_left_out_has_its_default():
    least = """
name: p
title: P
submission: {files: [p.c]}
build: {program: p}
checks: {a: {title: A, points: 1}}
"""
    assignment = parse(least, "a")
    assert (assignment.limits, assignment.topics) == (Limits(), ())
    assert assignment.build == BuildSpec(program="p")
    assert assignment.submission == SubmissionSpec(files=("p.c",))
    assert assignment.checks == (CheckSpec(id="a", title="A", points=Fraction(1), line=6),)


def test_checks_keep_the_order_of_the_file():
    lines = [f"  {name}: {{title: T, points: 1}}" for name in ("zebra", "ape", "mole")]
    text = GOOD[: GOOD.index("  two_stages:")] + "\n".join(lines)
    assert [check.id for check in parse(text, "ape", "mole", "zebra").checks] == ["zebra", "ape", "mole"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("5s", 5.0), ("500ms", 0.5), ("2m", 120.0), ("7", 7.0), ("0.25", 0.25), ("1.5 s", 1.5), ("'3'", 3.0)],
)
def test_times_have_units_and_are_seconds_without(written: str, seconds: float):
    assert parse(changed("time: 2.5s", f"time: {written}")).limits.time_seconds == seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("128MiB", 128 << 20),
        ("8192KiB", 8 << 20),
        ("1GiB", 1 << 30),
        ("100MB", 10**8),
        ("2GB", 2 * 10**9),
        ("9000kB", 9 * 10**6),
        ("16777216B", 16 << 20),
        ("1.5 GiB", 3 << 29),
        ("128mib", 128 << 20),
    ],
)
def test_sizes_have_binary_and_decimal_units(written: str, size: int):
    assert parse(changed("memory: 64MiB", f"memory: {written}")).limits.memory_bytes == size


@pytest.mark.parametrize(
    ("key", "written"),
    [
        *[("time", text) for text in ("0", "0s", "-1", "-5s", "1h", "soon", "61m", "1ms", "1:30", ".inf", ".nan")],
        *[("time", text) for text in ("true", "", "[5]", "5 5s", "1e3", "9999999999999999s")],
        *[("memory", text) for text in ("128", "0MiB", "-1MiB", "1KiB", "65GiB", "1TiB", "MiB", "128M", "yes")],
        *[("processes", text) for text in ("0", "-1", "2.5", "32MiB", "5000", "many", "true")],
        *[("output", text) for text in ("1000", "0", "1B", "1GiB")],
    ],
)
def test_amounts_that_make_no_sense_are_refused(key: str, written: str):
    text = re.sub(rf"{key}: [^,}}]+", f"{key}: {written}", GOOD)
    error = error_of(text)
    assert error.place == Place(YAML, line_of(GOOD, "limits:"))
    assert error.message.startswith(f"limits.{key}: expected a ")
    assert "such as" in error.message


@pytest.mark.parametrize(
    ("written", "points"),
    [("10", 10), ("0", 0), ("2.5", Fraction(5, 2)), ("0.1", Fraction(1, 10)), (".5", Fraction(1, 2)), ("3.", 3)],
)
def test_points_are_exact(written: str, points: Fraction):
    assert parse(changed("points: 20", f"points: {written}")).checks[1].points == points


@pytest.mark.parametrize(
    "written",
    [
        "many",
        "-1",
        ".nan",
        ".inf",
        "-.inf",
        "true",
        "[1]",
        "{}",
        "0x10",
        "010",
        "1_000",
        "1:30",
        "1/3",
        "9999999999",
        "1.0e+3",
        "2024-01-01",
        "~",
    ],
)
def test_points_are_plain_numbers(written: str):
    error = error_of(changed("points: 20", f"points: {written}"))
    assert error.message.startswith("checks.no_leaks.points: expected a number of at least 0")
    assert error.place == Place(YAML, line_of(GOOD, "points: 20"))


def test_a_number_in_quotes_is_told_to_drop_them():
    error = error_of(changed("points: 20", "points: '20'"))
    assert error.message == "checks.no_leaks.points: expected a number, found the text '20'"
    assert error.advice == "write it without quotes: 20"


def test_some_check_is_worth_points():
    text = changed("points: 20", "points: 0").replace("points: 7.5", "points: 0.0")
    error = error_of(text)
    assert error.message == "checks: expected points for some check, found 0 in all"
    assert error.place == Place(YAML, 12)


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("name: pipeline", "name: Pipe-Line", "name: expected small letters, digits and underscores, a letter", 1),
        ("name: pipeline", "name: [pipeline]", "name: expected text, found a list", 1),
        ("title: A pipeline of processes", "title: 42", "title: expected text, found the number '42'", 2),
        ("title: A pipeline of processes", "title:", "title: expected text, found nothing", 2),
        ("title: A pipeline of processes", "title: ' '", "title: expected text that is not blank", 2),
        ("title: A pipeline of processes", r'title: "a\eb"', "title: expected text that is not blank and has no", 2),
        ("title: A pipeline of processes", r'title: "a\nb"', "title: expected text of one line", 2),
        ("[pipe, fork]", "pipe", "topics: expected a list, found the text 'pipe'", 3),
        ("[pipe, fork]", "[pipe, 7]", "topics[1]: expected text, found the number '7'", 3),
        ("files: [pipeline.c]", "files: pipeline.c", "submission.files: expected a list", 5),
        ("files: [pipeline.c]", "files: []", "submission.files: expected at least one file", 5),
        ("files: [pipeline.c]", "files: [a.c, a.c]", "submission.files[1]: expected each file once", 5),
        ("program: pipeline", "program: ../pipeline", "build.program: expected the file name", 8),
        ("program: pipeline", "program: -o", "build.program: expected the file name", 8),
        ("program: pipeline", "program: pipeline.c", "build.program: expected another name", 8),
        ("[-std=gnu17, -Wall]", "-Wall", "build.cflags: expected a list, found the text '-Wall'", 9),
        ("[-std=gnu17, -Wall]", "[-Wall, 3]", "build.cflags[1]: expected text", 9),
        ("visible: true", "visible: 1", "checks.two_stages.visible: expected true or false, found the number", 13),
        ("visible: true", "visible: 'true'", "checks.two_stages.visible: expected true or false", 13),
        ("[two_stages]", "two_stages", "checks.no_leaks.needs: expected a list", 17),
        ("Close both ends.", "{a: b}", "checks.no_leaks.hint: expected text, found a mapping", 18),
        ("title: Two stages, ", "", "checks.two_stages: expected the key 'title', found points, visible", 13),
        (", points: 7.5", "", "checks.two_stages: expected the key 'points'", 13),
    ],
)
def test_a_wrong_value_is_named_with_its_key_and_line(old: str, new: str, message: str, line: int):
    error = error_of(changed(old, new))
    assert error.message.startswith(message)
    assert error.place == Place(YAML, line)


@pytest.mark.parametrize("word", ["yes", "true", "on", "True", "YES"])
def test_booleans_are_what_yaml_takes_for_them(word: str):
    assert parse(changed("visible: true", f"visible: {word}")).checks[0].visible


@pytest.mark.parametrize(
    ("old", "new", "message", "near"),
    [
        ("topics:", "topic:", "expected a key, found 'topic'", "topics"),
        ("  files:", "  file:", "expected a key of submission, found 'file'", "files"),
        ("  cflags:", "  clfags:", "expected a key of build, found 'clfags'", "cflags"),
        ("{time:", "{tiem:", "expected a key of limits, found 'tiem'", "time"),
        ("visible: true", "visibel: true", "expected a key of checks.two_stages, found 'visibel'", "visible"),
        ("    hint:", "    hnit:", "expected a key of checks.no_leaks, found 'hnit'", "hint"),
    ],
)
def test_an_unknown_key_is_an_error_that_guesses_the_meant_one(old: str, new: str, message: str, near: str):
    error = error_of(changed(old, new))
    assert (error.message, error.advice) == (message, f"did you mean {near!r}?")
    assert error.place == Place(YAML, line_of(GOOD, old))


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        ("name: pipeline\n", "expected the key 'name', found title, topics, submission, build, limits, checks"),
        ("title: A pipeline of processes\n", "expected the key 'title'"),
        ("  files: [pipeline.c]\n", "submission: expected the key 'files', found optional"),
        ("  program: pipeline\n", "build: expected the key 'program'"),
        (GOOD[GOOD.index("checks:") :], "expected the key 'checks'"),
    ],
)
def test_a_missing_key_is_named(left_out: str, message: str):
    assert error_of(changed(left_out, "")).message.startswith(message)


@pytest.mark.parametrize("checks", ["", " {}", " []", " none"])
def test_checks_are_a_mapping_with_something_in_it(checks: str):
    text = GOOD[: GOOD.index("checks:")] + f"checks:{checks}\n"
    assert error_of(text).message.startswith("checks: expected a")


@pytest.mark.parametrize(
    "name", ["../a.c", "/etc/passwd", "a/../b.c", "-a.c", "'@a.c'", ".a.c", "a b.c", "'a//b.c'", "'*.c'", "a.c/"]
)
def test_required_files_have_plain_relative_names(name: str):
    error = error_of(changed("files: [pipeline.c]", f"files: [{name}]"))
    assert error.message.startswith("submission.files[0]: expected a relative file name of letters, digits")


def test_required_files_may_be_in_a_folder():
    assignment = parse(changed("files: [pipeline.c]", "files: [src/main.c, src/parse.c]"))
    assert assignment.submission.files == ("src/main.c", "src/parse.c")


@pytest.mark.parametrize("pattern", ["../*.h", "/*.h", "-*", "'**/*.h'", "a/**", "./*.h", "''", "7"])
def test_optional_patterns_stay_inside(pattern: str):
    assert error_of(changed("['*.h']", f"[{pattern}]")).place == Place(YAML, 6)


def parse_given(names: str, starter: Mapping[str, bytes]) -> Assignment:
    def read_starter(name: str) -> bytes:
        if name not in starter:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return starter[name]

    text = changed("  program: pipeline\n", f"  program: pipeline\n  given: {names}\n")
    return parse_assignment(text, YAML, places_of("two_stages", "no_leaks"), read_starter)


def test_given_files_are_those_of_the_starter():
    assignment = parse_given("[main.c, lib/queue.h]", {"main.c": b"int main", "lib/queue.h": b"#pragma once"})
    assert assignment.build.given == (
        GivenFile(name="main.c", data=b"int main"),
        GivenFile(name="lib/queue.h", data=b"#pragma once"),
    )


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("[main.c]", "expected a file of starter/ (No such file or directory), found the text 'main.c'"),
        ("[../main.c]", "expected a relative file name"),
        ("[pipeline.c]", "expected a file that is named only here"),
        ("[pipeline]", "expected a file that is named only here"),
        ("[queue.h, queue.h]", "expected a file that is named only here"),
        ("queue.h", "expected a list"),
    ],
)
def test_given_files_are_there_and_are_nobody_elses(names: str, message: str):
    with pytest.raises(AssignmentError) as caught:
        parse_given(names, {"queue.h": b"", "pipeline.c": b""})
    assert message in caught.value.message
    assert caught.value.place == Place(YAML, 9)


@pytest.mark.parametrize("flag", ["-o", "-oprogram", "'@options'", "-c", "-E", "-S", "''", "'-Wall -Wextra'"])
@pytest.mark.parametrize("key", ["cflags", "ldflags"])
def test_options_that_cannot_work_are_refused(key: str, flag: str):
    text = re.sub(rf"{key}: \[.*\]", f"{key}: [-g, {flag}]", GOOD)
    error = error_of(text)
    assert error.message.startswith(f"build.{key}[1]: expected ")
    assert error.place == Place(YAML, line_of(GOOD, key))


@pytest.mark.parametrize("flag", ["-O2", '-DNAME=\\"x\\"', "-Wl,--as-needed", "-fopenmp", "-lrt", "-D X=1"])
def test_other_options_are_left_to_the_compiler(flag: str):
    assert parse(changed("[-pthread]", f'["{flag}"]')).build.ldflags == (flag.replace("\\", ""),)


@pytest.mark.parametrize("id_", ["Two", "2nd", "two-stages", "_x", "'a b'", "é", "''", "a.b"])
def test_ids_of_checks_fit_into_the_name_of_a_test(id_: str):
    error = error_of(changed("  no_leaks:", f"  {id_}:"))
    assert error.message.startswith("expected an id of small letters, digits and underscores")
    assert error.place == Place(YAML, 14)


def test_needs_of_an_unknown_check_guess_the_meant_one():
    error = error_of(changed("[two_stages]", "[two_stage]"))
    assert error.message == "checks.no_leaks.needs[0]: expected the id of a check, found the text 'two_stage'"
    assert error.advice == "did you mean 'two_stages'?"
    assert error.place == Place(YAML, 17)


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ("[no_leaks]", "checks.no_leaks.needs[0]: expected the id of another check"),
        ("[two_stages, two_stages]", "checks.no_leaks.needs[1]: expected each id once"),
    ],
)
def test_needs_name_each_other_check_once(needs: str, message: str):
    assert error_of(changed("[two_stages]", needs)).message.startswith(message)


def test_a_cycle_of_needs_is_shown():
    head = GOOD[: GOOD.index("  two_stages:")]
    rows = [("a", "b"), ("b", "c"), ("c", "a")]
    text = head + "".join(f"  {id_}: {{title: T, points: 1, needs: [{need}]}}\n" for id_, need in rows)
    error = error_of(text, "a", "b", "c")
    cycle = error.message.removeprefix("expected checks that can run one after another, found a cycle: ")
    assert cycle in ("a needs b needs c needs a", "b needs c needs a needs b", "c needs a needs b needs c")
    assert error.place == Place(YAML, line_of(text, f"  {cycle[0]}: "))


def test_a_check_may_need_one_that_stands_after_it():
    text = changed("visible: true}", "needs: [no_leaks]}").replace("    needs: [two_stages]\n", "")
    assert parse(text).checks[0].needs == ("no_leaks",)


def test_a_check_without_a_test_is_named_with_its_line():
    error = error_of(GOOD, "two_stages", "no_leak")
    assert error.message == "expected a check 'no_leak' in assignment.yaml for the test test_no_leak, found none"
    error = error_of(GOOD, "two_stages")
    assert error.message == "expected a test test_no_leaks in course/pipeline/checks, found none"
    assert error.advice == "write one: def test_no_leaks(program), or take the check out of assignment.yaml"
    assert error.place == Place(YAML, 14)


def test_a_test_without_a_check_is_named_with_its_line():
    error = error_of(GOOD, "two_stages", "no_leaks", "no_leeks")
    assert error.place == Place(TEST_FILE, 30)
    assert error.advice == "did you mean 'no_leaks'?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a mapping, found an empty file"),
        ("# only a comment\n", "expected a mapping, found an empty file"),
        ("just text", "expected a mapping, found the text 'just text'"),
        ("- a\n- b\n", "expected a mapping, found a list"),
        ("null", "expected a mapping, found nothing"),
    ],
)
def test_the_whole_is_a_mapping(text: str, message: str):
    error = error_of(text)
    assert (error.message, error.place) == (message, Place(YAML, 1))


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        ("name: [a, b\ntitle: x\n", 1, "closing bracket"),
        ("name: a\nchecks:\n\t- b\n", 3, "spaces, not with tabs"),
        ("name: a\ntitle: Two: stages\n", 2, "colon in it needs quotes"),
        ("name: a\ntitle: 'x\nbuild: 1\n", 2, "closing quote"),
        ("name: a\ntitle: @x\n", 2, "begins with '@' needs quotes"),
        ("name: a\nchecks:\n  a: {title: Foo: bar}\n", 3, "closing bracket"),
        ("name: a\ntopics:\n  - x\n  y: 1\n", 4, "indentation"),
        ('name: a\ntitle: "\\q"\n', 2, "backslash"),
    ],
)
def test_what_is_no_yaml_is_explained_at_its_line(text: str, line: int, advice: str):
    error = error_of(text)
    assert error.place == Place(YAML, line)
    assert error.message.startswith("expected YAML, but the parser says: ")
    assert repr(text.splitlines()[line - 1].strip()) in error.message
    assert advice in error.advice


@pytest.mark.parametrize("parser", ["with libyaml", "without"])
def test_lines_are_right_with_either_parser(parser: str, monkeypatch: pytest.MonkeyPatch):
    if parser == "without":
        monkeypatch.setattr("grader.yaml_lines._Loader", __import__("yaml").SafeLoader)
    assert [check.line for check in parse(GOOD).checks] == [13, 14]
    assert error_of("name: a\ntitle: Two: stages\n").place == Place(YAML, 2)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("name: a\ntitle: x\nname: b\n", "expected each key once, found 'name' again", 3),
        ("name: a\nbuild:\n  program: x\n  program: y\n", "expected each key once, found 'program' again", 4),
        ("name: a\non: b\n", "expected a key that is text, found 'on', which YAML reads as boolean", 2),
        ("name: a\n1: b\n", "expected a key that is text, found '1', which YAML reads as number", 2),
        ("name: a\n[x]: b\n", "expected a key that is text, found a collection", 2),
        ("name: a\n---\nname: b\n", "expected one document, found a second one", 2),
        ("name: &a x\ntitle: *a\n", "expected a value, found the alias '*a'", 2),
        ("name: a\nbuild:\n  <<: {x: 1}\n", "expected a key that is text, found '<<'", 3),
        ("name: !!python/name:os.system x\n", "expected a plain value, found the tag", 1),
        ("name: a\nbuild: !mine [x]\n", "expected a plain value, found the tag '!mine'", 2),
        ("name: a\n# bell \x07\n", "expected printable text, found the control character '\\x07'", 2),
        ("name: " + "[" * 20, "expected at most 16 levels, found a deeper one", 1),
        ("[" * 100_000, "expected at most 16 levels, found a deeper one", 1),
        ("x" * 300_000, "expected at most 262144 characters, found 300000", None),
    ],
)
def test_what_would_surprise_in_yaml_is_refused(text: str, message: str, line: int | None):
    error = error_of(text)
    assert error.message.startswith(message)
    assert error.place == Place(YAML, line)


def test_a_bomb_of_aliases_is_refused_at_once():
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    assert "alias" in error_of("a0: &a0 x\n" + levels).message


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet=" \n\t:-[]{}'\"&*!|>%@`#,?ab1."), st.sampled_from(GOOD.split("\n"))))
def test_any_text_is_an_assignment_or_an_explained_mistake(text: str):
    for whole in (text, GOOD + text, GOOD.replace("20", text), GOOD.replace("pipeline.c", text)):
        try:
            parse(whole)
        except AssignmentError as error:
            assert error.place is not None  # noqa: PT017
            assert error.place.path in (YAML, TEST_FILE)  # noqa: PT017


def test_a_folder_is_loaded(tmp_path: Path):
    folder = write_assignment(tmp_path / "renamed")
    assignment = load_assignment(folder)
    assert (assignment.name, assignment.folder) == ("pipeline", folder)
    assert assignment.checks_folder == folder / "checks"
    assert load_assignment(str(folder)) == assignment


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path):
    folder = write_assignment(tmp_path / "a")
    (folder / "assignment.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_assignment(folder).name == "pipeline"


def test_a_file_that_is_not_utf8_is_named_with_its_line(tmp_path: Path):
    folder = write_assignment(tmp_path / "a")
    (folder / "assignment.yaml").write_bytes(b"name: a\ntitle: caf\xe9\n")
    with pytest.raises(AssignmentError, match=r"expected UTF-8, found the byte b'\\xe9'") as caught:
        load_assignment(folder)
    assert caught.value.place == Place(folder / "assignment.yaml", 2)


def test_a_folder_without_assignment_yaml_says_so(tmp_path: Path):
    with pytest.raises(AssignmentError, match=r"expected the file assignment\.yaml, found none") as caught:
        load_assignment(tmp_path)
    assert caught.value.place == Place(tmp_path)


def test_an_assignment_yaml_that_is_a_folder_is_explained(tmp_path: Path):
    (tmp_path / "assignment.yaml").mkdir()
    with pytest.raises(AssignmentError, match="expected a readable file: Is a directory"):
        load_assignment(tmp_path)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "assignments"
    for name in ("pipeline", "minishell"):
        write_assignment(folder / name)
    (folder / "notes").mkdir()
    monkeypatch.setattr(spec, "shipped_folder", lambda: folder)
    return folder


def test_shipped_assignments_are_known_by_name(shipped: Path):
    assert spec.shipped_names() == ("minishell", "pipeline")
    assert load_assignment("pipeline").folder == shipped / "pipeline"


def test_a_folder_that_is_no_assignment_does_not_hide_a_shipped_one(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "work" / "pipeline").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    assert load_assignment("pipeline").folder == shipped / "pipeline"
    write_assignment(tmp_path / "own" / "pipeline")
    monkeypatch.chdir(tmp_path / "own")
    assert load_assignment("pipeline").folder == Path("pipeline")


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("where", "advice"),
    [
        ("pipelin", "did you mean 'pipeline'?"),
        ("somewhere/minishel", "did you mean 'minishell'?"),
        ("zzz", "shipped assignments: minishell, pipeline"),
        ("", "shipped assignments: minishell, pipeline"),
        ("../assignments", "shipped assignments: minishell, pipeline"),
        ("x" * 5000, "check the name and its permissions"),
    ],
)
def test_what_is_neither_a_folder_nor_a_name_is_a_mistake_of_the_caller(where: str, advice: str):
    with pytest.raises(UsageError) as caught:
        load_assignment(where)
    assert caught.value.advice == advice
    assert caught.value.exit_status == 2


def test_the_yaml_file_itself_is_not_the_folder(tmp_path: Path):
    folder = write_assignment(tmp_path / "a")
    with pytest.raises(UsageError, match="expected the folder of an assignment, found the file") as caught:
        load_assignment(folder / "assignment.yaml")
    assert caught.value.advice == f"try {str(folder)!r}"


def test_tests_are_found_with_their_lines_and_not_run(tmp_path: Path):
    (tmp_path / "test_a.py").write_text(
        "raise SystemExit\n\ndef test_one(program):\n    pass\n\n@mark\ndef test_two():\n    def test_inner(): ...\n"
    )
    (tmp_path / "test_b.py").write_text("if True:\n    def test_three(): ...\n\ndef helper(): ...\n")
    (tmp_path / "conftest.py").write_text("def test_not_here(): ...\n")
    assert find_tests(tmp_path) == {
        "one": Place(tmp_path / "test_a.py", 3),
        "two": Place(tmp_path / "test_a.py", 7),
        "three": Place(tmp_path / "test_b.py", 2),
    }


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("def test_a(): ...\n\n\ndef test_a(): ...\n", "expected one test for each check, found 'test_a' again", 4),
        ("class TestA:\n    def test_a(self): ...\n", "expected plain functions as tests, found the class TestA", 1),
        ("\nasync def test_a(): ...\n", "expected plain functions as tests, found async def test_a", 2),
        ("def testing(): ...\n", "expected tests with names test_<id>, found def testing", 1),
        ("x = 1\ndef test_a(:\n", "expected Python: ", 2),
        ("x = 1\n    y = 2\n", "expected Python: unexpected indent", 2),
        ("(" * 5000, "expected Python: ", 1),
        ("x = '\0'", "expected Python: source code string cannot contain null bytes", None),
    ],
)
def test_a_test_file_that_cannot_be_used_is_named(tmp_path: Path, source: str, message: str, line: int | None):
    (tmp_path / "test_a.py").write_text(source)
    with pytest.raises(AssignmentError, match=re.escape(message)) as caught:
        find_tests(tmp_path)
    assert caught.value.place == Place(tmp_path / "test_a.py", line)


def test_the_same_test_in_two_files_names_both(tmp_path: Path):
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text("\ndef test_x(): ...\n")
    with pytest.raises(AssignmentError) as caught:
        find_tests(tmp_path)
    assert caught.value.place == Place(tmp_path / "test_b.py", 2)
    assert caught.value.advice == f"the first is at {tmp_path / 'test_a.py'}:2"


@pytest.mark.parametrize("what", ["no folder", "an empty folder", "a file"])
def test_an_assignment_has_checks(tmp_path: Path, what: str):
    checks = tmp_path / "checks"
    if what == "an empty folder":
        checks.mkdir()
    elif what == "a file":
        checks.touch()
    with pytest.raises(AssignmentError, match=r"expected hidden checks in checks/test_\*\.py, found none") as caught:
        find_tests(checks)
    assert caught.value.place == Place(checks)


def test_an_error_reads_as_place_message_and_advice():
    error = error_of(changed("title: Two stages", "titel: Two stages"))
    assert str(error) == (f"{YAML}:13: expected a key of checks.two_stages, found 'titel'\ndid you mean 'title'?")
    assert isinstance(error, GraderError)
    assert error.exit_status == 2


def test_loading_is_fast(tmp_path: Path):
    folder = write_assignment(tmp_path / "a")
    rows = "".join(f"  c{n}: {{title: Check {n}, points: 1, hint: '{'x' * 200}'}}\n" for n in range(30))
    (folder / "assignment.yaml").write_text(GOOD[: GOOD.index("  two_stages:")] + rows)
    tests = "".join(f"def test_c{n}(program):\n    assert program.run().exit_code == 0\n\n" for n in range(30))
    (folder / "checks" / "test_pipeline.py").write_text(tests)

    def measured() -> float:
        start = time.perf_counter()
        load_assignment(folder)
        return time.perf_counter() - start

    assert min(measured() for _ in range(5)) < 0.05  # a third of that on an idle machine
