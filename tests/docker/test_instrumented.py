"""Programs of known behaviour under each tool in the real sandbox: every fault is found, and none where none is."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from os import cpu_count
from pathlib import Path

import docker
import pytest
from tiny_assignment import TinyAssignment
from workshop import LIMITS

from grader.build import build
from grader.checks.instrumented import InstrumentedProgram, instrumented_programs
from grader.checks.run import CheckContext
from grader.checks.variants import Variants
from grader.findings import FindingKind, Source
from grader.instruments import probe
from grader.instruments.tools import TOOLS
from grader.result import Outcome
from grader.spec import BuildSpec, Limits
from grader.submission import SubmittedFile
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.errors import SandboxError
from sandbox.session import Session

PROGRAMS = Path(__file__).parents[1] / "unit" / "tool_reports"
REPETITIONS = 20

FAULTS = [
    ("overflows_the_heap", "address", 6),
    ("overflows_the_heap", "valgrind", 6),
    ("uses_after_free", "address", 9),
    ("uses_after_free", "valgrind", 9),
    ("frees_twice", "address", 2),
    ("frees_twice", "valgrind", 2),
    ("frees_the_middle", "address", 5),
    ("overflows_a_local", "address", 7),
    ("overflows_a_local", "undefined", 7),
    ("overflows_a_global", "address", 5),
    ("dereferences_null", "address", 6),
    ("dereferences_null", "undefined", 6),
    ("dereferences_null", "valgrind", 6),
    ("returns_a_local", "address", 12),
    ("copies_onto_itself", "address", 6),
    ("reads_past_a_string", "address", 8),
    ("overflows_in_children", "address", 10),
    ("overflows_in_children", "valgrind", 10),
    ("leaks", "leak", 8),
    ("leaks", "valgrind", 17),
    ("branches_on_chance", "valgrind", 7),
    ("has_undefined_behaviour", "undefined", 8),
    ("races_on_a_global", "thread", 7),
    ("races_on_the_heap", "thread", {7, 15}),  # whichever of the two comes second
    ("unlocks_anothers_lock", "thread", 3),
]

Instrument = Callable[..., InstrumentedProgram]


@pytest.fixture
def instrument(engine: docker.APIClient) -> Iterator[Instrument]:
    """Builds a source, or one of the recorded programs by its name, as a submission and puts it under a tool."""
    assert engine is not None  # the image is there
    with ExitStack() as stack:

        def instrument(source: str, tool: str, limits: Limits = LIMITS) -> InstrumentedProgram:
            recorded = source.isidentifier()
            text = (PROGRAMS / f"{source}.c").read_bytes() if recorded else source.encode()
            files = (SubmittedFile(name=f"{source if recorded else 'program'}.c", data=text),)
            spec = BuildSpec(program="program", cflags=("-std=gnu17", "-O1", "-g", "-pthread"))
            containment = Containment(memory_bytes=limits.memory_bytes, processes=limits.processes)
            session = stack.enter_context(Session(launch(containment)))
            report = build(session, spec, files)
            assert report.ok, report.log
            session.reset()
            return instrumented_programs(session, Variants(spec, files, limits), CheckContext())(tool)

        yield instrument


@contextmanager
def busy_machine() -> Iterator[None]:
    """Every core computes."""
    with ExitStack() as stack:
        for _core in range(cpu_count() or 1):
            spinning = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(spinning.kill)
        yield


# -- every fault is found, and nothing where there is none ----------------------------------------


@pytest.mark.parametrize(("program", "tool", "line"), FAULTS)
def test_a_fault_is_found_with_its_line(instrument: Instrument, program: str, tool: str, line: int | set[int]) -> None:
    run = instrument(program, tool).run()
    found = run.findings("memory-error", "race")
    assert found
    assert found == run.findings(), "an end that the fault explains is no finding of its own"
    lines = {line} if isinstance(line, int) else line
    assert found[0].source in [Source(file=f"{program}.c", line=line) for line in lines]
    assert found[0].kind is (FindingKind.RACE if tool == "thread" else FindingKind.MEMORY_ERROR)


@pytest.mark.parametrize("program", ["does_it_right", "shares_it_right"])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_program_without_fault_stays_without_finding_on_a_busy_machine(
    instrument: Instrument, program: str, tool: str
) -> None:
    careful = instrument(program, tool)
    with busy_machine():
        for _repetition in range(REPETITIONS):
            run = careful.run(stdin=b"a line\nand another\n")
            assert run.findings() == ()
            assert run.exit_code == 0, run.stderr


def test_a_tool_leaves_the_output_and_the_exit_status_as_they_are(instrument: Instrument) -> None:
    source = """
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        int main(int argc, char **argv) {
            char line[64];
            char *lost = malloc(argc);
            lost = NULL;
            if (fgets(line, sizeof line, stdin) == NULL)
                return 2;
            printf("%s %s%s", strrchr(argv[0], '/'), argv[1], line);
            fputs(getenv("COLOUR"), stderr);
            return 7 + (lost != NULL);
        }"""
    for tool in ("leak", "undefined", "thread", "valgrind"):
        run = instrument(source, tool).run("x", stdin=b"in\n", env={"COLOUR": "red"})
        assert (run.exit_code, run.stdout, run.stderr) == (7, b"/program xin\n", b"red"), tool
        assert len(run.findings()) == (tool in ("leak", "valgrind"))


def test_what_the_tool_stopped_has_no_exit_status(instrument: Instrument) -> None:
    run = instrument("overflows_the_heap", "address").run()
    assert run.exit_code is None
    assert run.signal is None
    assert run.ending == "stopped by AddressSanitizer at the first error"
    assert repr(run) == "./program (under AddressSanitizer)"


def test_a_started_program_can_be_talked_to(instrument: Instrument) -> None:
    source = """
        #include <signal.h>
        #include <stdlib.h>
        #include <unistd.h>
        static volatile sig_atomic_t stop;
        static void on_term(int number) { stop = number; }
        int main(void) {
            struct sigaction action = {.sa_handler = on_term};
            sigaction(SIGTERM, &action, NULL);
            char *held = malloc(20);
            write(1, "ready\\n", 6);
            while (!stop)
                pause();
            held[20] = 'x';
            free(held);
            return 0;
        }"""
    with instrument(source, "address").start() as process:
        process.expect(b"ready\n", within=20.0)
        process.send_signal("SIGTERM")
        run = process.wait()
    (overflow,) = run.findings("memory-error")
    assert "writes 1 byte beyond the end of a block of 20 bytes" in overflow.message


# -- what the tool cannot tell is no finding ------------------------------------------------------


def test_a_deadlock_is_told_as_without_the_tool(instrument: Instrument) -> None:
    source = """
        #include <unistd.h>
        int main(void) { int ends[2]; char byte; return pipe(ends) + (int)read(ends[0], &byte, 1); }"""
    run = instrument(source, "address").run(timeout=0.5)
    (deadlock,) = run.findings()
    assert deadlock.kind is FindingKind.DEADLOCK
    assert run.exit_code is None


def test_a_crash_that_the_tool_does_not_see_is_told(instrument: Instrument) -> None:
    source = "#include <stdlib.h>\nint main(void) { abort(); }"
    run = instrument(source, "thread").run()
    (crash,) = run.findings()
    assert crash.kind is FindingKind.CRASH
    assert run.signal == "SIGABRT"


def test_a_program_that_is_too_slow_only_under_the_tool_gets_no_verdict(instrument: Instrument) -> None:
    source = """
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        int main(int argc, char **argv) { (void)argc; if (strstr(argv[0], "valgrind")) pause(); return 0; }"""
    with pytest.raises(SandboxError, match=r"could not watch .* to its end") as error:
        instrument(source, "valgrind").run(timeout=1.0)
    assert "more time" in error.value.advice


def test_a_stack_that_only_the_tool_uses_up_gets_no_verdict(instrument: Instrument) -> None:
    source = """
        #include <stdio.h>
        static int deep(int left) { volatile char room[100]; room[0] = 1; return left ? deep(left - 1) + room[0] : 0; }
        int main(void) { printf("%d\\n", deep(45000)); return 0; }"""
    with pytest.raises(SandboxError, match="used up the stack"):
        instrument(source, "address").run()


def test_a_fault_signal_that_was_sent_is_no_memory_error(instrument: Instrument) -> None:
    source = """
        #include <signal.h>
        #include <sys/wait.h>
        #include <unistd.h>
        int main(void) {
            pid_t child = fork();
            if (child == 0)
                pause();
            kill(child, SIGSEGV);
            return wait(NULL) == child ? 0 : 1;
        }"""
    with pytest.raises(SandboxError, match=r"took a signal that a process .* sent"):
        instrument(source, "address").run()
    for tool in ("undefined", "leak"):
        assert instrument(source, tool).run().findings() == ()


@pytest.mark.parametrize("tool", ["address", "undefined", "leak", "thread", "valgrind"])
def test_a_signal_that_ends_the_program_without_the_tool_too_is_no_fault(instrument: Instrument, tool: str) -> None:
    source = """
        #include <signal.h>
        #include <unistd.h>
        int main(void) {
            if (fork() == 0)
                return kill(getppid(), SIGABRT);
            for (;;)
                pause();
        }"""
    run = instrument(source, tool).run(timeout=5.0)
    assert run.signal == "SIGABRT"
    assert run.findings() == ()


def test_what_only_an_intrusive_tool_makes_fail_gets_no_verdict(instrument: Instrument) -> None:
    source = """
        #include <stdlib.h>
        #include <unistd.h>
        int main(int argc, char **argv) {
            (void)argv;
            if (argc == 1)
                execl("/proc/self/exe", "program", "again", NULL);
            return argc == 2 ? 0 : 1;
        }"""
    with pytest.raises(SandboxError, match=r"It exited with 1\. Without the tool it does not"):
        instrument(source, "valgrind").run()
    assert instrument(source, "address").run().exit_code == 0


@pytest.mark.parametrize(
    ("function", "source"),
    [
        (
            "thrd_create",
            """#include <threads.h>
            static int work(void *n) { return *(int *)n; }
            int main(void) { thrd_t t; int n = 0; thrd_create(&t, work, &n); return thrd_join(t, &n); }""",
        ),
        (
            "atomic_thread_fence",
            """#include <stdatomic.h>
            int main(void) { atomic_thread_fence(memory_order_seq_cst); return 0; }""",
        ),
    ],
)
def test_what_threadsanitizer_cannot_follow_gets_no_verdict(instrument: Instrument, function: str, source: str) -> None:
    with pytest.raises(SandboxError, match=f"ThreadSanitizer cannot judge .*{function}"):
        instrument(source, "thread")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_that_finds_nothing_wrong_in_what_is_wrong_does_not_work(
    instrument: Instrument, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(probe.WRONGS, tool, "none")  # type: ignore[arg-type]
    monkeypatch.setattr(probe, "SOURCE", probe.SOURCE + "/* none */\n")
    with pytest.raises(SandboxError, match="does not work in the sandbox of this machine"):
        instrument("does_it_right", tool)


def test_memory_that_is_enough_only_without_the_tool_gets_no_verdict(instrument: Instrument) -> None:
    source = """
        #include <stdlib.h>
        #include <string.h>
        int main(void) {
            char *much = malloc(90 << 20);
            memset(much, 1, 90 << 20);
            free(much);
            return 0;
        }"""
    with pytest.raises(SandboxError, match="used more memory than they may") as error:
        instrument(source, "valgrind", Limits(memory_bytes=96 << 20, processes=24)).run()
    assert "limits.memory" in error.value.advice


# -- in an assignment -----------------------------------------------------------------------------


def test_a_check_asks_for_it(tiny: TinyAssignment) -> None:
    tiny.write_checks("""
