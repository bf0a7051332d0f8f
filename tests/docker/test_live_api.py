"""A running program as a check holds it: talk to it, look at it, signal it, let its calls fail."""

import re

import pytest
from workshop import PATIENCE, Workshop

from grader.checks import Fault, Program
from grader.checks.process import CheckFailed
from grader.observe.timeline import timeline
from grader.spec import Limits

ECHO = """
    int main(void) {
        char line[256];
        say("ready");
        while (fgets(line, sizeof line, stdin) != NULL) {
            printf("got %s", line);
            fflush(stdout);
        }
        say("end");
        return 0;
    }"""

ASLEEP = """int main(void) { say("ready"); for (;;) pause(); }"""


@pytest.fixture
def echo(workshop: Workshop) -> Program:
    """A program that echoes lines until its input ends."""
    return workshop.program(ECHO)


@pytest.fixture
def asleep(workshop: Workshop) -> Program:
    """A program that prints `ready` and sleeps for ever."""
    return workshop.program(ASLEEP)


# -- talking --------------------------------------------------------------------------------------


def test_a_conversation(echo: Program) -> None:
    with echo.start() as process:
        assert process.expect(b"ready\n") == b"ready\n"
        process.send(b"one\n")
        assert process.expect(b"one\n") == b"got one\n"
        process.send(b"two\nthree\n")
        assert process.expect(re.compile(rb"t\w+e\n")) == b"got two\ngot three\n"
        process.close_stdin()
        run = process.wait()
    assert run.exit_code == 0
    assert run.stdout == b"ready\ngot one\ngot two\ngot three\nend\n"
    assert run.findings() == ()


def test_expect_looks_only_beyond_what_was_expected_before(echo: Program) -> None:
    with echo.start() as process:
        process.send(b"one\none\n")
        process.expect(b"got one\n")
        process.expect(b"got one\n")
        with pytest.raises(CheckFailed):
            process.expect(b"got one\n", within=0.05)


def test_what_was_not_found_is_left_for_the_next_expectation(echo: Program) -> None:
    with echo.start() as process:
        process.expect(b"ready\n")
        with pytest.raises(CheckFailed):
            process.expect(b"got one\n", within=0.05)
        process.send(b"one\n")
        assert process.expect(b"got one\n") == b"got one\n"


def test_expect_finds_what_the_program_printed_before_it_ended(workshop: Workshop) -> None:
    with workshop.program("""int main(void) { puts("one"); puts("two"); return 0; }""").start() as process:
        process.wait()
        assert process.expect(b"one\n") == b"one\n"
        assert process.expect(b"two\n") == b"two\n"


def test_much_input_is_queued_for_a_program_that_does_not_read_it_yet(workshop: Workshop) -> None:
    program = workshop.program("""
        int main(void) {
            static char buffer[65536];
            long total = 0, count;
            say("ready");
            raise(SIGSTOP);
            while ((count = read(0, buffer, sizeof buffer)) > 0)
                total += count;
            printf("%ld\\n", total);
            return 0;
        }""")
    with program.start() as process:
        process.expect(b"ready\n")
        process.wait_until(lambda view: view.root.state == "stopped")
        process.send(b"x" * (4 << 20))
        process.close_stdin()
        process.send_signal("SIGCONT")
        process.expect(b"4194304\n", within=PATIENCE)
        assert process.wait().exit_code == 0


def test_input_for_a_program_that_has_closed_it_is_no_error(workshop: Workshop) -> None:
    with workshop.program("""int main(void) { close(0); say("ready"); for (;;) pause(); }""").start() as process:
        process.expect(b"ready\n")
        process.send(b"x" * 100_000)
        process.send(b"more")
        process.close_stdin()
        process.wait_until(lambda view: view.root.blocked_in("pause"), within=PATIENCE)


def test_bytes_arrive_as_they_are(workshop: Workshop) -> None:
    every_byte = bytes(range(256)) * 16
    run = workshop.program("""
        int main(void) {
            int byte;
            while ((byte = getchar()) != EOF)
                putchar(byte);
            return 0;
        }""").run(stdin=every_byte)
    assert run.stdout == every_byte


def test_arguments_and_environment_arrive_as_they_are(workshop: Workshop) -> None:
    run = workshop.program("""
        int main(int argc, char **argv) {
            for (int i = 1; i < argc; i++)
                printf("[%s]", argv[i]);
            printf("%s", getenv("GREETING"));
            return 0;
        }""").run("", "two words", "--", "*", "grün", "new\nline", env={"GREETING": "good morning"})
    assert run.stdout.decode() == "[][two words][--][*][grün][new\nline]good morning"


