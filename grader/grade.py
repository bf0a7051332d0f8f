"""Grading one submission, from the value to the result; the files and the terminal are the caller's."""

import threading
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from grader import __version__
from grader.build import build
from grader.containment import containment_of
from grader.result import BuildReport, CheckResult, Environment, Outcome, Result, Status
from grader.spec import Assignment
from grader.submission import Submission, SubmittedFile
from sandbox.errors import SandboxLostError
from sandbox.image import image_name
from sandbox.launcher import Launch, launch_here
from sandbox.session import Session

if TYPE_CHECKING:
    from grader.checks.plugin import RunChecks

Say = Callable[[str], None]


class BuildFailedError(Exception):
    """The submission does not compile; only ever on its way from the preparation to `grade`."""


class Preparation(threading.Thread):
    """Starts a sandbox and builds the submission in it, while pytest is being loaded."""

    def __init__(self, assignment: Assignment, files: Sequence[SubmittedFile], say: Say, launch: Launch) -> None:
        super().__init__(name="preparation", daemon=True)
        self._assignment = assignment
        self._files = files
        self._say = say
        self._launch = launch
        self.session: Session | None = None
        self.report: BuildReport | None = None
        self.error: BaseException | None = None
        # A `join` that was interrupted cannot be waited for again: it takes the thread for ended
        # (`_wait_for_tstate_lock` in CPython 3.11's threading.py).
        self._has_begun = threading.Event()
        self._is_over = threading.Event()

    def run(self) -> None:
        try:
            self._say("starting a sandbox")
            stream = self._launch(containment_of(self._assignment.limits))
            self.session = Session(stream)
            self._has_begun.set()
            self.report = build(self.session, self._assignment.build, self._files)
        except BaseException as error:  # noqa: BLE001  # handed to the thread that waits, which raises it
            self.error = error
        self._has_begun.set()
        self._is_over.set()

    def close(self, *, at_once: bool) -> None:
        """End the sandbox, as soon as there is one; `at_once` waits until it is removed."""
        self._has_begun.wait()
        if self.session is not None:
            self.session.close(at_once=at_once)

    def built(self) -> Session:
        """Wait for the built program's sandbox; raises what went wrong, BuildFailedError if it does not compile."""
        self._is_over.wait()
        if self.error is not None:
            raise self.error
        assert self.session is not None
        assert self.report is not None
        if not self.report.ok:
            raise BuildFailedError
        return self.session


def grade(
    assignment: Assignment,
    submission: Submission,
    *,
    only: frozenset[str] = frozenset(),
    say: Say = lambda _: None,
    meanwhile: Callable[[], None] = lambda: None,
    launch: Launch = launch_here,
    run: "RunChecks | None" = None,
) -> Result:
    """Grade one submission by the checks `only`, or all; `say` is told what is being done.

    `meanwhile` is called while the container starts, which `launch` does. `run` runs the checks if they are loaded
    already.

    A sandbox that is lost in the middle is no verdict: everything is done once more in a new one.
    Raises SandboxError, CheckError or InternalError when there is no verdict.
    """
    started = time.monotonic()

    def result(status: Status, checks: tuple[CheckResult, ...], **more: object) -> Result:
        return Result(
            assignment=assignment.name,
            title=assignment.title,
            submission=submission.name,
            digest=submission.digest,
            status=status,
            checks=checks,
            duration_seconds=time.monotonic() - started,
            **more,  # type: ignore[arg-type]  # three optional fields of Result, by name
        )

    if submission.rejected:
        checks = _all_skipped(assignment, only, "the submission was rejected")
        return result(Status.REJECTED, checks, reason=submission.rejected)

    given = tuple(SubmittedFile(name=file.name, data=file.data) for file in assignment.build.given)
    # What runs is what was built: a file of the program's name is not taken, whatever it is.
    others = {assignment.build.program, *(file.name for file in given)}
    files = (*given, *(file for file in submission.files if file.name not in others))

    def attempt(launch: Launch) -> Result:
        preparation = Preparation(assignment, files, say, launch)
        preparation.start()
        try:
            grading = (only, preparation.built, say, files)
            meanwhile()
            image = image_name()

            status = Status.GRADED
            try:
                if run is not None:
                    outcomes = run(*grading)
                else:
                    from grader.checks.runner import run_checks  # loads pytest, while the container starts

                    outcomes = run_checks(assignment, *grading)
            except BuildFailedError:
                status = Status.BUILD_FAILED
                outcomes = _all_skipped(assignment, only, "the program does not compile")
            assert preparation.session is not None
            kernel = str(preparation.session.machine["kernel"])
        except BaseException:
            preparation.close(at_once=True)
            raise
        preparation.close(at_once=False)
        environment = Environment(grader=__version__, image=image, kernel=kernel)
        return result(status, outcomes, build=preparation.report, environment=environment)

    try:
        return attempt(launch)
    except SandboxLostError as error:
        say(f"once more, for {error}")
    return attempt(launch_here)


def _all_skipped(assignment: Assignment, only: frozenset[str], reason: str) -> tuple[CheckResult, ...]:
    return tuple(
        CheckResult(
            id=check.id,
            title=check.title,
            points=Fraction(0),
            max_points=check.points,
            outcome=Outcome.SKIPPED,
            message=reason,
            visible=check.visible,
        )
        for check in assignment.checks
        if not only or check.id in only
    )
