"""Nothing of one check is there for the next: no file, process or IPC object, and the stage is laid out afresh."""

from collections.abc import Iterator

import pytest
from workshop import LIMITS, PATIENCE, Workshop

from grader.checks import Program
from grader.checks.run import CheckContext
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.session import Session

STAGED = {"notes.txt": b"one\ntwo\n", "folder/inner.txt": b"inner\n"}


@pytest.fixture(scope="module")
def shared_session() -> Iterator[Session]:
    """A session with files in its stage."""
    with Session(launch(Containment(memory_bytes=LIMITS.memory_bytes, processes=LIMITS.processes))) as session:
        for name, data in STAGED.items():
            session.stage(name, data)
        session.stage("run.sh", b"#!/bin/sh\necho started\n", 0o755)
        yield session


def everything_is_as_laid_out(workshop: Workshop) -> bool:
    """Whether files, processes and IPC objects are just those of a fresh sandbox."""
    assert workshop.session.look()["processes"] == {}
    assert workshop.shell("find /work -mindepth 1 | sort") == "/work/folder\n/work/folder/inner.txt\n" + (
        "/work/notes.txt\n/work/run.sh\n"
    )
    for name, data in STAGED.items():
        assert workshop.output_of("/bin/cat", name).encode() == data
    assert workshop.output_of("/work/run.sh") == "started\n"
    assert workshop.shell("find /tmp /dev/shm /dev/mqueue -mindepth 1") == ""
    assert workshop.shell("tail -qn +2 /proc/sysvipc/*") == ""
    assert workshop.shell("stat -c '%u %a' /work") == workshop.shell("echo $(id -u) 755")
    return True


def test_a_fresh_sandbox_is_as_laid_out(workshop: Workshop) -> None:
    assert everything_is_as_laid_out(workshop)


# -- files ----------------------------------------------------------------------------------------

FILES = {
    "a file": "echo x >file",
    "a file nobody may read": "echo x >file; chmod 000 file",
    "a hidden file": "echo x >.hidden",
    "a file with a newline in its name": "touch 'new\nline'",
    "a file with a name that is no text": "touch $(printf 'bad\\377name')",
    "a deep folder": "mkdir -p a/b/c/d/e/f && touch a/b/c/d/e/f/file",
    "a folder nobody may enter": "mkdir -p a/b && touch a/b/file && chmod 000 a/b a",
    "a chain of folders nobody may enter": "mkdir -p a/b/c && touch a/b/c/file && chmod 000 a/b/c && chmod 000 a/b && "
    "chmod 000 a",
    "a folder nobody may write": "mkdir a && touch a/file && chmod 500 a",
    "a sticky folder": "mkdir a && touch a/file && chmod 1777 a",
    "a FIFO": "mkfifo fifo",
    "a link to a file outside": "ln -s /etc/passwd link",
    "a link to a folder outside": "ln -s /etc folder2",
    "a link to itself": "ln -s loop loop",
    "a hard link": "ln notes.txt hard",
    "a full disk": "dd if=/dev/zero of=large bs=1M count=100 2>/dev/null; true",
    "very many files": "mkdir many && cd many && seq 1 5000 | xargs touch",
    "a very deep path": "for i in $(seq 400); do mkdir d && cd d || exit; done; true",
}


@pytest.mark.parametrize("folder", ["/work", "/tmp", "/dev/shm"])
@pytest.mark.parametrize("script", FILES.values(), ids=FILES)
def test_a_file_is_gone(workshop: Workshop, script: str, folder: str) -> None:
    if folder != "/work" and "notes.txt" in script:
        script = "touch one && ln one hard"
    workshop.shell(f"cd {folder} && ({script})")
    workshop.session.reset()
    assert everything_is_as_laid_out(workshop)


STAGE_CHANGES = {
    "changed a file": "echo changed >notes.txt",
    "removed a file": "rm notes.txt",
    "removed everything": "rm -r /work/*",
    "made a file unreadable": "chmod 000 notes.txt",
    "put a folder in the place of a file": "rm notes.txt && mkdir notes.txt && touch notes.txt/file",
    "put a link in the place of a file": "rm notes.txt && ln -s /etc/passwd notes.txt",
    "put a link in the place of a folder": "rm -r folder && ln -s /tmp folder",
    "closed a folder": "chmod 000 folder",
    "closed the work folder": "chmod 000 /work",
    "made its program not executable": "chmod 644 run.sh",
    "changed its program": "echo 'echo other' >run.sh",
}


@pytest.mark.parametrize("script", STAGE_CHANGES.values(), ids=STAGE_CHANGES)
def test_the_stage_is_laid_out_afresh_after_a_program_has(workshop: Workshop, script: str) -> None:
    workshop.shell(script)
    workshop.session.reset()
    assert everything_is_as_laid_out(workshop)


def test_a_program_that_removed_itself_is_there_again(workshop: Workshop) -> None:
    workshop.shell("rm run.sh")
    workshop.session.reset()
    assert workshop.output_of("/work/run.sh") == "started\n"


