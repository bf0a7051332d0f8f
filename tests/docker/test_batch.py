"""A class graded as a whole: nothing is lost, nothing is graded twice, one submission's trouble is its own."""

import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tiny_assignment import PROGRAM, TinyAssignment

from grader.batch import GRADEBOOK, Tally, batch, grade_here
from grader.gradebook import Row
from grader.spec import load_assignment

WRONG = "int main(int argc, char **argv) { (void)argv; return argc - 1; }\n"
BROKEN = "int main(\n"

CLASS = {"ada": PROGRAM, "bob": WRONG, "eve": BROKEN, "<b>mallory<b>\n": PROGRAM, "zoe": PROGRAM}

PATIENCE = 120.0


@pytest.fixture
def submissions(tiny: TinyAssignment, tmp_path: Path) -> Path:
    """A folder with the submissions of a small class."""
    folder = tmp_path / "class"
    for name, program in CLASS.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "tiny.c").write_text(program, encoding="utf-8")
    return folder


def run_batch(
    tiny: TinyAssignment,
    submissions: Path,
    out: Path,
    *,
    resume: bool = False,
    on_change: Callable[[Tally, Row | None], None] = lambda _tally, _row: None,
) -> Tally:
    assignment = load_assignment(tiny.folder)
    return batch(assignment, submissions, out, resume=resume, grade=grade_here(2), on_change=on_change)


def scores_in(out: Path) -> dict[str, float | None]:
    with closing(sqlite3.connect(out / GRADEBOOK)) as database:
        return dict(database.execute("SELECT name, score FROM results"))


def test_a_class_has_the_scores_that_each_submission_has_alone(
    tiny: TinyAssignment, submissions: Path, tmp_path: Path
) -> None:
    tally = run_batch(tiny, submissions, tmp_path / "out")
    assert (tally.total, tally.done, tally.reused, tally.without_verdict) == (5, 5, 0, [])
    scores = scores_in(tmp_path / "out")
    assert [scores[name] for name in ("ada", "bob", "eve", "zoe")] == [3, 1, 0, 3]
    for name in ("ada", "bob", "eve"):
        tiny.write_program(CLASS[name])
        assert float(tiny.grade().score) == scores[name]