def test_standard_error_is_kept_apart(workshop: Workshop) -> None:
    run = workshop.run("""int main(void) { fputs("out", stdout); fputs("err", stderr); return 0; }""")
    assert (run.stdout, run.stderr) == (b"out", b"err")


# -- what failing messages say --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("return 3;", "it exited with 3"),
        ("abort();", "it ended by SIGABRT"),
        ("for (;;) pause();", "it did not do so in time"),
        ("int ends[2]; must(pipe(ends)); return (int)read(ends[0], ends, 1);", "it is deadlocked"),
    ],
    ids=["exited", "killed", "too slow", "deadlocked"],
)
def test_an_expectation_that_fails_says_why(workshop: Workshop, ending: str, said: str) -> None:
    program = workshop.program(f"""int main(void) {{ say("something else"); {ending} }}""")
    with program.start() as process, pytest.raises(CheckFailed) as failed:
        process.expect(b"ready\n", within=1.0)
    assert f"was to print b'ready\\n', but {said}" in str(failed.value)
    assert "it printed b'something else\\n'" in str(failed.value)


def test_an_expectation_fails_as_soon_as_the_program_has_ended(workshop: Workshop) -> None:
    with workshop.program("int main(void) { return 0; }").start() as process, pytest.raises(CheckFailed):
        process.expect(b"ready\n", within=3600.0)


def test_a_state_that_is_not_reached_says_why(asleep: Program) -> None:
    with asleep.start() as process, pytest.raises(CheckFailed) as failed:
        process.wait_until(lambda view: "SIGTERM" in view.root.signals.caught, within=0.05)
    assert "did not reach the state that was waited for: it did not do so in time" in str(failed.value)
    assert "`program`" in str(failed.value)


def test_a_state_is_told_in_the_words_of_the_check(asleep: Program) -> None:
    with asleep.start() as process, pytest.raises(CheckFailed) as failed:
        process.wait_until(lambda view: "SIGTERM" in view.root.signals.caught, 0.05, "SIGTERM has a handler")
    told = "./program was to get to where SIGTERM has a handler, but it did not do so in time; by then: `program` (pid "
    assert str(failed.value).startswith(told)
    assert str(failed.value).endswith(") sleeping")


def test_a_state_of_a_program_that_ended_says_so(workshop: Workshop) -> None:
    with workshop.program("int main(void) { return 3; }").start() as process, pytest.raises(CheckFailed) as failed:
        process.wait_until(lambda view: "SIGTERM" in view.root.signals.caught, within=3600.0)
    assert "it exited with 3" in str(failed.value)


def test_a_signal_to_a_process_that_has_ended_says_so(workshop: Workshop) -> None:
    with workshop.program("int main(void) { return 0; }").start() as process:
        process.wait()
        with pytest.raises(CheckFailed, match=r"SIGTERM could not be sent: process \d+ of ./program has ended"):
            process.send_signal("SIGTERM")


# -- signals --------------------------------------------------------------------------------------


def test_a_signal_to_the_program(asleep: Program) -> None:
    with asleep.start() as process:
        process.expect(b"ready\n")
        process.send_signal("SIGTERM")
        run = process.wait()
    assert (run.exit_code, run.signal) == (None, "SIGTERM")


def test_a_signal_to_the_group_reaches_the_children(workshop: Workshop) -> None:
    program = workshop.program("""
        static void leave(int number) { _exit(number); }
        int main(void) {
            int status;
            signal(SIGINT, leave);
            pid_t child = must(fork());
            if (child == 0)
                for (;;)
                    pause();
            signal(SIGINT, SIG_IGN);
            say("ready");
            must(waitpid(child, &status, 0));
            return WEXITSTATUS(status);
        }""")
    with program.start() as process:
        process.expect(b"ready\n")
        process.send_signal("SIGINT", to="group")
        assert process.wait().exit_code == 2


def test_a_signal_to_the_program_alone_spares_the_children(workshop: Workshop) -> None:
    with workshop.program("""
        static void note(int number) { (void)number; }
        int main(void) {
            signal(SIGINT, note);
            if (must(fork()) == 0) {
                signal(SIGINT, SIG_DFL);
                for (;;)
                    pause();
            }
            pause();
            say("woken");
            for (;;)
                pause();
        }""").start() as process:
        process.wait_until(lambda view: len(view.processes) == 2 and all(p.blocked_in("pause") for p in view.processes))
        process.send_signal("SIGINT")
        process.expect(b"woken\n")
        assert len(process.tree) == 2


