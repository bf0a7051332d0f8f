"""What the pipeline reports: the status of its last stage, and every failure."""

from grader.checks import Fault

FIRST = ("sh", "-c", "echo $$; exit 5")
"""A first stage that says its pid and fails with 5."""

AFTER_THE_FIRST = """
read -r pid
while read -r stat <"/proc/$pid/stat"; do
    case $stat in *") Z "*) break ;; esac
done 2>/dev/null
"""
"""The beginning of a last stage that is sure to end after the first one: it waits until that is a zombie or gone."""


def last(ending):
    return ("sh", "-c", AFTER_THE_FIRST + ending)


def test_exit_status(program):
    """The first stage always ends first, and with 5; what counts is how the last one ends."""
    for code in (0, 3, 255):
        run = program.run(*FIRST, "|", *last(f"exit {code}"))
        assert run.exit_code == code, (
            f"the first stage ends with 5 and the last with {code}: "
            f"the pipeline should end with {code}, not {run.exit_code}"
        )

    for name, number in (("TERM", 15), ("KILL", 9)):
        run = program.run(*FIRST, "|", *last(f"kill -{name} $$"))
        assert run.exit_code == 128 + number, (
            f"SIG{name} ({number}) ends the last stage: "
            f"the pipeline should end with {128 + number}, not {run.exit_code}"
        )


def test_missing_command(program, workdir):
    missing = program.run("no-such-command")
    assert missing.exit_code == 127, f"a command that does not exist counts as 127, not {missing.exit_code}"
    assert b"no-such-command" in missing.stderr, "standard error should name the command that does not exist"

    workdir.write("notes.txt", b"no program\n", mode=0o644)
    refused = program.run("./notes.txt")
    assert refused.exit_code == 126, f"a file that may not be executed counts as 126, not {refused.exit_code}"
    assert b"notes.txt" in refused.stderr, "standard error should name the file that may not be executed"

    # No assertion about the status here: a wrong choice of the stage that counts belongs to exit_status.
    rest = program.run("no-such-command", "|", "echo", "the rest runs")
    assert rest.stdout == b"the rest runs\n", (
        f"the other stage should run once and as if nothing had happened, but the output is {rest.stdout!r}"
    )
    assert rest.exit_code is not None
    assert b"no-such-command" in rest.stderr, "standard error should name the command that does not exist"


def test_pipe_or_fork_fails(program):
    """The second pipe, then the second fork fails: `yes`, if it runs by then, must be ended and waited for."""
    for call, errno_name, reason in (
        ("pipe", "EMFILE", b"Too many open files"),
        ("fork", "EAGAIN", b"Resource temporarily unavailable"),
    ):
        run = program.run("yes", "|", "head", "-n", "1", "|", "cat", fail=[Fault(call, errno_name, on_call=2)])
        assert not run.findings("deadlock")
        assert run.exit_code == 1, (
            f"the second {call} failed with {errno_name}: the pipeline should end with 1, not {run.exit_code}"
        )
        assert reason in run.stderr, f"standard error should say why {call} failed, but has {run.stderr!r}"
        assert not run.findings("zombie", "orphan")


def test_usage_errors(program):
    for words in (
        (),
        ("|",),
        ("|", "echo", "hi"),
        ("echo", "hi", "|"),
        ("echo", "hi", "|", "|", "cat"),
    ):
        run = program.run(*words)
        line = " ".join(("./pipeline", *(f"'{word}'" if word == "|" else word for word in words)))
        assert run.exit_code == 2, f"`{line}` is a usage error: the exit status should be 2, not {run.exit_code}"
        assert run.stderr != b"", f"`{line}` is a usage error: standard error should say so"
        assert len(run.processes) == 1, f"`{line}` is a usage error: no stage should be started"
