"""What a container may, what a program in it may, and what limits it meets."""

import json
import secrets
from pathlib import Path
from typing import Any

import docker
import pytest
from workshop import LIMITS, PROGRAMS, Workshop

import sandbox
from grader.checks import Program
from grader.checks.run import CheckContext
from grader.findings import FindingKind
from grader.spec import Limits
from sandbox.container import ContainerStream, Containment
from sandbox.docker import AGENT_MEMORY_BYTES, AGENT_PROCESSES, FIRST_UID, launch
from sandbox.image import SESSION_LABEL, image_name
from sandbox.session import RunLimits, Session

# -- from outside: what Docker was told -----------------------------------------------------------


@pytest.fixture(scope="module")
def container(engine: docker.APIClient, stream: ContainerStream, shared_session: Session) -> dict[str, Any]:
    """The container as Docker describes it while the agent is up."""
    assert shared_session.machine
    found = engine.inspect_container(stream.container)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def options(container: dict[str, Any]) -> dict[str, Any]:
    """What the container was created with."""
    found = container["HostConfig"]
    assert isinstance(found, dict)
    return found


def test_the_container_has_the_documented_capabilities_and_no_others(options: dict[str, Any]) -> None:
    assert options["CapDrop"] == ["ALL"]
    assert {name.removeprefix("CAP_") for name in options["CapAdd"]} == {
        *("CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID", "SYS_NICE", "SYS_PTRACE")
    }
    assert options["Privileged"] is False


def test_nothing_of_the_host_is_mounted(container: dict[str, Any], options: dict[str, Any]) -> None:
    assert not options["Binds"]
    assert not options.get("Mounts")
    assert not options["VolumesFrom"]
    assert not options["Devices"]
    assert container["Mounts"] == []


def test_the_container_has_no_network(options: dict[str, Any]) -> None:
    assert options["NetworkMode"] == "none"


def test_no_namespace_is_shared_with_the_host(options: dict[str, Any]) -> None:
    assert options["IpcMode"] == "private"
    assert options["PidMode"] == ""
    assert options["UTSMode"] == ""


def test_the_root_is_read_only_and_the_writable_folders_are_bounded(options: dict[str, Any]) -> None:
    assert options["ReadonlyRootfs"] is True
    assert set(options["Tmpfs"]) == {"/work", "/tmp", "/stage"}
    for mount in options["Tmpfs"].values():
        assert {"size", "nr_inodes", "nosuid", "nodev"} <= {option.partition("=")[0] for option in mount.split(",")}
    assert options["ShmSize"] == 64 << 20


def test_processes_are_limited_with_room_for_the_agent(options: dict[str, Any]) -> None:
    assert options["PidsLimit"] == LIMITS.processes + AGENT_PROCESSES


def test_memory_is_limited_and_there_is_no_swap(options: dict[str, Any]) -> None:
    assert options["Memory"] == options["MemorySwap"] == LIMITS.memory_bytes + AGENT_MEMORY_BYTES


def test_no_program_can_gain_rights_and_the_seccomp_profile_is_our_own(options: dict[str, Any]) -> None:
    security = options["SecurityOpt"]
    assert "no-new-privileges" in security
    (profile,) = (option.removeprefix("seccomp=") for option in security if option.startswith("seccomp="))
    own = Path(sandbox.__file__).parent / "image" / "seccomp.json"
    assert json.loads(profile) == json.loads(own.read_text(encoding="utf-8"))


def test_docker_keeps_no_log_of_the_stream(options: dict[str, Any]) -> None:
    assert options["LogConfig"]["Type"] == "none"


def test_the_container_is_labelled_and_removed_by_docker_itself(
    container: dict[str, Any], options: dict[str, Any]
) -> None:
    assert container["Config"]["Labels"][SESSION_LABEL]
    assert options["AutoRemove"] is True


# -- from inside: what the student's program finds ------------------------------------------------


def status_of_self(workshop: Workshop) -> dict[str, str]:
    """`/proc/self/status` of a program that the student's user runs."""
    lines = workshop.output_of("/bin/cat", "/proc/self/status").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_a_program_runs_as_an_unprivileged_user_of_its_own(workshop: Workshop, stream: ContainerStream) -> None:
    status = status_of_self(workshop)
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(stream.uid)}
    assert stream.uid >= 20_000
    assert status["Groups"].strip() == ""