def test_a_signal_to_a_pid(workshop: Workshop) -> None:
    program = workshop.program("""
        int main(void) {
            int status;
            pid_t child = must(fork());
            if (child == 0)
                for (;;)
                    pause();
            must(waitpid(child, &status, 0));
            return WTERMSIG(status);
        }""")
    with program.start() as process:
        view = process.wait_until(lambda view: any(p.blocked_in("pause") for p in view.children_of(process.pid)))
        (child,) = view.children_of(process.pid)
        process.send_signal("SIGUSR1", to=child.pid)
        assert process.wait().exit_code == 10


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGALRM", "SIGTERM", "SIGSEGV"])
def test_the_wait_status_names_the_signal(asleep: Program, name: str) -> None:
    with asleep.start() as process:
        process.expect(b"ready\n")
        process.send_signal(name)
        assert process.wait().signal == name


@pytest.mark.parametrize("code", [0, 1, 126, 255])
def test_the_wait_status_has_the_exit_code(workshop: Workshop, code: int) -> None:
    run = workshop.run(f"int main(void) {{ return {code}; }}")
    assert (run.exit_code, run.signal) == (code, None)


def test_a_stopped_program_goes_on(asleep: Program) -> None:
    with asleep.start() as process:
        process.expect(b"ready\n")
        process.send_signal("SIGSTOP")
        process.wait_until(lambda view: view.root.state == "stopped")
        process.send_signal("SIGCONT")
        process.wait_until(lambda view: view.root.state == "sleeping")


# -- looking --------------------------------------------------------------------------------------


def test_signals_that_are_caught_ignored_blocked_and_pending(workshop: Workshop) -> None:
    with workshop.program("""
        static void note(int number) { (void)number; }
        int main(void) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            sigaddset(&set, SIGUSR2);
            must(sigprocmask(SIG_BLOCK, &set, NULL));
            signal(SIGHUP, SIG_IGN);
            signal(SIGTERM, note);
            raise(SIGUSR1);
            say("ready");
            for (;;)
                pause();
        }""").start() as process:
        process.expect(b"ready\n")
        signals = process.signals
        assert signals.caught == {"SIGTERM"}
        assert signals.ignored == {"SIGHUP"}
        assert signals.blocked == {"SIGUSR1", "SIGUSR2"}
        assert signals.pending == {"SIGUSR1"}
        process.send_signal("SIGUSR2")
        assert process.signals.pending == {"SIGUSR1", "SIGUSR2"}


def test_waiting_until_a_handler_is_installed(workshop: Workshop) -> None:
    with workshop.program("""
        static void leave(int number) { (void)number; _exit(4); }
        int main(void) {
            usleep(50000);
            signal(SIGTERM, leave);
            for (;;)
                pause();
        }""").start() as process:
        process.wait_until(lambda view: "SIGTERM" in view.root.signals.caught)
        process.send_signal("SIGTERM")
        assert process.wait().exit_code == 4


def test_waiting_until_a_read_of_standard_input_blocks(echo: Program) -> None:
    with echo.start() as process:
        view = process.wait_until(lambda view: view.root.blocked_in("read", fd=0))
        assert not view.root.blocked_in("read", fd=1)
        assert not view.root.blocked_in("write")
        assert view.root.blocked_in("write", "read")


def test_the_tree_has_every_process(workshop: Workshop) -> None:
    with workshop.program("""
        int main(void) {
            pid_t child = must(fork());
            if (child == 0 && must(fork()) == 0)
                execlp("sleep", "sleep", "1000", NULL);
            for (;;)
                pause();
        }""").start() as process:
        view = process.wait_until(
            lambda view: (
                [p.blocked_in("clock_nanosleep") for p in view.named("sleep")]
                == [True]  # in the midst of an exec it has no argv
                and sum(p.blocked_in("pause") for p in view.processes) == 2
            )
        )
        (sleeper,) = view.named("sleep")
        (child,) = view.children_of(process.pid)
        assert view.root.pid == process.pid
        assert sleeper.ppid == child.pid
        assert sleeper.argv == ("sleep", "1000")
        assert {one.pgid for one in process.tree} == {process.pid}
        assert [one.pid for one in process.tree] == sorted(one.pid for one in process.tree)


def test_a_zombie_can_be_seen(workshop: Workshop) -> None:
    with workshop.program("""
        int main(void) {
            pid_t child = must(fork());
            if (child == 0)
                return 0;
            await_end_of(child);
            say("ready");
            for (;;)
                pause();
        }""").start() as process:
        process.expect(b"ready\n")
        (child,) = process.view().children_of(process.pid)
        assert child.state == "zombie"
        assert child.fds == ()


