"""What becomes of a hidden check: passed, failed, skipped, or no verdict at all because its author is at fault."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pytest

from grader.checks import plugin
from grader.checks.fixtures import FdProbe
from grader.checks.runner import run_checks
from grader.errors import CheckError, InternalError, Place
from grader.observe.history import Exec, ProcessHistory
from grader.result import CheckResult, Outcome
from grader.spec import Assignment, BuildSpec, CheckSpec, Limits, SubmissionSpec
from sandbox.errors import SandboxError
from sandbox.session import RequestFailedError, RunRecord
from sandbox.wire import Ended, Facts

if TYPE_CHECKING:
    from grader.checks.run import Run

FAILED, PASSED, SKIPPED = Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED


class FakeSession:
    """A sandbox in which each program ends at once: `1` exits with 1, the others print something."""

    prints: ClassVar[dict[str, bytes]] = {"hello": b"hello\n", "digits": b"9" * 5000, "bytes": b"a \xff b"}

    def __init__(self) -> None:
        self.resets = 0
        self.quiet: tuple[Facts, Facts] | None = None
        self.machine = {"kernel": "6.1", "machine": "x86_64", "processors": 2}
        self.stored: dict[str, bytes] = {}

    def reset(self) -> None:
        self.resets += 1
        self.stored.clear()

    def spawn(self, argv: list[str], limits: object, **options: object) -> RunRecord:
        facts = {"wait_status": (argv[-1] == "1") << 8, "oom_kills": 0, "peak_tasks": 1}
        stdout = bytearray(self.prints.get(argv[-1], b""))
        return RunRecord(number=1, pid=7, stdout=stdout, ended=Ended(1, "exited", facts))

    def store(self, name: str, data: bytes, mode: int) -> None:
        if name in self.stored:
            raise RequestFailedError("EEXIST", "it is there")
        self.stored[name] = data

    def fetch(self, name: str, max_bytes: int) -> bytes:
        if name not in self.stored:
            raise RequestFailedError("ENOENT", "there is none")
        return self.stored[name]

    def wait_fairly(self, condition: Callable[[], Any], seconds: float) -> Any:
        return condition()

    def input(self, record: RunRecord, data: bytes) -> None: ...

    def close_input(self, record: RunRecord) -> None: ...

    def stop(self, record: RunRecord) -> None: ...


class Grading:
    """A tiny assignment in a folder, and its checks run against a fake sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tiny"
        self.checks_folder = self.folder / "checks"
        self.checks_folder.mkdir(parents=True)
        self.session = FakeSession()
        self.open: Callable[[], Any] = lambda: self.session
        self.titles: list[str] = []

    def write(self, name: str, text: str) -> Path:
        path = self.checks_folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *checks: CheckSpec, only: frozenset[str] = frozenset()) -> tuple[CheckResult, ...]:
        assignment = Assignment(
            name="tiny",
            title="Tiny",
            folder=self.folder,
            submission=SubmissionSpec(files=("p.c",)),
            build=BuildSpec(program="p"),
            limits=Limits(),
            checks=checks,
        )
        return run_checks(assignment, only, self.open, self.titles.append)

    def outcomes(self, *checks: CheckSpec, only: frozenset[str] = frozenset()) -> dict[str, str]:
        return {result.id: str(result.outcome) for result in self.run(*checks, only=only)}

    def fault(self, *checks: CheckSpec) -> CheckError:
        with pytest.raises(CheckError) as caught:
            self.run(*checks)
        return caught.value