def test_no_two_sandboxes_have_the_same_user(
    shared_session: Session, stream: ContainerStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process limit counts what runs as a user anywhere on the machine."""
    assert shared_session.machine
    draws, draw = iter([stream.uid - FIRST_UID]), secrets.randbelow
    monkeypatch.setattr(secrets, "randbelow", lambda below: next(draws, None) or draw(below))
    other = launch(Containment(memory_bytes=64 << 20, processes=4))
    other.close(at_once=True)
    assert next(draws, "drawn") == "drawn"
    assert other.uid != stream.uid


def test_a_program_has_no_capabilities(workshop: Workshop) -> None:
    status = status_of_self(workshop)
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}


def test_a_program_cannot_gain_rights(workshop: Workshop) -> None:
    status = status_of_self(workshop)
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


def test_a_program_starts_with_no_signal_blocked_or_ignored(workshop: Workshop) -> None:
    status = status_of_self(workshop)
    assert {int(status[name], 16) for name in ("SigBlk", "SigIgn", "SigPnd", "ShdPnd")} == {0}


IGNORE_EVERY_SIGNAL_THEN_SPAWN = """
import ctypes, os, sys
sys.path.insert(0, "/opt/grader")
from sandbox.agent import kernel, spawn
ignore = ctypes.create_string_buffer((1).to_bytes(8, "little"), 32)  # SIG_IGN; the library refuses for 32 and 33
for number in range(1, 65):
    ctypes.CDLL(None).syscall(kernel.SYSCALL["rt_sigaction"], number, ignore, None, ctypes.c_size_t(8))
limits = {"cpu_seconds": 1, "file_bytes": 1, "open_files": 9, "processes": 9}
program = spawn.spawn(
    ["/bin/grep", "^Sig", "/proc/self/status"],
    {}, limits, 20000, program_filter=None, with_input=False, terminal=False,
)
os.set_blocking(program.outputs[0], True)
print(os.read(program.outputs[0], 4096).decode())
"""


def said_in_container(engine: docker.APIClient, script: str) -> bytes:
    """What a script says that is run by the agent's Python in a container of its own."""
    container = engine.create_container(
        image_name(),
        ["/usr/bin/python3", "-I", "-c", script],
        host_config=engine.create_host_config(network_mode="none"),
    )["Id"]
    try:
        engine.start(container)
        assert engine.wait(container)["StatusCode"] == 0
        return bytes(engine.logs(container))
    finally:
        engine.remove_container(container, force=True)


def test_a_program_ignores_no_signal_that_the_engine_s_service_ignores(engine: docker.APIClient) -> None:
    said = said_in_container(engine, IGNORE_EVERY_SIGNAL_THEN_SPAWN)
    status = dict(line.split(b":\t") for line in said.split(b"\n") if line)
    assert {int(status[name], 16) for name in (b"SigBlk", b"SigIgn", b"SigPnd")} == {0}


CLOSE_WHAT_LINGERS = """
import os, signal, socket, struct, sys, time
sys.path.insert(0, "/opt/grader")
from sandbox.agent import kernel
listener = socket.create_server(("127.0.0.1", 0))
lingering = socket.create_connection(listener.getsockname())
peer = listener.accept()[0]
lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
lingering.setblocking(False)
try:
    while True:
        lingering.send(bytes(65536))
except BlockingIOError:
    pass
started = time.monotonic()
plain = os.dup(0)
kernel.close_aside(plain)
print(os.path.exists(f"/proc/self/fd/{plain}"))
signal.signal(signal.SIGUSR1, lambda number, frame: None)
for thread in os.listdir("/proc/self/task"):
    kernel._libc.syscall(kernel.SYSCALL["tgkill"], os.getpid(), int(thread), signal.SIGUSR1)
plain = os.dup(0)
kernel.close_aside(plain)
print(os.path.exists(f"/proc/self/fd/{plain}"))
print(kernel.is_closing_aside())
kernel.close_aside(lingering.detach())
print(kernel.is_closing_aside())
for _attempt in range(100):
    kernel.close_aside(os.dup(0))
print(time.monotonic() - started < 10)
"""


def test_what_takes_an_hour_to_close_does_not_keep_the_agent_nor_does_a_signal(engine: docker.APIClient) -> None:
    assert said_in_container(engine, CLOSE_WHAT_LINGERS) == b"False\nFalse\nFalse\nTrue\nTrue\n"


def test_a_program_starts_with_three_descriptors(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            for (int number = 0; number < 1024; number++)
                if (fcntl(number, F_GETFD) != -1)
                    printf("%d ", number);
            return 0;
        }""")
    assert run.stdout == b"0 1 2 "


def test_a_program_leads_a_session_of_its_own_in_the_work_folder(workshop: Workshop) -> None:
    with workshop.program("""int main(void) { say(getcwd(NULL, 0)); for (;;) pause(); }""").start() as process:
        process.expect(b"/work\n")
        root = process.view().root
        assert root.pid == root.pgid == root.sid == process.pid


def test_the_only_network_interface_is_the_loopback(workshop: Workshop) -> None:
    listed = workshop.shell("cat /proc/net/dev").splitlines()[2:]
    assert [line.partition(":")[0].strip() for line in listed] == ["lo"]


def test_no_address_outside_can_be_reached(workshop: Workshop) -> None:
    run = workshop.run("""
        #include <netinet/in.h>
        int main(void) {
            struct sockaddr_in far = { .sin_family = AF_INET, .sin_port = htons(53) };
            far.sin_addr.s_addr = htonl(0x08080808);
            int end = must(socket(AF_INET, SOCK_DGRAM, 0));
            if (connect(end, (struct sockaddr *)&far, sizeof far) < 0)
                puts(strerrorname_np(errno));
            return 0;
        }""")
    assert run.stdout == b"ENETUNREACH\n"


@pytest.mark.parametrize(
    "folder", ["/", "/etc", "/usr/bin", "/usr/local/bin", "/opt/grader", "/var/tmp", "/home", "/root", "/run"]
)
def test_nothing_but_the_work_folders_can_be_written(workshop: Workshop, folder: str) -> None:
    assert workshop.shell(f"touch {folder}/new 2>/dev/null || echo refused") == "refused\n"


@pytest.mark.parametrize("folder", ["/work", "/tmp", "/dev/shm"])
def test_the_work_folders_can_be_written(workshop: Workshop, folder: str) -> None:
    workshop.shell(f"touch {folder}/new && rm {folder}/new")


@pytest.mark.parametrize(
    "attempt",
    [
        "ls /stage",
        "cat /stage/program.c",
        "ls /proc/1/fd",
        "cat /proc/1/environ",
        ": </proc/1/mem",
        "cat /proc/1/maps",
        "cat /proc/1/syscall",
        "readlink /proc/1/exe",
        "ls /proc/1/root/",
        "ls /proc/1/cwd/",
        "kill -0 1",
        "kill -KILL 1",
        "cat /dev/mem",
        "ls /sys/fs/cgroup/*/cgroup.procs | xargs -n 1 sh -c 'echo 1 >$0'",
        "echo 1 >/proc/sys/kernel/pid_max",
        "echo b >/proc/sysrq-trigger",
        "echo -1000 >/proc/self/oom_score_adj",
        "ulimit -u 4096",
        "ulimit -n 4096",
        "ulimit -c unlimited",
    ],
)
def test_the_agent_and_the_machine_are_out_of_reach(workshop: Workshop, attempt: str) -> None:
    assert workshop.shell(f"( {attempt} ) >/dev/null 2>&1 || echo refused") == "refused\n"


def test_the_image_has_no_setuid_programs(workshop: Workshop) -> None:
    assert workshop.shell("find / -xdev -type f -perm /6000 2>/dev/null || true") == ""


def test_the_environment_tells_nothing_of_the_grader(workshop: Workshop) -> None:
    names = {line.partition("=")[0] for line in workshop.output_of("/usr/bin/env").splitlines()}
    assert names == {"PATH", "HOME", "LANG"}


# -- system calls ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def staged(shared_session: Session) -> None:
    """Both programs in the stage, so that each test finds them in its work folder."""
    shared_session.reset()
    workshop = Workshop(shared_session)
    for name in ("forbidden", "needed"):
        workshop.compile((PROGRAMS / f"{name}.c").read_text(encoding="utf-8"), name=name)
        shared_session.keep(name)


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize(
    "call",
    [
        *("unshare", "clone", "setns", "mount", "umount2", "chroot", "bpf", "io_uring_setup", "userfaultfd"),
        *("keyctl", "add_key", "perf_event_open", "raw socket", "setuid"),
    ],
)
def test_a_forbidden_call_fails(workshop: Workshop, call: str) -> None:
    assert workshop.output_of("./forbidden", call) in ("EPERM\n", "ENOSYS\n", "EAFNOSUPPORT\n")


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize(
    "mechanism",
    [
        *("fork", "threads", "sysv shm", "sysv msg", "sysv sem", "posix shm", "posix sem", "posix mq", "pidfd"),
        *("epoll", "inotify", "timerfd", "eventfd", "signalfd", "ptrace", "fifo", "unix socket"),
    ],
)
def test_what_a_course_teaches_works(session: Session, mechanism: str) -> None:
    run = Program(session, "needed", LIMITS, CheckContext()).run(mechanism)
    assert run.exit_code == 0, run.stderr


# -- limits ---------------------------------------------------------------------------------------


def kinds(run_findings: object) -> list[FindingKind]:
    assert isinstance(run_findings, tuple)
    return [finding.kind for finding in run_findings]


def the_agent_answers(session: Session) -> bool:
    """Whether the sandbox is as good as new after what it has been through."""
    session.reset()
    assert Workshop(session).shell("echo well") == "well\n"
    return True


def test_a_program_that_takes_too_much_memory_meets_the_memory_limit(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            for (;;)
                memset(malloc(1 << 20), 1, 1 << 20);
        }""")
    assert kinds(run.findings())[0] is FindingKind.MEMORY_LIMIT
    assert run.signal == "SIGKILL"
    assert the_agent_answers(workshop.session)


