"""What the rules find in small programs of known behaviour, each next to a clean twin.

The clean twins matter as much: a finding must never be claimed of a program that is right.
"""

import pytest
from workshop import Workshop

from grader.checks import Run
from grader.findings import Finding, FindingKind


def the_only(run: Run, kind: FindingKind) -> Finding:
    """The finding of that kind, when the run has no other finding at all."""
    found = run.findings()
    assert [finding.kind for finding in found] == [kind], found
    return found[0]


def is_clean(run: Run) -> bool:
    """Whether a run ended with 0 and nothing is to be said against it."""
    assert run.findings() == (), run.findings()
    assert run.exit_code == 0, run.stderr
    return True


# -- descriptors that leak into exec --------------------------------------------------------------


def test_a_file_left_open_leaks_into_exec(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            must(open("/etc/passwd", O_RDONLY));
            execl("/bin/true", "true", NULL);
            return 1;
        }""")
    leak = the_only(run, FindingKind.FD_LEAK_EXEC)
    assert (leak.process, leak.fd, leak.resource) == ("true", 3, "/etc/passwd")


def test_a_file_opened_with_cloexec_does_not_leak(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            must(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
            execl("/bin/true", "true", NULL);
            return 1;
        }""")
    )


def test_a_file_marked_cloexec_later_does_not_leak(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            int file = must(open("/etc/passwd", O_RDONLY));
            must(fcntl(file, F_SETFD, FD_CLOEXEC));
            execl("/bin/true", "true", NULL);
            return 1;
        }""")
    )


def test_an_exec_that_fails_leaks_nothing(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            int file = must(open("/etc/passwd", O_RDONLY));
            execl("/no/such/program", "program", NULL);
            close(file);
            return 0;
        }""")
    )


def test_an_exec_that_fails_hides_no_leak_of_the_next(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            must(open("/etc/passwd", O_RDONLY));
            execl("/no/such/program", "program", NULL);
            execl("/bin/true", "true", NULL);
            return 1;
        }""")
    the_only(run, FindingKind.FD_LEAK_EXEC)


def test_a_duplicated_descriptor_is_one_leak_of_one_object(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            must(dup(must(open("/etc/passwd", O_RDONLY))));
            execl("/bin/true", "true", NULL);
            return 1;
        }""")
    assert the_only(run, FindingKind.FD_LEAK_EXEC).fd == 3


def test_a_duplicate_does_not_inherit_cloexec(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            must(dup(must(open("/etc/passwd", O_RDONLY | O_CLOEXEC))));
            execl("/bin/true", "true", NULL);
            return 1;
        }""")
    assert the_only(run, FindingKind.FD_LEAK_EXEC).fd == 4


def test_a_descriptor_moved_to_standard_input_is_no_leak(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            int file = must(open("/etc/passwd", O_RDONLY));
            must(dup2(file, 0));
            close(file);
            execl("/bin/true", "true", NULL);
            return 1;
        }""")
    )


HANDED_OVER = {
    "a pipe by its path, as in cat <(ls)": """
        int main(void) {
            int ends[2];
            must(pipe2(ends, O_CLOEXEC));
            must(write(ends[1], "x", 1));
            close(ends[1]);
            must(dup2(ends[0], 7));
            execl("/bin/cat", "cat", "/dev/fd/7", NULL);
            return 1;
        }""",
    "the script that fexecve executes": """
        int main(void) {
            int script = must(open("script", O_CREAT | O_WRONLY, 0755));
            must(write(script, "#!/bin/sh\\nexit 0\\n", 17));
            close(script);
            fexecve(must(open("script", O_RDONLY)), (char *[]){"script", NULL}, (char *[]){NULL});
            return 1;
        }""",
}


@pytest.mark.parametrize("what", HANDED_OVER)
def test_a_descriptor_that_the_new_program_is_told_of_does_not_leak(workshop: Workshop, what: str) -> None:
    assert is_clean(workshop.run(HANDED_OVER[what]))


