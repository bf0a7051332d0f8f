"""The tests of an assignment's checks, found by reading them: nothing of the author's is run here."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grader.errors import AssignmentError, Place


def find_tests(checks_folder: Path) -> Mapping[str, Place]:
    """The ids of all tests `test_<id>` in `test_*.py`, each with its place; nothing is imported."""
    paths = sorted(checks_folder.glob("test_*.py")) if checks_folder.is_dir() else []
    if not paths:
        message = "expected hidden checks in checks/test_*.py, found none"
        raise AssignmentError(message, advice="docs/checks.md shows how to write them", place=Place(checks_folder))
    tests: dict[str, Place] = {}
    for path in paths:
        for node in _tests_of(_syntax_tree(path).body):
            place = Place(path, node.lineno)
            if not isinstance(node, ast.FunctionDef):
                what = f"the class {node.name}" if isinstance(node, ast.ClassDef) else f"async def {node.name}"
                raise AssignmentError(f"expected plain functions as tests, found {what}", place=place)
            if not node.name.startswith("test_"):
                message = f"expected tests with names test_<id>, found def {node.name}"
                advice = "pytest takes every function whose name begins with `test` for a test"
                raise AssignmentError(message, advice=advice, place=place)
            name = node.name.removeprefix("test_")
            if name in tests:
                message = f"expected one test for each check, found {node.name!r} again"
                raise AssignmentError(message, advice=f"the first is at {tests[name]}", place=place)
            tests[name] = place
    return tests


def _syntax_tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise AssignmentError(f"expected Python: {error.msg}", place=Place(path, error.lineno)) from error
    except (ValueError, RecursionError, MemoryError) as error:  # NUL bytes; thousands of nested brackets
        raise AssignmentError(f"expected Python: {error}", place=Place(path)) from error
    except OSError as error:
        raise AssignmentError(f"expected a readable file: {error.strerror}", place=Place(path)) from error


def _tests_of(
    statements: Sequence[ast.stmt],
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """What pytest would collect from these statements, also from below an `if` or a `try`."""
    for node in statements:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.startswith("test"):
                    yield node
            case ast.ClassDef(name=name):
                if name.startswith("Test"):
                    yield node
            case _:
                for block in ("body", "orelse", "finalbody", "handlers"):
                    yield from _tests_of(getattr(node, block, ()))