def test_children_count_towards_the_memory_limit(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            for (int i = 0; i < 8; i++) {
                if (must(fork()) == 0) {
                    memset(malloc(40 << 20), 1, 40 << 20);
                    pause();
                }
            }
            must(wait(NULL));
            return 0;
        }""")
    assert FindingKind.MEMORY_LIMIT in kinds(run.findings())
    assert the_agent_answers(workshop.session)


def test_files_in_memory_count_towards_the_memory_limit(workshop: Workshop) -> None:
    """Whatever is filled, the agent is not what the kernel kills for it."""
    run = workshop.run("""
        static char much[1 << 20];
        static void fill(const char *path) {
            int file = must(open(path, O_WRONLY | O_CREAT, 0600));
            memset(much, 1, sizeof much);
            while (write(file, much, sizeof much) > 0)
                ;
        }
        int main(void) {
            signal(SIGXFSZ, SIG_IGN);
            fill("/dev/shm/one");
            fill("/tmp/one");
            fill("/work/one");
            for (int i = 0; i < 64; i++) {
                int memory = must(memfd_create("much", 0));
                for (int written = 0; written < 16; written++)
                    must((int)write(memory, much, sizeof much));
            }
            return 0;
        }""")
    assert kinds(run.findings())[0] is FindingKind.MEMORY_LIMIT
    assert the_agent_answers(workshop.session)


BOMBS = {
    "of children": """
        int main(void) {
            for (;;)
                if (fork() == -1)
                    sched_yield();
        }""",
    "of children that leave their session": """
        int main(void) {
            for (;;)
                if (fork() > 0)
                    setsid();
        }""",
    "of threads": """
        static void *rest(void *argument) { for (;;) pause(); return argument; }
        int main(void) {
            pthread_t thread;
            for (;;)
                pthread_create(&thread, NULL, rest, NULL);
        }""",
}


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_a_fork_bomb_meets_the_process_limit(workshop: Workshop, source: str) -> None:
    limits = Limits(time_seconds=1.0, processes=LIMITS.processes)
    run = workshop.run(source, limits=limits)
    assert FindingKind.PROCESS_LIMIT in kinds(run.findings())
    assert the_agent_answers(workshop.session)


def test_a_program_below_its_process_limit_does_not_meet_it(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            int ends[2];
            must(pipe(ends));
            for (int i = 0; i < 16; i++) {
                if (must(fork()) == 0) {
                    char byte;
                    close(ends[1]);
                    _exit((int)read(ends[0], &byte, 1));
                }
            }
            close(ends[0]);
            close(ends[1]);
            wait_for_all();
            return 0;
        }""")
    assert run.findings() == ()