def test_a_second_descriptor_of_a_pipe_that_is_handed_over_leaks(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            int ends[2];
            must(pipe(ends));
            must(write(ends[1], "x", 1));
            execl("/usr/bin/head", "head", "-c1", "/dev/fd/3", NULL);
            return 1;
        }""")
    assert the_only(run, FindingKind.FD_LEAK_EXEC).fd == 4


PARENT_OF_AN_EXEC = """
    int main(void) {
        must(open("/etc/passwd", O_RDONLY%s));
        pid_t child = must(%s());
        if (child == 0) {
            execl("/bin/true", "true", NULL);
            _exit(1);
        }
        must(waitpid(child, NULL, 0));
        close(3);
        return 0;
    }"""


@pytest.mark.parametrize("call", ["fork", "vfork"])
def test_a_child_that_executes_leaks_what_it_inherited(workshop: Workshop, call: str) -> None:
    run = workshop.run(PARENT_OF_AN_EXEC % ("", call))
    leak = the_only(run, FindingKind.FD_LEAK_EXEC)
    assert leak.process == "true"
    assert leak.pid != run.history.root


@pytest.mark.parametrize("call", ["fork", "vfork"])
def test_a_child_that_executes_does_not_leak_what_is_marked_cloexec(workshop: Workshop, call: str) -> None:
    assert is_clean(workshop.run(PARENT_OF_AN_EXEC % ("|O_CLOEXEC", call)))


SPAWNER = """
    int main(void) {
        int file = must(open("/etc/passwd", O_RDONLY));
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        %s
        pid_t child;
        char *argv[] = { "true", NULL };
        must(-posix_spawn(&child, "/bin/true", &actions, NULL, argv, environ));
        posix_spawn_file_actions_destroy(&actions);
        must(waitpid(child, NULL, 0));
        close(file);
        return 0;
    }"""


def test_posix_spawn_leaks_what_its_file_actions_do_not_close(workshop: Workshop) -> None:
    the_only(workshop.run(SPAWNER % ""), FindingKind.FD_LEAK_EXEC)


def test_posix_spawn_does_not_leak_what_its_file_actions_close(workshop: Workshop) -> None:
    assert is_clean(workshop.run(SPAWNER % "posix_spawn_file_actions_addclose(&actions, file);"))


def test_a_static_program_leaks_like_any_other(workshop: Workshop) -> None:
    run = workshop.run(PARENT_OF_AN_EXEC % ("", "fork"), "-static")
    the_only(run, FindingKind.FD_LEAK_EXEC)


def test_a_clean_static_program_is_clean(workshop: Workshop) -> None:
    assert is_clean(workshop.run(PARENT_OF_AN_EXEC % ("|O_CLOEXEC", "fork"), "-static"))


def test_a_leak_into_a_static_program_is_found(workshop: Workshop) -> None:
    workshop.compile("int main(void) { return 0; }", "-static", name="still")
    run = workshop.run("""
        int main(void) {
            must(open("/etc/passwd", O_RDONLY));
            execl("./still", "still", NULL);
            return 1;
        }""")
    kinds = {finding.kind for finding in run.findings()}
    assert FindingKind.FD_LEAK_EXEC in kinds


COPIES = {
    "saved output": ("int kept = must(dup(1));", "), a copy of the program's standard output, still open."),
    "a pipe": ("int ends[2]; must(pipe(ends)); int kept = ends[0]; close(ends[1]);", ") still open."),
    "what is opened again": ('int kept = must(open("/dev/null", O_RDONLY));', ") still open."),
}


@pytest.mark.parametrize(("made", "told"), COPIES.values(), ids=COPIES)
def test_a_leak_into_exec_tells_what_is_a_copy_of_a_standard_stream(workshop: Workshop, made: str, told: str) -> None:
    run = workshop.run(f"""
        int main(void) {{
            {made}
            pid_t child = must(fork());
            if (child == 0) {{
                execl("/bin/true", "true", (char *)NULL);
                _exit(127);
            }}
            close(kept);
            must(waitpid(child, NULL, 0));
            return 0;
        }}""")
    assert told in the_only(run, FindingKind.FD_LEAK_EXEC).message


SELF_EXECUTING = """
    int main(int argc, char **argv) {
        (void)argv;
        if (argc > 1)
            return 0;
        must(open("/etc/passwd", O_RDONLY%s));
        execl("/proc/self/exe", "program", "again", NULL);
        return 1;
    }"""


def test_a_program_that_executes_itself_leaks_into_itself(workshop: Workshop) -> None:
    run = workshop.run(SELF_EXECUTING % "")
    the_only(run, FindingKind.FD_LEAK_EXEC)


def test_a_program_that_executes_itself_cleanly_is_clean(workshop: Workshop) -> None:
    assert is_clean(workshop.run(SELF_EXECUTING % "|O_CLOEXEC"))


def test_what_a_program_of_the_system_leaves_open_is_not_held_against_the_student(workshop: Workshop) -> None:
    """The shell hands its descriptor 5 on to what it executes; the student did not open it."""
    assert is_clean(
        workshop.run("""
        int main(void) {
            execl("/bin/sh", "sh", "-c", "exec 5</etc/passwd; /bin/true; exec /bin/true", NULL);
            return 1;
        }""")
    )


# -- descriptors left open at the end -------------------------------------------------------------


@pytest.mark.parametrize("ending", ["return 0;", "exit(0);", "_exit(0);", "syscall(SYS_exit, 0);", "pthread_exit(0);"])
def test_a_file_left_open_at_the_end_is_found_however_the_program_ends(workshop: Workshop, ending: str) -> None:
    run = workshop.run(f"""
        int main(void) {{
            must(open("/etc/passwd", O_RDONLY));
            {ending}
        }}""")
    leak = the_only(run, FindingKind.FD_LEAK_EXIT)
    assert (leak.process, leak.fd, leak.resource) == ("program", 3, "/etc/passwd")


def test_a_stream_that_is_never_closed_is_found(workshop: Workshop) -> None:
    run = workshop.run("""int main(void) { return fopen("/etc/passwd", "r") == NULL; }""")
    the_only(run, FindingKind.FD_LEAK_EXIT)


def test_a_file_that_was_closed_is_no_leak(workshop: Workshop) -> None:
    assert is_clean(workshop.run("""int main(void) { return close(must(open("/etc/passwd", O_RDONLY))); }"""))


MAKE_DESCRIPTOR = {
    "a file": """must(open("/etc/passwd", O_RDONLY))""",
    "a pipe": "({ int ends[2]; must(pipe(ends)); close(ends[1]); ends[0]; })",
    "an eventfd": "must(eventfd(0, 0))",
    "a timerfd": "must(timerfd_create(CLOCK_MONOTONIC, 0))",
    "a signalfd": "({ sigset_t set; sigemptyset(&set); must(signalfd(-1, &set, 0)); })",
    "an epoll set": "must(epoll_create1(0))",
    "an inotify queue": "must(inotify_init())",
    "a socket": "must(socket(AF_UNIX, SOCK_STREAM, 0))",
    "a memory file": """must(memfd_create("memory", 0))""",
    "a folder": """must(open("/work", O_RDONLY | O_DIRECTORY))""",
}
every_descriptor = pytest.mark.parametrize("make", MAKE_DESCRIPTOR.values(), ids=MAKE_DESCRIPTOR)


@every_descriptor
def test_every_sort_of_descriptor_is_found_when_left_open(workshop: Workshop, make: str) -> None:
    run = workshop.run(f"int main(void) {{ int made = {make}; return made < 0; }}")
    assert the_only(run, FindingKind.FD_LEAK_EXIT).fd == 3


@every_descriptor
def test_what_a_child_inherited_over_fork_is_not_its_leak(workshop: Workshop, make: str) -> None:
    assert is_clean(
        workshop.run(f"""
        int main(void) {{
            int made = {make};
            if (must(fork()) == 0)
                return 0;
            wait_for_all();
            return close(made);
        }}""")
    )


@every_descriptor
def test_what_an_image_inherited_over_exec_is_no_leak_at_its_exit(workshop: Workshop, make: str) -> None:
    """It is one into the exec, and that is enough."""
    run = workshop.run(f"""
        int main(int argc, char **argv) {{
            if (argc > 1)
                return 0;
            int made = {make};
            execl("/proc/self/exe", argv[0], "again", NULL);
            return made;
        }}""")
    the_only(run, FindingKind.FD_LEAK_EXEC)


def test_what_a_child_opened_itself_is_its_leak(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            if (must(fork()) == 0) {
                must(open("/etc/passwd", O_RDONLY));
                return 0;
            }
            wait_for_all();
            return 0;
        }""")
    assert the_only(run, FindingKind.FD_LEAK_EXIT).pid != run.history.root


