"""One server, and clients that come and go.

The server runs `echo open` when the room is open, so that nobody comes too early. Where a client is needed that does
exactly what a check wants, the server's command starts a script in the background: it stops itself (SIGSTOP) and is
continued when its turn has come.
"""

import contextlib

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LONG = b"x" * 2990
"""With a number before it a line as long as is allowed, more than half a page of a FIFO: 16 of them fill it."""


def let_it_rest(process, within=PATIENCE / 4):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they.

    A program that never rests is told so by another check.
    """
    process.view()
    process.view()
    with contextlib.suppress(AssertionError):
        process.settle(within=within)


def is_over(process):
    return not process.is_running


def has_gone(view, process):
    """Whether the program's first process has ended, whatever else of it still runs."""
    return all(one.pid != process.pid or one.state == "zombie" for one in view.processes)


def in_open(view, pid):
    """Whether that process, or a child of it, waits in open for the other end of a FIFO."""
    return any(
        process.blocked_in("open", "openat", "creat")
        for process in view.processes
        if pid in (process.pid, process.ppid)
    )


def scripts(view, name):
    """The process of a script in the background, in a list, which is empty if there is none."""
    return [process for process in view.named("sh") if name in process.argv]


def stopped_script(server, name):
    """The pid of a script in the background, when it has stopped itself."""

    def stopped(view):
        return [process.pid for process in scripts(view, name) if process.state == "stopped"]

    return stopped(server.wait_until(stopped, within=PATIENCE))[0]


def kill(process):
    """End it and its children without warning."""
    process.send_signal("SIGKILL", to="group")
    process.wait(within=PATIENCE)


def stop(process):
    """Stop it and its children where they are."""
    process.send_signal("SIGSTOP", to="group")
    process.wait_until(lambda view: view.root.state == "stopped", within=PATIENCE)


@contextlib.contextmanager
def serving(program, room="room", command="echo open", options=()):
    """A server whose room is open."""
    with program.start("serve", *options, room, command) as server:
        server.expect(b"open\n", within=PATIENCE)
        yield server


@contextlib.contextmanager
def member(program, server, name, room="room"):
    """A client that has been let in."""
    with program.start("join", room, name) as client:
        try:
            server.expect(b"* %s joins\n" % name.encode(), within=PATIENCE)
        except AssertionError:
            if in_open(client.view(), client.pid):  # without a server it is certain that nothing can end that
                kill(server)
                client.wait(within=PATIENCE)
            raise
        yield client


def test_talk(program):
    with (
        serving(program) as server,
        member(program, server, "alice") as alice,
        member(program, server, "bob") as bob,
    ):
        alice.send(b"good morning, bob\n")
        bob.expect(b"alice: good morning, bob\n", within=PATIENCE)
        bob.send(b"hello, alice\n")
        bob.expect(b"bob: hello, alice\n", within=PATIENCE)
        bob.send(b"how are you?\n")
        for listener in (server, alice, bob):
            listener.expect(b"bob: how are you?\n", within=PATIENCE)
        let_it_rest(server)
        printed = [listener.stdout for listener in (server, alice, bob)]
    said = b"* bob joins\nalice: good morning, bob\nbob: hello, alice\nbob: how are you?\n"
    expected = (b"open\n* alice joins\n" + said, b"* alice joins\n" + said, said)
    for who, found, wanted in zip(("the server", "alice", "bob"), printed, expected, strict=True):
        assert found == wanted, f"{who} should have printed {wanted!r}, but it is {found!r}"


def test_leaves(program, workdir):
    """The server is stopped while bob says his last words, so it is certain that he has to wait for the echo."""
    with serving(program) as server, member(program, server, "alice") as alice:
        with member(program, server, "bob") as bob:
            stop(server)
            bob.send(b"good night\n")
            bob.close_stdin()
            let_it_rest(server)
            server.send_signal("SIGCONT", to="group")
            alice.expect(b"* bob leaves\n", within=PATIENCE)
            run = bob.wait(within=PATIENCE)
        assert run.exit_code == 0, f"bob has left the room: the exit status should be 0, not {run.exit_code}"
        expected = b"* bob joins\nbob: good night\n"
        assert run.stdout == expected, (
            f"bob should have heard everything up to when he left, {expected!r}, but it is {run.stdout!r}"
        )
        assert "room.bob" not in workdir.names(), "bob has left, but his FIFO room.bob is still there"
        alice.send(b"alone\n")
        alice.expect(b"alice: alone\n", within=PATIENCE)
        assert alice.stdout == b"* alice joins\n* bob joins\nbob: good night\n* bob leaves\nalice: alone\n", (
            f"bob came, said `good night` and left, but alice has heard {alice.stdout!r}"
        )
        assert "room" in workdir.names(), "a member has left, and the FIFO room is gone"