def test_one(instrumented):
    run = instrumented("address").run()
    assert not run.findings("memory-error")
    assert run.exit_code == 0


def test_two(instrumented, workdir):
    before = workdir.names()
    run = instrumented("address").run("two")
    assert run.exit_code == 0
""")
    tiny.write_program("""
#include <string.h>
int main(int argc, char **argv)
{
    char copy[2];
    if (argc > 1)
        strcpy(copy, argv[1]);
    return 0;
}
""")
    result = tiny.grade()
    assert [check.outcome for check in result.checks] == [Outcome.PASSED, Outcome.FAILED]
    failed = result.checks[1]
    assert failed.findings[0].kind is FindingKind.MEMORY_ERROR
    assert failed.message == failed.findings[0].message
    assert "beyond the end of the variable `copy` (2 bytes, declared in line" in failed.message
    assert "$ ./tiny two (under AddressSanitizer)" in failed.transcript


def test_a_program_that_changes_its_source_is_not_believed(tiny: TinyAssignment) -> None:
    tiny.write_checks("""
def test_one(program, instrumented):
    assert program.run().exit_code == 0
    assert not instrumented("address").run().findings()


def test_two(instrumented):
    assert instrumented("address")
""")
    tiny.write_program('#include <stdio.h>\nint main(void) { return fclose(fopen("tiny.c", "w")); }')
    one, two = tiny.grade().checks
    assert (one.outcome, two.outcome) == (Outcome.FAILED, Outcome.PASSED)
    assert one.message == "the program has changed its own source tiny.c"