def test_threads_are_counted(workshop: Workshop) -> None:
    with workshop.program("""
        static void *rest(void *argument) { for (;;) pause(); return argument; }
        int main(void) {
            pthread_t thread;
            for (int i = 0; i < 3; i++)
                must(-pthread_create(&thread, NULL, rest, NULL));
            say("ready");
            pthread_exit(NULL);
        }""").start() as process:
        process.expect(b"ready\n")
        view = process.wait_until(lambda view: view.root.threads == 3)
        assert view.root.blocked_in("pause")
        assert [fd.number for fd in view.root.fds] == [0, 1, 2]


def test_descriptors_with_their_flags(workshop: Workshop) -> None:
    with workshop.program("""
        int main(void) {
            int ends[2];
            must(pipe2(ends, O_CLOEXEC));
            must(open("/etc/passwd", O_RDONLY));
            must(open("/dev/null", O_RDWR | O_CLOEXEC));
            say("ready");
            for (;;)
                pause();
        }""").start() as process:
        process.expect(b"ready\n")
        rows = [(fd.number, fd.access, fd.cloexec) for fd in process.fds if fd.number > 2]
        assert rows == [(3, "r", True), (4, "w", True), (5, "r", False), (6, "rw", True)]
        targets = {fd.number: fd.target for fd in process.fds}
        assert targets[3] == targets[4]
        assert (targets[5], targets[6]) == ("/etc/passwd", "/dev/null")


SERVER = """
    int main(void) {
        char line[256];
        while (fgets(line, sizeof line, stdin) != NULL) {
            int file = must(open("/etc/passwd", O_RDONLY));
            if (%s)
                close(file);
            say("done");
        }
        return 0;
    }"""


@pytest.mark.parametrize(("condition", "grows"), [("false", True), ("true", False), ("line[0] != 'a'", False)])
def test_a_table_that_grows_with_each_round_is_a_leak(workshop: Workshop, condition: str, grows: bool) -> None:
    """What the first round alone opens and keeps is none."""
    letters = iter("abcdefgh")
    with workshop.program(SERVER % condition).start() as process:

        def one_round() -> None:
            process.send(f"{next(letters)}\n".encode())
            process.expect(b"done\n")

        found = process.growth(one_round)
    assert [finding.kind for finding in found] == (["fd-leak-growth"] if grows else [])


def test_settling_waits_until_nothing_moves(workshop: Workshop) -> None:
    program = workshop.program("""
        int main(void) {
            while (clock() < CLOCKS_PER_SEC / 5)
                ;
            must(open("/etc/passwd", O_RDONLY));
            for (;;)
                pause();
        }""")
    with program.start() as process:
        assert [fd.number for fd in process.settle(within=PATIENCE).root.fds] == [0, 1, 2, 3]


def test_a_program_that_never_rests_does_not_settle(workshop: Workshop) -> None:
    restless = workshop.program("int main(void) { for (;;) usleep(1000); }")
    with restless.start() as process, pytest.raises(CheckFailed, match="did not come to rest"):
        process.settle(within=0.1)


# -- on a terminal --------------------------------------------------------------------------------


def test_a_program_can_be_run_on_a_terminal(workshop: Workshop) -> None:
    with workshop.program(
        """
        int main(void) {
            char line[64];
            printf("%d%d%d %d\\n", isatty(0), isatty(1), isatty(2), tcgetpgrp(0) == getpgrp());
            while (fgets(line, sizeof line, stdin) != NULL)
                printf("got %s", line);
            say("end");
            return 0;
        }""",
    ).start(pty=True) as process:
        process.expect(b"111 1")
        process.send(b"one\n")
        process.expect(b"got one")
        process.close_stdin()
        process.expect(b"end")
        run = process.wait()
    assert run.exit_code == 0
    assert run.findings() == ()


@pytest.mark.parametrize(("key", "name"), [(b"\x03", "SIGINT"), (b"\x1c", "SIGQUIT")])
def test_a_key_on_the_terminal_signals_the_whole_group(workshop: Workshop, key: bytes, name: str) -> None:
    program = workshop.program("""
        int main(void) {
            must(fork());
            say("ready");
            for (;;)
                pause();
        }""")
    with program.start(pty=True) as process:
        process.expect(re.compile(rb"ready.*ready", re.DOTALL))
        process.send(key)
        run = process.wait()
    assert run.signal == name
    assert not run.findings("orphan", "crash")


# -- the end --------------------------------------------------------------------------------------


def test_everything_is_killed_at_the_end_of_the_block(workshop: Workshop) -> None:
    program = workshop.program("""
        int main(void) {
            if (must(fork()) == 0)
                setsid();
            say("ready");
            for (;;)
                pause();
        }""")
    with program.start() as process:
        process.expect(b"ready\nready\n")
        assert len(process.tree) == 2
    assert workshop.session.look()["processes"] == {}