CAROL = """
mkfifo room.carol
exec 3<>room.carol
kill -STOP $$
echo "join carol" >room
echo "carol wrote"
read -r line <&3
"""
"""A client that opens the room only to ask. It reads its own FIFO with both ends open, as a shell can do."""


def test_stays_open(program, workdir):
    workdir.write("carol", CAROL)
    with serving(program, command="sh carol & echo open") as server:
        with member(program, server, "alice") as alice:
            alice.close_stdin()
            server.expect(b"* alice leaves\n", within=PATIENCE)
            alice.wait(within=PATIENCE)
        closed = "the last member has left, and the server has ended: the room should stay open"
        try:
            carol = stopped_script(server, "carol")
        except AssertionError:
            assert not has_gone(server.view(), server), closed
            raise
        server.view()
        server.view()
        try:
            view = server.settle(within=PATIENCE)
        except AssertionError:
            assert not has_gone(server.view(), server), closed
            raise AssertionError(
                "the last member has left, and the server does not sleep any more: "
                "at the end of a file read and poll return at once, for ever"
            ) from None
        assert not has_gone(view, server), closed
        assert not view.root.blocked_in("nanosleep", "clock_nanosleep"), (
            "the server sleeps for a time, in the hope that there will be a request by then"
        )
        naps = server.naps()
        assert not naps, f"the last member has left, and there is nothing to do, but {naps}, though nobody had come"
        stop(server)
        server.send_signal("SIGCONT", to=carol)
        view = server.wait_until(
            lambda view: b"carol wrote\n" in server.stdout or in_open(view, carol), within=PATIENCE
        )
        assert not in_open(view, carol), (
            "the last member has left, and who opens the room now has to wait: the server does not hold it open"
        )
        server.send_signal("SIGCONT", to="group")
        server.expect(b"* carol joins\n", within=PATIENCE)


def test_backlog(program):
    """First half a line. Then more lines than the FIFO holds, while the server is stopped: it reads many at once."""
    with serving(program) as server, member(program, server, "alice") as alice:
        alice.send(b"half a line, ")
        let_it_rest(server)
        alice.send(b"and its other half\n")
        server.expect(b"\n", within=PATIENCE)
        log = server.stdout.removeprefix(b"open\n* alice joins\n")
        assert log == b"alice: half a line, and its other half\n", (
            f"a line came from alice's input in two pieces; it is one line, but the log has {log!r}"
        )
        stop(server)
        lines = [b"alice: %03d %s\n" % (number, b"-" * (700 + number)) for number in range(200)]
        alice.send(b"".join(line.removeprefix(b"alice: ") for line in lines))
        let_it_rest(server)
        server.send_signal("SIGCONT", to="group")
        with contextlib.suppress(AssertionError):
            server.wait_until(lambda view: lines[-1] in server.stdout, within=PATIENCE)
        logged = server.stdout.splitlines(keepends=True)[3:]
    for number, line in enumerate(lines):
        got = logged[number] if number < len(logged) else b"nothing"
        assert got == line, (
            f"200 lines were said while the server was stopped; line {number + 1} in the log should begin with "
            f"{line[:30]!r} and have {len(line)} bytes, but it begins with {got[:30]!r} and has {len(got)}"
        )


def lose(program, server, name, bob):
    """Let somebody in, kill the client, and let bob say something."""
    with member(program, server, name) as victim:
        kill(victim)
    bob.send(f"where is {name}?\n".encode())
    left = f"* {name} leaves\n".encode()
    said = f"bob: where is {name}?\n".encode()
    with contextlib.suppress(AssertionError):
        bob.wait_until(lambda view: (left in bob.stdout and said in bob.stdout) or is_over(server), within=PATIENCE)
    return left in bob.stdout and said in bob.stdout


def test_member_killed(program):
    """Again and again somebody is killed, and the next word of bob finds nobody there."""
    with serving(program) as server, member(program, server, "bob") as bob:
        assert lose(program, server, "alice", bob), "alice was killed, then bob spoke: " + (
            "the server has ended"
            if is_over(server)
            else f"that and `* alice leaves` are due, but bob has {bob.stdout!r}"
        )
        victims = iter(("carol", "dave", "eve", "frank"))
        growth = server.growth(lambda: lose(program, server, next(victims), bob), rounds=3, within=PATIENCE)
        assert not growth


