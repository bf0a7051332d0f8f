"""The hidden checks: one function for each id in assignment.yaml."""


def test_counts_bytes(program):
    """What comes in is counted, whether it is nothing, a word, or more than a pipe holds."""
    for size in (0, 5, 200_000):
        run = program.run(stdin=b"x" * size)
        assert run.stdout == f"{size}\n".encode(), f"{size} bytes came in, but it prints {run.stdout!r}"


def test_ends(program):
    """End of file reaches the child, and the program ends."""
    run = program.run(stdin=b"hello\n")
    assert run.exit_code == 0
    assert not run.findings("deadlock", "orphan")


def test_waits_for_child(program):
    """No zombie is left when the program ends."""
    run = program.run(stdin=b"hello\n")
    assert run.exit_code == 0
    assert not run.findings("zombie", "orphan")