def test_a_duplicate_of_what_a_child_inherited_is_not_its_leak(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            int file = must(open("/etc/passwd", O_RDONLY));
            if (must(fork()) == 0) {
                must(dup(file));
                return 0;
            }
            wait_for_all();
            return close(file);
        }""")
    )


def test_two_timerfds_left_open_are_two_leaks(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            must(timerfd_create(CLOCK_MONOTONIC, 0));
            must(timerfd_create(CLOCK_MONOTONIC, 0));
            return 0;
        }""")
    assert [leak.fd for leak in run.findings("fd-leak-exit")] == [3, 4]


def test_a_crash_leaves_nothing_open(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            must(open("/etc/passwd", O_RDONLY));
            abort();
        }""")
    the_only(run, FindingKind.CRASH)


# -- zombies and orphans --------------------------------------------------------------------------


def test_a_child_that_was_never_waited_for_is_a_zombie(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            pid_t child = must(fork());
            if (child == 0)
                return 3;
            await_end_of(child);
            return 0;
        }""")
    zombie = the_only(run, FindingKind.ZOMBIE)
    assert zombie.pid != run.history.root


def test_each_child_that_was_not_waited_for_is_a_zombie(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            for (int i = 0; i < 3; i++) {
                pid_t child = must(fork());
                if (child == 0)
                    return 0;
                await_end_of(child);
            }
            must(wait(NULL));
            return 0;
        }""")
    assert [finding.kind for finding in run.findings()] == [FindingKind.ZOMBIE] * 2


def test_a_child_that_ends_because_its_parent_did_is_as_good_as_a_zombie(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            int ends[2];
            must(pipe2(ends, O_CLOEXEC));
            if (must(fork()) == 0) {
                char byte;
                close(ends[1]);
                return (int)read(ends[0], &byte, 1);
            }
            close(ends[0]);
            _exit(close(ends[1]));
        }""")
    the_only(run, FindingKind.ZOMBIE)