@pytest.fixture
def grading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Grading]:
    """Each test with modules of its own, whatever the grading leaves loaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = dict(sys.modules)
    yield Grading(tmp_path)
    for name in set(sys.modules) - set(before):
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def check(id_: str, *needs: str, points: int = 10) -> CheckSpec:
    return CheckSpec(id=id_, title=f"The {id_} one", points=Fraction(points), needs=needs, hint=f"hint for {id_}")


# -- passed and failed ----------------------------------------------------------------------------


def test_a_check_that_raises_nothing_has_passed_and_earns_its_points(grading: Grading) -> None:
    grading.write("test_a.py", "def test_good(program):\n    assert program.run().exit_code == 0\n")
    (result,) = grading.run(check("good"))
    assert result == CheckResult(
        id="good",
        title="The good one",
        points=Fraction(10),
        max_points=Fraction(10),
        outcome=PASSED,
        duration_seconds=result.duration_seconds,
    )
    assert result.duration_seconds > 0


def test_a_failed_assertion_is_the_submission_s_fault_and_is_explained(grading: Grading) -> None:
    grading.write("test_a.py", "def test_bad(program):\n    assert program.run('1').exit_code == 0\n")
    (result,) = grading.run(check("bad"))
    assert result == CheckResult(
        id="bad",
        title="The bad one",
        points=Fraction(0),
        max_points=Fraction(10),
        outcome=FAILED,
        message="exit_code of ./p 1 is 1, expected 0",
        hint="hint for bad",
        transcript="$ ./p 1\n[exited with 1]",
        duration_seconds=result.duration_seconds,
    )


def test_the_author_s_words_are_the_message(grading: Grading) -> None:
    grading.write("test_a.py", "def test_bad(program):\n    assert program.run('1').exit_code == 0, 'it should end'\n")
    (result,) = grading.run(check("bad"))
    assert result.message == "it should end"


def test_pytest_fail_is_a_failed_assertion_too(grading: Grading) -> None:
    grading.write("test_a.py", "import pytest\n\ndef test_bad(program):\n    pytest.fail('no good')\n")
    (result,) = grading.run(check("bad"))
    assert (result.outcome, result.message) == (FAILED, "no good")


def test_an_assertion_without_words_still_has_a_message(grading: Grading) -> None:
    grading.write("test_a.py", "def test_bad(program):\n    raise AssertionError\n")
    (result,) = grading.run(check("bad"))
    assert (result.outcome, result.message) == (FAILED, "the check failed")


def test_one_failed_check_leaves_the_others_alone(grading: Grading) -> None:
    grading.write("test_a.py", "def test_bad(program):\n    assert False\n\ndef test_good(program):\n    pass\n")
    assert grading.outcomes(check("bad"), check("good")) == {"bad": "failed", "good": "passed"}


def test_a_file_that_the_program_did_not_write_is_a_failed_check(grading: Grading) -> None:
    grading.write("test_a.py", "def test_bad(workdir):\n    workdir.read('out')\n")
    (result,) = grading.run(check("bad"))
    assert (result.outcome, result.message) == (FAILED, "there is no file out to read: ENOENT")


def test_a_check_without_a_program_can_pass(grading: Grading) -> None:
    grading.write("test_a.py", "def test_good(fdprobe):\n    pass\n")
    assert grading.outcomes(check("good")) == {"good": "passed"}


def test_every_check_finds_a_fresh_work_folder(grading: Grading) -> None:
    grading.write(
        "test_a.py",
        "def test_one(workdir):\n    workdir.write('in', b'1')\n\n"
        "def test_two(workdir):\n    workdir.write('in', b'2')\n",
    )
    assert grading.outcomes(check("one"), check("two")) == {"one": "passed", "two": "passed"}
    assert grading.session.resets == 3  # before the first, and after each


# -- the order ------------------------------------------------------------------------------------

EACH_PASSES = "def test_{0}(program):\n    pass\n\n"


def test_checks_run_in_the_order_of_the_yaml_whatever_file_they_are_in(grading: Grading) -> None:
    grading.write("test_a.py", EACH_PASSES.format("third") + EACH_PASSES.format("first"))
    grading.write("test_b.py", EACH_PASSES.format("second"))
    results = grading.run(check("first"), check("second"), check("third"))
    assert [result.id for result in results] == ["first", "second", "third"]
    assert grading.titles == ["The first one", "The second one", "The third one"]


def test_a_check_runs_after_what_it_needs_and_is_reported_in_its_place(grading: Grading) -> None:
    grading.write("test_a.py", EACH_PASSES.format("late") + EACH_PASSES.format("base"))
    results = grading.run(check("late", "base"), check("base"))
    assert [result.id for result in results] == ["late", "base"]
    assert grading.titles == ["The base one", "The late one"]


def test_only_the_checks_that_are_wanted_run(grading: Grading) -> None:
    grading.write("test_a.py", EACH_PASSES.format("one") + EACH_PASSES.format("two"))
    assert grading.outcomes(check("one"), check("two"), only=frozenset({"two"})) == {"two": "passed"}
    assert grading.titles == ["The two one"]


# -- needs ----------------------------------------------------------------------------------------


def test_a_check_whose_need_failed_is_skipped_with_the_reason(grading: Grading) -> None:
    grading.write("test_a.py", "def test_base(program):\n    assert False\n\n" + EACH_PASSES.format("late"))
    _base, late = grading.run(check("base"), check("late", "base"))
    assert late == CheckResult(
        id="late",
        title="The late one",
        points=Fraction(0),
        max_points=Fraction(10),
        outcome=SKIPPED,
        message="needs “The base one”, which did not pass",
    )
    assert grading.titles == ["The base one"]


def test_needs_hold_across_check_files(grading: Grading) -> None:
    grading.write("test_a.py", EACH_PASSES.format("late"))
    grading.write("test_b.py", "def test_base(program):\n    assert False\n")
    assert grading.outcomes(check("late", "base"), check("base")) == {"late": "skipped", "base": "failed"}


def test_a_check_that_needs_a_skipped_one_is_skipped_too(grading: Grading) -> None:
    grading.write("test_a.py", "def test_base(program):\n    assert False\n\n" + EACH_PASSES.format("late"))
    grading.write("test_b.py", EACH_PASSES.format("last"))
    results = grading.run(check("base"), check("late", "base"), check("last", "late"))
    assert [str(result.outcome) for result in results] == ["failed", "skipped", "skipped"]
    assert results[2].message == "needs “The late one”, which did not pass"


def test_the_first_need_that_did_not_pass_is_the_reason(grading: Grading) -> None:
    grading.write(
        "test_a.py",
        EACH_PASSES.format("one") + "def test_two(program):\n    assert False\n\n" + EACH_PASSES.format("late"),
    )
    results = grading.run(check("one"), check("two"), check("late", "one", "two"))
    assert results[2].message == "needs “The two one”, which did not pass"


def test_a_check_whose_needs_passed_runs(grading: Grading) -> None:
    grading.write("test_a.py", EACH_PASSES.format("base") + EACH_PASSES.format("late"))
    assert grading.outcomes(check("base"), check("late", "base")) == {"base": "passed", "late": "passed"}


def test_a_need_that_is_not_wanted_does_not_keep_a_check_from_running(grading: Grading) -> None:
    grading.write("test_a.py", "def test_base(program):\n    assert False\n\n" + EACH_PASSES.format("late"))
    assert grading.outcomes(check("base"), check("late", "base"), only=frozenset({"late"})) == {"late": "passed"}


# -- the author's fault ---------------------------------------------------------------------------


def test_a_check_that_raises_is_its_author_s_fault_with_file_and_line(grading: Grading) -> None:
    path = grading.write("test_a.py", "def test_wrong(program):\n    run = program.run()\n    run.exit_status\n")
    fault = grading.fault(check("wrong"))
    assert fault.message == "the check 'wrong' raised AttributeError: 'Run' object has no attribute 'exit_status'"
    assert fault.place == Place(path, 3)
    assert fault.exit_status == 3


@pytest.mark.parametrize(
    ("what", "read", "said"),
    [
        ("digits", "int", "a number of more than 4300 digits"),
        ("bytes", "bytes.decode", "is no text (UTF-8): b'a \\xff b'"),
    ],
)
def test_what_no_check_has_to_expect_is_the_submission_s_fault(
    grading: Grading, what: str, read: str, said: str
) -> None:
    grading.write("test_a.py", f"def test_bad(program):\n    {read}(program.run('{what}').stdout)\n")
    (result,) = grading.run(check("bad"))
    assert result.outcome is FAILED
    assert said in result.message


@pytest.mark.parametrize("raising", ["int('9' * 5000)", "b'\\xff'.decode()", "int('nine')"])
def test_what_the_program_did_not_write_is_the_author_s_fault(grading: Grading, raising: str) -> None:
    path = grading.write("test_a.py", f"def test_wrong(program):\n    program.run('hello')\n    {raising}\n")
    assert grading.fault(check("wrong")).place == Place(path, 3)


def test_a_file_that_the_program_wrote_counts_as_its_output(grading: Grading) -> None:
    grading.write(
        "test_a.py",
        "def test_bad(workdir):\n    workdir.write('out', b'\\xff')\n    workdir.read('out').decode()\n",
    )
    assert grading.outcomes(check("bad")) == {"bad": FAILED}


def test_a_probe_that_was_none_is_not_believed() -> None:
    """Any program can print such a line."""
    image = Exec(time=0.0, argv=("fdprobe",), exe="/usr/local/bin/fdprobe", fds=())
    probe, other = ProcessHistory(pid=7, execs=[image]), ProcessHistory(pid=8, execs=[replace(image, exe="/work/p")])
    lines = b"fdprobe pid=7 0=a\nfdprobe pid=8 0=b\nfdprobe pid=9 0=c\nfdprobe pid=%s 0=d\n" % (b"9" * 5000)
    run = SimpleNamespace(processes=(probe, other), stderr=lines)
    assert [report.pid for report in FdProbe().reports(cast("Run", run))] == [7]


def test_the_line_is_the_innermost_of_the_author_s_own(grading: Grading) -> None:
    path = grading.write(
        "test_a.py",
        "def look(run):\n    return run.findings('zombies')\n\ndef test_wrong(program):\n    look(program.run())\n",
    )
    assert grading.fault(check("wrong")).place == Place(path, 2)


def test_after_an_author_s_fault_no_other_check_runs(grading: Grading) -> None:
    grading.write("test_a.py", "def test_wrong(program):\n    1 / 0\n\n" + EACH_PASSES.format("good"))
    assert grading.fault(check("wrong"), check("good")).message.startswith("the check 'wrong' raised ZeroDivisionError")
    assert grading.titles == ["The wrong one"]


def test_a_check_that_skips_itself_is_its_author_s_fault(grading: Grading) -> None:
    path = grading.write("test_a.py", "import pytest\n\ndef test_lazy(program):\n    pytest.skip('not today')\n")
    fault = grading.fault(check("lazy"))
    assert (fault.message, fault.place) == ("the check 'lazy' raised Skipped: not today", Place(path, 4))


def test_a_check_that_exits_is_its_author_s_fault(grading: Grading) -> None:
    grading.write("test_a.py", "import sys\n\ndef test_wrong(program):\n    sys.exit(0)\n")
    assert grading.fault(check("wrong")).message == "the check 'wrong' raised SystemExit: 0"


def test_an_assertion_of_an_author_s_fixture_is_not_the_submission_s_fault(grading: Grading) -> None:
    grading.write(
        "test_a.py",
        "import pytest\n\n@pytest.fixture\ndef mine(program):\n    assert False\n\ndef test_wrong(mine):\n    pass\n",
    )
    assert grading.fault(check("wrong")).message == "the check 'wrong' raised AssertionError: assert False"


def test_a_fixture_that_fails_afterwards_is_its_author_s_fault(grading: Grading) -> None:
    grading.write(
        "test_a.py",
        "import pytest\n\n@pytest.fixture\ndef mine(program):\n    yield\n    1 / 0\n\n"
        "def test_wrong(mine):\n    pass\n",
    )
    assert grading.fault(check("wrong")).message == "the check 'wrong' raised ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_module\n", "No module named 'no_such_module'"),
        ("1 / 0\n", "division by zero"),
        ("from grader.checks import Nothing\n", "cannot import name 'Nothing'"),
    ],
)
def test_a_check_file_that_cannot_be_imported_is_its_author_s_fault(grading: Grading, text: str, said: str) -> None:
    path = grading.write("test_a.py", f"{text}\ndef test_good(program):\n    pass\n")
    fault = grading.fault(check("good"))
    assert fault.message.startswith("test_a.py cannot be imported: ")
    assert said in fault.message
    assert fault.place == Place(path, 1)


def test_one_file_that_cannot_be_imported_keeps_the_others_from_being_graded(grading: Grading) -> None:
    grading.write("test_a.py", EACH_PASSES.format("good"))
    grading.write("test_b.py", "import no_such_module\n\n" + EACH_PASSES.format("other"))
    assert grading.fault(check("good"), check("other")).message.startswith("test_b.py cannot be imported")
    assert grading.titles == []


def test_a_fixture_that_does_not_exist_is_the_author_s_fault(grading: Grading) -> None:
    path = grading.write("test_a.py", "def test_wrong(progam):\n    pass\n")
    fault = grading.fault(check("wrong"))
    assert "fixture 'progam' not found; there are program, fdprobe, workdir, " in str(fault)
    assert fault.place is not None
    assert fault.place.path == path


def test_a_check_that_raises_before_it_needs_a_sandbox_is_its_author_s_fault(grading: Grading) -> None:
    path = grading.write("test_a.py", "def test_wrong(fdprobe):\n    1 / 0\n")
    assert grading.fault(check("wrong")).place == Place(path, 2)


def test_a_check_that_skips_itself_before_it_needs_a_sandbox_is_its_author_s_fault(grading: Grading) -> None:
    path = grading.write("test_a.py", "import pytest\n\ndef test_lazy():\n    pytest.skip('not today')\n")
    assert grading.fault(check("lazy")).place == Place(path, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("async def test_wrong(program):\n    assert False\n", "raised Failed: async def functions are not natively"),
        (
            "def test_wrong(program):\n    return program.run().exit_code == 0\n",
            "test_wrong returned <class",
        ),
        (
            "def test_wrong(program, subtests):\n    with subtests.test():\n        assert False\n",
            "fixture 'subtests' not found; there are program, fdprobe",
        ),
        ("def test_wrong(program):\n    input()\n", "raised EOFError: EOF when reading a line"),
    ],
    ids=[
        "it cannot be awaited",
        "it returns what it should assert",
        "its parts may fail",
        "it reads what nobody types",
    ],
)
def test_a_check_that_judges_nothing_is_its_author_s_fault(grading: Grading, text: str, said: str) -> None:
    grading.write("test_a.py", text)
    assert said in grading.fault(check("wrong")).message


def test_a_check_can_use_pytest_s_folder_and_what_it_undoes(grading: Grading) -> None:
    grading.write(
        "test_a.py",
        "def test_good(program, tmp_path, monkeypatch, request):\n"
        "    monkeypatch.chdir(tmp_path)\n"
        "    assert request.node.name == 'test_good'\n",
    )
    assert grading.outcomes(check("good")) == {"good": "passed"}


def test_only_the_checks_own_folder_can_have_a_conftest(grading: Grading) -> None:
    """Those above belong to whoever put the assignment there."""
    (grading.folder / "conftest.py").write_text("raise SystemExit('run')\n", encoding="utf-8")
    grading.write("conftest.py", "import pytest\n\n@pytest.fixture\ndef one():\n    return 1\n")
    grading.write("test_a.py", "def test_good(program, one):\n    assert one == 1\n")
    assert grading.outcomes(check("good")) == {"good": "passed"}


def test_a_check_with_parameters_is_its_author_s_fault(grading: Grading) -> None:
    grading.write(
        "test_a.py",
        "import pytest\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_many(program, n):\n    pass\n",
    )
    grading.fault(check("many"))


def test_pytest_exit_in_a_check_is_its_author_s_fault(grading: Grading) -> None:
    grading.write("test_a.py", "import pytest\n\ndef test_wrong(program):\n    pytest.exit('enough')\n")
    try:
        grading.fault(check("wrong"))
    except KeyboardInterrupt:
        pytest.fail("it is taken for Ctrl-C")


def test_a_check_file_that_skips_itself_is_its_author_s_fault(grading: Grading) -> None:
    grading.write(
        "test_a.py", "import pytest\npytest.skip('later', allow_module_level=True)\n\n" + EACH_PASSES.format("good")
    )
    grading.fault(check("good"))


# -- nobody's fault among author and student -------------------------------------------------------


def test_a_sandbox_that_is_lost_is_no_verdict(grading: Grading) -> None:
    def lost() -> None:
        raise SandboxError("the sandbox ended unexpectedly")

    grading.session.reset = lost  # type: ignore[method-assign]
    grading.write("test_a.py", EACH_PASSES.format("good"))
    with pytest.raises(SandboxError, match="ended unexpectedly"):
        grading.run(check("good"))


def test_a_sandbox_that_is_lost_in_the_midst_of_a_check_is_no_verdict(grading: Grading) -> None:
    def lost(*arguments: object, **options: object) -> RunRecord:
        raise SandboxError("the sandbox ended unexpectedly")

    grading.session.spawn = lost  # type: ignore[method-assign]
    grading.write("test_a.py", "def test_good(program):\n    program.run()\n")
    with pytest.raises(SandboxError, match="ended unexpectedly"):
        grading.run(check("good"))


def test_waiting_for_the_build_is_no_time_of_the_first_check(grading: Grading, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(plugin, "time", SimpleNamespace(monotonic=lambda: clock.seconds))

    def built() -> object:
        clock.seconds += 100
        return grading.session

    grading.open = built
    grading.write("test_a.py", EACH_PASSES.format("good"))
    assert [result.duration_seconds for result in grading.run(check("good"))] == [0.0]


def test_what_keeps_the_sandbox_from_being_opened_is_handed_on_as_it_is(grading: Grading) -> None:
    class BuildFailed(Exception):
        pass

    def not_built() -> None:
        raise BuildFailed

    grading.open = not_built
    grading.write("test_a.py", EACH_PASSES.format("good"))
    with pytest.raises(BuildFailed):
        grading.run(check("good"))


def test_ctrl_c_interrupts_the_grading(grading: Grading) -> None:
    grading.write("test_a.py", "def test_long(program):\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        grading.run(check("long"))


def test_an_assertion_of_the_grader_itself_is_not_the_submission_s_fault(grading: Grading) -> None:
    def broken(record: RunRecord) -> None:
        assert record is None, "the grader is wrong about this"

    grading.session.close_input = broken  # type: ignore[method-assign]
    grading.write("test_a.py", "def test_good(program):\n    program.start().close_stdin()\n")
    with pytest.raises(InternalError):
        grading.run(check("good"))


@pytest.mark.parametrize("errno_name", ["ENOENT", "EACCES", "ENOEXEC"])
def test_a_program_that_has_removed_itself_fails_the_check(grading: Grading, errno_name: str) -> None:
    """Its second run cannot start: that is the program's own doing."""

    def gone(*arguments: object, **options: object) -> RunRecord:
        raise RequestFailedError(errno_name, "it cannot be executed")

    grading.session.spawn = gone  # type: ignore[method-assign]
    grading.write("test_a.py", "def test_again(program):\n    program.run()\n")
    assert grading.outcomes(check("again")) == {"again": "failed"}


