"""Faults of the machine and of the grader are never a grade: no verdict, or one that is right all the same."""

import contextlib
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import docker.errors
import hostile_faults
import pytest
from hostile_course import HONEST, PROGRAMS, Course

import sandbox.docker
import sandbox.session
from grader.grade import grade
from grader.submission import load_submission
from sandbox.errors import SandboxError
from sandbox.image import SESSION_LABEL, image_name
from sandbox.owner import OWNER_LABEL, owner

COMMAND = Path(sys.executable).with_name("grader")
OwnContainers = Callable[[], list[str]]

SLOW = """\
#include <stdio.h>
#include <time.h>
#include <unistd.h>
static double cpu_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}
int main(void)
{
    char byte;
    puts("ready");
    fflush(stdout);
    if (read(0, &byte, 1) != 1)
        return 1;
    while (cpu_seconds() < 0.4)
        ;
    puts("done");
    return 0;
}
"""
"""A right program that needs some time."""

CHECKS = """\
import hostile_faults


def test_attack(program):
    with program.start() as process:
        process.expect(b"ready\\n", within=1)
        hostile_faults.strike()
        process.send(b"x")
        process.expect(b"done\\n", within=1)
        assert process.wait().exit_code == 0


def test_after_attack(program):
    assert program.run(stdin=b"x").stdout == b"ready\\ndone\\n"
"""


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What an engine that breaks off leaves of its client is collected here, and not during somebody else's test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def slow(course: Course) -> Callable[[], bool]:
    """Grades a right program, whose checks let a fault happen; its time limit is two seconds."""
    (course.folder / "checks" / "test_hostile.py").write_text(CHECKS)
    assignment = course.assignment
    submission = load_submission(course.hand_in(SLOW), assignment.submission)

    def passes() -> bool:
        result = grade(assignment, submission)
        assert [check.message for check in result.checks] == ["", ""]
        return result.all_passed

    return passes


@pytest.fixture
def strikes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None], int], list[float]]:
    """Lets a fault happen, so many times at most; returns when it did."""

    def arrange(fault: Callable[[], None], times: int) -> list[float]:
        struck: list[float] = []

        def strike() -> None:
            if len(struck) < times:
                struck.append(time.monotonic())
                fault()

        monkeypatch.setattr(hostile_faults, "strike", strike)
        return struck

    return arrange


Strikes = Callable[[Callable[[], None], int], list[float]]

# -- the container -----------------------------------------------------------------------------------


def test_a_container_that_is_killed_is_replaced(
    slow: Callable[[], bool], strikes: Strikes, engine: docker.APIClient, own_containers: OwnContainers
) -> None:
    struck = strikes(lambda: engine.kill(own_containers()[0]), 1)
    assert slow()
    assert len(struck) == 1


def test_a_container_that_is_killed_again_and_again_is_no_verdict(
    slow: Callable[[], bool], strikes: Strikes, engine: docker.APIClient, own_containers: OwnContainers
) -> None:
    struck = strikes(lambda: engine.kill(own_containers()[0]), 9)
    with pytest.raises(SandboxError, match="the sandbox ended unexpectedly"):
        slow()
    assert len(struck) == 2


def agent(engine: docker.APIClient, container: str) -> int:
    """The agent's process id on this machine."""
    return int(engine.inspect_container(container)["State"]["Pid"])


def test_an_agent_that_is_killed_is_replaced(
    slow: Callable[[], bool], strikes: Strikes, engine: docker.APIClient, own_containers: OwnContainers
) -> None:
    strikes(lambda: os.kill(agent(engine, own_containers()[0]), signal.SIGKILL), 1)
    assert slow()


PAUSE_SECONDS = 2.5
"""Longer than the time limit and than a check's patience."""


