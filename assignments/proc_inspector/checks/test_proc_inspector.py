"""Processes are set up, the program is asked about them, and its answers are compared with what the kernel says."""

import re

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

SCENE_SECONDS = 15.0
"""The same for what other commands have to do before the program is looked at: it is not the program's fault."""

LINE = re.compile(r"(\d+) (\d+) ([A-Za-z]) (\d+) (\d+) (.+)")

NAMES = ("two words", "a) Z 1 7 (b", "))", "((", ") S 1")

ONE_FOR_EACH_NAME = """
mkfifo never && exec 3<>never
for name; do
    (printf %s "$name" >/proc/self/comm && read -r line <&3) &
done
wait
"""
"""Shells that give themselves the names of the arguments and then wait for ever."""

WITH_A_ZOMBIE = "sh -c 'exit 0' & exec sleep 1001"
"""Becomes a `sleep` that does not know of its child."""

THREADED = """
import threading
event = threading.Event()
for _ in range(3):
    threading.Thread(target=event.wait).start()
event.wait()
"""

HOLDS_FILES = """
import os, sys, time
for path in sys.argv[1:]:
    if "/" in path:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if path.startswith("removed"):
        os.unlink(path)
time.sleep(1001)
"""
"""A process with the files of its arguments open."""

SLEEPER_IN_AN_ODD_FOLDER = """
mkdir "my programs" && cp /bin/sleep "my programs/a sleeper" && cd "my programs"
trap 'cat /proc/$pid/maps >/work/maps' USR1
"./a sleeper" 1001 &
pid=$!
while true; do wait; done
"""
"""Starts a program with spaces in its path, and on SIGUSR1 copies its maps."""

ANSWERS_INTO_A_FULL_PIPE = """
mkfifo in out && exec 3<>out 4<>in
yes "" | dd of=out bs=4096 iflag=fullblock oflag=nonblock 2>/dev/null
sh -c 'kill -STOP $$; echo ps >in; kill -STOP $$; exec grep -a --line-buffered . out' 3>&- 4>&- &
exec /work/proc_inspector sh -c 'sleep 1001 & sleep 1002 & wait' <&4 >&3 3>&- 4>&-
"""
"""Becomes a second inspector that can write nothing, the pipe being full of empty lines, until the helper, when
continued for the second time, reads it."""


def is_asleep(process):
    return process.blocked_in("clock_nanosleep", "nanosleep", "restart_syscall", "select", "pselect6")


def sleeper(view, word, command="sleep"):
    """The process that sleeps with that last argument, or None."""
    return next((other for other in view.named(command) if other.argv[-1:] == (word,) and is_asleep(other)), None)


def zombie_of(view):
    """The zombie that is a child of `sleep 1001`, or None."""
    parent = sleeper(view, "1001")
    children = view.children_of(parent.pid) if parent else ()
    return next((child for child in children if child.state == "zombie"), None)


def at_rest(process, condition):
    """Wait until `condition(view)` is true and nothing moves any more; return that view."""
    process.wait_until(condition, within=SCENE_SECONDS)
    process.view()
    return process.settle(within=SCENE_SECONDS)


def ask(process, question):
    """Ask a question and return the lines of the answer."""
    process.send(question.encode() + b"\n")
    try:
        answer = process.expect(re.compile(rb"^\.\n", re.MULTILINE), within=PATIENCE)
    except AssertionError:
        assert not process.is_running, f"to `{question}` no answer came that ends with a dot on a line of its own"
        assert process.is_running, f"when it was asked `{question}` the program ended"
        raise
    return answer.decode("utf-8", "replace").splitlines()[:-1]


def rows(lines):
    """The lines of `ps` by pid, each as (pid, parent, state, threads, size, command)."""
    table = {}
    for line in lines:
        match = LINE.fullmatch(line)
        assert match, f"a line of `ps` should be `PID PARENT STATE THREADS SIZE COMMAND`, but this is one: {line!r}"
        pid = int(match[1])
        assert pid not in table, f"`ps` has two lines for pid {pid}: {line!r} and {' '.join(table[pid])!r}"
        table[pid] = match.groups()
    return table


STATES = {"sleeping": "SDI", "stopped": "T", "running": "R", "zombie": "Z"}


def require_truth(table, other):
    """A process's line must say what the kernel says of it."""
    assert other.pid in table, f"`ps` has no line for process {other.pid}, `{other.command}`"
    _pid, parent, state, threads, size, command = table[other.pid]
    assert command == other.command, f"process {other.pid} is called {other.command!r}, but `ps` says {command!r}"
    assert int(parent) == other.ppid, f"the parent of process {other.pid} is {other.ppid}, but `ps` says {parent}"
    assert state in STATES[other.state], f"process {other.pid} is {other.state}, but `ps` says {state}"
    if other.state == "zombie":
        assert int(size) == 0, f"process {other.pid} is a zombie and has no memory, but `ps` says {size} KiB"
    else:
        assert int(threads) == other.threads, (
            f"process {other.pid} has {other.threads} threads, but `ps` says {threads}"
        )