def test_a_zombie_that_came_to_a_subreaper_is_its_own(workshop: Workshop) -> None:
    """Whether it had ended before the process between the two, which was there only to fork, is chance."""
    run = workshop.run("""
        #include <sys/prctl.h>
        int main(void) {
            siginfo_t info;
            must(prctl(PR_SET_CHILD_SUBREAPER, 1));
            pid_t child = must(fork());
            if (child == 0) {
                if (must(fork()) != 0)
                    must(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT));
                _exit(0);
            }
            must(waitpid(child, NULL, 0));
            return waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
        }""")
    assert the_only(run, FindingKind.ZOMBIE).evidence["parent"] == f"`program` (pid {run.root})"


def test_a_zombie_below_a_child_is_found(workshop: Workshop) -> None:
    run = workshop.run("""
        int main(void) {
            if (must(fork()) == 0) {
                pid_t grandchild = must(fork());
                if (grandchild == 0)
                    return 0;
                await_end_of(grandchild);
                usleep(150 * 1000);
                return 0;
            }
            wait_for_all();
            return 0;
        }""")
    the_only(run, FindingKind.ZOMBIE)


@pytest.mark.parametrize(
    "reap",
    [
        "must(waitpid(child, NULL, 0));",
        "siginfo_t info; must(waitid(P_ALL, 0, &info, WEXITED));",
        "while (waitpid(-1, NULL, WNOHANG) == 0) sched_yield();",
    ],
    ids=["waitpid", "waitid", "polling"],
)
def test_a_child_that_was_waited_for_is_none(workshop: Workshop, reap: str) -> None:
    assert is_clean(
        workshop.run(f"""
        int main(void) {{
            pid_t child = must(fork());
            if (child == 0)
                return 0;
            {reap}
            return 0;
        }}""")
    )