def test_a_container_that_is_paused_is_waited_for(
    slow: Callable[[], bool], strikes: Strikes, engine: docker.APIClient, own_containers: OwnContainers
) -> None:
    def pause() -> None:
        (container,) = own_containers()
        engine.pause(container)
        threading.Timer(PAUSE_SECONDS, engine.unpause, (container,)).start()

    struck = strikes(pause, 1)
    assert slow()
    assert time.monotonic() - struck[0] > PAUSE_SECONDS


def test_an_agent_that_is_stopped_is_waited_for(
    slow: Callable[[], bool], strikes: Strikes, engine: docker.APIClient, own_containers: OwnContainers
) -> None:
    def stop() -> None:
        pid = agent(engine, own_containers()[0])
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(PAUSE_SECONDS, os.kill, (pid, signal.SIGCONT)).start()

    strikes(stop, 1)
    assert slow()


# -- the machine -------------------------------------------------------------------------------------


def spin() -> None:
    while True:
        pass


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    """Keeps this machine busy during the block."""
    context = multiprocessing.get_context("fork")
    spinning = [context.Process(target=spin, daemon=True) for _ in range(processes)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.join()


def test_a_right_program_passes_on_a_busy_machine(slow: Callable[[], bool]) -> None:
    """It gets a fraction of a processor, and would need more than its time limit by the clock on the wall."""
    with load(8 * (os.cpu_count() or 1)):
        assert slow()


@pytest.mark.filterwarnings("ignore:.*unclosed|.*socket.socket:pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_dies_in_the_middle_is_no_verdict(
    slow: Callable[[], bool], strikes: Strikes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = hostile_faults.CutWire(tmp_path / "docker.sock")
    monkeypatch.setenv("DOCKER_HOST", wire.address)
    struck = strikes(wire.cut, 1)
    with pytest.raises(SandboxError, match="no Docker Engine answers"):
        slow()
    assert len(struck) == 1


def test_an_engine_that_freezes_for_a_while_is_waited_for(
    slow: Callable[[], bool], strikes: Strikes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = hostile_faults.CutWire(tmp_path / "docker.sock")
    monkeypatch.setenv("DOCKER_HOST", wire.address)

    def freeze() -> None:
        wire.freeze()
        threading.Timer(PAUSE_SECONDS, wire.thaw).start()

    struck = strikes(freeze, 1)
    assert slow()
    assert time.monotonic() - struck[0] > PAUSE_SECONDS


@pytest.mark.filterwarnings("ignore:.*unclosed|.*socket.socket:pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_freezes_for_ever_is_no_verdict(
    slow: Callable[[], bool],
    strikes: Strikes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own_containers: OwnContainers,
) -> None:
    wire = hostile_faults.CutWire(tmp_path / "docker.sock")
    monkeypatch.setenv("DOCKER_HOST", wire.address)
    monkeypatch.setattr(sandbox.docker, "ENGINE_SECONDS", 1)
    monkeypatch.setattr(sandbox.session, "ANSWER_SECONDS", 1.0)
    struck = strikes(wire.freeze, 1)
    with pytest.raises(SandboxError, match="no Docker Engine answers"):
        slow()
    assert time.monotonic() - struck[0] < 30
    wire.thaw()
    deadline = time.monotonic() + 60
    while own_containers():  # its stream has ended
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("rm /usr/bin/as /usr/local/bin/fdprobe", "the sandbox image lacks /usr/bin/as, /usr/local/bin/fdprobe"),
        ("rm /usr/lib/gcc/*/*/cc1", "the compiler fails for a program that is known to be good"),
        ("rm /usr/bin/python3", "Docker could not start a sandbox"),
        ("rm -r /opt/grader", "the sandbox ended unexpectedly"),
    ],
)
def test_an_image_that_lacks_something_is_no_verdict(
    command: str, said: str, course: Course, engine: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = course.hand_in(HONEST)
    maker = engine.create_container(image_name(), ["/bin/sh", "-c", command])["Id"]
    engine.start(maker)
    engine.wait(maker)
    broken = engine.commit(maker, "grader-test", tag="broken")["Id"]
    try:
        engine.remove_container(maker)
        monkeypatch.setattr(sandbox.docker, "image_name", lambda: broken)
        with pytest.raises(SandboxError, match=said):
            course.grade(submission)
    finally:
        engine.remove_image(broken, force=True)


# -- the grader --------------------------------------------------------------------------------------


def sandboxes_of(engine: docker.APIClient, pid: int) -> list[str]:
    """The containers that the grader of that process id has started."""
    listed = engine.containers(all=True, filters={"label": SESSION_LABEL})
    return [one["Id"] for one in listed if f" {pid} " in one["Labels"].get(OWNER_LABEL, "")]


def wait_until_gone(engine: docker.APIClient, container: str) -> None:
    """What is left over is cleared away when nobody waits for it, so perhaps after the command has ended."""
    deadline = time.monotonic() + 60
    while any(one["Id"] == container for one in engine.containers(all=True)):
        assert time.monotonic() < deadline


def test_a_grader_that_is_stopped_blames_nobody(slow: Callable[[], bool], strikes: Strikes) -> None:
    """By Ctrl-Z, say, for longer than the program may take: how long it stands still is the fault itself."""
    go_on = f"import os, time; time.sleep({PAUSE_SECONDS}); os.kill({os.getpid()}, {signal.SIGCONT:d})"

    def stop() -> None:
        with subprocess.Popen([sys.executable, "-c", go_on]):
            os.kill(os.getpid(), signal.SIGSTOP)

    struck = strikes(stop, 1)
    assert slow()
    assert time.monotonic() - struck[0] > PAUSE_SECONDS


def test_what_a_killed_grader_leaves_the_next_one_removes(course: Course, engine: docker.APIClient) -> None:
    """Killed the moment its container is there, before anything that would end it with its grader."""
    submission = course.hand_in((PROGRAMS / "resources.c").read_bytes())
    with subprocess.Popen(
        [COMMAND, "grade", course.folder, submission], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not sandboxes_of(engine, process.pid):
            assert process.poll() is None
        process.kill()
    assert process.returncode == -signal.SIGKILL
    command = [COMMAND, "grade", course.folder, course.hand_in(HONEST, "honest")]
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
    deadline = time.monotonic() + 60
    while sandboxes_of(engine, process.pid):
        assert time.monotonic() < deadline


def test_what_was_never_started_is_removed_and_what_is_in_use_stays(course: Course, engine: docker.APIClient) -> None:
    dead = owner()[:-1]  # another time of start: a process that had this number before
    left, used = (
        engine.create_container(image_name(), ["/bin/true"], labels={SESSION_LABEL: "x", OWNER_LABEL: label})["Id"]
        for label in (dead, owner())
    )
    try:
        assert subprocess.run([COMMAND, "grade", course.folder, course.hand_in(HONEST)], check=False).returncode == 0
        wait_until_gone(engine, left)
        assert engine.inspect_container(used)["State"]["Status"] == "created"
    finally:
        engine.remove_container(used)


def test_what_a_killed_batch_has_half_written_the_next_one_removes(course: Course, tmp_path: Path) -> None:
    submissions, out = tmp_path / "submissions", tmp_path / "out"
    (out / "reports").mkdir(parents=True)
    submissions.mkdir()
    course.hand_in(HONEST).rename(submissions / "ada")
    left = [out / ".grader-0123.tmp", out / "reports" / ".grader-4567.tmp"]
    for path in left:
        path.write_text("<testsuites>")
    command = [COMMAND, "batch", course.folder, submissions, "--out", out, "--jobs", "1"]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    assert not any(path.exists() for path in left)


def test_an_unknown_runtime_is_no_verdict(course: Course) -> None:
    done = subprocess.run(
        [COMMAND, "grade", course.folder, course.hand_in(HONEST), "--runtime", "no-such-runtime"],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "no-such-runtime" in done.stderr
