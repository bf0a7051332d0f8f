"""The `grader` command as a CI pipeline meets it: exit status, files, and what it says when there is no grade."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from xml.etree import ElementTree

import docker
import docker.errors
import pytest
import xmlschema
from tiny_assignment import CHECKS, PROGRAM, TinyAssignment
from workshop import PATIENCE

from sandbox.docker import AGENT_MEMORY_BYTES, ENGINE_SECONDS
from sandbox.image import SESSION_LABEL
from sandbox.owner import OWNER_LABEL
from sandbox.session import ANSWER_SECONDS

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = xmlschema.XMLSchema(ROOT / "tests" / "unit" / "junit-10.xsd")
COMMAND = (sys.executable, "-m", "grader")
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
    "PYTHONPATH": str(ROOT),
}

FAILING_PROGRAM = "int main(void) { return 3; }\n"
BROKEN_PROGRAM = "int main(void) { return }\n"


def grader(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env={**ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        timeout=120,
        check=False,
    )


def grade(tiny: TinyAssignment, *options: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Grade the submission of the tiny assignment."""
    return grader("grade", tiny.folder, tiny.submission, *options, **environment)


def says_what_to_do(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether nothing but an error of a few lines was said, on standard error, without a traceback."""
    assert done.stdout == ""
    assert done.stderr.startswith("grader: ")
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.splitlines()) <= 6
    return True


# -- 0 and 1: a grade -----------------------------------------------------------------------------


def test_a_submission_that_passes_every_check_ends_with_0(tiny: TinyAssignment) -> None:
    done = grade(tiny)
    assert (done.returncode, done.stderr) == (0, "")
    assert "score 3/3" in done.stdout


def test_a_submission_that_fails_a_check_ends_with_1(tiny: TinyAssignment) -> None:
    tiny.write_program(FAILING_PROGRAM)
    done = grade(tiny)
    assert (done.returncode, done.stderr) == (1, "")
    assert "score 0/3" in done.stdout


def test_a_submission_that_does_not_compile_ends_with_1(tiny: TinyAssignment) -> None:
    tiny.write_program(BROKEN_PROGRAM)
    done = grade(tiny, "--json", "-")
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    assert (report["status"], report["score"], report["max_score"]) == ("build-failed", 0, 3)


def test_a_submission_without_the_file_is_rejected_and_ends_with_1(tiny: TinyAssignment) -> None:
    (tiny.submission / "tiny.c").rename(tiny.submission / "Tiny.c")
    done = grade(tiny, "--json", "-")
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    assert (report["status"], report["score"], report["max_score"]) == ("rejected", 0, 3)


def test_only_the_wanted_check_is_run(tiny: TinyAssignment) -> None:
    done = grade(tiny, "--check", "two", "--json", "-")
    assert done.returncode == 0
    assert [check["id"] for check in json.loads(done.stdout)["checks"]] == ["two"]


# -- 2: the caller's mistake ----------------------------------------------------------------------


def test_no_such_assignment(tiny: TinyAssignment) -> None:
    done = grader("grade", tiny.folder / "missing", tiny.submission)
    assert done.returncode == 2
    assert says_what_to_do(done)


def test_an_assignment_that_is_almost_a_shipped_one() -> None:
    done = grader("grade", "pipelin", "nothing")
    assert done.returncode == 2
    assert says_what_to_do(done)
    assert "did you mean 'pipeline'?" in done.stderr


def test_no_such_submission(tiny: TinyAssignment) -> None:
    done = grader("grade", tiny.folder, tiny.submission / "missing")
    assert done.returncode == 2
    assert says_what_to_do(done)


def test_a_yaml_file_with_a_mistake_in_it(tiny: TinyAssignment) -> None:
    tiny.write_yaml(tiny.yaml.replace("files: [tiny.c]", "files: [tiny.c"))
    done = grade(tiny)
    assert done.returncode == 2
    assert says_what_to_do(done)
    assert f"{tiny.folder}/assignment.yaml:3" in done.stderr


def test_an_unknown_key_with_the_one_that_was_meant(tiny: TinyAssignment) -> None:
    tiny.write_yaml(tiny.yaml.replace("points: 2", "pints: 2"))
    done = grade(tiny)
    assert done.returncode == 2
    assert says_what_to_do(done)
    assert f"{tiny.folder}/assignment.yaml:8" in done.stderr
    assert "did you mean 'points'?" in done.stderr


def test_a_check_without_a_test(tiny: TinyAssignment) -> None:
    tiny.write_checks(CHECKS.partition("\n\n\n")[0] + "\n")
    done = grade(tiny)
    assert done.returncode == 2
    assert says_what_to_do(done)
    assert f"{tiny.folder}/assignment.yaml:8" in done.stderr
    assert "test_two" in done.stderr


def test_a_test_without_a_check(tiny: TinyAssignment) -> None:
    tiny.write_checks(f"{CHECKS}\n\ndef test_three(program):\n    pass\n")
    done = grade(tiny)
    assert done.returncode == 2
    assert says_what_to_do(done)
    assert "test_tiny.py:9" in done.stderr


def test_an_unknown_check(tiny: TinyAssignment) -> None:
    done = grade(tiny, "--check", "three")
    assert done.returncode == 2
    assert says_what_to_do(done)
    assert "one, two" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("grade",), ("grade", "a"), ("grad",), ("grade", "a", "b", "--jsn", "c")])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    done = grader(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage:" in done.stderr


def test_two_reports_on_standard_output(tiny: TinyAssignment) -> None:
    done = grade(tiny, "--json", "-", "--junit", "-")
    assert done.returncode == 2
    assert says_what_to_do(done)


@pytest.mark.parametrize("unwritable", ["missing/result.json", "../assignment", "/proc/result.json"])
def test_nothing_is_written_if_one_file_cannot_be(tiny: TinyAssignment, tmp_path: Path, unwritable: str) -> None:
    (tmp_path / "results").mkdir()
    target = tmp_path / "results" / unwritable
    done = grade(tiny, "--junit", tmp_path / "results" / "result.xml", "--json", target)
    assert done.returncode == 2
    assert says_what_to_do(done)
    assert list((tmp_path / "results").iterdir()) == []


def test_nothing_is_printed_if_a_file_cannot_be_written(tiny: TinyAssignment) -> None:
    done = grade(tiny, "--junit", "-", "--json", "/proc/result.json")
    assert done.returncode == 2
    assert says_what_to_do(done)


def grade_into(output: int | None, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command with `output` as its standard output, or with that closed."""
    return subprocess.run(
        ["/bin/sh", "-c", 'exec "$@"' if output is not None else 'exec "$@" >&-', "sh", *COMMAND, *map(str, arguments)],
        env=ENVIRONMENT,
        stdout=output,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def is_no_verdict(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether the exit status is none that a pipeline could take for a grade, and the reason is said."""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("grader: ")
    assert done.returncode in (2, 3)
    return True


@pytest.mark.parametrize("options", [(), ("--json", "-"), ("--junit", "-")], ids=["text", "json", "junit"])
def test_a_full_disk_is_no_verdict(tiny: TinyAssignment, options: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        assert is_no_verdict(grade_into(full.fileno(), "grade", tiny.folder, tiny.submission, *options))


def test_a_reader_that_has_gone_is_no_verdict(tiny: TinyAssignment) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = grade_into(writer, "grade", tiny.folder, tiny.submission, "--json", "-")
    os.close(writer)
    assert is_no_verdict(done)


def test_a_closed_standard_output_is_no_failed_check(tiny: TinyAssignment, tmp_path: Path) -> None:
    """A report that goes to a file needs none."""
    done = grade_into(None, "grade", tiny.folder, tiny.submission, "--json", tmp_path / "result.json")
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    assert json.loads((tmp_path / "result.json").read_text())["score"] == 3


# -- 3: no verdict --------------------------------------------------------------------------------


def test_a_mistake_is_told_while_the_engine_is_silent(tiny: TinyAssignment, tmp_path: Path) -> None:
    """The process that would start the sandbox waits for it, and nobody waits for that process."""
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(tmp_path / "engine.sock"))
        engine.listen()  # and nobody answers
        started = time.monotonic()
        done = grader("grade", tiny.folder, tmp_path / "nothing.c", DOCKER_HOST=f"unix://{tmp_path}/engine.sock")
        took = time.monotonic() - started
    assert done.returncode == 2
    assert took < ENGINE_SECONDS


def test_docker_that_cannot_be_reached(tiny: TinyAssignment, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    done = grade(tiny, "--json", result, DOCKER_HOST="unix:///nonexistent")
    assert done.returncode == 3
    assert says_what_to_do(done)
    assert "Docker" in done.stderr
    assert not result.exists()


@pytest.mark.parametrize("action", ["info", "build", "prune"])
def test_a_sandbox_command_without_docker(action: str) -> None:
    done = grader("sandbox", action, DOCKER_HOST="unix:///nonexistent")
    assert done.returncode == 3
    assert says_what_to_do(done)


def test_the_doctor_says_that_docker_cannot_be_reached() -> None:
    done = grader("doctor", DOCKER_HOST="unix:///nonexistent")
    assert done.returncode == 3
    assert "FAIL" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_doctor_is_content_with_this_machine(engine: docker.APIClient) -> None:
    assert engine.ping()
    done = grader("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "FAIL" not in done.stdout


def test_a_check_that_raises_is_named_with_file_and_line(tiny: TinyAssignment, tmp_path: Path) -> None:
    tiny.write_checks(CHECKS.replace('    assert program.run("two").stdout == b"two"', "    raise KeyError('x')"))
    result = tmp_path / "result.json"
    done = grade(tiny, "--json", result)
    assert done.returncode == 3
    assert says_what_to_do(done)
    assert f"{tiny.folder}/checks/test_tiny.py:6" in done.stderr
    assert "KeyError" in done.stderr
    assert not result.exists()


def test_a_result_file_of_before_stays_when_there_is_no_verdict(tiny: TinyAssignment, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    result.write_text("before")
    assert grade(tiny, "--json", result, DOCKER_HOST="unix:///nonexistent").returncode == 3
    assert result.read_text() == "before"


# -- being interrupted ----------------------------------------------------------------------------


IN_A_CALLBACK = """\
class Interrupted:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
        signal.getsignal(signal.SIGINT)  # handlers run between two calls: what this one raises is dropped here


"""


def interrupted(moment: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, in which `moment` is run first: it puts an `Interrupted` where there was something else."""
    lines = f"import signal, sys\nimport sandbox.launcher, grader.cli, grader.__main__\n{IN_A_CALLBACK}{moment}\n"
    return subprocess.run(
        [sys.executable, "-c", f"{lines}grader.__main__.script()\n", *words],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=obey_signals,
    )


def test_ctrl_c_while_the_command_is_being_loaded() -> None:
    done = interrupted(
        "sandbox.launcher.LauncherAhead.__init__ = lambda _self: Interrupted()", "grade", "pipeline", "."
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "grader: interrupted; nothing was written\n")


def test_ctrl_c_while_the_sandbox_starts_and_the_rest_is_loaded(tiny: TinyAssignment, engine: docker.APIClient) -> None:
    """Wherever it comes: what is raised while a module is imported can be dropped."""
    done = interrupted("grader.cli._load_the_rest = Interrupted", "grade", tiny.folder, tiny.submission)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "grader: interrupted; nothing was written\n")
    assert containers_of(tiny, engine) == []


def test_ctrl_c_twice_does_not_wait_for_the_rest_to_be_loaded(tiny: TinyAssignment, engine: docker.APIClient) -> None:
    twice = "def twice(): Interrupted(); Interrupted(); signal.pause()\ngrader.cli._load_the_rest = twice"
    done = interrupted(twice, "grade", tiny.folder, tiny.submission)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "grader: interrupted; nothing was written\n")
    assert nothing_is_left(tiny, engine)


@pytest.fixture
def class_of_one(tiny: TinyAssignment, tmp_path: Path) -> tuple[str | Path, ...]:
    """What `batch` is told of one submission."""
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "tiny.c").write_text(PROGRAM)
    return tiny.folder, tmp_path / "class", "--out", tmp_path / "out"


