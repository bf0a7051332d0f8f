"""Looks whether this machine can grade: each thing that is needed, tried for real, with the mend if it fails."""

from collections.abc import Iterator
from dataclasses import dataclass

from grader.checks.canaries import require_healthy_canaries
from sandbox.container import Containment
from sandbox.docker import connect, launch
from sandbox.errors import SandboxError
from sandbox.session import RunLimits, Session


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was tried; `mend` says what to do if it is not `ok`."""

    ok: bool
    what: str
    mend: str = ""


def examine() -> Iterator[Examined]:
    """Try one thing after the other; stops at the first failure that makes the rest pointless."""
    try:
        client = connect()
        version = client.version()
        client.close()
        yield Examined(True, f"Docker Engine {version['Version']} answers")
        with Session(launch(Containment(memory_bytes=128 << 20, processes=16))) as session:
            machine = session.machine
            yield Examined(True, f"a sandbox starts (kernel {machine['kernel']}, {machine['machine']})")
            session.reset()
            yield from _observe(session)
            require_healthy_canaries(session)
            yield Examined(True, "a program that ends and one that does not are told apart in time")
    except SandboxError as error:
        yield Examined(False, str(error), error.advice)


def _observe(session: Session) -> Iterator[Examined]:
    """Run a known program and see whether its exec and its exit are observed."""
    limits = RunLimits(wall_seconds=10, cpu_seconds=10, processes=16, output_bytes=1 << 16)
    record = session.spawn(["/usr/local/bin/fdprobe"], limits)
    session.close_input(record)
    session.wait(lambda: record.ended, 20)
    kinds = {event.kind for event in record.events}
    seen = {"exec", "exit", "reaped"} <= kinds and record.stderr.startswith(b"fdprobe pid=")
    yield Examined(
        seen,
        "system calls are observed through seccomp notification",
        "" if seen else "The kernel must be Linux 5.9 or later and allow seccomp user notification.",
    )
