"""Runs the checks of an assignment with pytest, inside this process."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from grader.checks.plugin import GradingPlugin, in_order
from grader.errors import InternalError
from grader.result import CheckResult
from grader.spec import Assignment
from grader.submission import SubmittedFile
from sandbox.session import Session

_OPTIONS = (
    *("-q", "--no-header", "--no-summary", "--tb=native", "--import-mode=importlib", "--capture=sys"),
    *("-p", "no:cacheprovider", "-p", "no:junitxml", "-p", "no:doctest", "-p", "no:pastebin"),
    *("-p", "no:unraisableexception", "-p", "no:threadexception", "-c", os.devnull),
    *("-p", "no:unittest", "-p", "no:stepwise", "-p", "no:setuponly", "-p", "no:setupplan", "-p", "no:legacypath"),
    *("-p", "no:faulthandler", "-p", "no:debugging", "-p", "no:logging"),
)


def run_checks(
    assignment: Assignment,
    only: frozenset[str],
    open_session: Callable[[], Session],
    on_check: Callable[[str], None],
    submitted: Sequence[SubmittedFile] = (),
) -> tuple[CheckResult, ...]:
    """Run the checks (of the ids `only`, or all) and return their outcomes in the order of the YAML.

    From the files `submitted` tools build their own variants of the program.

    Raises CheckError, SandboxError or InternalError when there is no verdict, KeyboardInterrupt if interrupted.
    """
    plugin = GradingPlugin(assignment, only, open_session, on_check, submitted)
    files = sorted(str(path) for path in assignment.checks_folder.glob("test_*.py"))
    output = io.StringIO()
    with _quiet_pytest(output), _forgotten_modules(assignment.checks_folder):
        status = pytest.main([*_OPTIONS, f"--rootdir={assignment.checks_folder}", *files], plugins=[plugin])
    if plugin.fault is not None:
        raise plugin.fault
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    wanted = [check for check in in_order(assignment.checks) if not only or check.id in only]
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise InternalError(f"pytest ended with status {status}", advice=output.getvalue()[-2000:])
    missing = [check.id for check in wanted if check.id not in plugin.results]
    if missing:
        raise InternalError(f"no outcome for {', '.join(missing)}", advice=output.getvalue()[-2000:])
    return tuple(plugin.results[check.id] for check in assignment.checks if check.id in plugin.results)


@contextlib.contextmanager
def _forgotten_modules(folder: Path) -> Iterator[None]:
    """Forget the check modules afterwards: the next grading in this process must not find them under their names."""
    try:
        yield
    finally:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file is not None and Path(file).resolve().is_relative_to(folder.resolve()):
                del sys.modules[name]


@contextlib.contextmanager
def _quiet_pytest(output: io.StringIO) -> Iterator[None]:
    """Keep pytest's words to ourselves, its plugins to the ones named, and its byte code out of the assignment."""
    before = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    prefix = sys.pycache_prefix
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.pycache_prefix = str(_cache_folder())
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            yield
    finally:
        sys.pycache_prefix = prefix
        if before is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        else:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = before


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "grader" / "bytecode"
