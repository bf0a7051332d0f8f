"""A sandbox with programs of the bench built in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.build import build
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.session import RunLimits, Session

PROGRAMS = Path(__file__).parent / "programs"

LIMITS = RunLimits(wall_seconds=60, cpu_seconds=60, processes=64, output_bytes=1 << 20)


@contextmanager
def sandbox_with(program: str, folder: Path = PROGRAMS, cflags: tuple[str, ...] = ()) -> Iterator[Session]:
    """A sandbox whose work folder holds `program`, built from `<program>.c` in `folder`."""
    source = SubmittedFile(name=f"{program}.c", data=(folder / f"{program}.c").read_bytes())
    with Session(launch(Containment(memory_bytes=256 << 20, processes=64))) as session:
        spec = BuildSpec(program=program, cflags=(*BuildSpec(program=program).cflags, *cflags))
        report = build(session, spec, [source])
        if not report.ok:
            raise SystemExit(f"bench: {program}.c does not compile:\n{report.log}")
        session.reset()
        yield session