def test_a_child_reaped_by_a_handler_of_sigchld_is_none(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        static volatile sig_atomic_t reaped;
        static void reap(int number) {
            (void)number;
            while (waitpid(-1, NULL, WNOHANG) > 0)
                reaped++;
        }
        int main(void) {
            struct sigaction action = { .sa_handler = reap };
            must(sigaction(SIGCHLD, &action, NULL));
            sigset_t block, before;
            sigemptyset(&block);
            sigaddset(&block, SIGCHLD);
            sigprocmask(SIG_BLOCK, &block, &before);
            for (int i = 0; i < 4; i++)
                if (must(fork()) == 0)
                    return 0;
            while (reaped < 4)
                sigsuspend(&before);
            return 0;
        }""")
    )


def test_children_of_a_program_that_ignores_sigchld_are_no_zombies(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            signal(SIGCHLD, SIG_IGN);
            if (must(fork()) == 0)
                return 0;
            return wait(NULL) != -1;
        }""")
    )


def test_children_of_a_program_with_sa_nocldwait_are_no_zombies(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
            must(sigaction(SIGCHLD, &action, NULL));
            if (must(fork()) == 0)
                return 0;
            return wait(NULL) != -1;
        }""")
    )


@pytest.mark.parametrize("disposition", ["SIG_IGN, 0", "SIG_DFL, SA_NOCLDWAIT"], ids=["ignored", "nocldwait"])
def test_a_child_that_ends_after_a_parent_that_need_not_wait_is_no_zombie(workshop: Workshop, disposition: str) -> None:
    assert is_clean(
        workshop.run(f"""
        int main(void) {{
            const struct {{ void (*handler)(int); int flags; }} wanted = {{ {disposition} }};
            struct sigaction action = {{ .sa_handler = wanted.handler, .sa_flags = wanted.flags }};
            must(sigaction(SIGCHLD, &action, NULL));
            int ends[2];
            must(pipe(ends));
            if (must(fork()) == 0) {{
                char byte;
                close(ends[1]);
                return (int)read(ends[0], &byte, 1) + close(ends[0]);
            }}
            close(ends[0]);
            return close(ends[1]);
        }}""")
    )


FORKED_TWICE = {
    "the grandchild ends before its parent": """
        siginfo_t ended;
        if ((child = must(fork())) != 0)
            must(waitid(P_PID, child, &ended, WEXITED | WNOWAIT));
        return 0;""",
    "another grandchild has been waited for": """
        if (must(fork()) == 0)
            return 0;
        wait_for_all();
        if (must(fork()) == 0)
            usleep(20 * 1000);
        return 0;""",
    "on a processor that others keep busy": """
        cpu_set_t first;
        CPU_ZERO(&first);
        CPU_SET(sched_getcpu(), &first);
        must(sched_setaffinity(0, sizeof first, &first));
        pid_t busy[3];
        for (int i = 0; i < 3; i++)
            if ((busy[i] = must(fork())) == 0)
                for (;;)
                    ;
        pid_t middle = must(fork());
        if (middle == 0) {
            clock_t began = clock();
            if (must(fork()) != 0)
                while (clock() - began < CLOCKS_PER_SEC / 50)
                    ;
            return 0;
        }
        must(waitpid(middle, NULL, 0));
        for (int i = 0; i < 3; i++)
            must(kill(busy[i], SIGKILL));
        wait_for_all();
        return 0;""",
    "two grandchildren in a session of their own": """
        must(setsid());
        for (int i = 0; i < 2; i++)
            if (must(fork()) == 0) {
                usleep(20 * 1000);
                return 0;
            }
        return 0;""",
}


@pytest.mark.parametrize("how", FORKED_TWICE)
def test_what_is_left_to_init_by_forking_twice_is_no_zombie(workshop: Workshop, how: str) -> None:
    assert is_clean(
        workshop.run(f"""
        int main(void) {{
            pid_t child = must(fork());
            if (child == 0) {{ {FORKED_TWICE[how]} }}
            must(waitpid(child, NULL, 0));
            usleep(100 * 1000);
            return 0;
        }}""")
    )


def test_a_signal_that_a_process_gets_because_its_parent_ends_is_no_crash(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            must(prctl(PR_SET_CHILD_SUBREAPER, 1));
            if (must(fork()) == 0) {
                int ends[2];
                must(pipe(ends));
                if (must(fork()) == 0) {
                    must(prctl(PR_SET_PDEATHSIG, SIGABRT));
                    close(ends[0]);
                    close(ends[1]);
                    for (;;)
                        pause();
                }
                char byte;
                close(ends[1]);
                return (int)read(ends[0], &byte, 1) + close(ends[0]);
            }
            wait_for_all();
            return 0;
        }""")
    )


