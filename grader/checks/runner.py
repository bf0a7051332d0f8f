"""Runs the checks of an assignment with pytest, inside this process."""

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from grader.checks.plugin import GradingPlugin, RunChecks
from grader.errors import InternalError
from grader.result import CheckResult
from grader.spec import Assignment
from grader.submission import SubmittedFile
from sandbox.session import Session

_UNUSED_PLUGINS = (
    *("cacheprovider", "capture", "debugging", "doctest", "faulthandler", "junitxml", "legacypath", "logging"),
    *("pastebin", "recwarn", "setuponly", "setupplan", "stepwise", "subtests", "terminal", "threadexception"),
    *("unittest", "unraisableexception", "warnings"),
)
"""Pytest's own that a hidden check has no use for: they take longer to load than the checks, and each of their hooks is
called for every check."""

_OPTIONS = ("--import-mode=importlib", "-c", os.devnull, *(f"-pno:{name}" for name in _UNUSED_PLUGINS))


def run_checks(
    assignment: Assignment,
    only: frozenset[str],
    open_session: Callable[[], Session],
    on_check: Callable[[str], None],
    files: Sequence[SubmittedFile] = (),
) -> tuple[CheckResult, ...]:
    """Run the checks of an assignment for one submission; see RunChecks for the rest.

    Raises KeyboardInterrupt, too, if interrupted.
    """
    outcomes: list[CheckResult] = []
    load_checks(assignment, lambda run: outcomes.extend(run(only, open_session, on_check, files)))
    return tuple(outcomes)


def load_checks(assignment: Assignment, serve: Callable[[RunChecks], None]) -> None:
    """Load the checks of an assignment and give `serve` what runs them, once for each process that calls it.

    Raises what `serve` raises, and CheckError or InternalError if it could not be called.
    """
    plugin = GradingPlugin(assignment, serve)
    files = sorted(str(path) for path in assignment.checks_folder.glob("test_*.py"))
    output = io.StringIO()
    with _quiet_pytest(output), _forgotten_modules(assignment.checks_folder):
        # Without a limit pytest goes through every folder above, and would run what is called conftest.py there.
        folder = (f"--rootdir={assignment.checks_folder}", f"--confcutdir={assignment.checks_folder}")
        status = pytest.main([*_OPTIONS, *folder, *files], plugins=[plugin])
    if plugin.raised is not None:
        raise plugin.raised
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if not plugin.has_served:
        raise plugin.fault or InternalError(f"pytest ended with status {status}", advice=output.getvalue()[-2000:])


@contextlib.contextmanager
def _forgotten_modules(folder: Path) -> Iterator[None]:
    """Forget the check modules afterwards: the next grading in this process must not find them under their names."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in sys.modules.keys() - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file is not None and Path(file).resolve().is_relative_to(folder.resolve()):
                del sys.modules[name]


@contextlib.contextmanager
def _quiet_pytest(output: io.StringIO) -> Iterator[None]:
    """Keep what is written to ourselves, and what could be read; pytest's plugins to its own, and its byte code out of
    the assignment.
    """
    before = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    prefix, writes_nothing, stdin = sys.pycache_prefix, sys.dont_write_bytecode, sys.stdin
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.pycache_prefix, sys.dont_write_bytecode, sys.stdin = str(_cache_folder()), False, io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), warnings.catch_warnings():
            warnings.simplefilter("error", pytest.PytestReturnNotNoneWarning)  # `return` for `assert` never fails
            yield
    finally:
        sys.pycache_prefix, sys.dont_write_bytecode, sys.stdin = prefix, writes_nothing, stdin
        if before is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        else:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = before


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "grader" / "bytecode"
