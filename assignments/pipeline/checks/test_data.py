"""What goes in must come out: the pipes between the stages."""

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

MEBIBYTE = 1 << 20


def append(word):
    """A stage that reads one line, appends a word to it, and ends without waiting for the end of its input."""
    return ("sh", "-c", f'read -r line; echo "$line {word}"')


def test_two_stages(program):
    run = program.run("printf", r"first\nsecond\n", "|", "head", "-n", "1")
    assert run.exit_code == 0
    assert run.stdout == b"first\n"
    assert run.stderr == b"", f"standard error should be empty, but has {run.stderr!r}"


def test_any_number_of_stages(program):
    """One stage; five, in the right order; twelve. Only a word that is just a bar separates stages."""
    one = program.run("printf", "[%s]", "two words", "", "a|b", "||")
    assert one.exit_code == 0
    assert one.stdout == b"[two words][][a|b][||]", f"the arguments of a single stage arrive as {one.stdout!r}"

    five = program.run(
        "echo", "one", "|", *append("two"), "|", *append("three"), "|", *append("four"), "|", *append("five")
    )
    assert five.exit_code == 0
    assert five.stdout == b"one two three four five\n"

    twelve = program.run("echo", "0", *(word for i in range(1, 12) for word in ("|", *append(i))))
    assert twelve.exit_code == 0
    assert twelve.stdout == b"0 1 2 3 4 5 6 7 8 9 10 11\n"


def test_stages_run_together(program):
    """A line comes out while the input is still open, so no stage waits for the one before it to end."""
    with program.start("cat", "|", "cat") as process:
        process.send(b"ping\n")
        process.expect(b"ping\n", within=PATIENCE)
        process.send(b"pong\n")
        process.expect(b"pong\n", within=PATIENCE)


def test_end_of_file(program):
    """Each `cat` ends when its input ends, and it ends only when nobody holds a write end any more."""
    run = program.run("cat", "|", "cat", "|", "cat", stdin=b"one\ntwo\n")
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    assert run.stdout == b"one\ntwo\n"


def test_large_flow(program):
    """8 MiB are far more than a pipe holds: they arrive only if all stages run and nobody else reads along."""
    run = program.run("head", "-c", str(8 * MEBIBYTE), "/dev/zero", "|", "cat", "|", "wc", "-c")
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    assert run.stdout == b"8388608\n", f"`wc -c` should count 8388608 bytes, but prints {run.stdout!r}"


def test_early_reader(program):
    """`yes` writes for ever: only SIGPIPE can end it, and that needs every read end closed."""
    run = program.run("yes", "|", "head", "-n", "1")
    assert not run.findings("deadlock")
    assert run.stdout == b"y\n"
    exits = [process.exit_code for process in run.processes if list(process.argv[:1]) == ["yes"]]
    assert exits == [None], (
        f"`yes` should be ended by SIGPIPE; instead it saw its write fail and exited, with {exits}: "
        "what is ignored before exec stays ignored after it"
    )