def test_processes(program):
    """The size is compared with what /proc/PID/status says, through a second inspector."""
    with program.start("sleep", "1001") as process:
        view = at_rest(process, lambda view: sleeper(view, "1001"))
        lines = ask(process, "ps")
        table = rows(lines)
        for other in view.processes:
            if other.pid != process.pid:
                require_truth(table, other)
        assert process.pid in table, "`ps` has no line for the program itself"
        pids = list(table)
        assert pids == sorted(pids), f"the lines of `ps` should be in the order of the pids, but it is {pids}"

        child = sleeper(view, "1001")
        status = program.run("cat", f"/proc/{child.pid}/status")
        found = re.search(rb"VmSize:\s*(\d+) kB", status.stdout)
        assert found, f"{status} should let the command write its output, also if there is no input: {status.stdout!r}"
        size = int(found[1])
        assert int(table[child.pid][4]) == size, (
            f"the size of process {child.pid} is {size} KiB, but `ps` says {table[child.pid][4]}"
        )


def test_odd_names(program):
    command = ("sh", "-c", ONE_FOR_EACH_NAME, "sh", *NAMES)
    with program.start(*command) as process:
        view = at_rest(
            process,
            lambda view: all(any(other.blocked_in("read") for other in view.named(name)) for name in NAMES),
        )
        table = rows(ask(process, "ps"))
        for name in NAMES:
            for other in view.named(name):
                require_truth(table, other)


def test_states(program):
    with program.start(
        "sh", "-c", 'sleep 1002 & python3 -c "$THREADED" & ' + WITH_A_ZOMBIE, env={"THREADED": THREADED}
    ) as process:
        view = at_rest(
            process,
            lambda view: (
                sleeper(view, "1002") and zombie_of(view) and any(other.threads == 4 for other in view.named("python3"))
            ),
        )
        stopped = sleeper(view, "1002").pid
        process.send_signal("SIGSTOP", to=stopped)
        view = at_rest(process, lambda view: any(o.pid == stopped and o.state == "stopped" for o in view.processes))
        table = rows(ask(process, "ps"))
        for other in view.processes:
            if other.pid != process.pid:
                require_truth(table, other)


def test_some_processes(program):
    """The pids are asked in an order of their own; one is of a process that has ended, one of none."""
    command = "sleep 1001 & sleep 1002 & sleep 1003 & wait"
    with program.start("sh", "-c", command) as process:
        view = at_rest(process, lambda view: all(sleeper(view, word) for word in ("1001", "1002", "1003")))
        first, gone, last = (sleeper(view, word) for word in ("1001", "1002", "1003"))
        process.send_signal("SIGKILL", to=gone.pid)
        at_rest(process, lambda view: all(other.pid != gone.pid for other in view.processes))
        for asked in ([last, gone, first], [gone], [last]):
            question = " ".join(("ps", *(str(other.pid) for other in asked)))
            table = rows(ask(process, question))
            wanted = [other.pid for other in asked if other is not gone]
            assert list(table) == wanted, (
                f"`{question}` should have the lines of {wanted or 'no process'}, in this order "
                f"({gone.pid} has ended), but it has those of {list(table)}"
            )
            for other in asked:
                if other is not gone:
                    require_truth(table, other)


def stopped_helper(view):
    return next((other for other in view.named("sh") if other.state == "stopped"), None)


def second_inspector(view, process):
    others = (other for other in view.named("proc_inspector") if other.pid != process.pid)
    return next((other for other in others if other.state != "zombie" and other.argv[1:2] == ("sh",)), None)


def is_held_up(view, process):
    """Whether the second inspector waits in a write to its standard output."""
    second = second_inspector(view, process)
    return second and second.blocked_in("write", "writev", fd=1)


def test_vanishing(program):
    """An inspector that writes as it goes is held up at its first line while a process ends that it knows of.

    One that writes all at the end has said of it what it read.
    """
    with program.start("sh", "-c", ANSWERS_INTO_A_FULL_PIPE) as process:
        view = at_rest(process, lambda view: stopped_helper(view) and sleeper(view, "1001") and sleeper(view, "1002"))
        gone, stays = sleeper(view, "1001"), sleeper(view, "1002")
        process.send_signal("SIGCONT", to=stopped_helper(view).pid)
        at_rest(process, lambda view: stopped_helper(view) and is_held_up(view, process))
        process.send_signal("SIGKILL", to=gone.pid)
        view = at_rest(process, lambda view: all(other.pid != gone.pid for other in view.processes))
        process.send_signal("SIGCONT", to=stopped_helper(view).pid)
        process.wait_until(
            lambda view: process.stdout.endswith(b"\n.\n") or not second_inspector(view, process), within=PATIENCE
        )
        at_rest(process, lambda view: True)
    lines = process.stdout.decode("utf-8", "replace").splitlines()
    assert lines[-1:] == ["."], (
        "a process ended while `ps` was being answered, and the answer does not come to its end, the dot; "
        f"its last line is {lines[-1:]}"
    )
    table = rows(lines[:-1])
    require_truth(table, stays)
    if gone.pid in table:
        assert table[gone.pid][5] == "sleep", f"process {gone.pid} was a `sleep`, but `ps` says {table[gone.pid]}"