def test_slow_member(program):
    with (
        serving(program) as server,
        member(program, server, "alice") as alice,
        member(program, server, "bob") as bob,
    ):
        stop(alice)
        for number in range(20):
            line = b"%02d%s\n" % (number, LONG)
            bob.send(line)
            try:
                bob.expect(line, within=PATIENCE)
            except AssertionError:
                stuck = server.is_running and server.view().root.blocked_in("write")
                raise AssertionError(
                    f"alice does not read (she is stopped), and bob's line {number + 1} did not come through"
                    + (": the server waits in write for room in her FIFO" if stuck else "")
                ) from None
        alice.send_signal("SIGCONT", to="group")
        alice.expect(b"bob: 00", within=PATIENCE)
        let_it_rest(server, within=PATIENCE)
        bob.send(b"still there?\n")
        alice.expect(b"bob: still there?\n", within=PATIENCE)


GHOSTS = """
mkfifo room.ghost
kill -STOP $$
echo "join nobody" >room
echo "join ghost" >room
echo "say ghost boo" >room
echo "leave ghost" >room
echo "dance alice" >room
"""


def test_void_join(program, workdir):
    """Two requests to join: one has no FIFO, one has a FIFO without a reader, but speaks. Then alice does."""
    workdir.write("ghosts", GHOSTS)
    with serving(program, command="sh ghosts & echo open") as server, member(program, server, "alice") as alice:
        server.send_signal("SIGCONT", to=stopped_script(server, "ghosts"))
        server.wait_until(lambda view: not scripts(view, "ghosts"), within=PATIENCE)
        alice.send(b"did you hear that?\n")
        try:
            alice.expect(b"alice: did you hear that?\n", within=PATIENCE)
        except AssertionError:
            stuck = server.is_running and in_open(server.view(), server.pid)
            raise AssertionError(
                "`join ghost` was requested, and nobody reads room.ghost; then alice's line did not come through"
                + (": the server waits in open for a reader" if stuck else "")
            ) from None
        for name in (b"nobody", b"ghost"):
            assert b"* %s joins" % name not in server.stdout, (
                f"nobody reads room.{name.decode()}, so that request is void, but `* {name.decode()} joins` was said"
            )
        expected = b"open\n* alice joins\nalice: did you hear that?\n"
        # The log may be written after the members have been told.
        server.wait_until(lambda _: server.stdout.endswith(b"that?\n"), within=PATIENCE)
        assert server.stdout == expected, (
            "ghost was not let in, so `say ghost boo` and `leave ghost` are void, as is `dance alice`; the log should "
            f"be {expected!r}, but it is {server.stdout!r}"
        )


def test_ends_on_signal(program, workdir):
    for signal, room in (("SIGTERM", "red"), ("SIGINT", "blue")):
        with serving(program, room) as server, contextlib.ExitStack() as members:
            if signal == "SIGTERM":
                members.enter_context(member(program, server, "alice", room))
            let_it_rest(server, within=PATIENCE)
            server.send_signal(signal)
            run = server.wait(within=PATIENCE)
        assert room not in workdir.names(), f"{signal} has ended the server, but its FIFO {room} is still there"
        assert run.exit_code == 0, f"{signal} closes the room: the exit status should be 0, but the server " + (
            f"was ended by {run.signal}" if run.signal else f"exited with {run.exit_code}"
        )


def test_server_dies(program, workdir):
    for signal, room in (("SIGKILL", "red"), ("SIGTERM", "blue")):
        with serving(program, room) as server, member(program, server, "alice", room) as alice:
            let_it_rest(server, within=PATIENCE)
            server.send_signal(signal)
            server.wait(within=PATIENCE)
            run = alice.wait(within=PATIENCE)
        assert run.exit_code == 1, (
            f"{signal} has ended the server while alice was there: her exit status should be 1, "
            + (f"but she was ended by {run.signal}" if run.signal else f"not {run.exit_code}")
        )
        assert run.stderr != b"", "the server has ended while alice was there: standard error should say so"
        assert f"{room}.alice" not in workdir.names(), f"alice has ended, but her FIFO {room}.alice is still there"


