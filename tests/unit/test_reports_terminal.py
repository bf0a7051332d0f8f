"""The report that people read in a terminal."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from results import BROKEN, BUILD_FAILED, EVERY, GRADED, PERFECT, REJECTED, TWO_STAGES

from grader.reports import terminal
from grader.result import BuildReport, Result

STYLE = re.compile(r"\x1b\[[0-9;]+m")


def lines(result: Result, width: int = 80) -> list[str]:
    return terminal.render(result, color=False, width=width).splitlines()


def test_the_whole_report() -> None:
    assert (
        terminal.render(GRADED, color=False, width=80)
        == """\
A pipeline of processes
ada · grader-sandbox:5f2c on Linux 6.1.0-18-amd64

compiled with 1 warning
  pipeline.c:12:13: warning: unused variable 'status' [-Wunused-variable]
      int status = 0;
          ^

✔ Two stages                                                      15/15    12 ms
✘ No descriptor leaks into a stage                                 0/20    12 ms
    cat (pid 9) was started with fd 4, a write end of pipe 21809 that main
    opened in pipeline.c:41.

    fd-leak-exec · cat (pid 9) · fd 4 · pipe:[21809] · pipeline.c:41
      holders:
        main (pid 7) fd 4, write end
        cat (pid 9) fd 4, write end
      close on exec: no

    deadlock · cat (pid 9) · pipe:[21809]
    cat (pid 9) reads from pipe 21809. The only open write end of that pipe is
    its own fd 4. main (pid 7) waits for pid 9.
      graph:
        main (pid 7)  --wait4-->  cat (pid 9)
        cat (pid 9)   --read--->  pipe:[21809]
        pipe:[21809]  <--write--  cat (pid 9) fd 4
      proven after ms: 6

    │ $ ./pipeline fdprobe '|' fdprobe
    │ stderr: 0 1 2 4
    │ exit code 0
    hint: Which process still holds an end that it does not use?

✘ The exit status is the last stage's                            7.5/15    1.2 s
    exit_code of ./pipeline false is 0, expected 1

\N{EN DASH} Ends on SIGTERM                                                  0/10
    needs no_fd_leaks, which did not pass

score 22.5/60 · 1 of 4 checks passed
"""
    )


def test_full_marks_are_short() -> None:
    assert lines(PERFECT)[3:] == [
        "✔ Two stages                                                      15/15    12 ms",
        "✔ Exit status                                                     15/15    12 ms",
        "",
        "score 30/30 · 2 of 2 checks passed",
    ]


def test_a_program_that_does_not_compile_shows_each_error_with_its_line() -> None:
    assert lines(BUILD_FAILED)[3:8] == [
        "the program does not compile: 2 errors",
        "  pipeline.c:40:18: error: expected ';' before 'return'",
        "      pid = fork() return 0;",
        "                   ^",
        "  error: undefined reference to `spawn'",
    ]


def test_without_diagnostics_the_compilers_own_words_are_shown() -> None:
    result = replace(BUILD_FAILED, build=BuildReport(ok=False, log="collect2: fatal: \x1b[2J\n"))
    assert r"  │ collect2: fatal: \x1b[2J" in lines(result)


def test_a_rejected_submission_says_why_once() -> None:
    report = "\n".join(lines(REJECTED))
    assert "rejected: pipeline.c is missing" in report
    assert "the submission was rejected" not in report


@pytest.mark.parametrize("color", [True, False])
@pytest.mark.parametrize("result", EVERY)
def test_the_only_escape_sequences_are_the_reports_own_colours(result: Result, color: bool) -> None:
    text = terminal.render(result, color=color, width=80)
    if color:
        assert STYLE.search(text)
        text = STYLE.sub("", text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text)
    text.encode("utf-8")


def test_colours_change_nothing_else() -> None:
    assert STYLE.sub("", terminal.render(GRADED, color=True, width=80)) == terminal.render(
        GRADED, color=False, width=80
    )


def test_a_ci_runner_finds_no_command_of_the_programs_in_the_log() -> None:
    for line in lines(BROKEN):
        assert not line.lstrip().startswith("::")
        assert not re.search(r"##\w*\[", line)


@pytest.mark.parametrize("width", [20, 48, 60, 100, 300])
def test_lines_fit_the_terminal(width: int) -> None:
    room = min(max(width, 48), 100)
    graph = 4 + 4 + max(map(len, str(GRADED.checks[1].findings[1].evidence["graph"]).splitlines()))
    assert all(len(line) <= max(room, graph) for line in lines(GRADED, width))


def test_points_stay_aligned_under_wide_characters() -> None:
    title = "管道 🐈 Grüße"
    result = replace(PERFECT, checks=(TWO_STAGES, replace(TWO_STAGES, title=title)))
    first, second = lines(result)[3:5]
    assert len(first) - len(second) == 3  # as many as there are double-width characters
    assert second.endswith("15/15    12 ms")


def test_a_flood_of_output_is_cut() -> None:
    flood = replace(GRADED.checks[1], transcript="y\n" * 100_000, findings=())
    report = lines(replace(GRADED, checks=(flood,)))
    assert len(report) < 70
    assert any("more lines)" in line for line in report)


def test_a_single_endless_line_is_cut() -> None:
    flood = replace(GRADED.checks[1], transcript="y" * 1_000_000, findings=())
    assert sum(map(len, lines(replace(GRADED, checks=(flood,))))) < 6000


def test_part_points_are_shown_as_people_write_them() -> None:
    half = replace(TWO_STAGES, points=Fraction(1, 3), max_points=Fraction(5, 2))
    assert "0.33/2.5" in "\n".join(lines(replace(PERFECT, checks=(half,))))
