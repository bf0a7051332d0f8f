"""The JSON Schema of `assignment.yaml`, which editors use for completion, made of the rules that the parser applies.

A schema cannot say all of them: that each check has its test, that needs form no cycle. `grader validate` does.
"""

import json
import re

from grader.quantities import LIMITS, Quantity
from grader.spec import FILE_PART, NAME, PATTERN_PART, BuildSpec, Limits

JsonSchema = dict[str, object]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render() -> str:
    """The schema as JSON text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> JsonSchema:
    """The schema as JSON values."""
    return {
        "$schema": DIALECT,
        "title": "assignment.yaml of grader",
        **_table(
            "An assignment: what is handed in, how it is built, what is checked.",
            {
                "name": _text("What the assignment is called: its folder, and `grader grade NAME`.", NAME),
                "title": _text("What people read."),
                "topics": _list("What it is about, for `grader list`.", _text("One topic, such as pipe.")),
                "submission": _table(
                    "What a student hands in.",
                    {
                        "files": {
                            **_list("Required files.", _text("A relative file name.", _path(FILE_PART))),
                            "minItems": 1,
                            "uniqueItems": True,
                        },
                        "optional": _list(
                            "Patterns of files that are taken, too.",
                            _text("A glob pattern, such as *.h.", _path(PATTERN_PART)),
                        ),
                    },
                    required=("files",),
                ),
                "build": _table(
                    "How the program is made of every submitted .c file and every given one, with gcc.",
                    {
                        "program": _text("The file name of the program.", FILE_PART),
                        "given": _list(
                            "Files of starter/ that are the same for all, whatever is submitted by their names.",
                            _text("A relative file name.", _path(FILE_PART)),
                            [],
                        ),
                        "cflags": _list(
                            "Options of the compiler.", _text("One option."), list(BuildSpec(program="p").cflags)
                        ),
                        "ldflags": _list("Options of the linker, after the sources.", _text("One option."), []),
                    },
                    required=("program",),
                ),
                "limits": _table(
                    "What one run of the program may use.",
                    {key: _quantity(key, quantity) for key, quantity in LIMITS.items()},
                ),
                "checks": {
                    "type": "object",
                    "description": "The checks by id; each has a test `test_<id>` in checks/test_*.py.",
                    "minProperties": 1,
                    "propertyNames": {"pattern": _whole(NAME)},
                    "additionalProperties": _check(),
                },
            },
            required=("name", "title", "submission", "build", "checks"),
        ),
    }


def _check() -> JsonSchema:
    return _table(
        "One check.",
        {
            "title": _text("What it checks, in the words of a report."),
            "points": {"type": "number", "minimum": 0, "description": "Its worth."},
            "visible": {"type": "boolean", "default": False, "description": "Whether students see all of it."},
            "needs": {
                **_list("Checks that must have passed; it is skipped otherwise.", _text("An id.", NAME)),
                "uniqueItems": True,
            },
            "hint": _text("What to read or try if it fails."),
        },
        required=("title", "points"),
    )


_UNITS = {"time": "seconds", "memory": "bytes", "output": "bytes", "processes": ""}


def _quantity(key: str, quantity: Quantity) -> JsonSchema:
    default = getattr(Limits(), f"{key}_{_UNITS[key]}".removesuffix("_"))
    told = f"{default >> 20}MiB" if _UNITS[key] == "bytes" else f"{default:g}{'s' if _UNITS[key] else ''}"
    return {
        "type": ["string", "integer", "number"],
        "description": f"{quantity.expected[0].upper()}{quantity.expected[1:]}. Default: {told}.",
    }


def _table(description: str, properties: JsonSchema, required: tuple[str, ...] = ()) -> JsonSchema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _text(description: str, pattern: "re.Pattern[str] | str | None" = None) -> JsonSchema:
    rule = {} if pattern is None else {"pattern": pattern if isinstance(pattern, str) else _whole(pattern)}
    return {"type": "string", "minLength": 1, "description": description, **rule}


def _list(description: str, items: JsonSchema, default: list[str] | None = None) -> JsonSchema:
    given = {} if default is None else {"default": default}
    return {"type": "array", "description": description, "items": items, **given}


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


def _path(part: re.Pattern[str]) -> str:
    return f"^(?:{part.pattern})(?:/(?:{part.pattern}))*$"