def test_each_submission_has_its_reports_and_the_class_its_own(
    tiny: TinyAssignment, submissions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_batch(tiny, submissions, out)
    assert {path.suffix for path in (out / "reports").iterdir()} == {".html", ".json", ".xml"}
    assert len(list((out / "reports").iterdir())) == 3 * len(CLASS)
    assert len(json.loads((out / "gradebook.json").read_text())["submissions"]) == len(CLASS)
    page = (out / "index.html").read_text()
    assert "<b>mallory" not in page
    assert page.count('<a href="reports/') >= len(CLASS)


def test_what_is_the_same_is_not_graded_again(tiny: TinyAssignment, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_batch(tiny, submissions, out)
    (submissions / "bob" / "tiny.c").write_text(PROGRAM, encoding="utf-8")
    tally = run_batch(tiny, submissions, out, resume=True)
    assert (tally.done, tally.reused) == (5, 4)
    assert scores_in(out)["bob"] == 3


def test_with_another_assignment_everything_is_graded_again(
    tiny: TinyAssignment, submissions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_batch(tiny, submissions, out)
    tiny.write_yaml(tiny.yaml.replace("points: 2", "points: 4"))
    tally = run_batch(tiny, submissions, out, resume=True)
    assert tally.reused == 0
    assert scores_in(out)["ada"] == 5


def test_what_is_shown_as_done_is_on_the_disk(tiny: TinyAssignment, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def look(_tally: Tally, row: Row | None) -> None:
        if row is not None:
            assert scores_in(out)[row.name] == row.score
            assert (out / "reports" / f"{row.key}.html").is_file()

    run_batch(tiny, submissions, out, on_change=look)


def test_a_batch_that_is_killed_goes_on_where_it_was(tiny: TinyAssignment, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "grader", "batch", str(tiny.folder), str(submissions), "--out", str(out)]
    with subprocess.Popen([*command, "--jobs", "1"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as killed:
        assert killed.stderr is not None
        shown = [killed.stderr.readline() for _line in range(2)]
        os.kill(killed.pid, signal.SIGKILL)
    assert [line.split(b"]")[0] for line in shown] == [b"[1/5", b"[2/5"]
    before = scores_in(out)
    assert len(before) >= 2
    tally = run_batch(tiny, submissions, out, resume=True)
    assert tally.done == 5
    assert tally.reused >= 2
    assert before.items() <= scores_in(out).items()


WAITING_CHECKS = """\
import os


def test_one(program):
    with program.start() as process:
        os.write(int(os.environ["READY"]), b"r")
        process.wait(within=3600)


def test_two(program):
    pass
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_batch_that_is_killed_takes_its_workers_with_it(
    tiny: TinyAssignment, submissions: Path, tmp_path: Path, number: signal.Signals
) -> None:
    tiny.write_checks(WAITING_CHECKS)
    (submissions / "ada" / "tiny.c").write_text("#include <unistd.h>\nint main(void) { return pause(); }\n")
    command = [sys.executable, "-m", "grader", "batch", str(tiny.folder), str(submissions), "--out", f"{tmp_path}/out"]
    reading, ready = os.pipe()
    with subprocess.Popen(
        [*command, "--jobs", "1"],
        stderr=subprocess.DEVNULL,
        pass_fds=(ready,),
        env={**os.environ, "READY": str(ready)},
    ) as killed:
        assert os.read(reading, 1)
        [worker] = Path(f"/proc/{killed.pid}/task/{killed.pid}/children").read_text().split()
        [grading] = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        ends = [os.pidfd_open(int(pid)) for pid in (worker, grading)]
        killed.send_signal(number)
    for end in ends:
        assert select.select([end], [], [], PATIENCE / 4)[0]
    for descriptor in (*ends, reading, ready):
        os.close(descriptor)


def test_an_interrupted_batch_tells_how_to_go_on(tiny: TinyAssignment, submissions: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "grader", "batch", str(tiny.folder), str(submissions), "--out", f"{tmp_path}/out"]
    with subprocess.Popen([*command, "--jobs", "1"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as interrupted:
        assert interrupted.stderr is not None
        interrupted.stderr.readline()
        interrupted.send_signal(signal.SIGINT)
        said = interrupted.stderr.read().decode()
    assert interrupted.returncode == 130
    assert said.endswith(
        "grader: interrupted; what has been graded is kept, and the same command with --resume goes on from there\n"
    )


def test_a_gradebook_is_not_overwritten_unless_asked(tiny: TinyAssignment, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_batch(tiny, submissions, out)
    command = [sys.executable, "-m", "grader", "batch", str(tiny.folder), str(submissions), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--resume" in done.stderr


def test_a_machine_at_fault_is_no_grade(tiny: TinyAssignment, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "grader", "batch", str(tiny.folder), str(submissions), "--out", str(out)]
    nowhere = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=nowhere)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert set(scores_in(out).values()) == {None}
    tally = run_batch(tiny, submissions, out, resume=True)
    assert (tally.reused, tally.without_verdict) == (0, [])


def test_a_check_that_is_at_fault_for_one_submission_does_not_stop_the_others(
    tiny: TinyAssignment, submissions: Path, tmp_path: Path
) -> None:
    tiny.write_checks(
        "def test_one(program):\n    assert program.run().exit_code == 0\n\n\n"
        "def test_two(program):\n    assert {b'two': True}[program.run('two').stdout]\n"
    )
    tally = run_batch(tiny, submissions, tmp_path / "out")
    assert tally.done == 5
    assert [row.name for row in tally.without_verdict] == ["bob"]
    assert "KeyError" in tally.without_verdict[0].reason


def test_an_entry_that_cannot_be_read_is_without_a_verdict(
    tiny: TinyAssignment, submissions: Path, tmp_path: Path
) -> None:
    os.mkfifo(submissions / "pipe.c")
    tally = run_batch(tiny, submissions, tmp_path / "out")
    assert [row.name for row in tally.without_verdict] == ["pipe"]
    assert tally.done == 6


# -- many machines --------------------------------------------------------------------------------


@contextmanager
def started(*command: str, until: bytes) -> Iterator["tuple[subprocess.Popen[bytes], bytes]"]:
    """A process that has said `until` on standard error, with that line."""
    with subprocess.Popen(
        [sys.executable, "-m", *command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if until in line:
                    break
            else:
                pytest.fail(f"{command} did not start")
            yield process, line
        finally:
            process.kill()


def test_a_cluster_grades_as_this_machine_does_also_if_a_worker_dies(
    tiny: TinyAssignment, submissions: Path, tmp_path: Path
) -> None:
    from grader.cluster import grade_on_cluster

    for number in range(6):
        (submissions / f"more{number}").mkdir()
        (submissions / f"more{number}" / "tiny.c").write_text(PROGRAM, encoding="utf-8")
    run_batch(tiny, submissions, tmp_path / "here")
    scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
    with started(*scheduler, until=b"Scheduler at:") as (_process, line):
        address = line.split()[-1].decode()
        worker = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        with (
            started(*worker, until=b"Registered to:") as (doomed, _),
            started(*worker, until=b"Registered to:"),
            started(*worker, until=b"Registered to:"),
        ):

            def kill_one(tally: Tally, row: Row | None) -> None:
                if row is not None and tally.done == 2:
                    doomed.kill()

            tally = batch(
                load_assignment(tiny.folder),
                submissions,
                tmp_path / "there",
                resume=False,
                grade=grade_on_cluster(address),
                on_change=kill_one,
            )
    assert tally.without_verdict == []
    assert scores_in(tmp_path / "there") == scores_in(tmp_path / "here")