# -- processes ------------------------------------------------------------------------------------

PROCESSES = {
    "in the foreground": "",
    "in the background": "if (must(fork()) > 0) pause();",
    "in a session of its own": "if (must(fork()) == 0) setsid(); else pause();",
    "forked twice": "if (must(fork()) > 0) pause(); setsid(); if (must(fork()) > 0) _exit(0);",
    "deaf to every signal": "for (int number = 1; number < 65; number++) signal(number, SIG_IGN);",
    "traced by its parent": "pid_t child = must(fork()); "
    "if (child > 0) { must((int)ptrace(PTRACE_SEIZE, child, 0, 0)); for (;;) pause(); }",
    "undumpable": "must(prctl(PR_SET_DUMPABLE, 0));",
}


@pytest.fixture
def compiled(workshop: Workshop) -> Program:
    """The program that a test compiles."""
    return Program(workshop.session, "program", LIMITS, CheckContext())


@pytest.mark.parametrize("stop", ["pause();", "raise(SIGSTOP);", "sched_yield();"], ids=["asleep", "stopped", "busy"])
@pytest.mark.parametrize("preparation", PROCESSES.values(), ids=PROCESSES)
def test_a_process_is_gone(workshop: Workshop, compiled: Program, preparation: str, stop: str) -> None:
    workshop.compile(f"""
        int main(void) {{
            {preparation}
            say("there");
            for (;;)
                {stop}
        }}""")
    process = compiled.start()
    process.expect(b"there\n", within=PATIENCE)
    workshop.session.reset()
    assert everything_is_as_laid_out(workshop)


def test_a_run_that_was_cut_short_is_known_to_have_ended(workshop: Workshop) -> None:
    """A check may look for more about a failure, in a fresh folder, before it lets go of the processes it started."""
    process = workshop.program('int main(void) { say("there"); pause(); return 0; }').start()
    process.expect(b"there\n", within=PATIENCE)
    workshop.session.reset()
    run = process.stop()
    assert run.status is not None
    assert run.status.signal == "SIGKILL"


def test_a_process_that_a_finished_run_left_behind_is_gone(workshop: Workshop) -> None:
    """Also in a run that nothing watches."""
    workshop.shell("(sleep 1000 </dev/null >/dev/null 2>&1 &)")
    assert workshop.session.look()["processes"] == {}
    workshop.session.reset()
    assert everything_is_as_laid_out(workshop)


def test_a_fork_bomb_is_gone(workshop: Workshop, compiled: Program) -> None:
    workshop.compile("""
        int main(void) {
            say("there");
            for (;;)
                if (fork() == 0)
                    setsid();
        }""")
    process = compiled.start()
    process.expect(b"there\n", within=PATIENCE)
    process.wait_until(lambda view: len(view.processes) >= LIMITS.processes - 2, within=PATIENCE)
    workshop.session.reset()
    assert everything_is_as_laid_out(workshop)


# -- System V and POSIX objects -------------------------------------------------------------------

OBJECTS = {
    "System V shared memory": "must(shmget(0x1234, 4096, IPC_CREAT | 0600));",
    "System V shared memory nobody may touch": "must(shmget(0x1234, 4096, IPC_CREAT));",
    "attached System V shared memory": "shmat(must(shmget(0x1234, 4096, IPC_CREAT | 0600)), NULL, 0); "
    'say("there"); for (;;) pause();',
    "a System V message queue": "must(msgget(0x1234, IPC_CREAT | 0600));",
    "System V semaphores": "must(semget(0x1234, 3, IPC_CREAT | 0600));",
    "two hundred System V objects": "for (int i = 0; i < 200; i++) must(semget(IPC_PRIVATE, 1, 0600));",
    "POSIX shared memory": 'must(shm_open("/memory", O_RDWR | O_CREAT, 0));',
    "a POSIX semaphore": 'must(sem_open("/semaphore", O_CREAT, 0600, 1) == SEM_FAILED ? -1 : 0);',
    "a POSIX message queue": 'must(mq_open("/queue", O_RDWR | O_CREAT, 0600, NULL));',
}


@pytest.mark.parametrize("source", OBJECTS.values(), ids=OBJECTS)
def test_an_ipc_object_is_gone(workshop: Workshop, compiled: Program, source: str) -> None:
    workshop.compile(f'int main(void) {{ {source} say("there"); return 0; }}')
    process = compiled.start()
    process.expect(b"there\n", within=PATIENCE)
    workshop.session.reset()
    assert everything_is_as_laid_out(workshop)


def test_each_session_has_a_user_of_its_own() -> None:
    """Limits on processes and inotify watches count a user over the whole machine."""
    streams = [launch(Containment(memory_bytes=LIMITS.memory_bytes, processes=8)) for _ in range(3)]
    for stream in streams:
        with Session(stream) as session:
            assert session.machine
    assert len({stream.uid for stream in streams}) == len(streams)