def test_what_a_subreaper_of_the_program_waits_for_is_no_zombie(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            must(prctl(PR_SET_CHILD_SUBREAPER, 1));
            int ends[2];
            must(pipe(ends));
            pid_t child = must(fork());
            if (child == 0) {
                char byte;
                if (must(fork()) == 0) {
                    close(ends[1]);
                    return (int)read(ends[0], &byte, 1);
                }
                return 0;
            }
            must(waitpid(child, NULL, 0));
            close(ends[0]);
            close(ends[1]);
            wait_for_all();
            return 0;
        }""")
    )


DAEMONS = {
    "by the library": "must(daemon(1, 1));",
    "forked twice": "if (must(fork())) return 0; must(setsid()); must(fork());",
}


@pytest.mark.parametrize("daemon", DAEMONS.values(), ids=DAEMONS)
def test_a_daemon_that_is_left_to_init_is_no_zombie(workshop: Workshop, daemon: str) -> None:
    """Also one that ends right after its parent."""
    assert is_clean(
        workshop.run(f"""
        int main(void) {{
            {daemon}
            while (getppid() != 1)
                sched_yield();
            return 0;
        }}""")
    )


@pytest.mark.parametrize("first", ["", "must(setsid());"], ids=["a child", "a daemon"])
def test_a_child_that_nobody_waits_for_is_a_zombie(workshop: Workshop, first: str) -> None:
    run = workshop.run(f"""
        int main(void) {{
            pid_t child = must(fork());
            if (child == 0) {{
                {first}
                return 0;
            }}
            await_end_of(child);
            return 0;
        }}""")
    the_only(run, FindingKind.ZOMBIE)


def test_the_children_of_a_parent_that_was_killed_are_no_zombies(workshop: Workshop) -> None:
    """A parent that a signal ends cannot wait any more."""
    run = workshop.run("""
        int main(void) {
            pid_t child = must(fork());
            if (child == 0)
                return 0;
            await_end_of(child);
            abort();
        }""")
    the_only(run, FindingKind.CRASH)


ABANDONING = {
    "a child": "pid_t child = must(fork());",
    "a daemon": "pid_t child = must(fork()); if (child == 0) { setsid(); child = must(fork()); if (child) return 0; }"
    " else await_end_of(child);",
}


@pytest.mark.parametrize("fork", ABANDONING.values(), ids=ABANDONING)
def test_a_process_that_outlives_the_program_is_an_orphan(workshop: Workshop, fork: str) -> None:
    run = workshop.run(f"""
        int main(void) {{
            {fork}
            if (child == 0)
                for (;;)
                    pause();
            wait3(NULL, WNOHANG, NULL);
            return 0;
        }}""")
    orphan = the_only(run, FindingKind.ORPHAN)
    assert orphan.pid != run.history.root


def test_an_orphan_is_gone_when_the_run_is_over(workshop: Workshop) -> None:
    run = workshop.run("int main(void) { if (must(fork()) == 0) for (;;) pause(); return 0; }")
    assert run.findings("orphan")
    assert workshop.session.look()["processes"] == {}


def test_a_child_that_is_ended_and_waited_for_is_no_orphan(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            pid_t child = must(fork());
            if (child == 0)
                for (;;)
                    pause();
            must(kill(child, SIGTERM));
            must(waitpid(child, NULL, 0));
            return 0;
        }""")
    )