def test_everything_is_killed_when_the_check_fails(workshop: Workshop, asleep: Program) -> None:
    with pytest.raises(CheckFailed), asleep.start() as process:
        process.expect(b"never\n", within=0.05)
    assert workshop.session.look()["processes"] == {}


def test_a_program_that_was_stopped_by_the_check_has_no_exit_code(asleep: Program) -> None:
    with asleep.start() as process:
        process.expect(b"ready\n")
    run = process.stop()
    assert (run.exit_code, run.signal) == (None, None)
    assert run.findings() == ()


def test_stopping_twice_gives_the_same_run(asleep: Program) -> None:
    with asleep.start() as process:
        process.expect(b"ready\n")
        assert process.stop() is process.stop() is process.wait()


def test_the_time_limit_ends_a_program_that_is_waited_for(workshop: Workshop) -> None:
    program = workshop.program(ASLEEP, limits=Limits(time_seconds=0.3))
    with program.start() as process:
        run = process.wait()
    assert [finding.kind for finding in run.findings()] == ["timeout"]


def test_a_limit_of_the_check_goes_before_that_of_the_assignment(asleep: Program) -> None:
    run = asleep.run(timeout=0.3)
    (timeout,) = run.findings("timeout")
    assert "had not ended after 0.3 seconds" in timeout.message


def test_two_programs_run_side_by_side(echo: Program) -> None:
    with echo.start() as one, echo.start() as other:
        one.expect(b"ready\n")
        other.expect(b"ready\n")
        other.send(b"to the other\n")
        other.expect(b"to the other\n")
        assert one.stdout == b"ready\n"
        other.close_stdin()
        assert other.wait().exit_code == 0
        one.send(b"to the one\n")
        one.expect(b"to the one\n")
        one.close_stdin()
        assert one.wait().exit_code == 0


def test_the_duration_is_that_of_the_program(workshop: Workshop) -> None:
    """From its start to the end of its first process; what that leaves behind lives on for a fifth of a second."""
    program = workshop.program("int main(void) { if (must(fork()) == 0) for (;;) pause(); return 0; }")
    runs = [program.run() for _ in range(5)]
    assert all(run.findings("orphan") for run in runs)
    assert min(run.duration_seconds for run in runs) < 0.15


# -- calls that fail ------------------------------------------------------------------------------

FAILING = {
    "fork": ("fork()", "EAGAIN"),
    "pipe": ("({ int ends[2]; pipe(ends); })", "EMFILE"),
    "dup": ("dup(0)", "EMFILE"),
    "execve": ('execl("/no/such/program", "program", NULL)', "EACCES"),
    "wait": ("wait(NULL)", "EINTR"),
    "kill": ("kill(getpid(), 0)", "EPERM"),
}


@pytest.mark.parametrize("on_call", [1, 3])
@pytest.mark.parametrize("call", FAILING)
def test_the_nth_call_fails_and_no_other(workshop: Workshop, call: str, on_call: int) -> None:
    expression, error = FAILING[call]
    run = workshop.program(f"""
        int main(void) {{
            for (int i = 1; i <= 4; i++) {{
                errno = 0;
                pid_t result = {expression};
                if (result == 0 && {int(call == "fork")})
                    _exit(0);
                if (errno == {error})
                    printf("%d fails\\n", i);
            }}
            if ({int(call == "fork")})
                wait_for_all();
            for (int i = 3; i < 16; i++)
                close(i);
            return 0;
        }}""").run(fail=[Fault(call, error, on_call=on_call)])
    assert run.stdout == f"{on_call} fails\n".encode()
    assert run.exit_code == 0
    assert run.findings() == ()


@pytest.mark.parametrize(
    ("call", "expression"),
    [
        ("fork", "vfork()"),
        ("fork", '-posix_spawn(&(pid_t){ 0 }, "/bin/true", NULL, NULL, (char *[]){ "true", NULL }, environ)'),
        ("fork", "_Fork()"),
        ("pipe", "({ int ends[2]; pipe2(ends, O_CLOEXEC); })"),
        ("dup", "dup2(0, 9)"),
        ("dup", "dup3(0, 9, O_CLOEXEC)"),
        ("execve", 'execvp("true", (char *[]){ "true", NULL })'),
        ("wait", "waitpid(-1, NULL, 0)"),
        ("wait", "waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED)"),
        ("kill", "kill(0, 0)"),
    ],
)
def test_every_form_of_a_call_fails(workshop: Workshop, call: str, expression: str) -> None:
    run = workshop.program(f"""
        int main(void) {{
            int result = {expression};
            if (result == 0)
                _exit(1);
            puts(strerrorname_np(result < -1 ? -result : errno));
            return 0;
        }}""").run(fail=[Fault(call, "EIO")])
    assert run.stdout == b"EIO\n"


