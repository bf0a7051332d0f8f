"""Sources that attack the compiler, or are not quite text: a verdict, and the compiler is no way out of the sandbox.

All are compiled in one sandbox, so each also shows that the one before has left it as it was.
"""

from collections.abc import Callable, Iterator
from itertools import count

import docker
import pytest
from hostile_course import HONEST, MARK

from grader.build import build
from grader.checks import Program
from grader.checks.run import CheckContext
from grader.result import BuildReport
from grader.spec import BuildSpec, Limits
from grader.submission import SubmittedFile
from sandbox.docker import Containment, launch
from sandbox.session import Session

NUMBERS = count()


@pytest.fixture(scope="module")
def session(engine: docker.APIClient) -> Iterator[Session]:
    """The sandbox that all sources are compiled in."""
    assert engine is not None  # the image is there
    with Session(launch(Containment(memory_bytes=64 << 20, processes=16))) as session:
        yield session


def built(session: Session, source: bytes) -> tuple[BuildReport, Program]:
    """What comes of a source, and the program."""
    name = f"source{next(NUMBERS)}"
    report = build(session, BuildSpec(program=name), [SubmittedFile(name=f"{name}.c", data=source)])
    return report, Program(session, name, Limits(), CheckContext())


BOMBS = {
    "assembles an endless file": '__asm__(".incbin \\"/dev/zero\\"");\nint main(void) { return 0; }\n',
    "assembles endless words": '__asm__(".rept 1000000000\\n.quad 1\\n.endr");\nint main(void) { return 0; }\n',
    "expands macros without end": "#define A(x) x x x x x x x x x x\n#define B(x) A(A(A(A(x))))\n"
    "int main(void) { B(B(;)) }\n",
    "includes itself": "#include __FILE__\n#include __FILE__\n",
    "includes a device": '#include "/dev/zero"\n',
    "includes a file that waits": '#include "/dev/tty"\n#include "/proc/self/fd/0"\n#include "/dev/stdin"\nint x\n',
    "has an array beyond the machine": "char much[1UL << 46] = { 1 };\nint main(void) { return much[0]; }\n",
    "makes a program larger than the disk": "char much[60 << 20] = { 1 };\nint main(void) { return much[0]; }\n",
    "makes a program larger than the agent": "char much[24 << 20] = { 1 };\nint main(void) { return much[0]; }\n",
}


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_a_bomb_for_the_compiler_is_a_failed_build(session: Session, source: str) -> None:
    report, _program = built(session, source.encode())
    assert not report.ok
    assert report.log.strip(), "the student is told why"
    assert len(report.log) < 1 << 20


SPIES = {
    "the agent's environment": '#include "/proc/1/environ"\n',
    "the agent's command line": '#include "/proc/1/cmdline"\n',
    "the stage": '#include "/stage/source0.c"\n',
    "a binary inclusion of the agent's memory": '__asm__(".incbin \\"/proc/1/mem\\"");\n',
    "the kernel's words": '#include "/proc/kmsg"\n#include "/dev/mem"\n',
}


def test_the_compiler_finds_nothing_of_the_grader(session: Session) -> None:
    source = "".join(SPIES.values()) + "int main(void) { return 0; }\n"
    report, _program = built(session, source.encode())
    assert not report.ok
    assert MARK not in report.log
    assert "grader" not in report.log


SPOILT = {
    "begins with a byte order mark": b"\xef\xbb\xbf" + HONEST.encode(),
    "has the line ends of DOS": HONEST.replace("\n", "\r\n").encode(),
    "has no last line end": HONEST.rstrip("\n").encode(),
    "ends its lines with a backslash": HONEST.encode() + b"/* \\\r\n*/ // \\",
    "has a NUL byte in a comment": HONEST.encode() + b"/* \0 */\n",
    "has invalid UTF-8 in a string": HONEST.encode() + b'const char *word = "\xff\xfe\x80";\n',
    "speaks to the terminal in a warning": HONEST.encode() + b"#warning \x1b]0;title\x07 \x1b[2J\n",
}


@pytest.mark.parametrize("source", SPOILT.values(), ids=SPOILT)
def test_what_the_compiler_takes_runs(session: Session, source: bytes) -> None:
    report, program = built(session, source)
    assert report.ok, report.log
    assert program.run(stdin=b"live").stdout == b"evil"


REFUSED = {
    "UTF-16": HONEST.encode("utf-16"),
    "nothing": b"",
    "NUL bytes": bytes(1 << 16),
    "an object file": b"\x7fELF\2\1\1" + bytes(57),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
    "one endless line": b"int main(void) { return 0" + b"+0" * 200_000 + b" }",
    "deep brackets": b"int main(void) { return " + b"(" * 200_000 + b"0 }",
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_what_is_no_program_is_a_failed_build_that_says_why(session: Session, source: bytes) -> None:
    report, _program = built(session, source)
    assert not report.ok
    assert report.log.strip()


def test_the_next_submission_is_unaffected(next_submission_passes: Callable[[object], bool]) -> None:
    assert next_submission_passes("sources")