# -- crashes --------------------------------------------------------------------------------------

FAULTS = {
    "SIGSEGV": "*(volatile int *)8 = 1;",
    "SIGABRT": "abort();",
    "SIGPIPE": "int ends[2]; must(pipe(ends)); close(ends[0]); must((int)write(ends[1], ends, 1));",
    "SIGFPE": "volatile int zero = 0; zero = 5 / zero;",
    "SIGILL": "__builtin_trap();",
    "SIGALRM": "alarm(1); for (;;) pause();",
    "SIGTERM": "raise(SIGTERM);",
    "SIGKILL": "raise(SIGKILL);",
}
every_fault = pytest.mark.parametrize(("signal", "fault"), FAULTS.items(), ids=FAULTS)


@every_fault
def test_a_program_that_a_signal_of_its_own_doing_ends_has_crashed(workshop: Workshop, signal: str, fault: str) -> None:
    run = workshop.run(f"int main(void) {{ {fault} return 0; }}")
    crash = the_only(run, FindingKind.CRASH)
    assert crash.evidence["signal"] == signal
    assert (run.signal, run.exit_code) == (signal, None)


@pytest.mark.parametrize("signal", [name for name in FAULTS if name not in ("SIGABRT", "SIGTERM", "SIGKILL")])
def test_a_fault_is_told_from_the_same_signal_that_a_process_sent_to_itself(workshop: Workshop, signal: str) -> None:
    program = workshop.program(
        f"int main(int argc, char **argv) {{ (void)argv; if (argc > 1) raise({signal}); {FAULTS[signal]} return 0; }}"
    )
    fault, sent = (the_only(program.run(*args), FindingKind.CRASH).message for args in ((), ("itself",)))
    assert "it sent that to itself" in sent
    assert "it sent that to itself" not in fault


@pytest.mark.parametrize("signal", [name for name in FAULTS if name not in ("SIGTERM", "SIGKILL")])
def test_a_child_that_crashes_is_found_when_the_program_ends_well(workshop: Workshop, signal: str) -> None:
    run = workshop.run(f"int main(void) {{ if (must(fork()) == 0) {{ {FAULTS[signal]} }} wait_for_all(); return 0; }}")
    assert run.exit_code == 0
    assert the_only(run, FindingKind.CRASH).pid != run.history.root


@every_fault
def test_a_child_that_its_parent_kills_has_not_crashed(workshop: Workshop, signal: str, fault: str) -> None:
    del fault
    assert is_clean(
        workshop.run(f"""
        int main(void) {{
            pid_t child = must(fork());
            if (child == 0)
                for (;;)
                    pause();
            must(kill(child, {signal}));
            must(waitpid(child, NULL, 0));
            return 0;
        }}""")
    )


@every_fault
def test_a_program_that_the_check_kills_has_not_crashed(workshop: Workshop, signal: str, fault: str) -> None:
    del fault
    with workshop.program("""int main(void) { say("ready"); for (;;) pause(); }""").start() as process:
        process.expect(b"ready\n")
        process.send_signal(signal)
        run = process.wait()
    assert run.signal == signal
    assert run.findings() == ()