def test_a_thread_is_no_fork(workshop: Workshop) -> None:
    run = workshop.program("""
        static void *rest(void *argument) { return argument; }
        int main(void) {
            pthread_t thread;
            must(-pthread_create(&thread, NULL, rest, NULL));
            must(-pthread_join(thread, NULL));
            return fork() != -1;
        }""").run(fail=[Fault("fork", "EAGAIN")])
    assert run.exit_code == 0


def test_calls_are_counted_over_all_processes(workshop: Workshop) -> None:
    run = workshop.program("""
        int main(void) {
            int ends[2];
            must(pipe(ends));
            pid_t child = must(fork());
            if (child == 0) {
                must(pipe(ends));
                _exit(pipe(ends) == -1 ? 5 : 6);
            }
            int status;
            must(waitpid(child, &status, 0));
            return WEXITSTATUS(status);
        }""").run(fail=[Fault("pipe", "ENFILE", on_call=3)])
    assert run.exit_code == 5


def test_several_calls_fail_in_one_run(workshop: Workshop) -> None:
    run = workshop.program("""
        int main(void) {
            int ends[2];
            int failures = (pipe(ends) == -1) + (fork() == -1);
            failures += pipe(ends) == -1;
            return failures;
        }""").run(fail=[Fault("pipe", "ENFILE"), Fault("fork", "EAGAIN"), Fault("pipe", "EMFILE", on_call=2)])
    assert run.exit_code == 3


def test_the_programs_own_start_does_not_count_as_a_call_of_its(workshop: Workshop) -> None:
    """The first `execve` is that of the program, not the one that starts it."""
    run = workshop.program("""
        int main(void) {
            execl("/bin/true", "true", NULL);
            return errno == EACCES ? 0 : 1;
        }""").run(fail=[Fault("execve", "EACCES", on_call=1)])
    assert run.exit_code == 0
    assert run.processes[0].argv == ("./program",)


def test_a_call_is_not_counted_twice_when_a_signal_interrupts_it(workshop: Workshop) -> None:
    """Eight children end while their parent waits for them; the ninth wait is what fails."""
    program = workshop.program("""
        static void note(int number) { (void)number; }
        int main(void) {
            struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART };
            must(sigaction(SIGCHLD, &action, NULL));
            for (int i = 0; i < 8; i++)
                if (must(fork()) == 0)
                    _exit(0);
            int reaped = 0;
            while (wait(NULL) > 0)
                reaped++;
            return errno == EIO ? reaped : 99;
        }""")
    fail = [Fault("wait", "EIO", on_call=9)]
    assert {program.run(fail=fail).exit_code for _ in range(20)} == {8}


@pytest.mark.parametrize(("call", "error"), [("open", "EACCES"), ("fork", "ENOTHING")])
def test_a_fault_that_cannot_be_is_refused(call: str, error: str) -> None:
    with pytest.raises(ValueError, match=f"no such (call|error).*{call if call == 'open' else error}"):
        Fault(call, error)


def test_a_shell_on_a_terminal_can_put_itself_into_a_group_of_its_own(workshop: Workshop) -> None:
    """As the GNU C library's manual has it, section "Initializing the Shell"."""
    with workshop.program("""
        int main(void) {
            while (tcgetpgrp(0) != getpgrp())
                kill(-getpgrp(), SIGTTIN);
            must(setpgid(getpid(), getpid()));
            must(tcsetpgrp(0, getpid()));
            pid_t child = must(fork());
            if (child == 0) {
                must(setpgid(0, 0));
                _exit(getpgrp() != getpid());
            }
            int status;
            must(waitpid(child, &status, 0));
            say(status == 0 ? "ready" : "not in a group of its own");
            return 0;
        }""").start(pty=True) as process:
        process.expect(b"ready", within=PATIENCE)


# -- what a whole run tells beside its findings ---------------------------------------------------

WRONG_USES = """
    int main(void) {
        int ends[2];
        char byte;
        must(pipe(ends));
        if (write(ends[0], "x", 1) == 0) return 1;
        if (read(ends[1], &byte, 1) == 0) return 1;
        close(ends[0]);
        close(ends[1]);
        close(ends[1]);
        return close(-1) == 0;
    }"""