@pytest.mark.parametrize("stream_number", [1, 2])
def test_endless_output_is_cut_at_the_output_limit(workshop: Workshop, stream_number: int) -> None:
    run = workshop.run(f"""
        static char much[4096];
        int main(void) {{
            memset(much, 'x', sizeof much);
            while (write({stream_number}, much, sizeof much) > 0)
                ;
            return 0;
        }}""")
    assert kinds(run.findings()) == [FindingKind.OUTPUT_LIMIT]
    assert max(len(run.stdout), len(run.stderr)) == LIMITS.output_bytes
    assert run.exit_code is None


def test_output_up_to_the_limit_is_allowed(workshop: Workshop) -> None:
    run = workshop.run(f"""
        int main(void) {{
            for (int i = 0; i < {LIMITS.output_bytes}; i++)
                putchar('x');
            return 0;
        }}""")
    assert run.findings() == ()
    assert len(run.stdout) == LIMITS.output_bytes


def test_a_program_that_computes_for_ever_meets_the_time_limit(workshop: Workshop) -> None:
    run = workshop.run("int main(void) { for (;;) ; }", limits=Limits(time_seconds=0.5))
    assert kinds(run.findings()) == [FindingKind.TIMEOUT]
    assert run.exit_code is None


def test_a_program_that_outlives_every_signal_meets_the_time_limit(workshop: Workshop) -> None:
    run = workshop.run(
        """
        int main(void) {
            for (int number = 1; number < 65; number++)
                signal(number, SIG_IGN);
            for (;;)
                usleep(1000);
        }""",
        limits=Limits(time_seconds=0.5),
    )
    assert kinds(run.findings()) == [FindingKind.TIMEOUT]


