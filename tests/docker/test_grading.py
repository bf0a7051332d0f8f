"""Grading as a whole: whose fault a failure is, and that one grading knows nothing of another."""

from pathlib import Path

import pytest
from tiny_assignment import CHECKS, TinyAssignment

from grader.errors import CheckError
from grader.findings import FindingKind
from grader.result import Outcome

SECOND = "\n\ndef test_two(program):\n    assert program.run().exit_code == 0\n"


def test_a_right_submission_passes(tiny: TinyAssignment) -> None:
    result = tiny.grade()
    assert result.all_passed
    assert result.score == result.max_score == 3


def test_a_wrong_submission_fails_the_check_it_fails(tiny: TinyAssignment) -> None:
    tiny.write_program("int main(int argc, char **argv) { (void)argv; return argc - 1; }\n")
    result = tiny.grade()
    assert [check.outcome for check in result.checks] == [Outcome.PASSED, Outcome.FAILED]
    assert result.score == 1


def test_two_assignments_in_one_process_have_each_its_own_checks(tmp_path: Path) -> None:
    """Also if their files have the same names."""
    first, second = TinyAssignment(tmp_path / "first"), TinyAssignment(tmp_path / "second")
    second.write_checks(CHECKS.replace("exit_code == 0", "exit_code == 9"))
    assert first.grade().all_passed
    assert [check.outcome for check in second.grade().checks] == [Outcome.FAILED, Outcome.PASSED]


def test_checks_that_were_changed_count_at_once(tiny: TinyAssignment) -> None:
    assert tiny.grade().all_passed
    tiny.write_checks(CHECKS.replace("exit_code == 0", "exit_code == 9"))
    assert not tiny.grade().all_passed


def test_the_assignment_folder_is_left_as_it_was(tiny: TinyAssignment) -> None:
    before = sorted(tiny.folder.rglob("*"))
    tiny.grade()
    assert sorted(tiny.folder.rglob("*")) == before


def test_a_check_that_is_run_after_a_hostile_one_finds_a_fresh_sandbox(tiny: TinyAssignment) -> None:
    tiny.write_program("""
        #include <sys/shm.h>
        #include <unistd.h>
        #include <stdio.h>
        #include <stdlib.h>
        int main(int argc, char **argv)
        {
            if (argc > 1)
                return fputs(argv[1], stdout) < 0;
            for (int i = 0; i < 5; i++)
                shmget(IPC_PRIVATE, 1, 0600);
            return system("rm -rf /work/* /tmp/*; touch /work/tiny; (sleep 1000 >/dev/null 2>&1 &)");
        }""")
    tiny.write_checks(CHECKS.replace("exit_code == 0", "exit_code == 0, 'unlikely'"))
    result = tiny.grade()
    assert result.checks[1].outcome is Outcome.PASSED


def test_a_long_wrong_output_is_compared_in_no_time(tiny: TinyAssignment) -> None:
    """A difference of two such texts, line by line and letter by letter, would take hours."""
    tiny.write_program("""
        #include <stdio.h>
        int main(void)
        {
            for (int line = 0; line < 2000; line++)
                printf("line %d of some lines that are much alike %d\\n", line * 7 % 2000, line);
            return 0;
        }""")
    tiny.write_checks(
        "EXPECTED = ''.join(f'line {n} of some lines that are much alike {n}\\n' for n in range(2000))\n\n\n"
        "def test_one(program):\n    assert program.run().stdout.decode() == EXPECTED\n\n\n"
        "def test_two(program):\n    assert program.run().exit_code == 0\n"
    )
    result = tiny.grade()
    assert [check.outcome for check in result.checks] == [Outcome.FAILED, Outcome.PASSED]
    assert result.checks[0].message.startswith("got 'line 0 of")