def test_calls_with_a_descriptor_that_cannot_be_used_so_are_told_with_their_lines(workshop: Workshop) -> None:
    errors = workshop.kept_program(WRONG_USES, "wrong").descriptor_errors()
    told = [(error.call, error.is_open, error.source.line if error.source else None) for error in errors]
    assert told == [("write", True, 6), ("read", True, 7), ("close", False, 10), ("close", False, 11)]
    assert [error.count for error in errors] == [1, 1, 1, 1]
    assert errors[3].fds == (-1,)


def test_a_program_that_uses_its_descriptors_well_has_no_such_calls(workshop: Workshop) -> None:
    source = """
        int main(void) {
            int ends[2];
            char byte;
            must(pipe(ends));
            must(write(ends[1], "x", 1));
            must(read(ends[0], &byte, 1));
            close(ends[0]);
            close(ends[1]);
            return system("exec 3>&- 4>&-");
        }"""
    assert not workshop.kept_program(source, "right").descriptor_errors()


def test_what_posix_spawn_closes_by_itself_is_no_such_call_of_the_program_s(workshop: Workshop) -> None:
    source = """
        int main(void) {
            posix_spawn_file_actions_t actions;
            pid_t child;
            posix_spawn_file_actions_init(&actions);
            posix_spawn_file_actions_addopen(&actions, 7, "/etc/passwd", O_RDONLY | O_CLOEXEC, 0);
            must(-posix_spawn(&child, "/bin/true", &actions, NULL, (char *[]){"true", NULL}, NULL));
            must(waitpid(child, NULL, 0));
            if ((child = must(vfork())) == 0) {
                close(7);
                _exit(0);
            }
            must(waitpid(child, NULL, 0));
            return 0;
        }"""
    (error,) = workshop.kept_program(source, "spawns").descriptor_errors()
    assert str(error) == "close on fd 7 at program.c:10: not open (EBADF)"


def test_a_descriptor_that_is_only_a_path_is_not_told_to_be_open_for_writing(workshop: Workshop) -> None:
    source = """
        int main(void) {
            char byte;
            return read(must(open("/etc", O_PATH)), &byte, 1) == 0;
        }"""
    (error,) = workshop.kept_program(source, "path").descriptor_errors()
    assert "not open for reading (EBADF)" in str(error)


def test_how_long_a_child_was_a_zombie_while_its_parent_ran_on_is_told(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            pid_t child = must(fork());
            if (child == 0)
                _exit(0);
            siginfo_t info;
            must(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
            struct timespec pause = { .tv_nsec = 300000000 };
            nanosleep(&pause, NULL);
            must(waitpid(child, NULL, 0));
            return 0;
        }""")
    child = next(process for process in run.processes if process.pid != run.root)
    assert child.zombie_seconds is not None
    assert child.zombie_seconds >= 0.25
    assert [finding.pid for finding in run.late_waits(0.1)] == [child.pid]
    assert not run.late_waits(19.0)
    assert not run.findings("zombie")


def test_the_order_of_fork_exec_exit_and_wait_is_told(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            pid_t child = must(fork());
            if (child == 0)
                execlp("true", "true", (char *)NULL);
            must(waitpid(child, NULL, 0));
            return 0;
        }""")
    child = next(process.pid for process in run.processes if process.pid != run.root)
    assert [(step.pid, step.kind) for step in timeline(run.history)] == [
        (run.root, "exec"),
        (child, "fork"),
        (child, "exec"),
        (child, "exit"),
        (child, "wait"),
        (run.root, "exit"),
    ]


def test_the_end_of_each_of_many_children_is_told_however_soon_its_parent_waits(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            for (int i = 0; i < 300; i++) {
                pid_t child = must(fork());
                if (child == 0 && i % 2 == 0)
                    _exit(i % 100);
                if (child == 0)
                    raise(SIGKILL);
                must(waitpid(child, NULL, 0));
            }
            return 0;
        }""")
    children = sorted((process for process in run.processes if process.pid != run.root), key=lambda child: child.pid)
    ends = [(process.status.exit_code, process.status.signal) for process in children if process.status is not None]
    assert ends == [(number % 100, None) if number % 2 == 0 else (None, "SIGKILL") for number in range(300)]
    for child in children:
        assert child.birth_time is not None
        assert child.end_time is not None
        assert child.waited_time is not None
        assert child.birth_time < child.end_time <= child.waited_time
    assert not run.findings("zombie")


def test_the_ends_of_children_that_are_waited_for_all_at_once_are_told(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            int there[2];
            must(pipe(there));
            pid_t children[20];
            for (int i = 0; i < 20; i++) {
                children[i] = must(fork());
                if (children[i] == 0) {
                    must((int)write(there[1], "!", 1));
                    for (;;)
                        pause();
                }
                char byte;
                must((int)read(there[0], &byte, 1));
            }
            for (int i = 0; i < 20; i++)
                must(kill(children[i], SIGKILL));
            siginfo_t info;
            for (int i = 0; i < 20; i++)
                must(waitid(P_PID, children[i], &info, WEXITED | WNOWAIT));
            for (int i = 0; i < 20; i++)
                must(waitpid(children[i], NULL, 0));
            return 0;
        }""")
    children = [process for process in run.processes if process.pid != run.root]
    assert len(children) == 20
    assert {str(child.status) for child in children} == {"ended by SIGKILL"}
    assert all(child.waited_time is not None for child in children)