def test_ctrl_c_while_a_worker_starts_a_sandbox(
    tiny: TinyAssignment, engine: docker.APIClient, class_of_one: tuple[str | Path, ...]
) -> None:
    """It is waited for, and removed."""
    starting = (
        "import docker, os\n"
        "command = os.getpid()\n"
        "start = docker.APIClient.start\n"
        "def interrupt_and_start(client, container):\n"
        "    os.kill(command, signal.SIGINT)\n"
        "    start(client, container)\n"
        "docker.APIClient.start = interrupt_and_start"
    )
    done = interrupted(starting, "batch", *class_of_one)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("grader: interrupted; what has been graded is kept")
    assert containers_of(tiny, engine) == []


def test_ctrl_c_while_a_worker_is_forked_is_not_dropped(
    tiny: TinyAssignment, engine: docker.APIClient, class_of_one: tuple[str | Path, ...]
) -> None:
    """As what is raised in a function that runs at a fork is."""
    forking = (
        "import os\n"
        "command = os.getpid()\n"
        "def interrupt(): os.getpid() == command and Interrupted()\n"
        "os.register_at_fork(after_in_parent=interrupt)"
    )
    done = interrupted(forking, "batch", *class_of_one)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("grader: interrupted; what has been graded is kept")
    assert containers_of(tiny, engine) == []