def test_a_group_that_is_killed_has_not_crashed(workshop: Workshop) -> None:
    """Also one that the child has joined only after it was born."""
    assert is_clean(
        workshop.run("""
        int main(void) {
            int ends[2];
            char byte;
            must(pipe(ends));
            pid_t child = must(fork());
            if (child == 0) {
                must(setpgid(0, 0));
                must((int)write(ends[1], "x", 1));
                for (;;)
                    pause();
            }
            must((int)read(ends[0], &byte, 1));
            close(ends[0]);
            close(ends[1]);
            must(kill(-child, SIGSEGV));
            must(waitpid(child, NULL, 0));
            return 0;
        }""")
    )


def test_a_program_of_the_system_that_dies_of_sigpipe_has_not_crashed(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        int main(void) {
            int ends[2];
            must(pipe2(ends, O_CLOEXEC));
            if (must(fork()) == 0) {
                must(dup2(ends[1], 1));
                execlp("yes", "yes", NULL);
            }
            if (must(fork()) == 0) {
                must(dup2(ends[0], 0));
                execlp("head", "head", "-n", "1", NULL);
            }
            close(ends[0]);
            close(ends[1]);
            wait_for_all();
            return 0;
        }""")
    )


def test_a_signal_that_is_caught_is_no_crash(workshop: Workshop) -> None:
    assert is_clean(
        workshop.run("""
        static void leave(int number) { (void)number; _exit(0); }
        int main(void) {
            signal(SIGSEGV, leave);
            *(volatile int *)8 = 1;
            return 1;
        }""")
    )


# -- being watched changes nothing ----------------------------------------------------------------

RUNS = 100


def test_exit_is_not_interrupted_by_children_that_end_at_the_same_time(workshop: Workshop) -> None:
    """A handler without SA_RESTART interrupts what may be interrupted; `_exit` may not."""
    program = workshop.program("""
        static void note(int number) { (void)number; }
        int main(void) {
            struct sigaction action = { .sa_handler = note };
            must(sigaction(SIGCHLD, &action, NULL));
            int ends[2];
            must(pipe(ends));
            for (int i = 0; i < 8; i++) {
                if (must(fork()) == 0) {
                    char byte;
                    close(ends[1]);
                    _exit((int)read(ends[0], &byte, 1));
                }
            }
            close(ends[1]);
            _exit(7);
        }""")
    assert [program.run().exit_code for _ in range(RUNS)] == [7] * RUNS


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(
            "sigaction(SIGCHLD, &action, NULL) != 0",
            id="sigaction of SIGCHLD",
            marks=pytest.mark.xfail(
                strict=False,
                reason="until a held call is received, a signal whose handler lacks SA_RESTART can still interrupt it",
            ),
        ),
        pytest.param("sigaction(SIGUSR1, &action, NULL) != 0", id="sigaction of another signal"),
        pytest.param("setitimer(ITIMER_REAL, &none, NULL) != 0", id="a timer of real time"),
        pytest.param("setitimer(ITIMER_VIRTUAL, &none, NULL) != 0", id="a timer of time used"),
        pytest.param("alarm(0) != 0", id="alarm"),
    ],
)
def test_no_call_that_is_watched_is_interrupted_by_a_signal(workshop: Workshop, call: str) -> None:
    """None of them ever fails with EINTR outside the sandbox, and no program is prepared for it."""
    run = workshop.run(f"""
        static void note(int number) {{ (void)number; }}
        int main(void) {{
            struct sigaction action = {{ .sa_handler = note }};
            const struct itimerval none = {{ 0 }};
            (void)none;
            must(sigaction(SIGCHLD, &action, NULL));
            int failed = 0;
            for (int round = 0; round < 200; round++) {{
                int ends[2];
                must(pipe(ends));
                for (int i = 0; i < 4; i++) {{
                    if (must(fork()) == 0) {{
                        char byte;
                        close(ends[1]);
                        _exit((int)read(ends[0], &byte, 1));
                    }}
                }}
                close(ends[1]);
                for (int i = 0; i < 20; i++)
                    failed += {call};
                close(ends[0]);
                while (wait(NULL) > 0 || errno == EINTR)
                    ;
            }}
            printf("%d", failed);
            return 0;
        }}""")
    assert run.stdout == b"0", f"{run.stdout.decode()} of 4000 calls failed"