def test_a_killed_child_that_nobody_waits_for_is_a_zombie_from_its_end_on(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            pid_t child = must(fork());
            if (child == 0)
                pause();
            must(kill(child, SIGKILL));
            struct timespec pause = { .tv_nsec = 200000000 };
            nanosleep(&pause, NULL);
            must(waitpid(child, NULL, 0));
            return 0;
        }""")
    (child,) = (process for process in run.processes if process.pid != run.root)
    assert child.zombie_seconds is not None
    assert child.zombie_seconds >= 0.15


def test_what_becomes_true_with_the_program_s_end_is_seen(workshop: Workshop) -> None:
    program = workshop.program("int main(void) { char byte; return (int)read(0, &byte, 1); }")
    for _attempt in range(20):
        with program.start() as process:
            process.close_stdin()
            process.wait_until(lambda view: not view.processes, within=PATIENCE)


# -- naps -----------------------------------------------------------------------------------------

NAPPERS = {
    "poll": "poll(NULL, 0, 50)",
    "ppoll": "ppoll(NULL, 0, &(struct timespec){.tv_nsec = 50000000}, NULL)",
    "select": "select(0, NULL, NULL, NULL, &(struct timeval){.tv_usec = 50000})",
    "epoll": "epoll_wait(events, &event, 1, 50)",
    "nanosleep": "usleep(50000)",
    "futex": "sem_timedwait(&never, (clock_gettime(CLOCK_REALTIME, &soon), soon.tv_sec++, &soon))",
    "sigtimedwait": "sigtimedwait(&(sigset_t){0}, NULL, &(struct timespec){.tv_nsec = 50000000})",
}

SLEEPERS = {
    "pause": "pause()",
    "poll": "poll(&(struct pollfd){.events = POLLIN}, 1, -1)",
    "select": "select(0, NULL, NULL, NULL, NULL)",
    "ppoll": "ppoll(NULL, 0, NULL, NULL)",
    "epoll": "epoll_wait(events, &event, 1, -1)",
    "futex": "sem_wait(&never)",
    "a long time": "poll(NULL, 0, 100000)",
    "one nap": "poll(NULL, 0, 50), pause()",
    "a command that naps": 'execlp("sh", "sh", "-c", "while :; do sleep 0.05; done", NULL)',
}

WAITS = """
    sem_t never;
    int main(void) {
        struct timespec soon = {0};
        struct epoll_event event;
        int events = must(epoll_create1(0));
        (void)soon, (void)event, (void)events;
        if (must(fork()) == 0)
            for (;;)
                (void)!(CALL);
        for (;;)
            pause();
    }"""


@pytest.mark.parametrize("call", NAPPERS.values(), ids=NAPPERS)
def test_who_sleeps_for_a_time_again_and_again_naps(workshop: Workshop, call: str) -> None:
    with workshop.program(WAITS.replace("CALL", call)).start() as process:
        process.wait_until(lambda view: process.naps(within=PATIENCE), within=PATIENCE)


def test_who_is_awake_just_now_may_nap(workshop: Workshop) -> None:
    source = """
        int main(void) {
            for (;;) {
                clock_t end = clock() + CLOCKS_PER_SEC / 10;
                while (clock() < end) { }
                usleep(10000);
            }
        }"""
    with workshop.program(source).start() as process:
        process.wait_until(lambda view: view.root.state == "running", within=PATIENCE)
        assert "sleeps in clock_nanosleep for a time" in process.naps(within=PATIENCE)


@pytest.mark.parametrize("call", SLEEPERS.values(), ids=SLEEPERS)
def test_who_sleeps_until_something_happens_does_not_nap(workshop: Workshop, call: str) -> None:
    with workshop.program(WAITS.replace("CALL", call)).start() as process:
        process.wait_until(lambda view: any(one.state == "sleeping" for one in view.children_of(process.pid)))
        assert process.naps(within=0.5) == ""