STARTING = """

def run(program, *arguments):
    with program.start(*arguments) as process:
        return process.wait()
"""


def test_ctrl_c_in_the_midst_of_an_exchange_does_not_wait_for_its_end(
    tiny: TinyAssignment, engine: docker.APIClient
) -> None:
    """What is lost is that the program has ended; the `with` of a check would wait for that."""
    tiny.write_checks(CHECKS.replace("program.run(", "run(program, ") + STARTING)
    losing = (
        "import threading\n"
        "from sandbox.session import Session\n"
        "take = Session._take_report\n"
        "def lose(session, report):\n"
        "    if type(report).__name__ == 'Ended' and threading.current_thread() is threading.main_thread():\n"
        "        Session._take_report = take\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "    take(session, report)\n"
        "Session._take_report = lose"
    )
    began = time.monotonic()
    done = interrupted(losing, "grade", tiny.folder, tiny.submission)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "grader: interrupted; nothing was written\n")
    assert time.monotonic() - began < ANSWER_SECONDS
    assert nothing_is_left(tiny, engine)


def test_ctrl_c_that_a_check_swallows_leaves_no_verdict(tiny: TinyAssignment, engine: docker.APIClient) -> None:
    """`except:` takes what was meant for the command, too."""
    interrupt = "try:\n        signal.raise_signal(signal.SIGINT)\n    except:\n        pass"
    tiny.write_checks(f"import signal\n\n{CHECKS}".replace("    assert", f"    {interrupt}\n    assert", 1))
    done = grade(tiny)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "grader: interrupted; nothing was written\n"
    assert nothing_is_left(tiny, engine)


