"""What GCC and the linker say, as values; the texts are those of GCC 12 with a student's mistakes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.build import COMPILER, build, parse_diagnostics
from grader.result import BuildReport, Diagnostic
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.errors import SandboxError
from sandbox.session import RequestFailedError, RunRecord
from sandbox.wire import Ended

SOURCE = b"""\
#include <stdio.h>
int helper(int n);
int main(void)
{
    int unused;
    printf("%d\\n", "x");
    return helper(1)
}
"""

COMPILED = """\
w.c: In function 'main':
w.c:6:15: warning: format '%d' expects argument of type 'int', but argument 2 has type 'char *' [-Wformat=]
    6 |     printf("%d\\n", "x");
      |              ~^     ~~~
      |               |     |
      |               int   char *
      |              %s
w.c:7:21: error: expected ';' before '}' token
    7 |     return helper(1)
      |                     ^
      |                     ;
    8 | }
      | ~                    
w.c:5:9: warning: unused variable 'unused' [-Wunused-variable]
    5 |     int unused;
      |         ^~~~~~
"""  # noqa: W291  # GCC's own blanks

FORMAT = Diagnostic(
    severity="warning",
    message="format '%d' expects argument of type 'int', but argument 2 has type 'char *'",
    file="w.c",
    line=6,
    column=15,
    option="-Wformat=",
    quote='    printf("%d\\n", "x");',
)


def test_warnings_and_errors_are_read_with_place_option_and_the_student_s_line() -> None:
    assert parse_diagnostics(COMPILED, {"w.c": SOURCE}) == (
        FORMAT,
        Diagnostic(
            severity="error",
            message="expected ';' before '}' token",
            file="w.c",
            line=7,
            column=21,
            quote="    return helper(1)",
        ),
        Diagnostic(
            severity="warning",
            message="unused variable 'unused'",
            file="w.c",
            line=5,
            column=9,
            option="-Wunused-variable",
            quote="    int unused;",
        ),
    )


def one(log: str, sources: dict[str, bytes] | None = None) -> Diagnostic:
    (diagnostic,) = parse_diagnostics(log, sources or {})
    return diagnostic


def test_a_missing_header_is_a_fatal_error() -> None:
    log = """\
m.c:1:10: fatal error: missing.h: No such file or directory
    1 | #include "missing.h"
      |          ^~~~~~~~~~~
compilation terminated.
"""
    assert one(log, {"m.c": b'#include "missing.h"\n'}) == Diagnostic(
        severity="fatal error",
        message="missing.h: No such file or directory",
        file="m.c",
        line=1,
        column=10,
        quote='#include "missing.h"',
    )


def test_a_warning_turned_into_an_error_names_the_option_that_did_it() -> None:
    found = one("w.c:5:9: error: unused variable 'unused' [-Werror=unused-variable]\n")
    assert (found.severity, found.message, found.option) == (
        "error",
        "unused variable 'unused'",
        "-Werror=unused-variable",
    )


def test_without_a_column_the_line_is_read() -> None:
    found = one("q.c:2: warning: too many arguments for format [-Wformat-extra-args]\n")
    assert (found.file, found.line, found.column, found.option) == ("q.c", 2, None, "-Wformat-extra-args")


def test_brackets_in_a_message_are_no_option() -> None:
    found = one("w.c:3:5: error: invalid type 'int[3]' for argument [here]\n")
    assert (found.message, found.option) == ("invalid type 'int[3]' for argument [here]", "")


def test_notes_and_where_a_file_was_included_are_no_diagnostics_of_their_own() -> None:
    log = """\
In file included from w.c:1:
util.h:3:9: warning: "MAX" redefined
    3 | #define MAX 2
      |         ^~~