def test_cpu_time_is_limited(workshop: Workshop) -> None:
    """Also where the wall clock does not matter, as for a compiler."""
    workshop.compile("int main(void) { for (;;) ; }")
    limits = RunLimits(wall_seconds=60, cpu_seconds=1, processes=4, output_bytes=1024)
    status = workshop.end_of(workshop.spawn("./program", limits=limits))
    assert status & 0x7F == 24, "SIGXCPU"


def test_a_program_may_compute_on_all_processors_until_its_time_is_up(workshop: Workshop) -> None:
    run = workshop.run("""
        #include <sys/resource.h>
        int main(void) {
            struct rlimit limit;
            must(getrlimit(RLIMIT_CPU, &limit));
            printf("%ld %ld\\n", (long)limit.rlim_cur, sysconf(_SC_NPROCESSORS_ONLN));
            return 0;
        }""")
    seconds, processors = map(int, run.stdout.split())
    assert seconds > LIMITS.time_seconds * processors


def test_the_size_of_a_file_is_limited(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            int file = must(open("large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
            ftruncate(file, (64 << 20) + 1);
            return 0;
        }""")
    assert run.signal == "SIGXFSZ"
    assert kinds(run.findings()) == [FindingKind.CRASH]


def test_the_number_of_open_files_is_limited(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            int last = 0, opened;
            while ((opened = open("/dev/null", O_RDONLY)) >= 0)
                last = opened;
            printf("%d %s", last, strerrorname_np(errno));
            while (last > 2)
                close(last--);
            return 0;
        }""")
    assert run.stdout == b"255 EMFILE"
    assert run.findings() == ()


def test_no_core_file_is_written(workshop: Workshop) -> None:
    workshop.run("int main(void) { abort(); }")
    assert not any("core" in name for name in workshop.session.names())


def test_the_number_of_files_is_limited(workshop: Workshop) -> None:
    """And the folder is swept all the same."""
    limits = RunLimits(wall_seconds=60, cpu_seconds=30, processes=4, output_bytes=1 << 20)
    workshop.compile("""
        int main(void) {
            char name[32];
            int made = 0;
            do
                snprintf(name, sizeof name, "file%d", made++);
            while (close(open(name, O_WRONLY | O_CREAT, 0600)) == 0);
            printf("%d", errno == EBADF && made < 30000);
            return 0;
        }""")
    record = workshop.spawn("./program", limits=limits)
    assert workshop.end_of(record) == 0
    assert record.stdout == b"1"
    assert the_agent_answers(workshop.session)
    assert not any(name.startswith("file") for name in workshop.session.names())
