"""What the queue is made of: objects that belong to this program alone, and go when it goes."""

import re

PATIENCE = 5.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LIST = """! for name in /dev/shm/* /dev/mqueue/*; do [ ! -e "$name" ] || echo "object $name"; done;
for kind in shm msg sem; do tail -n +2 "/proc/sysvipc/$kind" | while read -r key id rest; do
echo "object System V $kind $id"; done; done; echo that is all"""

CLEAR = "! rm -f /dev/shm/* /dev/mqueue/*; ipcrm --all"


def shell(process, script):
    process.send(script.replace("\n", " ").encode() + b"\n")


def objects(process):
    """All IPC objects there are, by the word of a shell that the program runs."""
    shell(process, LIST)
    listed = process.expect(b"that is all\n", within=PATIENCE).decode("utf-8", "replace")
    return re.findall(r"object (.*)\n", listed)


def test_side_by_side(program):
    with program.start("1", "2") as one, program.start("1", "2") as other:
        one.send(b"1 put apple\n")
        one.expect(b"1: put apple\n", within=PATIENCE)
        other.send(b"1 put_nowait pear\n")
        said = other.expect(re.compile(rb"1: .*\n"), within=PATIENCE)
        assert said == b"1: put_nowait pear\n", (
            f"two programs run at the same time, each with room for 1; an apple is put into the one, "
            f"then a pear into the other, and that says {said!r}"
        )
        for process, item in ((other, b"pear"), (one, b"apple")):
            process.send(b"2 get_nowait\n")
            said = process.expect(re.compile(rb"2: .*\n"), within=PATIENCE)
            assert said == b"2: get_nowait %s\n" % item, (
                f"of two programs that run at the same time, the one into which {item.decode()} was put says {said!r}"
            )


def test_no_leftovers(program):
    """A first program serves as a shell only: its own objects are removed before the second one is started.

    Of those a removed shared memory segment is still listed, without its key, as long as somebody is attached.
    """
    with program.start("1", "1") as process:
        shell(process, CLEAR)
        before = objects(process)
        stdin = b"1 put apple\n1 get\n1 put_nowait pear\n1 get_nowait\n1 put banana\n"
        run = program.run("2", "2", stdin=stdin)
        assert not run.findings("deadlock")
        assert run.exit_code == 0
        left = [name for name in objects(process) if name not in before]
    assert left == [], f"the program has ended, and this is left of its queue: {', '.join(left)}"
