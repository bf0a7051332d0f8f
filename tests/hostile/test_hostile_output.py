"""Output is data: whatever bytes a program prints or calls things by, no reader of a report acts on them."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hostile_course import PROGRAMS, Course

COMMAND = Path(sys.executable).with_name("grader")
SCHEMA = xmlschema.XMLSchema(Path(__file__).parent.parent / "unit" / "junit-10.xsd")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
CI_COMMAND = re.compile(r"^\s*::|##\w*\[")

BROKEN = b"""\
#pragma message "\\n::error::owned\\n##vso[task.complete]owned <script>alert(1)</script>]]>"
#error \x1b]0;owned\x07 \x9b2J <script>alert(1)</script> \xff\xfe
int main(void) { return "::error::\x1b[2J" }
"""


class Reports:
    """All reports of one submission, as the command writes them."""

    def __init__(self, course: Course, submission: Path) -> None:
        folder = course.folder.parent
        files = {kind: folder / f"report.{kind}" for kind in ("junit", "json", "html", "gradescope")}
        options = [option for kind, file in files.items() for option in (f"--{kind}", str(file))]
        done = subprocess.run(
            [COMMAND, "grade", course.folder, submission, *options], capture_output=True, timeout=120, check=False
        )
        assert (done.returncode, done.stderr) == (1, b"")
        self.terminal = done.stdout.decode("utf-8")
        self.junit, self.json, self.html, self.gradescope = (
            file.read_text(encoding="utf-8") for file in files.values()
        )
        observed = subprocess.run(
            [COMMAND, "observe", submission, "--", "prints"], capture_output=True, timeout=120, check=False
        )
        self.observed = observed.stdout.decode("utf-8")


@pytest.fixture(scope="module", params=["a program", "a source that does not compile"])
def reports(request: pytest.FixtureRequest, engine: object, tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """Of a program that prints and calls things by hostile bytes, or for which the compiler does."""
    course = Course(tmp_path_factory.mktemp("output"), ["prints", "is_called"])
    source = BROKEN if request.param != "a program" else (PROGRAMS / "output.c").read_bytes()
    return Reports(course, course.hand_in(source))


def test_no_control_character_reaches_a_terminal(reports: Reports) -> None:
    assert not FORBIDDEN.search(reports.terminal)
    assert not FORBIDDEN.search(reports.observed)
    assert "owned" in reports.terminal
    assert "owned" in reports.observed


def test_no_report_has_a_line_that_a_ci_runner_obeys(reports: Reports) -> None:
    for report in (reports.terminal, reports.junit, reports.json, reports.gradescope, reports.observed):
        assert [line for line in report.splitlines() if CI_COMMAND.search(line)] == []


def test_the_xml_is_valid_and_says_what_it_should(reports: Reports) -> None:
    SCHEMA.validate(reports.junit)
    root = ElementTree.fromstring(reports.junit)
    assert len(root.findall("testsuite")) == 1
    assert len(root.findall("testsuite/testcase")) == 4
    assert not FORBIDDEN.search(reports.junit)


def test_the_json_is_one_object_of_four_checks(reports: Reports) -> None:
    result = json.loads(reports.json)
    assert len(result["checks"]) == 4
    assert result["score"] < result["max_score"] == 4


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def test_no_script_runs_in_the_page(reports: Reports) -> None:
    elements = Elements(reports.html).found
    assert not {"script", "img", "iframe", "object"} & {tag for tag, _attributes in elements}
    assert not [attrs for _tag, attrs in elements if any(name.startswith("on") for name, _value in attrs)]
    assert not FORBIDDEN.search(reports.html)