def test_ctrl_c_while_the_sandbox_of_observe_starts(tmp_path: Path, engine: docker.APIClient) -> None:
    """It is waited for, and removed."""
    source = tmp_path / "a.c"
    source.write_text("int main(void) { return 0; }\n")
    asked = (
        "import sandbox.owner\n"
        "ask = sandbox.launcher.LauncherAhead.ask\n"
        "def ask_and_interrupt(*of_what):\n"
        "    ask(*of_what)\n"
        "    print(end=sandbox.owner.owner(), flush=True)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "sandbox.launcher.LauncherAhead.ask = ask_and_interrupt"
    )
    begun = time.time()
    done = interrupted(asked, "observe", source)
    assert (done.returncode, done.stderr) == (130, "grader: interrupted; nothing was written\n")
    its = f"{OWNER_LABEL}={done.stdout}"
    made = engine.events(since=begun, until=time.time(), filters={"label": its, "event": "create"}, decode=True)
    assert len(list(made)) == 1
    assert engine.containers(all=True, filters={"label": its}) == []


WAITING_CHECKS = """\
import os


def test_one(program):
    with program.start() as process:
        process.expect(b"ready\\n", within=60)
        os.write(int(os.environ["READY"]), b"r")
        process.wait()


def test_two(program):
    pass
"""

