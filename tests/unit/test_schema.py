"""The JSON Schema of assignment.yaml says what the parser does."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from grader import schema
from grader.errors import AssignmentError, Place
from grader.quantities import LIMITS
from grader.spec import parse_assignment, shipped_folder, shipped_names

REPOSITORY = Path(__file__).parents[2]

SMALL = {
    "name": "small",
    "title": "Small",
    "submission": {"files": ["small.c"]},
    "build": {"program": "small"},
    "checks": {"works": {"title": "It works", "points": 10}},
}


def is_valid(document: object) -> bool:
    return jsonschema.Draft202012Validator(schema.schema()).is_valid(document)


def is_accepted(document: object) -> bool:
    try:
        parse_assignment(yaml.safe_dump(document), Path("assignment.yaml"), {"works": Place(Path("test_works.py"), 1)})
    except AssignmentError:
        return False
    return True


def changed(path: str, value: object) -> dict[str, Any]:
    """The small assignment with `value` at a path such as `build.cflags`."""
    document: dict[str, Any] = json.loads(json.dumps(SMALL))
    *folders, last = path.split(".")
    table = document
    for folder in folders:
        table = table.setdefault(folder, {})
    table[last] = value
    return document


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.schema())


def test_the_file_that_assignments_name_is_what_the_command_prints() -> None:
    assert (REPOSITORY / "docs" / "assignment.schema.json").read_text(encoding="utf-8") == schema.render()


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_assignment_is_valid_and_names_the_schema_in_its_first_line(name: str) -> None:
    text = (shipped_folder() / name / "assignment.yaml").read_text(encoding="utf-8")
    assert is_valid(yaml.safe_load(text))
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../../docs/assignment.schema.json"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "Another"),
        ("topics", ["pipe", "fork"]),
        ("submission.optional", ["*.h", "lib/*.c"]),
        ("build.cflags", ["-O2"]),
        ("build.ldflags", ["-lm"]),
        *((f"limits.{key}", 64 if key == "processes" else "8s" if key == "time" else "64MiB") for key in LIMITS),
        ("checks.works.visible", True),
        ("checks.works.hint", "See pipe(7)."),
        ("checks.works.points", 2.5),
    ],
)
def test_what_the_parser_takes_is_valid(path: str, value: object) -> None:
    document = changed(path, value)
    assert (is_accepted(document), is_valid(document)) == (True, True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "Not A Name"),
        ("titel", "A key that does not exist"),
        ("submission.files", []),
        ("submission.files", ["../up.c"]),
        ("submission.files", ["a.c", "a.c"]),
        ("submission.patterns", ["*.h"]),
        ("build.program", "-o"),
        ("build.flags", ["-O2"]),
        ("limits.cpu", "5s"),
        ("checks", {}),
        ("checks.works.points", -1),
        ("checks.works.points", "ten"),
        ("checks.works.visible", "yes please"),
        ("checks.works.weight", 3),
        ("checks.works", {"title": "No points"}),
    ],
)
def test_what_the_parser_refuses_is_not_valid(path: str, value: object) -> None:
    document = changed(path, value)
    assert (is_accepted(document), is_valid(document)) == (False, False)
