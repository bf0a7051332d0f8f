"""`grader observe`: build any C program, run it once in the sandbox, and tell everything that was found."""

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.build import build
from grader.checks.program import Program
from grader.checks.run import CheckContext, CheckFailed, Run
from grader.containment import containment_of
from grader.errors import UsageError
from grader.observation import Observation, ObservedProcess, ObservedRun
from grader.observe.history import ProcessHistory
from grader.observe.misuses import DescriptorError
from grader.observe.timeline import timeline
from grader.rules import descriptor_rows
from grader.spec import BuildSpec, Limits
from grader.submission import SubmittedFile
from sandbox.launcher import Launch
from sandbox.session import Session

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,40}")

LIMITS = Limits(time_seconds=10.0, memory_bytes=256 << 20, processes=128, output_bytes=1 << 20)
"""Room for any honest program; `--timeout` changes the time."""

SHORT_SECONDS = 2.0
SLOWER = 10.0
"""A run as short as the first is made again to look at every use of a descriptor, which slows it so much at most."""

CFLAGS = ("-std=gnu17", "-Wall", "-Wextra", "-O1", "-g", "-pthread")

MAX_FILES = 500
MAX_FILE_BYTES = 4 << 20


def observe(
    target: Path,
    args: Sequence[str],
    *,
    stdin: bytes,
    seconds: float,
    cflags: str | None,
    say: Callable[[str], None],
    launch: Launch,
    sanitize: str | None = None,
) -> Observation:
    """Build and run `target`, a `.c` file or a folder of them; raises UsageError or SandboxError.

    With `sanitize` it is built for the tool of that name and runs under it instead.
    """
    files = source_files(target)
    options = _split(cflags) if cflags is not None else ()
    name = program_name(target, files)
    spec = BuildSpec(program=name, cflags=(*CFLAGS, *options), ldflags=("-lm", "-lrt"))
    say("starting a sandbox")
    with Session(launch(containment_of(LIMITS))) as session:
        say("compiling")
        report = build(session, spec, files)
        if not report.ok:
            return Observation(target=str(target), build=report, run=None)
        session.reset()
        say("running")
        program = Program(session, name, LIMITS, CheckContext(handlers_may_run=True))
        title = ""
        if sanitize is None:
            run = program.run(*args, stdin=stdin, timeout=seconds)
        else:
            from grader.checks.instrumented import instrumented_programs
            from grader.checks.variants import Variants

            tool = instrumented_programs(session, Variants(spec, files, LIMITS), CheckContext())
            try:
                run = tool(sanitize).run(*args, stdin=stdin, timeout=seconds)
            except CheckFailed as error:
                raise UsageError(f"{target}: {error}") from error
            title = run.tool.title
        findings = program.locate(run.all_findings)
        errors: tuple[DescriptorError, ...] = ()
        if sanitize is None and run.end.reason == "exited" and run.duration_seconds <= SHORT_SECONDS:
            session.reset()
            errors = program.descriptor_errors(*args, stdin=stdin, timeout=SHORT_SECONDS * SLOWER)
    return Observation(target=str(target), build=report, run=_observed(run, errors), findings=findings, tool=title)


def _observed(run: Run, errors: tuple[DescriptorError, ...]) -> ObservedRun:
    def own_signal(process: ProcessHistory) -> str | None:
        signal = process.status.signal if process.status else None
        return None if signal == "SIGKILL" and run.end.reason != "exited" else signal  # that was the grader

    return ObservedRun(
        command=run.command,
        exit_code=run.exit_code,
        signal=run.signal,
        ending=run.ending,
        stdout=run.stdout,
        stderr=run.stderr,
        duration_seconds=run.duration_seconds,
        processes=tuple(
            ObservedProcess(
                pid=process.pid,
                ppid=process.ppid,
                argv=process.argv,
                exit_code=process.status.exit_code if process.status else None,
                signal=own_signal(process),
                zombie_seconds=process.zombie_seconds,
                fds_at_exit=None if process.fds_at_exit is None else tuple(descriptor_rows(process.fds_at_exit)),
            )
            for process in run.processes
        ),
        timeline=timeline(run.history),
        descriptor_errors=errors,
    )


def source_files(target: Path) -> tuple[SubmittedFile, ...]:
    """The sources: a `.c` file with the headers beside it, or every `.c` and `.h` of a folder."""
    if target.is_dir():
        paths = sorted(path for path in target.rglob("*.[ch]") if _is_plain(path))
        base = target
        if not any(path.suffix == ".c" for path in paths):
            raise UsageError(f"there is no .c file in {target}", advice="Name a .c file, or a folder that has some.")
    elif target.is_file():
        if target.suffix != ".c":
            raise UsageError(f"{target} is no .c file", advice="Name a .c file, or a folder of them.")
        base = target.parent
        paths = [target, *sorted(path for path in base.glob("*.h") if _is_plain(path))]
    else:
        raise UsageError(f"there is no file or folder {target}", advice="Name a .c file, or a folder of them.")
    if len(paths) > MAX_FILES:
        raise UsageError(f"{target} has {len(paths)} source files", advice=f"At most {MAX_FILES} are built together.")
    return tuple(SubmittedFile(name=_name(path, base), data=_read(path)) for path in paths)


def _is_plain(path: Path) -> bool:
    """Whether it is a file of the folder itself: a link in it may lead to any file of this machine."""
    return path.is_file() and not path.is_symlink()


def program_name(target: Path, files: Sequence[SubmittedFile]) -> str:
    """What the program is called: after its file or folder, unless that name is odd or taken by a source."""
    name = target.resolve().stem
    taken = {part for file in files for part in file.name.split("/")}
    return name if _PLAIN_NAME.fullmatch(name) and name not in taken else "program"


def _name(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix()


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _split(cflags: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(cflags))
    except ValueError as error:
        raise UsageError(f"--cflags {cflags!r} cannot be split into words: {error}") from error