SLEEPING_PROGRAM = """\
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}
"""

SLOW_TO_COMPILE = r"""
__asm__(".macro bomb left\n.if \\left\nbomb (\\left-1)\nbomb (\\left-1)\n.endif\n.endm\nbomb 60\n");
int main(void) { return 0; }
"""
"""The assembler counts to 2⁶⁰, in no memory to speak of, until its CPU time is used up."""


def containers_of(tiny: TinyAssignment, engine: docker.APIClient) -> list[str]:
    """The containers of gradings of this assignment, by its memory limit."""
    found = []
    for container in engine.containers(all=True, filters={"label": SESSION_LABEL}):
        with suppress(docker.errors.NotFound):
            options = engine.inspect_container(container["Id"])["HostConfig"]
            if options["Memory"] == (tiny.memory_kib << 10) + AGENT_MEMORY_BYTES:
                found.append(container["Id"])
    return found


def is_gone(engine: docker.APIClient, container: str) -> bool:
    """Waits until Docker has removed the container."""
    with suppress(docker.errors.NotFound):
        engine.wait(container, timeout=PATIENCE, condition="removed")
    with pytest.raises(docker.errors.NotFound):
        engine.inspect_container(container)
    return True


def nothing_is_left(tiny: TinyAssignment, engine: docker.APIClient) -> bool:
    """Waits until every container of the assignment is removed, which Docker may do a moment after the command."""
    return all(is_gone(engine, container) for container in containers_of(tiny, engine))


def obey_signals() -> None:
    """What starts these tests may ignore some, as a shell does for a job in the background, and `nohup`."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def grading(tiny: TinyAssignment, *options: str | Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command while it runs, and the pipe that a check can say something through."""
    said, say = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "grade", tiny.folder, tiny.submission, *options],
        env={**ENVIRONMENT, "READY": str(say)},
        pass_fds=[say],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=obey_signals,
    )
    os.close(say)
    try:
        with process:
            try:
                yield process, said
            finally:
                process.kill()
    finally:
        os.close(said)


@pytest.fixture
def waiting(tiny: TinyAssignment) -> TinyAssignment:
    """The assignment with a program that never ends, in a check that tells when it runs."""
    tiny.write_program(SLEEPING_PROGRAM)
    tiny.write_checks(WAITING_CHECKS)
    return tiny


def test_ctrl_c_ends_with_130_and_the_container_is_gone(
    waiting: TinyAssignment, engine: docker.APIClient, tmp_path: Path
) -> None:
    result = tmp_path / "result.json"
    with grading(waiting, "--json", result) as (process, said):
        assert os.read(said, 1) == b"r"
        assert len(containers_of(waiting, engine)) == 1
        process.send_signal(signal.SIGINT)
        _stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert stderr == "grader: interrupted; nothing was written\n"
    assert not result.exists()
    assert nothing_is_left(waiting, engine)


