"""What a check learns of signal handlers from the real compiler, and from nothing but the source."""

import pytest
from tiny_assignment import TinyAssignment
from workshop import LIMITS

from grader.checks.run import CheckContext, CheckFailed
from grader.checks.static import SignalSafety
from grader.result import Outcome
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.errors import SandboxError
from sandbox.session import Session

SOURCE = """
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "say.h"

static volatile sig_atomic_t got;

static void on_int(int number)
{
    say("interrupted");
    got = number;
}

static void on_term(int number)
{
    (void)number;
    write(1, "bye\\n", 4);
    _exit(0);
}

static void install(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    if (sigaction(number, &action, NULL) == -1)
        perror("sigaction");
}

int main(void)
{
    install(SIGINT, on_int);
    install(SIGTERM, on_term);
    while (!got)
        pause();
    say("done");
    return 0;
}
"""
SAY_C = """#include <stdio.h>
#include "say.h"
void say(const char *text)
{
    printf("%s\\n", text);
}
"""
SAY_H = "void say(const char *text);\n"


def safety_of(session: Session, *flags: str, **files: str) -> SignalSafety:
    """Of a program of these files: `lib_say_c` is `lib/say.c`."""
    submitted = []
    for key, text in files.items():
        name = key.replace("_", "/").rpartition("/")
        file = SubmittedFile(name=f"{name[0]}.{name[2]}", data=text.encode())
        session.stage(file.name, file.data)
        submitted.append(file)
    session.reset()
    spec = BuildSpec(program="program", cflags=("-std=gnu17", "-O2", "-g", *flags))
    return SignalSafety(session, spec, submitted)


@pytest.fixture
def session() -> Session:
    """A sandbox of its own: what is staged stays."""
    with Session(launch(Containment(memory_bytes=LIMITS.memory_bytes, processes=LIMITS.processes))) as session:
        yield session  # type: ignore[misc]


@pytest.mark.parametrize("flags", [(), ("-flto", "-Werror", "-Wall", "-D_FORTIFY_SOURCE=2"), ("-fsanitize=address",)])
def test_an_unsafe_call_in_another_file_is_found(session: Session, flags: tuple[str, ...]) -> None:
    safety = safety_of(session, *flags, main_c=SOURCE, say_c=SAY_C, say_h=SAY_H)
    assert set(safety.handlers) == {"on_int", "on_term"}
    (finding,) = safety.findings()
    assert finding.message.startswith("The signal handler `on_int` calls `printf` through `say` (say.c:5)")
    assert finding.source is not None
    assert (finding.source.file, finding.source.line) == ("say.c", 5)


def test_files_in_folders_are_told_apart(session: Session) -> None:
    helper = "#include <stdlib.h>\nstatic void help(void) { exit(1); }\nvoid lead(void) { help(); }\n"
    other = "static void help(void) {}\nvoid follow(void) { help(); }\n"
    main = """#include <signal.h>
        void lead(void);
        void follow(void);
        static void on_int(int number) { (void)number; follow(); }
        static void on_hup(int number) { (void)number; lead(); }
        int main(void) { signal(SIGINT, on_int); signal(SIGHUP, on_hup); return 0; }"""
    safety = safety_of(session, src_main_c=main, src_a_help_c=helper, src_b_help_c=other)
    (finding,) = safety.findings()
    assert "`on_hup` calls `exit` through `lead`, `help` (src/a/help.c:2)" in finding.message


def test_a_clean_program_has_handlers_and_no_finding(session: Session) -> None:
    clean = SOURCE.replace('say("interrupted");', 'write(1, "interrupted\\\\n", 12);')
    safety = safety_of(session, main_c=clean, say_c=SAY_C, say_h=SAY_H)
    assert len(safety.handlers) == 2
    assert safety.findings() == ()


def test_a_program_without_handlers_has_none(session: Session) -> None:
    safety = safety_of(session, main_c="int main(void) { return 0; }")
    assert safety.handlers == ()
    assert safety.findings() == ()


def test_what_cannot_be_compiled_is_no_verdict(session: Session) -> None:
    with pytest.raises(SandboxError, match=r"main\.c cannot be compiled"):
        safety_of(session, main_c="int main(void) { return }").findings()


def test_a_source_that_is_compiled_only_when_it_is_optimised_is_read_so(session: Session) -> None:
    optimised = f"#ifndef __OPTIMIZE__\n#error no\n#endif\n{SAY_C}"
    safety = safety_of(session, main_c=SOURCE, say_c=optimised, say_h=SAY_H)
    assert set(safety.handlers) == {"on_int", "on_term"}
    (finding,) = safety.findings()
    assert "`on_int`" in finding.message
    assert "`say`" in finding.message


def test_a_source_that_is_compiled_for_nothing_but_the_program_is_to_blame(session: Session) -> None:
    refusing = f"#ifndef __SANITIZE_ADDRESS__\n#error no\n#endif\n{SAY_C}"
    safety = safety_of(session, "-fsanitize=address", main_c=SOURCE, say_c=refusing, say_h=SAY_H)
    with pytest.raises(CheckFailed, match=r"say\.c can be compiled, but not so"):
        safety.findings()


def test_a_source_that_becomes_too_large_is_to_blame(session: Session) -> None:
    text = f'#define A0 "{"x" * 2000}"\n'
    text += "".join(f"#define A{n + 1} A{n} A{n} A{n} A{n} A{n}\n" for n in range(5))
    with pytest.raises(CheckFailed, match="too large"):
        safety_of(session, main_c=f"{text}int main(void) {{ return sizeof(A5 A5 A5) == 0; }}\n").findings()


def test_a_source_that_takes_too_long_is_to_blame(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.checks.static.READING_SECONDS", 0.2)
    chain = "action.sa_handler = " * 2000
    source = f"#include <signal.h>\nint main(void) {{ struct sigaction action; {chain} SIG_IGN; return 0; }}\n"
    with pytest.raises(CheckFailed, match="too long"):
        safety_of(session, main_c=source).findings()


def test_findings_count_as_asked_for(session: Session) -> None:
    context = CheckContext()
    safety = safety_of(session, main_c=SOURCE, say_c=SAY_C, say_h=SAY_H).asked_by(context)
    assert safety.findings()
    assert len(context.asked) == 1


def test_a_check_asks_for_it(tiny: TinyAssignment) -> None:
    tiny.write_checks("""
def test_one(signal_safety):
    assert "on_int" in signal_safety.handlers


def test_two(signal_safety):
    assert not signal_safety.findings()
""")
    tiny.write_program("""#include <signal.h>
#include <stdio.h>
static void on_int(int number) { printf("%d", number); }
int main(void) { signal(SIGINT, on_int); return 0; }
""")
    one, two = tiny.grade().checks
    assert (one.outcome, two.outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert two.message.startswith("The signal handler `on_int` calls `printf` (tiny.c:3), which is not")
    assert two.findings[0].kind == "signal"
