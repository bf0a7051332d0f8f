"""The pytest plugin of one grading: the fixtures, the order of checks, what they need, the recorder of outcomes.

Its promise: only a failed assertion counts against the submission, and output that cannot be read as text or as a
number. Whatever else a check raises is its author's fault (CheckError), or the sandbox's (SandboxError), and both end
the grading without a verdict.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.assertion import util

import grader
import sandbox
from grader.checks.canaries import require_healthy_canaries
from grader.checks.fixtures import FdProbe, WorkFolder
from grader.checks.message import explain, transcript, unreadable
from grader.checks.pictures import pictures
from grader.checks.program import Program
from grader.checks.run import CheckContext, CheckFailed
from grader.errors import CheckError, InternalError, Place
from grader.findings import Finding
from grader.picture import Picture
from grader.result import CheckResult, Outcome
from grader.spec import Assignment, CheckSpec
from grader.submission import SubmittedFile
from sandbox.errors import SandboxError
from sandbox.session import Session

if TYPE_CHECKING:  # loaded only for checks that ask for them
    from grader.checks.instrumented import InstrumentedProgram
    from grader.checks.static import SignalSafety
    from grader.checks.variants import Variants


RunChecks = Callable[
    [frozenset[str], Callable[[], Session], Callable[[str], None], Sequence[SubmittedFile]], tuple[CheckResult, ...]
]
"""Runs checks for one submission and returns their outcomes in the order of the YAML: those of the given ids, or all,
in the session that is asked for when the first begins, telling each title as it begins; tools build their own variants
of the program from the given files. Raises CheckError, SandboxError or InternalError when there is no verdict."""

_OWN_PACKAGES = tuple(Path(package).resolve().parent for package in (grader.__file__, sandbox.__file__) if package)

_FIXTURES = ("program", "fdprobe", "workdir", "instrumented", "signal_safety")
"""What a check can ask for, for the author who has mistyped one."""


def _no_session() -> Session:
    raise InternalError("a check ran outside a grading")


class GradingPlugin:
    """Registered with pytest for the checks of one assignment.

    Once they are collected `serve` is given the function that runs them for one submission. To grade many, it is to
    call it in a process for each.
    """

    def __init__(self, assignment: Assignment, serve: "Callable[[RunChecks], None]") -> None:
        self.fault: Exception | None = None
        """Why there is no verdict."""
        self.raised: BaseException | None = None
        """What `serve` raised; it is hidden from pytest, which would make a report of it."""
        self.has_served = False
        self._assignment = assignment
        self._serve = serve
        self._results: dict[str, CheckResult] = {}
        self._open_session = _no_session
        self._is_clean = False
        self._on_check: Callable[[str], None] = lambda _: None
        self._files: Sequence[SubmittedFile] = ()
        self._variants: Variants | None = None
        self._signal_safety: SignalSafety | None = None
        self._program: Program | None = None
        self._context = CheckContext()
        self._started = 0.0

    # -- fixtures ---------------------------------------------------------------------------------

    @pytest.fixture
    def session(self) -> Iterator[Session]:
        """The sandbox, with a fresh work folder."""
        try:
            session = self._open_session()
        except Exception as error:
            self.fault = error  # whatever kept the sandbox from coming up is for the caller, as it is
            raise
        self._started = time.monotonic()  # the first check waits for the build, which is no time of its own
        if not self._is_clean:
            session.reset()
        self._is_clean = False
        yield session
        session.reset()  # now, so that it is done while the next check is being set up
        self._is_clean = True

    @pytest.fixture
    def program(self, session: Session) -> Iterator[Program]:
        """The student's program."""
        self._program = Program(session, self._assignment.build.program, self._assignment.limits, self._context)
        yield self._program
        for process in self._context.processes:
            process.stop()

    @pytest.fixture
    def fdprobe(self) -> FdProbe:
        """Reads what the `fdprobe` helper reported."""
        return FdProbe()

    @pytest.fixture
    def workdir(self, session: Session) -> WorkFolder:
        """The work folder in the sandbox."""
        return WorkFolder(session, self._context)

    @pytest.fixture
    def instrumented(self, session: Session) -> "Iterator[Callable[[str], InstrumentedProgram]]":
        """The student's program under a tool that watches its memory or its threads."""
        from grader.checks.instrumented import instrumented_programs
        from grader.checks.variants import Variants

        if self._variants is None:
            self._variants = Variants(self._assignment.build, self._files, self._assignment.limits)
        yield instrumented_programs(session, self._variants, self._context)
        for process in self._context.processes:
            process.stop()

    @pytest.fixture
    def signal_safety(self, session: Session) -> "SignalSafety":
        """What the program's signal handlers call, read from its source."""
        from grader.checks.static import SignalSafety

        if self._signal_safety is None:
            self._signal_safety = SignalSafety(session, self._assignment.build, self._files)
        return self._signal_safety.asked_by(self._context)

    # -- pytest's hooks ---------------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        """Of what pytest would draw of a failure nobody sees anything, and a long text takes long."""
        config.option.tbstyle = "native"

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run the checks in the order of the YAML, each after what it needs."""
        by_id = {_id_of(item): item for item in items}
        for name, item in by_id.items():
            if all(check.id != name for check in self._assignment.checks):
                self.fault = self.fault or CheckError(
                    f"expected the plain function of a check, found {item.name!r}",
                    place=Place(Path(item.path), (item.location[1] or 0) + 1),
                    advice="One function for each check, not parametrised and in no class; loop inside it instead.",
                )
        items[:] = [by_id[check.id] for check in in_order(self._assignment.checks) if check.id in by_id]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the checks not once, but as often as somebody asks."""
        self.has_served = True
        try:
            self._serve(partial(self._run, session))
        except BaseException as error:  # noqa: BLE001  # raised again when pytest has ended
            self.raised = error
        return True

    def _run(
        self,
        pytest_session: pytest.Session,
        only: frozenset[str],
        open_session: Callable[[], Session],
        on_check: Callable[[str], None],
        files: Sequence[SubmittedFile],
    ) -> tuple[CheckResult, ...]:
        self._open_session = open_session
        self._on_check = on_check
        self._files = files
        wanted = [check.id for check in self._assignment.checks if not only or check.id in only]
        pytest_session.items = [item for item in pytest_session.items if _id_of(item) in wanted]
        loop = pytest_session.config.pluginmanager.subset_hook_caller("pytest_runtestloop", [self])
        if self.fault is None:
            try:
                loop(session=pytest_session)
            except pytest.Session.Interrupted:
                pass  # by a fault
            except pytest.exit.Exception as error:
                self.fault = self.fault or self._exit_fault(error)
        if self.fault is not None:
            raise self.fault
        if missing := [id_ for id_ in wanted if id_ not in self._results]:
            raise InternalError(f"no outcome for {', '.join(missing)}")
        return tuple(self._results[id_] for id_ in wanted)

    def _did_not_pass(self, need: str) -> bool:
        result = self._results.get(need)
        return result is not None and result.outcome is not Outcome.PASSED

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A new check begins, unless one that it needs has not passed."""
        check = self._check_of(item)
        self._context = CheckContext()
        self._program = None
        self._started = time.monotonic()
        missing = [need for need in check.needs if self._did_not_pass(need)]
        if missing:
            titles = {other.id: other.title for other in self._assignment.checks}
            reason = f"needs “{titles[missing[0]]}”, which did not pass"
            self._record(check, Outcome.SKIPPED, reason)
            pytest.skip(reason)
        self._on_check(check.title)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Keep pytest from drawing differences: of two long texts, one of them a student's, that can take hours.

        The line that tells both values stays; nothing else of it is shown.
        """
        util._reprcompare = None
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Turn what a phase of a check raised, or did not, into its outcome."""
        report = yield
        self._take(item, call)
        if self.fault is not None:
            item.session.shouldstop = "no verdict"
        return report

    def _take(self, item: pytest.Item, call: "pytest.CallInfo[None]") -> None:
        if self.fault is not None:
            return
        check = self._check_of(item)
        error = call.excinfo.value if call.excinfo is not None else None
        skipped = self._results.get(check.id)
        if skipped is not None and skipped.outcome is Outcome.SKIPPED:
            return
        if error is None:
            if call.when == "call":
                self._record(check, Outcome.PASSED)
        elif isinstance(error, AssertionError | pytest.fail.Exception) and call.when == "call":
            if self._is_pytest_s_own(call):
                self.fault = self._author_fault(item, error, call)
                return
            if self._is_our_own(error, call):
                self.fault = InternalError(f"an assertion of the grader failed in the check {check.id!r}: {error}")
                return
            self._fail(check, str(error) or "the check failed")
        elif isinstance(error, SandboxError):
            self.fault = error
        elif call.when == "call" and (said := unreadable(error, self._context.written)):
            self._fail(check, said)
        else:
            self.fault = self._author_fault(item, error, call)

    def _fail(self, check: CheckSpec, text: str) -> None:
        message, findings = explain(text, self._context.runs, self._context.asked)
        told = transcript(self._context.runs)
        try:
            if self._context.timed_out:
                for process in self._context.processes:
                    process.stop()
                require_healthy_canaries(self._open_session(), starved=self._context.starved)
            if self._program is not None:
                findings = self._program.locate(findings)
        except SandboxError as error:
            self.fault = error
            return
        self._record(check, Outcome.FAILED, message, findings, told, pictures(self._context.runs, findings))

    def _is_pytest_s_own(self, call: "pytest.CallInfo[None]") -> bool:
        """Whether a check failed without having run: pytest does not run one that is `async`."""
        assert call.excinfo is not None
        return not any(self._is_a_check(Path(entry.path)) for entry in call.excinfo.traceback)

    def _is_our_own(self, error: BaseException, call: "pytest.CallInfo[None]") -> bool:
        """Whether an assertion failed in the grader's code, which is never the submission's fault."""
        assert call.excinfo is not None
        paths = [Path(entry.path) for entry in call.excinfo.traceback]
        if isinstance(error, CheckFailed | pytest.fail.Exception) or self._is_a_check(paths[-1]):
            return False
        return any(path.is_relative_to(package) for path in paths for package in _OWN_PACKAGES)

    def _is_a_check(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._assignment.checks_folder.resolve())

    def _author_fault(self, item: pytest.Item, error: BaseException, call: "pytest.CallInfo[None]") -> CheckError:
        assert call.excinfo is not None
        check = self._check_of(item)
        place = Place(Path(item.path), (item.location[1] or 0) + 1)
        for entry in call.excinfo.traceback:
            path = Path(entry.path)
            if self._is_a_check(path):
                place = Place(path, entry.lineno + 1)
        said = str(error).splitlines()[0] if str(error) else ""
        if isinstance(error, pytest.FixtureLookupError):
            said = f"fixture {error.argname!r} not found; there are {', '.join(_FIXTURES)}"
        return CheckError(
            f"the check {check.id!r} raised {type(error).__name__}{': ' if said else ''}{said}",
            place=place,
            advice="A check may fail only by an assertion. Mend it; the submission was not graded.",
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A check file that cannot be imported, or skips itself, is its author's fault."""
        if report.skipped and self.fault is None:
            self.fault = CheckError(
                f"{report.nodeid or 'a check file'} skips itself",
                place=Place(self._assignment.checks_folder / report.nodeid.rpartition("/")[2]),
                advice="A check is skipped only through `needs` in the YAML.",
            )
        if report.failed and self.fault is None:
            lines = str(report.longrepr).strip().splitlines()
            self.fault = CheckError(
                f"{report.nodeid or 'a check file'} cannot be imported: {lines[-1] if lines else 'unknown reason'}",
                place=self._place_in(report),
                advice="Mend the check file; the submission was not graded.",
            )

    def _place_in(self, report: pytest.CollectReport) -> Place:
        """The last place in a check file that the report of a failed import names."""
        name = report.nodeid.rpartition("/")[2]
        lines = re.findall(rf"{re.escape(name)}\"?,? ?(?:line )?:?(\d+)", str(report.longrepr)) if name else []
        return Place(self._assignment.checks_folder / name, int(lines[-1]) if lines else None)

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """`pytest.exit` in a check is its author's fault; Ctrl-C is not."""
        if isinstance(excinfo.value, pytest.exit.Exception):
            self.fault = self.fault or self._exit_fault(excinfo.value)

    def _exit_fault(self, error: BaseException) -> CheckError:
        return CheckError(
            f"a check called pytest.exit: {error}",
            place=Place(self._assignment.checks_folder),
            advice="A check may fail only by an assertion. Mend it; the submission was not graded.",
        )

    # -- recording --------------------------------------------------------------------------------

    def _check_of(self, item: pytest.Item) -> CheckSpec:
        return next(check for check in self._assignment.checks if check.id == _id_of(item))

    def _record(
        self,
        check: CheckSpec,
        outcome: Outcome,
        message: str = "",
        findings: tuple[Finding, ...] = (),
        told: str = "",
        drawn: tuple[Picture, ...] = (),
    ) -> None:
        took = 0.0 if outcome is Outcome.SKIPPED else time.monotonic() - self._started
        self._results[check.id] = CheckResult(
            id=check.id,
            title=check.title,
            points=check.points if outcome is Outcome.PASSED else Fraction(0),
            max_points=check.points,
            outcome=outcome,
            message=message,
            hint=check.hint if outcome is Outcome.FAILED else "",
            transcript=told,
            findings=findings,
            duration_seconds=took,
            visible=check.visible,
            pictures=drawn,
        )


def _id_of(item: pytest.Item) -> str:
    return item.name.removeprefix("test_")


def in_order(checks: tuple[CheckSpec, ...]) -> list[CheckSpec]:
    """The checks as given, but each after those it needs. They form no cycle."""
    by_id: Mapping[str, CheckSpec] = {check.id: check for check in checks}
    ordered: dict[str, CheckSpec] = {}

    def place(check: CheckSpec) -> None:
        for need in check.needs:
            place(by_id[need])
        ordered[check.id] = check

    for check in checks:
        place(check)
    return list(ordered.values())