def test_no_server(program, workdir):
    with serving(program) as server:
        server.send_signal("SIGKILL", to="group")
        server.wait(within=PATIENCE)
    workdir.write("notes", b"no room\n")
    for room, what in (
        ("room", "the server of this room was killed"),
        ("nowhere", "there is no such room"),
        ("notes", "this is an ordinary file"),
    ):
        run = program.run("join", room, "bob", stdin=b"is anybody here?\n", timeout=PATIENCE)
        assert not run.findings("deadlock")
        assert run.exit_code == 1, f"`./chat join {room} bob`: {what}; the exit status should be 1, " + (
            f"but the client was ended by {run.signal}" if run.signal else f"not {run.exit_code}"
        )
        assert run.stderr != b"", f"`./chat join {room} bob`: {what}; standard error should say so"
        assert f"{room}.bob" not in workdir.names(), f"`./chat join {room} bob` has failed and left {room}.bob behind"
    assert "nowhere" not in workdir.names(), "`./chat join nowhere bob` has made the room, which is up to the server"
    assert workdir.read("notes") == b"no room\n", "`./chat join notes bob` has written into an ordinary file"


def refused(program, *words):
    """Run what has to be refused. It might not end, so a sign that it was let in is enough."""
    with program.start(*words) as process:
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda view: process.stdout, within=PATIENCE)
        run = process.stop()
    line = " ".join(("./chat", *(f"'{word}'" if " " in word else word for word in words)))
    assert run.exit_code == 1, f"`{line}`: that is in use; the exit status should be 1, " + (
        f"not {run.exit_code}" if run.exit_code is not None else f"but the program goes on and prints {run.stdout!r}"
    )
    assert run.stderr != b"", f"`{line}`: that is in use; standard error should say so"
    assert run.stdout == b"", f"`{line}`: that is in use; nothing should be printed, but it is {run.stdout!r}"


def test_in_use(program, workdir):
    workdir.write("notes", b"no room\n")
    refused(program, "serve", "notes", "echo open")
    assert workdir.read("notes") == b"no room\n", "`./chat serve notes` has changed an ordinary file"

    with serving(program) as server, member(program, server, "alice") as alice:
        let_it_rest(server)
        refused(program, "serve", "room", "echo open")
        refused(program, "join", "room", "alice")
        for name in ("room", "room.alice"):
            assert name in workdir.names(), f"{name} was in use, and whoever was refused has removed it"
        with member(program, server, "bob") as bob:
            bob.send(b"are you there?\n")
            for listener in (alice, bob):
                listener.expect(b"bob: are you there?\n", within=PATIENCE)
            kill(bob)
        assert "room.bob" in workdir.names()
        with member(program, server, "bob") as bob:
            bob.send(b"here again\n")
            alice.expect(b"bob: here again\n", within=PATIENCE)
            bob.expect(b"bob: here again\n", within=PATIENCE)
        kill(server)
    with serving(program) as server, member(program, server, "carol") as carol:
        carol.send(b"the same room\n")
        carol.expect(b"carol: the same room\n", within=PATIENCE)


LOOK = """
kill -STOP $$
echo "$(stat -c %a room.alice)!"
"""


def test_permissions(program, workdir):
    """Programs are started with umask 022. With umask 0, the mode that mkfifo is given is the mode it sets."""
    for options, room, expected in (
        (("-m", "622"), "red", b"622"),
        (("-m", "666"), "blue", b"666"),
        (("-m", "640"), "green", b"640"),
    ):
        with serving(program, room, f"stat -c %a {room}; echo open", options) as server:
            mode = server.stdout.partition(b"\n")[0]
            assert mode == expected, (
                f"`umask 022; ./chat serve {' '.join(options)} {room}` made a FIFO of mode {mode.decode()}"
            )

    with program.start("serve", "outer", "umask 0; ./chat serve inner 'stat -c %a inner; echo open'") as server:
        server.expect(b"open\n", within=PATIENCE)
        mode = server.stdout.partition(b"\n")[0]
        assert mode == b"600", f"`umask 0; ./chat serve inner` made a FIFO of mode {mode.decode()}, not 600"

    workdir.write("look", LOOK)
    with serving(program, command="sh look & echo open") as server, member(program, server, "alice"):
        server.send_signal("SIGCONT", to=stopped_script(server, "look"))
        server.expect(b"!\n", within=PATIENCE)
        mode = server.stdout.splitlines()[-1].rstrip(b"!")
        assert mode == b"600", f"the client has made room.alice with mode {mode.decode()}, not 600"