def test_a_failed_check_is_the_submission_s_also_if_the_assignment_is_named_from_here(
    tiny: TinyAssignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write_program("int main(int argc, char **argv) { (void)argv; return argc - 1; }\n")
    monkeypatch.chdir(tiny.folder.parent)
    tiny.folder = tiny.folder.relative_to(tiny.folder.parent)
    assert [check.outcome for check in tiny.grade().checks] == [Outcome.PASSED, Outcome.FAILED]


# -- whose fault it is ----------------------------------------------------------------------------

FAULTS_OF_THE_AUTHOR = {
    "raises": ("def test_one(program):\n    program.run()\n    raise KeyError('x')\n", 3),
    "raises before it asks for anything": ("def test_one():\n    raise KeyError('x')\n", 2),
    "divides by zero": ("def test_one(program):\n    return 1 / 0\n", 2),
    "asks for a fixture that does not exist": ("def test_one(programme):\n    pass\n", 1),
    "uses the API wrongly": ("def test_one(program):\n    program.run().findings('zombies')\n", 2),
    "skips itself": ("import pytest\n\n\ndef test_one(program):\n    pytest.skip('why')\n", 5),
    "ends the process": ("import sys\n\n\ndef test_one(program):\n    sys.exit(0)\n", 5),
    "raises in a helper": ("def help():\n    raise OSError('x')\n\n\ndef test_one(program):\n    help()\n", 2),
    "cannot be imported": ("import no_such_module\n\n\ndef test_one(program):\n    pass\n", 1),
}


@pytest.mark.parametrize(("source", "line"), FAULTS_OF_THE_AUTHOR.values(), ids=FAULTS_OF_THE_AUTHOR)
def test_whatever_a_check_raises_is_its_authors_fault(tiny: TinyAssignment, source: str, line: int) -> None:
    tiny.write_checks(source + SECOND)
    with pytest.raises(CheckError) as fault:
        tiny.grade()
    assert fault.value.place is not None
    assert fault.value.place.path.name == "test_tiny.py"
    assert fault.value.place.line == line


def test_a_fault_in_the_last_check_leaves_no_grade_for_the_others(tiny: TinyAssignment) -> None:
    tiny.write_checks("def test_one(program):\n    pass\n\n\ndef test_two(program):\n    raise KeyError('x')\n")
    with pytest.raises(CheckError, match="the check 'two' raised KeyError"):
        tiny.grade()


def test_a_failed_assertion_about_no_run_is_the_submissions_fault(tiny: TinyAssignment) -> None:
    tiny.write_checks("def test_one(program):\n    assert 1 == 2, 'one is not two'\n" + SECOND)
    assert [check.message for check in tiny.grade().checks] == ["one is not two", ""]


# -- what a failed check says ---------------------------------------------------------------------


def failed_check(tiny: TinyAssignment, program: str, check: str) -> tuple[str, list[FindingKind]]:
    """The message of the first check, which must fail, and the kinds of its findings."""
    tiny.write_program(program)
    tiny.write_checks(f"def test_one(program):\n    {check}\n{SECOND}")
    result = tiny.grade().checks[0]
    assert result.outcome is Outcome.FAILED
    return result.message, [finding.kind for finding in result.findings]


def test_a_wrong_exit_code_reads_as_a_sentence(tiny: TinyAssignment) -> None:
    message, kinds = failed_check(tiny, "int main(void) { return 3; }\n", "assert program.run('a').exit_code == 0")
    assert message == "exit_code of ./tiny a is 3, expected 0"
    assert kinds == []


def test_a_finding_that_is_asked_for_is_the_message(tiny: TinyAssignment) -> None:
    message, kinds = failed_check(
        tiny,
        '#include <fcntl.h>\nint main(void) { return open("/etc/passwd", O_RDONLY) < 0; }\n',
        "assert not program.run().findings('fd-leak-exit')",
    )
    assert message.startswith("`tiny` (pid ")
    assert kinds == [FindingKind.FD_LEAK_EXIT]


def test_a_crash_explains_a_wrong_exit_code(tiny: TinyAssignment) -> None:
    message, kinds = failed_check(
        tiny, "int main(void) { *(volatile int *)8 = 1; }\n", "assert program.run().exit_code == 0"
    )
    assert "was killed by SIGSEGV" in message
    assert kinds == [FindingKind.CRASH]


def test_the_program_stays_the_same_for_every_check(tiny: TinyAssignment) -> None:
    """A program that replaces itself changes nothing for the next check."""
    tiny.write_program("""
        #include <stdio.h>
        #include <unistd.h>
        int main(int argc, char **argv)
        {
            if (argc > 1)
                return fputs(argv[1], stdout) < 0;
            unlink("tiny");
            return symlink("/bin/true", "tiny");
        }""")
    assert tiny.grade().all_passed


def test_a_given_file_is_the_assignments_whatever_is_handed_in_by_its_name(tiny: TinyAssignment) -> None:
    taken = "{files: [tiny.c], optional: ['*.c']}"
    given = "{program: tiny, given: [main.c, answer.h]}"
    starter = tiny.folder / "starter"
    starter.mkdir()
    (starter / "answer.h").write_text("int answer(void);\n")
    (starter / "main.c").write_text('#include "answer.h"\nint main(void) { return answer(); }\n')
    tiny.write_yaml(tiny.yaml.replace("{files: [tiny.c]}", taken).replace("{program: tiny}", given))
    tiny.write_checks(SECOND + SECOND.replace("two", "one"))

    (tiny.submission / "main.c").write_text("int main(void) { return 0; }\n")
    tiny.write_program('#include "answer.h"\nint answer(void) { return 9; }\n')
    assert tiny.grade().score == 0
    tiny.write_program('#include "answer.h"\nint answer(void) { return 0; }\n')
    assert tiny.grade().all_passed
