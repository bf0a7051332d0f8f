"""Sources that want no tool to look at them: a check that asks for one fails and says why, and what is no choice of the
source's costs no points.
"""

from collections.abc import Callable, Iterator
from itertools import count

import docker
import pytest
from hostile_course import HONEST, Course, by_id

from grader.build import build
from grader.checks.instrumented import InstrumentedProgram, instrumented_programs
from grader.checks.run import CheckContext, CheckFailed
from grader.checks.variants import Variants
from grader.result import Outcome
from grader.spec import BuildSpec, Limits
from grader.submission import SubmittedFile
from sandbox.docker import Containment, launch
from sandbox.errors import SandboxError
from sandbox.session import Session

NUMBERS = count()
LIMITS = Limits(time_seconds=2)
Instrument = Callable[..., InstrumentedProgram]


@pytest.fixture(scope="module")
def session(engine: docker.APIClient) -> Iterator[Session]:
    """The sandbox for all of them."""
    assert engine is not None  # the image is there
    with Session(launch(Containment(memory_bytes=LIMITS.memory_bytes, processes=LIMITS.processes))) as session:
        yield session


@pytest.fixture
def instrument(session: Session) -> Instrument:
    """Builds a source, and puts it under a tool."""

    def instrument(source: str, tool: str, **options: tuple[str, ...]) -> InstrumentedProgram:
        name = f"source{next(NUMBERS)}"
        spec = BuildSpec(program=name, **{"cflags": ("-std=gnu17", "-O1", "-g", "-pthread"), **options})
        files = (SubmittedFile(name=f"{name}.c", data=source.encode()),)
        report = build(session, spec, files)
        assert report.ok, report.log
        session.reset()
        return instrumented_programs(session, Variants(spec, files, LIMITS), CheckContext())(tool)

    return instrument


OVERFLOW = "void spoil(void) { volatile char text[4]; int i = 4; ((char *)text)[i] = 1; }\n"
REFUSALS = {
    "asks for the macro": ("address", "#ifdef __SANITIZE_ADDRESS__\n#error no tools\n#endif\n", "#error no tools"),
    "asks for the macro of threads": ("thread", "#ifdef __SANITIZE_THREAD__\n#error no\n#endif\n", "#error no"),
    "stumbles over the macro": ("address", "#ifdef __SANITIZE_ADDRESS__\nint int;\n#endif\n", "error: "),
    "says it in an assertion": (
        "address",
        '#ifdef __SANITIZE_ADDRESS__\n#define NONE 0\n#else\n#define NONE 1\n#endif\n_Static_assert(NONE, "no");\n',
        "static assertion failed",
    ),
    "takes the name of the tool's": ("address", '__asm__(".globl __asan_init\\n.set __asan_init, 1\\n");\n', "rror: "),
    "hides a function": (
        "address",
        f'__attribute__((no_sanitize("address"))) {OVERFLOW}',
        "keeps AddressSanitizer from looking",
    ),
    "hides a function in pieces": (
        "address",
        f'#define PUT(a, b) a##b\n#define NO PUT(no_sani, tize)("addr" "ess")\n__attribute__((NO)) {OVERFLOW}',
        "keeps AddressSanitizer from looking",
    ),
    "hides a function over two lines": (
        "address",
        f"__attribute__((__no_sani\\\ntize_address__)) {OVERFLOW}",
        "keeps AddressSanitizer from looking",
    ),
    "hides a function below": (
        "address",
        f'__attribute__((cold, no_sanitize\n(\n"thread,"\n"address"))) {OVERFLOW}',
        "keeps AddressSanitizer from looking",
    ),
    "hides a function from everything": (
        "undefined",
        f'[[gnu::no_sanitize("undefined")]] {OVERFLOW}',
        "keeps UndefinedBehaviorSanitizer from looking",
    ),
}


@pytest.mark.parametrize(("tool", "trick", "said"), REFUSALS.values(), ids=REFUSALS)
def test_a_source_that_refuses_a_tool_fails_the_check_that_asks_for_it(
    instrument: Instrument, tool: str, trick: str, said: str
) -> None:
    options = ("-std=gnu2x" if "[[" in trick else "-std=gnu17", "-O1", "-g", "-pthread")
    with pytest.raises(CheckFailed) as failed:
        instrument(trick + HONEST, tool, cflags=options)
    assert said in str(failed.value)
    assert "/work/" not in str(failed.value)


def test_a_bomb_that_only_a_tool_sets_off_fails_the_check_that_asks_for_it(instrument: Instrument) -> None:
    bomb = '#ifdef __SANITIZE_ADDRESS__\n__asm__(".incbin \\"/dev/zero\\"");\n#endif\n'
    with pytest.raises(CheckFailed, match="not for AddressSanitizer"):
        instrument(bomb + HONEST, "address")


WELCOMES = {
    "does something else for the tool": ("address", "#ifdef __SANITIZE_ADDRESS__\nint other;\n#endif\n"),
    "is hidden from another tool": ("address", f'__attribute__((no_sanitize("thread"))) {OVERFLOW}'),
    "speaks of the attribute": (
        "address",
        '/* no_sanitize("address") */\nconst char *word = "no_sanitize_address";\n',
    ),
    "turns off what is no option here": ("address", '#pragma GCC optimize ("no-sanitize=address")\n'),
    "defines the tool's functions": ("address", "void __asan_report_load1(void *at) { (void)at; }\n"),
}


@pytest.mark.parametrize(("tool", "source"), WELCOMES.values(), ids=WELCOMES)
def test_a_source_that_does_not_refuse_is_run_under_the_tool(instrument: Instrument, tool: str, source: str) -> None:
    run = instrument(source + HONEST, tool).run(stdin=b"live")
    assert (run.stdout, run.exit_code, run.findings()) == (b"evil", 0, ())


def test_what_a_tool_makes_of_the_language_is_no_refusal(instrument: Instrument) -> None:
    source = "int sign(int x) { switch (x) { case 1 << 31: return -1; } return 1; }\n"
    with pytest.raises(SandboxError, match="cannot be compiled for UndefinedBehaviorSanitizer"):
        instrument(source + HONEST, "undefined")


def test_options_that_do_not_go_together_with_a_tool_are_no_refusal(instrument: Instrument) -> None:
    with pytest.raises(SandboxError, match="AddressSanitizer"):
        instrument(HONEST, "address", ldflags=("-nodefaultlibs", "-lc"))


CHECKS = """\
def test_attack(instrumented):
    assert instrumented("address").run(stdin=b"live").stdout == b"evil"


def test_after_attack(program):
    assert program.run(stdin=b"live").stdout == b"evil"
"""


def test_a_refusal_costs_the_points_of_its_check_alone(course: Course) -> None:
    (course.folder / "checks" / "test_hostile.py").write_text(CHECKS)
    checks = by_id(course.grade(course.hand_in(f"#ifdef __SANITIZE_ADDRESS__\n#error no\n#endif\n{HONEST}")))
    assert checks["attack"].outcome is Outcome.FAILED
    assert "hostile.c:2:2: error: #error no" in checks["attack"].message
    assert checks["after_attack"].outcome is Outcome.PASSED