w.c:2:9: note: this is the location of the previous definition
"""
    assert [found.message for found in parse_diagnostics(log, {})] == ['"MAX" redefined']


def test_a_file_that_is_not_the_student_s_has_no_quote() -> None:
    assert one("/usr/include/stdio.h:5:1: error: unknown type name 'x'\n").quote == ""


def test_a_line_beyond_the_end_of_the_file_has_no_quote() -> None:
    assert one("w.c:99:1: error: expected declaration at end of input\n", {"w.c": SOURCE}).quote == ""


def test_a_quote_of_bytes_that_are_no_text_can_still_be_shown() -> None:
    found = one("w.c:1:1: error: stray '\\377' in program\n", {"w.c": b"\xffint x;\n"})
    assert found.quote == "\ufffdint x;"


def test_lines_that_end_as_in_dos_are_quoted_without_their_end() -> None:
    found = one("w.c:2:1: error: nothing here\n", {"w.c": b"int a;\r\nint b;\r\n"})
    assert found.quote == "int b;"


# -- what has no place ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "severity", "message"),
    [
        ("cc1: fatal error: nope.c: No such file or directory", "fatal error", "nope.c: No such file or directory"),
        (
            "gcc: error: unrecognized command-line option '-Wbogus'",
            "error",
            "unrecognized command-line option '-Wbogus'",
        ),
        (
            "gcc: fatal error: Killed signal terminated program cc1",
            "fatal error",
            "Killed signal terminated program cc1",
        ),
        ("cc1: warning: command-line option '-fx' is not for C", "warning", "command-line option '-fx' is not for C"),
    ],
)
def test_the_compiler_s_own_complaints_have_no_place(line: str, severity: str, message: str) -> None:
    assert one(line) == Diagnostic(severity=severity, message=message)


def test_a_missing_library_is_an_error() -> None:
    log = """\
/usr/bin/ld: cannot find -lnothing: No such file or directory
collect2: error: ld returned 1 exit status
"""
    assert one(log) == Diagnostic(severity="error", message="cannot find -lnothing: No such file or directory")


def test_an_undefined_function_is_an_error() -> None:
    log = """\
/usr/bin/ld: /tmp/ccoKVXwj.o: in function `main':
u.c:(.text+0x22): undefined reference to `helper'
collect2: error: ld returned 1 exit status
"""
    assert one(log) == Diagnostic(severity="error", message="undefined reference to `helper'")


def test_an_undefined_function_is_told_with_its_place_if_the_linker_knows_it() -> None:
    """It does with `-g`, which assignments build with."""
    log = """\
/usr/bin/ld: /tmp/ccKqFnPk.o: in function `main':
/work/w.c:7: undefined reference to `helper'
collect2: error: ld returned 1 exit status
"""
    assert one(log, {"w.c": SOURCE}) == Diagnostic(
        severity="error",
        message="undefined reference to `helper'",
        file="w.c",
        line=7,
        quote="    return helper(1)",
    )


def test_a_function_that_is_defined_twice_is_one_error() -> None:
    log = """\
/usr/bin/ld: /tmp/ccsxs0R1.o:/work/d2.c:1: multiple definition of `x'; /tmp/ccsfkk7s.o:/work/d1.c:1: first defined here
collect2: error: ld returned 1 exit status
"""
    found = one(log)
    assert found.severity == "error"
    assert "multiple definition of `x'" in found.message


@pytest.mark.parametrize("words", ["cannot find", "undefined reference to", "multiple definition of"])
def test_a_quoted_line_of_the_student_s_is_not_taken_for_the_linker_s_words(words: str) -> None:
    log = f"""\
w.c:6:26: warning: format '%d' expects a matching 'int' argument [-Wformat=]
    6 |     printf("{words} %d\\n");
      |                   ~^
"""
    assert [found.severity for found in parse_diagnostics(log, {})] == ["warning"]


def test_an_empty_log_has_no_diagnostics() -> None:
    assert parse_diagnostics("", {}) == ()


@pytest.mark.parametrize("line", ["w.c:{0}:1: error: x", "w.c:1:{0}: error: x", "w.c:{0}: undefined reference to `f'"])
def test_a_number_beyond_any_line_is_no_place(line: str) -> None:
    """`#line 1 "w.c:999…:1: error: x"` makes the compiler say what nobody can read."""
    assert all(found.line is None for found in parse_diagnostics(line.format("9" * 5000), {"w.c": SOURCE}))


@given(st.text())
def test_any_text_at_all_can_be_parsed(log: str) -> None:
    for found in parse_diagnostics(log, {"w.c": SOURCE}):
        assert found.severity in ("fatal error", "error", "warning")


# -- the whole build, with a compiler that says what it is told to ---------------------------------