def test_ctrl_c_need_not_wait_for_the_compiler(tiny: TinyAssignment, engine: docker.APIClient) -> None:
    """Which may take twenty seconds."""
    tiny.write_program(SLOW_TO_COMPILE)
    with grading(tiny) as (process, _said):
        while not is_compiling(tiny, engine):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 130
    assert nothing_is_left(tiny, engine)


def test_ctrl_c_while_the_checks_are_imported_need_not_wait_for_the_compiler(
    tiny: TinyAssignment, engine: docker.APIClient
) -> None:
    tiny.write_program(SLOW_TO_COMPILE)
    tiny.write_checks(f"import os, signal\n\nos.write(int(os.environ['READY']), b'r')\nsignal.pause()\n\n\n{CHECKS}")
    with grading(tiny) as (process, said):
        assert os.read(said, 1) == b"r"
        while not is_compiling(tiny, engine):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 130
    assert nothing_is_left(tiny, engine)


def is_compiling(tiny: TinyAssignment, engine: docker.APIClient) -> bool:
    """Whether the compiler runs in the assignment's container."""
    for container in containers_of(tiny, engine):
        with suppress(docker.errors.APIError):
            if any("/gcc" in " ".join(row) for row in engine.top(container)["Processes"]):
                return True
    return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_the_container_of_a_grader_that_is_killed_goes_by_itself(
    waiting: TinyAssignment, engine: docker.APIClient, number: signal.Signals
) -> None:
    with grading(waiting) as (process, said):
        assert os.read(said, 1) == b"r"
        (container,) = containers_of(waiting, engine)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
    assert process.returncode not in (0, 1, 2)
    assert is_gone(engine, container)


def test_no_container_is_left_after_a_grading(tiny: TinyAssignment, engine: docker.APIClient) -> None:
    assert grade(tiny).returncode == 0
    assert nothing_is_left(tiny, engine)


def test_no_container_is_left_after_a_check_has_raised(tiny: TinyAssignment, engine: docker.APIClient) -> None:
    tiny.write_checks(CHECKS.replace("assert program", "raise KeyError; program"))
    assert grade(tiny).returncode == 3
    assert nothing_is_left(tiny, engine)


# -- reports --------------------------------------------------------------------------------------

HOSTILE_PROGRAM = r"""
#include <stdio.h>
int main(void)
{
    static const char said[] = "nul \0 escape \033[31m\033]0;title\007 bytes \xff\xfe\xc3( \xed\xa0\x80 ]]> <&\"' "
        "[[ATTACHMENT|/etc/passwd]] ::error::no\n##vso[task.complete]\r\v\f\x7f\u0085\u2028\ufffe\n";
    fwrite(said, 1, sizeof said - 1, stdout);
    fwrite(said, 1, sizeof said - 1, stderr);
    return 3;
}
"""
HOSTILE_CHECKS = """\
def test_one(program):
    run = program.run()
    assert run.exit_code == 0, f"it said {run.stdout.decode('utf-8', 'surrogateescape')}"


def test_two(program):
    run = program.run()
    assert run.stdout == b""
"""
SUBMISSIONS = {"passing": None, "failing": FAILING_PROGRAM, "broken": BROKEN_PROGRAM, "hostile": HOSTILE_PROGRAM}
every_submission = pytest.mark.parametrize("source", SUBMISSIONS.values(), ids=SUBMISSIONS)


def write(tiny: TinyAssignment, source: str | None) -> None:
    """One of SUBMISSIONS."""
    if source is not None:
        tiny.write_program(source)
    if source is HOSTILE_PROGRAM:
        tiny.write_checks(HOSTILE_CHECKS)


@every_submission
def test_junit_on_standard_output_is_valid_and_nothing_else(tiny: TinyAssignment, source: str | None) -> None:
    write(tiny, source)
    done = grade(tiny, "--junit", "-")
    assert done.stderr == ""
    root = ElementTree.fromstring(done.stdout.encode())
    SCHEMA.validate(root)
    assert [(case.get("classname"), case.get("name")) for case in root.iter("testcase")] == [
        ("tiny", "one"),
        ("tiny", "two"),
    ]


