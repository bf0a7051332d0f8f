"""Compiling a submission: what the compiler says comes back as values, and a build is contained like a run."""

from collections.abc import Iterator
from fractions import Fraction

import pytest
from tiny_assignment import PROGRAM, TinyAssignment
from workshop import LIMITS

from grader.build import build
from grader.result import BuildReport, Diagnostic, Outcome, Status
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.session import Session

SPEC = BuildSpec(program="program")


@pytest.fixture
def session() -> Iterator[Session]:
    """A sandbox of its own for each build: what is staged stays."""
    with Session(launch(Containment(memory_bytes=LIMITS.memory_bytes, processes=LIMITS.processes))) as session:
        yield session


def built(session: Session, spec: BuildSpec = SPEC, **sources: str) -> BuildReport:
    """What comes of building `main="…"` as `main.c`, and so on."""
    files = [SubmittedFile(name=f"{name}.c", data=text.encode()) for name, text in sources.items()]
    return build(session, spec, files)


def test_a_clean_build_has_nothing_to_say(session: Session) -> None:
    assert built(session, main="int main(void) { return 0; }\n") == BuildReport(ok=True)


def test_the_program_is_in_the_work_folder_after_every_reset(session: Session) -> None:
    built(session, main="int main(void) { return 0; }\n")
    for _check in range(2):
        session.reset()
        assert session.names() == ["main.c", "program"]


def test_several_files_make_one_program(session: Session) -> None:
    report = built(
        session, main="int two(void);\nint main(void) { return two(); }\n", two="int two(void) { return 2; }\n"
    )
    assert report == BuildReport(ok=True)


def test_a_warning_is_a_value_that_quotes_the_line(session: Session) -> None:
    report = built(session, main="int main(void)\n{\n    int unused;\n    return 0;\n}\n")
    assert report.ok
    assert report.diagnostics == (
        Diagnostic(
            severity="warning",
            message="unused variable \N{LEFT SINGLE QUOTATION MARK}unused\N{RIGHT SINGLE QUOTATION MARK}",
            file="main.c",
            line=3,
            column=9,
            option="-Wunused-variable",
            quote="    int unused;",
        ),
    )


def test_an_error_is_a_value_that_quotes_the_line(session: Session) -> None:
    report = built(session, main="int main(void)\n{\n    return nothing;\n}\n")
    assert not report.ok
    (error,) = (said for said in report.diagnostics if said.severity == "error")
    assert (error.file, error.line, error.column, error.quote) == ("main.c", 3, 12, "    return nothing;")
    assert error.message.endswith("undeclared (first use in this function)")


def test_a_missing_header_is_a_fatal_error(session: Session) -> None:
    report = built(session, main='#include "missing.h"\nint main(void) { return 0; }\n')
    assert not report.ok
    (error,) = report.diagnostics
    assert (error.severity, error.file, error.line) == ("fatal error", "main.c", 1)
    assert error.message == "missing.h: No such file or directory"


def test_an_undefined_reference_is_a_value(session: Session) -> None:
    report = built(session, main="void missing(void);\nint main(void) { missing(); return 0; }\n")
    assert not report.ok
    (error,) = report.diagnostics
    assert (error.severity, error.message) == ("error", "undefined reference to `missing'")
    assert (error.file, error.line, error.quote) == ("main.c", 2, "int main(void) { missing(); return 0; }")


def test_a_missing_main_is_a_value(session: Session) -> None:
    report = built(session, main="int other(void) { return 0; }\n")
    assert not report.ok
    assert [error.message for error in report.diagnostics] == ["undefined reference to `main'"]


def test_a_name_defined_twice_is_a_value(session: Session) -> None:
    report = built(session, main="int twice;\nint main(void) { return 0; }\n", other="int twice;\n")
    assert not report.ok
    assert any("multiple definition of `twice'" in said.message for said in report.diagnostics)


@pytest.mark.parametrize("call", ["nothing", "missing()"], ids=["compiler", "linker"])
def test_the_log_names_files_as_the_student_did(session: Session, call: str) -> None:
    report = built(session, main=f"void missing(void);\nint main(void) {{ {call}; return 0; }}\n")
    assert "main.c" in report.log
    assert "/work" not in report.log
    assert "./" not in report.log


def test_a_file_named_like_an_option_is_only_a_file(session: Session) -> None:
    files = [
        SubmittedFile(name="main.c", data=b"int main(void) { return 0; }\n"),
        SubmittedFile(name="@options.c", data=b"int other;\n"),
        SubmittedFile(name="-E.c", data=b"int another;\n"),
    ]
    assert build(session, SPEC, files) == BuildReport(ok=True)


BOMBS = {
    "endless input": '#include "/dev/zero"\n',
    "includes itself": '#include "main.c"\n#include "main.c"\n',
    "a gigantic object": "char large[3L << 30] = { 1 };\nint main(void) { return large[0]; }\n",
    "endless messages": "#define A(x) x x x x x x x x\nint main(void) { A(A(A(A(A(!;))))) }\n",
}


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_a_source_that_explodes_in_the_compiler_is_a_failed_build(session: Session, source: str) -> None:
    report = built(session, main=source)
    assert not report.ok
    assert report.log != ""
    assert len(report.log) < 1 << 20
    session.reset()
    assert session.names() == ["main.c"]


def test_the_compiler_cannot_read_what_is_not_the_students(session: Session) -> None:
    report = built(session, main='#include "/proc/1/environ"\n#include "/etc/shadow"\nint main(void) { return 0; }\n')
    assert not report.ok
    assert "PATH=" not in report.log


# -- what a build that fails means for the grade --------------------------------------------------


def test_what_does_not_compile_gets_no_points_and_every_check_is_skipped(tiny: TinyAssignment) -> None:
    tiny.write_program("int main(void) { return }\n")
    result = tiny.grade()
    assert result.status is Status.BUILD_FAILED
    assert (result.score, result.max_score) == (Fraction(0), Fraction(3))
    assert [check.outcome for check in result.checks] == [Outcome.SKIPPED] * 2
    assert result.build is not None
    assert [said.severity for said in result.build.diagnostics] == ["error"]


def test_warnings_cost_nothing(tiny: TinyAssignment) -> None:
    tiny.write_program(PROGRAM.replace("return 0;", "int unused; return 0;"))
    result = tiny.grade()
    assert result.status is Status.GRADED
    assert result.score == result.max_score
    assert result.build is not None
    assert [said.severity for said in result.build.diagnostics] == ["warning"]