class CompilerSession:
    """A session in which the compiler ends at once, and compiles what is known to be good if `is_sane`."""

    is_sane = True

    def __init__(self, said: bytes = b"", wait_status: int = 0, *, makes: bool = True, **ended: object) -> None:
        self.staged: dict[str, bytes] = {}
        self.argv: list[str] = []
        self.kept: list[str] = []
        self._said = said
        self._makes = makes
        self._ended = Ended(
            1, str(ended.get("reason", "exited")), {"wait_status": wait_status, "oom_kills": 0, **ended}
        )

    def stage(self, path: str, data: bytes) -> None:
        self.staged[path] = data

    def reset(self) -> None:
        assert self.staged

    def store(self, path: str, data: bytes) -> None:
        self.stored = path

    def spawn(self, argv: list[str], limits: object, **options: object) -> RunRecord:
        if argv[-1] == ".canary.c" and self.is_sane:
            return RunRecord(number=2, ended=Ended(2, "exited", {"wait_status": 0, "oom_kills": 0}))
        self.argv = argv
        return RunRecord(number=1, stderr=bytearray(self._said), ended=self._ended)

    def wait_fairly(self, condition: object, seconds: float) -> None: ...

    def stop(self, record: RunRecord) -> None: ...

    def keep(self, path: str) -> None:
        if not self._makes:
            raise RequestFailedError("ENOENT", "none")
        self.kept.append(path)


def built(session: CompilerSession, cflags: tuple[str, ...] = ("-g",), ldflags: tuple[str, ...] = ()) -> BuildReport:
    files = [SubmittedFile(name="w.c", data=SOURCE), SubmittedFile(name="w.h", data=b"")]
    return build(session, BuildSpec(program="w", cflags=cflags, ldflags=ldflags), files)  # type: ignore[arg-type]


def test_every_c_file_is_compiled_with_the_assignment_s_options_and_the_program_is_kept() -> None:
    session = CompilerSession()
    assert built(session, ("-O1",), ("-lm",)) == BuildReport(ok=True)
    assert session.argv == [COMPILER, "-pipe", "-fno-canonical-system-headers", "-O1", "-o", "w", "w.c", "-lm"]
    assert (list(session.staged), session.kept) == (["w.c", "w.h"], ["w"])


def test_a_program_that_does_not_compile_is_not_kept() -> None:
    session = CompilerSession(COMPILED.encode(), 1 << 8)
    report = built(session)
    assert (report.ok, report.log, len(report.diagnostics), session.kept) == (False, COMPILED, 3, [])


def test_warnings_of_a_program_that_compiles_are_kept() -> None:
    report = built(CompilerSession(COMPILED.encode()))
    assert (report.ok, report.diagnostics[0]) == (True, FORMAT)


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (CompilerSession(reason="timeout"), "the compiler had not ended after 30 seconds"),
        (CompilerSession(reason="output-limit"), "the compiler wrote too much"),
        (CompilerSession(wait_status=1 << 8, oom_kills=1), "the compiler used more memory than it is allowed"),
        (CompilerSession(makes=False), "the compiler made no program"),
    ],
    ids=["time", "output", "memory", "no program"],
)
def test_a_compiler_that_did_not_finish_is_told_in_the_log(session: CompilerSession, said: str) -> None:
    report = built(session)
    assert (report.ok, report.log.strip()) == (False, said)


def test_a_compiler_that_compiles_nothing_is_no_fault_of_the_submission() -> None:
    session = CompilerSession(b"gcc: fatal error: cannot execute 'cc1'\n", 1 << 8)
    session.is_sane = False
    with pytest.raises(SandboxError, match="known to be good: gcc: fatal error: cannot execute 'cc1'"):
        built(session)
    assert session.stored == ".canary.c"


def test_the_log_has_the_names_that_the_student_knows() -> None:
    log = "w.c:1:10: warning: unused [-Wunused]\n/usr/bin/ld: /work/w.c:7: undefined reference to `f'\n"
    assert built(CompilerSession(log.encode(), 1 << 8)).log == log.replace("/work/", "")


@pytest.mark.parametrize(
    "line",
    [
        "w.c:1:10: fatal error: ../up.h: No such file or directory",
        '    2 |     printf("run ./server first\\n");',
    ],
)
def test_the_log_has_the_student_s_own_words_unchanged(line: str) -> None:
    assert line in built(CompilerSession(line.encode(), 1 << 8)).log


def test_bytes_that_are_no_text_do_not_stop_a_build() -> None:
    assert built(CompilerSession(b"w.c:1:1: error: stray '\xff'\n", 1 << 8)).diagnostics[0].message == "stray '\ufffd'"