# -- leaving no trace -----------------------------------------------------------------------------


def test_no_byte_code_is_left_beside_the_checks(grading: Grading) -> None:
    grading.write("test_a.py", EACH_PASSES.format("good"))
    grading.run(check("good"))
    assert sorted(path.name for path in grading.folder.rglob("*")) == ["checks", "test_a.py"]


def test_pytest_says_nothing_on_our_streams(grading: Grading, capsys: pytest.CaptureFixture[str]) -> None:
    grading.write("test_a.py", "def test_bad(program):\n    print('noise')\n    assert False\n")
    grading.run(check("bad"))
    assert capsys.readouterr() == ("", "")


def test_an_ini_file_above_the_checks_changes_nothing(grading: Grading) -> None:
    (grading.folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    grading.write("test_a.py", EACH_PASSES.format("good"))
    assert grading.outcomes(check("good")) == {"good": "passed"}


def test_two_assignments_in_one_process_have_their_own_checks(grading: Grading, tmp_path: Path) -> None:
    other = Grading(tmp_path / "other")
    grading.write("test_a.py", "def test_it(program):\n    assert False, 'the first'\n")
    other.write("test_a.py", "def test_it(program):\n    assert False, 'the second'\n")
    (first,), (second,) = grading.run(check("it")), other.run(check("it"))
    assert (first.message, second.message) == ("the first", "the second")


def test_nothing_that_a_check_file_remembers_reaches_the_next_submission(grading: Grading) -> None:
    grading.write("test_a.py", "seen = []\n\ndef test_it(program):\n    seen.append(1)\n    assert len(seen) == 1\n")
    assert [grading.outcomes(check("it")) for _submission in range(2)] == [{"it": "passed"}] * 2


def test_after_a_grading_the_process_is_as_it_was(grading: Grading) -> None:
    def surroundings() -> tuple[dict[str, str], str | None, list[str]]:
        environment = {name: value for name, value in os.environ.items() if name not in OF_PYTEST}
        return environment, sys.pycache_prefix, list(sys.path)

    grading.write("test_a.py", EACH_PASSES.format("good"))
    before = surroundings()
    grading.run(check("good"))
    assert surroundings() == before


OF_PYTEST = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION")
"""What pytest itself sets while it runs, and this test runs in it."""
