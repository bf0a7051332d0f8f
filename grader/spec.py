"""The assignment as a value: `load_assignment` reads the folder, `parse_assignment` is pure.

What they give back is valid and is never checked again. Every mistake is an `AssignmentError` with file and
line.
"""

import difflib
import errno
import graphlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from grader.check_tests import find_tests
from grader.errors import AssignmentError, Place, UsageError
from grader.quantities import LIMITS
from grader.yaml_lines import Value, did_you_mean, read_yaml

STARTER = "starter"
"""The folder of the files that students get."""

NAME = re.compile(r"[a-z][a-z0-9_]*")
_NAME_RULE = "small letters, digits and underscores, a letter first"
FILE_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_FILE_RULE = "a relative file name of letters, digits, '_', '.', '+' and '-'"
PATTERN_PART = re.compile(r"(?!.*\*\*)[A-Za-z0-9_*?\[][A-Za-z0-9_.+*?!\[\]-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run of the program may use.

    `time_seconds` bounds the wall clock and the CPU time of a run, `memory_bytes` all its processes together,
    `processes` counts processes and threads, `output_bytes` each of stdout and stderr.
    """

    time_seconds: float = 5.0
    memory_bytes: int = 128 << 20
    processes: int = 32
    output_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """A file that is the assignment's and no student's; its name is relative, with `/` between its parts."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSpec:
    """How the program is built: every submitted `.c` file and every given one, with these options, into `program`.

    `given` files stand in for whatever is submitted by their names.
    """

    program: str
    given: tuple[GivenFile, ...] = ()
    cflags: tuple[str, ...] = ("-std=gnu17", "-Wall", "-Wextra", "-O1", "-g")
    ldflags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionSpec:
    """What a student hands in: `files` are required, `optional` are glob patterns of what else is taken."""

    files: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """One hidden check and its worth.

    `needs` names checks that must have passed, `line` is its place in the YAML.
    """

    id: str
    title: str
    points: Fraction
    visible: bool = False
    needs: tuple[str, ...] = ()
    hint: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One assignment folder, valid: every check has its test and every test its check."""

    name: str
    title: str
    folder: Path
    submission: SubmissionSpec
    build: BuildSpec
    limits: Limits
    checks: tuple[CheckSpec, ...]
    topics: tuple[str, ...] = field(default=())

    @property
    def checks_folder(self) -> Path:
        return self.folder / "checks"


def shipped_folder() -> Path:
    """Where the assignments that come with the grader are."""
    return Path(__file__).resolve().parent.parent / "assignments"


def shipped_names() -> tuple[str, ...]:
    """The names of the shipped assignments, sorted."""
    return tuple(sorted(path.parent.name for path in shipped_folder().glob("*/assignment.yaml")))


def load_assignment(where: str | Path) -> Assignment:
    """The assignment in the folder `where`, or the shipped one of that name."""
    folder = _assignment_folder(where)
    path = folder / "assignment.yaml"
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        advice = "`grader new DIR` makes an assignment to start from"
        raise AssignmentError(
            "expected the file assignment.yaml, found none", advice=advice, place=Place(folder)
        ) from error
    except OSError as error:
        raise AssignmentError(f"expected a readable file: {error.strerror}", place=Place(path)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        found = error.object[error.start : error.start + 1]
        message = f"expected UTF-8, found the byte {found!r}"
        raise AssignmentError(message, advice="save the file as UTF-8", place=Place(path, line)) from error
    return parse_assignment(
        text, path, find_tests(folder / "checks"), lambda name: (folder / STARTER / name).read_bytes()
    )


def _assignment_folder(where: str | Path) -> Path:
    folder, shipped = Path(where), shipped_names()
    try:
        is_folder, is_file = folder.is_dir(), folder.is_file()
        if str(where) in shipped and not (folder / "assignment.yaml").is_file():
            return shipped_folder() / where
    except OSError as error:
        message = f"expected the folder of an assignment, found {str(where)!r}: {error.strerror}"
        raise UsageError(message, advice="check the name and its permissions") from error
    if is_folder and str(where):
        return folder
    if is_file:
        message = f"expected the folder of an assignment, found the file {str(where)!r}"
        raise UsageError(message, advice=f"try {str(folder.parent)!r}")
    near = difflib.get_close_matches(folder.name, shipped, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"shipped assignments: {', '.join(shipped) or 'none'}"
    message = f"expected the folder of an assignment or the name of a shipped one, found neither: {str(where)!r}"
    raise UsageError(message, advice=advice)


def _no_file(name: str) -> bytes:
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)


def parse_assignment(
    text: str, path: Path, tests: Mapping[str, Place], read_starter: Callable[[str], bytes] = _no_file
) -> Assignment:
    """The assignment that `text`, read from `path`, describes; `tests` are those of its checks.

    `read_starter` yields the content of a file of the starter; raises OSError.
    """
    top = read_yaml(text, path).table(
        required=("name", "title", "submission", "build", "checks"), optional=("topics", "limits")
    )
    checks = _checks(top["checks"])
    _match_tests(checks, tests, path)
    submission = _submission(top["submission"])
    topics = top["topics"].items("[pipe, fork]") if "topics" in top else ()
    return Assignment(
        name=_identifier(top["name"]),
        title=top["title"].line(),
        folder=path.parent,
        submission=submission,
        build=_build(top["build"], submission, read_starter),
        limits=_limits(top["limits"]) if "limits" in top else Limits(),
        checks=checks,
        topics=tuple(topic.line() for topic in topics),
    )


def _identifier(value: Value) -> str:
    text = value.line()
    if not NAME.fullmatch(text):
        raise value.unexpected(_NAME_RULE)
    return text


def _submission(value: Value) -> SubmissionSpec:
    table = value.table(required=("files",), optional=("optional",))
    files = table["files"].items("[pipeline.c]")
    patterns = table["optional"].items("['*.h']") if "optional" in table else ()
    if not files:
        raise table["files"].unexpected("at least one file", "write it in brackets: [pipeline.c]")
    seen: set[str] = set()
    for file in files:
        _require_parts(file, FILE_PART, _FILE_RULE)
        if file.line() in seen:
            raise file.unexpected("each file once")
        seen.add(file.line())
    for pattern in patterns:
        _require_parts(pattern, PATTERN_PART, "a relative pattern such as '*.h'")
    return SubmissionSpec(
        files=tuple(file.line() for file in files), optional=tuple(pattern.line() for pattern in patterns)
    )


def _require_parts(value: Value, part: re.Pattern[str], expected: str) -> None:
    if not all(part.fullmatch(text) for text in value.line().split("/")):
        raise value.unexpected(expected)


def _build(value: Value, submission: SubmissionSpec, read_starter: Callable[[str], bytes]) -> BuildSpec:
    table = value.table(required=("program",), optional=("given", "cflags", "ldflags"))
    program = table["program"].line()
    if not FILE_PART.fullmatch(program):
        raise table["program"].unexpected("the file name of the program, such as pipeline")
    if program in submission.files:
        raise table["program"].unexpected("another name than that of a submitted file")
    default = BuildSpec(program=program)
    given = table["given"].items("[main.c]") if "given" in table else ()
    return BuildSpec(
        program=program,
        given=_given(given, {program, *submission.files}, read_starter),
        cflags=_options(table["cflags"]) if "cflags" in table else default.cflags,
        ldflags=_options(table["ldflags"]) if "ldflags" in table else default.ldflags,
    )


def _given(items: tuple[Value, ...], taken: set[str], read_starter: Callable[[str], bytes]) -> tuple[GivenFile, ...]:
    files = []
    for item in items:
        name = item.line()
        _require_parts(item, FILE_PART, _FILE_RULE)
        if name in taken:
            raise item.unexpected(
                "a file that is named only here", "what students hand in is not given, and nothing twice"
            )
        taken.add(name)
        try:
            files.append(GivenFile(name=name, data=read_starter(name)))
        except OSError as error:
            advice = f"given files are compiled as students get them, from {STARTER}/"
            raise item.unexpected(f"a file of {STARTER}/ ({error.strerror})", advice) from error
    return tuple(files)


def _options(value: Value) -> tuple[str, ...]:
    items = value.items("[-std=gnu17, -Wall]")
    for item in items:
        option = item.line()
        if option.startswith(("@", "-o")) or option in ("-c", "-E", "-S"):
            raise item.unexpected("an option of gcc that leaves the program where the grader looks for it")
        if option.startswith("-") and re.search(r"[^'\"\s]\s+-", option):
            raise item.unexpected("one option", "write each option as an item of its own: [-Wall, -Wextra]")
    return tuple(item.line() for item in items)


def _limits(value: Value) -> Limits:
    default = Limits()
    table = value.table(required=(), optional=tuple(LIMITS))
    amounts = {key: LIMITS[key].read(limit) for key, limit in table.items()}
    return Limits(
        time_seconds=float(amounts.get("time", default.time_seconds)),
        memory_bytes=int(amounts.get("memory", default.memory_bytes)),
        processes=int(amounts.get("processes", default.processes)),
        output_bytes=int(amounts.get("output", default.output_bytes)),
    )


def _checks(value: Value) -> tuple[CheckSpec, ...]:
    entries = value.entries("two_stages: {title: Two stages, points: 10}")
    if not entries:
        raise value.unexpected("at least one check")
    checks = tuple(_check(id_, entry, tuple(entries)) for id_, entry in entries.items())
    try:
        graphlib.TopologicalSorter({check.id: check.needs for check in checks}).prepare()
    except graphlib.CycleError as error:
        cycle = tuple(reversed(error.args[1]))  # graphlib names what is needed first
        message = f"expected checks that can run one after another, found a cycle: {' needs '.join(cycle)}"
        advice = "leave one of these needs out"
        raise AssignmentError(message, advice=advice, place=entries[cycle[0]].place) from error
    if not any(check.points for check in checks):
        raise value.wrong("expected points for some check, found 0 in all", "give a check points: 10")
    return checks


def _check(id_: str, value: Value, known: tuple[str, ...]) -> CheckSpec:
    if not NAME.fullmatch(id_):
        message = f"expected an id of {_NAME_RULE}, found {id_!r}"
        raise AssignmentError(message, advice="the test of a check is called test_<id>", place=value.place)
    table = value.table(required=("title", "points"), optional=("visible", "needs", "hint"))
    needs = table["needs"].items(f"[{known[0]}]") if "needs" in table else ()
    for position, need in enumerate(needs):
        if need.line() == id_:
            raise need.unexpected("the id of another check")
        if need.line() not in known:
            raise need.unexpected("the id of a check", did_you_mean(need.line(), known))
        if need.line() in (earlier.line() for earlier in needs[:position]):
            raise need.unexpected("each id once")
    return CheckSpec(
        id=id_,
        title=table["title"].line(),
        points=table["points"].number(),
        visible=table["visible"].flag() if "visible" in table else False,
        needs=tuple(need.line() for need in needs),
        hint=table["hint"].paragraph() if "hint" in table else "",
        line=value.place.line or 0,
    )


def _match_tests(checks: tuple[CheckSpec, ...], tests: Mapping[str, Place], path: Path) -> None:
    ids = tuple(check.id for check in checks)
    for name, place in tests.items():
        if name not in ids:
            message = f"expected a check {name!r} in {path.name} for the test test_{name}, found none"
            raise AssignmentError(message, advice=did_you_mean(name, ids), place=place)
    for check in checks:
        if check.id not in tests:
            message = f"expected a test test_{check.id} in {path.parent / 'checks'}, found none"
            advice = f"write one: def test_{check.id}(program), or take the check out of {path.name}"
            raise AssignmentError(message, advice=advice, place=Place(path, check.line))