@every_submission
def test_json_on_standard_output_is_one_object_and_nothing_else(tiny: TinyAssignment, source: str | None) -> None:
    write(tiny, source)
    done = grade(tiny, "--json", "-")
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["schema"] == "grader.result/1"
    assert done.stdout.encode("utf-8").isascii()


@every_submission
def test_every_report_is_written_to_its_file(tiny: TinyAssignment, tmp_path: Path, source: str | None) -> None:
    write(tiny, source)
    files = {name: tmp_path / f"result.{name}" for name in ("junit", "json", "html")}
    done = grade(tiny, *(word for name, file in files.items() for word in (f"--{name}", file)))
    assert done.stderr == ""
    assert "score" in done.stdout
    SCHEMA.validate(ElementTree.parse(files["junit"]).getroot())
    assert json.loads(files["json"].read_text())["assignment"] == "tiny"
    assert files["html"].read_text(encoding="utf-8").startswith("<!")


def test_a_terminal_obeys_nothing_that_a_program_printed(tiny: TinyAssignment) -> None:
    write(tiny, HOSTILE_PROGRAM)
    done = grade(tiny)
    assert done.returncode == 1
    assert not set(done.stdout) & {chr(code) for code in (*range(32), 127, 0x85, 0x9B) if chr(code) not in "\n"}
    assert "\n::error" not in done.stdout
    assert "\n##vso" not in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1"])
