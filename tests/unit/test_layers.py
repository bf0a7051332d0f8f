"""Imports go one way. What a module may not know, it does not import, not even inside a function."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("sandbox", "grader")
    for path in sorted((ROOT / package).rglob("*.py"))
}

VALUES = ("grader.result", "grader.findings", "grader.picture")
FACTS = "grader.observe"
ABOVE = ("grader.cli", "grader.batch", "grader.validate", "grader.grade", "grader.observe_command", "grader.doctor")

FORBIDDEN = {
    "sandbox": ("grader", "pytest", "yaml", "junit_xml"),
    "sandbox.agent": ("grader", "sandbox.session", "sandbox.docker", "sandbox.image", "sandbox.errors", "docker"),
    "sandbox.wire": ("sandbox", "grader", "socket", "subprocess", "select"),
    "sandbox.syscall_numbers": ("sandbox", "grader"),
    "sandbox.session": ("sandbox.docker", "sandbox.image", "sandbox.agent", "docker"),
    "grader.findings": ("grader.checks", "grader.reports", "grader.result", "grader.rules", "sandbox"),
    "grader.result": ("sandbox", "grader.reports", "grader.checks", FACTS),
    "grader.rules": ("grader.checks", "grader.reports", "grader.result", "sandbox.session", "sandbox.docker"),
    "grader.reports": ("sandbox", "grader.checks", "grader.grade", FACTS, "grader.rules", "pytest"),
    "grader.checks": ("grader.reports", *ABOVE, "sandbox.docker", "sandbox.image"),
    "grader.spec": ("sandbox", "grader.checks", "grader.reports", "grader.result", FACTS),
    "grader.submission": ("sandbox", "grader.checks", "grader.reports", "grader.result", FACTS),
    "grader.build": ("grader.checks", "grader.reports", FACTS, "sandbox.docker", "sandbox.image", "sandbox.agent"),
    "grader.grade": ("grader.reports", "grader.cli"),
}
"""A module or a package with all that is in it, and what it does not import."""

ONLY = {
    FACTS: (FACTS, "sandbox.wire"),
    "grader.instruments": ("grader.instruments", "grader.findings"),
    "grader.signal_safety": ("grader.signal_safety", "grader.findings"),
    "grader.reports": (
        *("grader.reports", *VALUES, "grader.errors", "grader.observation", "grader.validation"),
        *("grader", "junit_xml"),  # the version; the format's own library
    ),
}
"""A package, and all it may import beside the standard library."""

ALONE = {
    "docker": ("sandbox.docker", "sandbox.image", "grader.doctor"),
    "ctypes": ("sandbox.agent", "grader.workers"),
    "subprocess": ("sandbox.docker", "sandbox.image", "sandbox.agent"),
    "pytest": ("grader.checks",),
    "yaml": ("grader.yaml_lines",),
    "junit_xml": ("grader.reports.junit",),
    "argparse": ("grader.cli",),
}
"""A library, and who alone imports it."""

TOLERATED: set[str] = set()
"""Imports against these rules that are there already. None is added; one that is gone is deleted here too."""

STANDARD_LIBRARY_TOO_SLOW_FOR_THE_AGENT = ("asyncio", "dataclasses", "typing_extensions", "inspect", "logging")


@cache
def syntax_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, *, at_run_time: bool = False) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports; `from a import b` is `a.b` if that is a module."""
    tree = syntax_tree(path)
    skipped = {id(inner) for node in ast.walk(tree) if at_run_time and _is_for_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: modules are imported by full path"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield node.lineno, full if full in MODULES else node.module


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offences(module: str, offends: tuple[str, ...] | None = None, only: tuple[str, ...] | None = None) -> list[str]:
    """Each import of `module` and what is in it that is among `offends`, or of ours but not among `only`."""
    return [f"{place}: {offence}" for place, offence in all_offences(module, offends, only) if offence not in TOLERATED]


def all_offences(
    module: str, offends: tuple[str, ...] | None = None, only: tuple[str, ...] | None = None
) -> list[tuple[str, str]]:
    """The tolerated ones too, each with its place."""
    found = []
    for name, path in MODULES.items():
        if not is_in(name, (module,)):
            continue
        for line, imported in imports(path):
            is_ours = is_in(imported, ("grader", "sandbox"))
            bad = (offends is not None and is_in(imported, offends)) or (
                only is not None and is_ours and not _is_among(imported, only)
            )
            if bad:
                found.append((f"{path.relative_to(ROOT)}:{line}", f"{name} imports {imported}"))
    return found


def _is_among(imported: str, only: tuple[str, ...]) -> bool:
    """`grader` alone stands for its version, not for everything in it."""
    return imported in only or is_in(imported, tuple(name for name in only if name != "grader"))


@pytest.mark.parametrize("module", FORBIDDEN)
def test_a_module_does_not_import_what_it_refuses_to_know(module: str) -> None:
    found = offences(module, offends=FORBIDDEN[module])
    assert not found, "\n".join(found)


@pytest.mark.parametrize("module", ONLY)
def test_a_package_imports_only_what_it_reasons_about(module: str) -> None:
    found = offences(module, only=ONLY[module])
    assert not found, "\n".join(found)


@pytest.mark.parametrize("library", ALONE)
def test_a_library_is_imported_only_by_the_module_that_owns_it(library: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name} imports {imported}"
        for name, path in MODULES.items()
        if not is_in(name, ALONE[library])
        for line, imported in imports(path, at_run_time=True)
        if is_in(imported, (library,))
    ]
    assert not found, "\n".join(found)


def test_the_agent_imports_nothing_that_is_slow_to_start() -> None:
    assert offences("sandbox.agent", offends=STANDARD_LIBRARY_TOO_SLOW_FOR_THE_AGENT) == []
    assert offences("sandbox.wire", offends=STANDARD_LIBRARY_TOO_SLOW_FOR_THE_AGENT) == []


def test_no_two_modules_import_each_other() -> None:
    """While they are loaded; an import inside a function comes later."""
    needs = {
        name: {imported for _line, imported in _imports_on_loading(path) if imported in MODULES and imported != name}
        for name, path in MODULES.items()
    }
    loaded: set[str] = set()
    while ready := {name for name in needs if name not in loaded and needs[name] <= loaded}:
        loaded |= ready
    assert set(needs) - loaded == set()


def _imports_on_loading(path: Path) -> Iterator[tuple[int, str]]:
    later = {
        inner.lineno
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.FunctionDef) or _is_for_types(node)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }
    yield from ((line, name) for line, name in imports(path) if line not in later)


def test_every_module_named_here_exists() -> None:
    named = {*FORBIDDEN, *ONLY, *(owner for owners in ALONE.values() for owner in owners)}
    assert named - set(MODULES) == set()


def test_what_is_tolerated_is_still_there() -> None:
    found = {
        offence
        for module in (*FORBIDDEN, *ONLY)
        for _place, offence in all_offences(module, FORBIDDEN.get(module), ONLY.get(module))
    }
    assert found == TOLERATED