def of_descriptors(lines):
    return [line for line in lines if line[:1].isdigit()]


def shorten(line):
    return repr(line) if len(line) <= 80 else f"{line[:60]!r}… ({len(line)} bytes)"


def require_descriptors(process, other):
    """The lines of `lsof` about descriptors must be the descriptor table."""
    lines = of_descriptors(ask(process, f"lsof {other.pid}"))
    wanted = [f"{fd.number} {fd.target}" for fd in sorted(other.fds, key=lambda fd: fd.number)]
    for line, right in zip(lines, wanted, strict=False):
        assert line == right, (
            f"`lsof` of `{other.command}` should have the line {shorten(right)} here, but it has {shorten(line)}"
        )
    assert len(lines) == len(wanted), (
        f"`{other.command}` has {len(wanted)} descriptors, but `lsof` has {len(lines)}: "
        f"{', '.join(map(shorten, lines))}"
    )


def holder(view):
    return next((other for other in view.named("python3") if is_asleep(other)), None)


def test_descriptors(program):
    paths = [f"file-of-descriptor-{number}" for number in range(3, 14)]
    with program.start("python3", "-c", HOLDS_FILES, *paths) as process:
        view = at_rest(process, holder)
        require_descriptors(process, holder(view))


def test_targets(program):
    folder = "folder" * 20
    paths = ["x" * 240, "short", f"{folder}/{folder}/{folder}/{'y' * 200}", "s", "three words here", "removed", " "]
    with program.start("python3", "-c", HOLDS_FILES, *paths) as process:
        view = at_rest(process, holder)
        require_descriptors(process, holder(view))


def test_files(program, workdir):
    with program.start("sh", "-c", SLEEPER_IN_AN_ODD_FOLDER) as process:
        view = at_rest(process, lambda view: sleeper(view, "1001", "a sleeper"))
        child = sleeper(view, "1001", "a sleeper")
        process.send_signal("SIGUSR1", to=child.ppid)
        process.wait_until(lambda view: "maps" in workdir.names(), within=SCENE_SECONDS)
        at_rest(process, lambda view: not view.named("cat"))
        lines = ask(process, f"lsof {child.pid}")
    program_path = "/work/my programs/a sleeper"
    mapped = [line.split(maxsplit=5)[5] for line in workdir.read("maps").decode().splitlines() if "/" in line]
    mapped = [path for path in dict.fromkeys(mapped) if path != program_path]
    wanted = ["cwd /work/my programs", f"txt {program_path}", *(f"mem {path}" for path in mapped)]
    files = [line for line in lines if not line[:1].isdigit()]
    for line, right in zip(files, wanted, strict=False):
        assert line == right, f"`lsof` should have the line {right!r} here, but it has {line!r}"
    assert files == wanted, f"`lsof` should have these lines before the descriptors: {wanted}, but it has {files}"
    assert lines[: len(files)] == files, f"cwd, txt and mem come before the descriptors, but the lines are {lines}"


def test_out_of_reach(program):
    """A pid of no process, a zombie, and the first process of the sandbox, which is root's."""
    with program.start("sh", "-c", WITH_A_ZOMBIE) as process:
        view = at_rest(process, zombie_of)
        child, zombie = sleeper(view, "1001"), zombie_of(view)
        for pid, what in ((4194304, "no process"), (zombie.pid, "a zombie"), (1, "a process of root's")):
            lines = ask(process, f"lsof {pid}")
            assert lines == [], f"of {what} there is nothing to see, and the answer is just a dot, but it is {lines}"
        require_descriptors(process, child)


def test_no_growth(program):
    with program.start("sh", "-c", WITH_A_ZOMBIE) as process:
        view = at_rest(process, zombie_of)
        child, zombie = sleeper(view, "1001"), zombie_of(view)
        questions = ("ps", f"ps {child.pid} {zombie.pid} 4194304", f"lsof {child.pid}", f"lsof {zombie.pid}")
        for question in (*questions, "lsof 4194304", "lsof 1"):
            assert not process.growth(lambda question=question: ask(process, question), within=PATIENCE)


def test_the_end(program):
    """The command ends first, so that nobody but the program can be the one who has not waited."""
    with program.start("echo", "from the command") as process:
        process.expect(b"from the command\n", within=PATIENCE)
        process.wait_until(
            lambda view: all(child.state == "zombie" for child in view.children_of(process.pid)), within=PATIENCE
        )
        lines = ask(process, "no question")
        assert lines == [], f"the answer to `no question` is just a dot, but it is {lines}"
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    assert not run.findings("zombie", "orphan")
    assert run.stderr != b"", "of a line that is no question standard error should say so"

    nothing = program.run()
    assert nothing.exit_code == 2, f"without a command the exit status should be 2, not {nothing.exit_code}"
    assert nothing.stderr != b"", "without a command standard error should say what is wrong"