def test_a_terminal_that_knows_few_characters_is_no_reason_to_fail(tiny: TinyAssignment, encoding: str) -> None:
    done = grade(tiny, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert "score 3/3" in done.stdout


ADDED_KEYS = {"reason", "build"}
"""What the JSON has beyond the contract: programs that know the contract alone may ignore it."""


@pytest.mark.parametrize("source", [None, FAILING_PROGRAM], ids=["passing", "failing"])
def test_the_keys_of_the_json_are_those_of_the_contract(tiny: TinyAssignment, source: str | None) -> None:
    write(tiny, source)
    report = json.loads(grade(tiny, "--json", "-").stdout)
    assert report.keys() - ADDED_KEYS == {
        *("schema", "assignment", "submission", "status", "score", "max_score", "checks", "environment")
    }
    assert report["submission"].keys() == {"name", "digest"}
    assert report["environment"].keys() == {"grader", "image", "kernel"}
    for check in report["checks"]:
        assert check.keys() == {
            *("id", "title", "points", "max_points", "outcome", "message", "findings", "duration_s", "visible")
        }
        assert check["outcome"] in ("passed", "failed", "skipped")


def test_the_keys_of_a_finding_are_those_of_the_contract(tiny: TinyAssignment) -> None:
    tiny.write_program("#include <stdlib.h>\nint main(void) { abort(); }\n")
    report = json.loads(grade(tiny, "--json", "-").stdout)
    (finding,) = report["checks"][0]["findings"]
    assert finding.keys() == {"kind", "process", "pid", "fd", "resource", "message", "source", "evidence"}
    assert finding["kind"] == "crash"
    assert finding["fd"] is None


def test_the_type_of_a_failure_is_the_kind_of_its_finding(tiny: TinyAssignment) -> None:
    tiny.write_program("#include <stdlib.h>\nint main(int argc, char **argv) { if (argc < 2) abort(); (void)argv; }\n")
    root = ElementTree.fromstring(grade(tiny, "--junit", "-").stdout)
    assert [failure.get("type") for failure in root.iter("failure")] == ["crash", "assertion"]
    properties = {one.get("name"): one.get("value") for one in root.iter("property")}
    assert properties.items() >= {"score": "0", "max_score": "3", "points.one": "0/1", "points.two": "0/2"}.items()
    assert properties["status"] == "graded"
    assert properties["submission"] == "ada"


@pytest.mark.parametrize("report", ["--json", "--junit", "--html", None])
def test_a_student_sees_nothing_of_hidden_checks(tiny: TinyAssignment, tmp_path: Path, report: str | None) -> None:
    tiny.write_program("""
        #include <stdio.h>
        int main(int argc, char **argv) { (void)argv; return puts(argc > 1 ? "of the hidden check" : "seen") < 0; }""")
    tiny.write_checks(
        CHECKS.replace("exit_code == 0", "stdout == b'never', 'wrong in the open'").replace(
            '== b"two"', "== b'two', 'hidden message'"
        )
    )
    file = tmp_path / "report"
    done = grade(tiny, "--student", *((report, file) if report else ()))
    shown = file.read_text(encoding="utf-8") if report else done.stdout
    assert done.returncode == 1
    assert "wrong in the open" in shown
    assert "The second" in shown or report == "--junit"
    assert "hidden message" not in shown
    assert "of the hidden check" not in shown
    assert "./tiny two" not in shown


def test_a_student_sees_the_same_score(tiny: TinyAssignment) -> None:
    tiny.write_program("int main(int argc, char **argv) { (void)argv; return argc - 1; }\n")
    reports = [json.loads(grade(tiny, "--json", "-", *options).stdout) for options in ((), ("--student",))]
    assert reports[0]["score"] == reports[1]["score"] == 1
    assert [[check["outcome"] for check in report["checks"]] for report in reports] == [["passed", "failed"]] * 2


def test_the_same_submission_has_the_same_digest_however_it_is_packed(tiny: TinyAssignment) -> None:
    done = [grader("grade", tiny.folder, path, "--json", "-") for path in (tiny.submission, tiny.submission / "tiny.c")]
    folder, file = (json.loads(one.stdout)["submission"] for one in done)
    assert folder["digest"] == file["digest"]
    assert (folder["name"], file["name"]) == ("ada", "tiny.c")


def test_the_shipped_assignments_are_listed() -> None:
    done = grader("list")
    assert (done.returncode, done.stderr) == (0, "")
    (pipeline,) = (line for line in done.stdout.splitlines() if line.startswith("pipeline "))
    assert "100 points  A pipeline of processes" in pipeline


TWO_LEAKS = """#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int ends[2];
    if (fork() == 0) {
        pipe(ends);
        close(ends[1]);
        _exit(0);
    }
    if (fork() == 0) {
        pipe(ends);
        close(ends[0]);
        close(ends[1]);
        pipe(ends);
        close(ends[1]);
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
    return 0;
}
"""


@pytest.mark.parametrize("options", [[], ["--timeout", "60"], ["--cflags", "-O2", "--json", "-"]])
def test_observe_hands_on_what_is_behind_the_dashes(
    engine: docker.APIClient, tmp_path: Path, options: list[str]
) -> None:
    assert engine is not None  # the image is there
    program = tmp_path / "echo.c"
    program.write_text(
        "#include <stdio.h>\nint main(int n, char **word) { while (n-- > 1) puts(word[n]); return 0; }\n"
    )
    done = grader("observe", program, *options, "--", "--json", "--", "-")
    if "--json" in options:
        assert json.loads(done.stdout)["stdout"] == "-\n--\n--json\n"
    else:
        assert all(f"│ {word}\n" in done.stdout for word in ("-", "--", "--json")), done.stdout + done.stderr


def test_observe_tells_each_leak_with_the_line_of_its_own_process(engine: docker.APIClient, tmp_path: Path) -> None:
    """Two processes of one name leak a descriptor of one number; they have opened it in different lines."""
    assert engine is not None  # the image is there
    program = tmp_path / "leaks.c"
    program.write_text(TWO_LEAKS)
    observation = json.loads(grader("observe", program, "--json", "-").stdout)
    in_order_of_birth = sorted(observation["findings"], key=lambda finding: finding["pid"])
    assert [finding["source"]["line"] for finding in in_order_of_birth] == [7, 15]
