"""Compiles a submission in its sandbox, as the student's user, and returns what the compiler said as values."""

import re
from collections.abc import Mapping, Sequence

from grader.result import BuildReport, Diagnostic
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.errors import SandboxError
from sandbox.session import RequestFailedError, RunLimits, RunRecord, Session

COMPILER = "/usr/bin/gcc"

_QUICKLY = ("-pipe", "-fno-canonical-system-headers")
"""What changes nothing in the program: no temporary assembly file, and system headers by the names they are found by,
for which gcc otherwise resolves every part of every path."""

BUILD_LIMITS = RunLimits(wall_seconds=30, cpu_seconds=20, processes=64, output_bytes=256 << 10)
"""A student's program compiles in a tenth of a second; what takes longer than this is an attack or a mistake."""

_TOO_MUCH_MEMORY = "the compiler used more memory than it is allowed"

_CANARY = b'#include <stdio.h>\nint main(void) { return puts("good") < 0; }\n'
_CANARY_NAME = ".canary"  # no submitted file is called so

_LOCATED = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d{1,10}):(?:(?P<column>\d{1,10}):)? "
    r"(?P<severity>fatal error|error|warning): (?P<message>.*?)(?: \[(?P<option>-W[^\][]+)\])?$"
)
_LINKER = re.compile(
    r"^(?:\S*ld: )?(?:(?:\S+\.o:)?(?P<file>[^\s:]+):(?:(?P<line>\d{1,10}):)?(?:\([^()]*\):)? )?"
    r"(?P<message>(?:undefined reference to|multiple definition of|cannot find) .*)$"
)
_COMPILER = re.compile(r"^(?:gcc|cc1|collect2): (?P<severity>fatal error|error|warning): (?P<message>.*)$")


def build(session: Session, spec: BuildSpec, files: Sequence[SubmittedFile]) -> BuildReport:
    """Lay the files out in the sandbox and compile every `.c` among them into the program.

    Afterwards the stage holds the files and the program, so that each reset lays out a built work folder.
    Raises SandboxError if the compiler does not even compile what is known to be good.
    """
    report = _build(session, spec, files)
    if not report.ok:
        _require_canary(session)
    return report


def _build(session: Session, spec: BuildSpec, files: Sequence[SubmittedFile]) -> BuildReport:
    for file in files:
        session.stage(file.name, file.data)
    session.reset()
    sources = [_argument(file.name) for file in files if file.name.endswith(".c")]
    record = _compile(session, [*spec.cflags, "-o", spec.program, *sources, *spec.ldflags])
    log = (record.stdout + record.stderr).decode("utf-8", "replace")
    for file in files:  # the linker names files by their whole path in the sandbox
        log = log.replace(f"/work/{file.name}", file.name)
    diagnostics = parse_diagnostics(log, {file.name: file.data for file in files})
    ended = record.ended
    assert ended is not None
    if ended.reason != "exited":
        said = {
            "timeout": f"the compiler had not ended after {BUILD_LIMITS.wall_seconds:g} seconds",
            "memory-limit": _TOO_MUCH_MEMORY,
        }.get(ended.reason, "the compiler wrote too much")
        return BuildReport(ok=False, log=f"{log}\n{said}".strip(), diagnostics=diagnostics)
    if ended.facts["wait_status"] != 0:
        if ended.facts["oom_kills"]:
            log = f"{log}\n{_TOO_MUCH_MEMORY}".strip()
        return BuildReport(ok=False, log=log, diagnostics=diagnostics)
    try:
        session.keep(spec.program)
    except RequestFailedError as error:
        said = "the compiled program is too large" if error.errno_name == "EFBIG" else "the compiler made no program"
        return BuildReport(ok=False, log=f"{log}\n{said}", diagnostics=diagnostics)
    return BuildReport(ok=True, log=log, diagnostics=diagnostics)


def _compile(session: Session, arguments: Sequence[str]) -> RunRecord:
    try:
        record = session.spawn(
            [COMPILER, *_QUICKLY, *arguments], BUILD_LIMITS, env={"LC_ALL": "C.UTF-8"}, watched=False, with_input=False
        )
    except RequestFailedError as error:
        raise SandboxError(f"the compiler cannot be started: {error.errno_name}", "Run `grader doctor`.") from error
    session.wait_fairly(lambda: record.ended, BUILD_LIMITS.wall_seconds + 30)
    session.stop(record)
    return record


def _require_canary(session: Session) -> None:
    """Before a submission is blamed: a program known to be good must compile in the same sandbox."""
    session.reset()
    session.store(f"{_CANARY_NAME}.c", _CANARY)
    record = _compile(session, ["-o", _CANARY_NAME, f"{_CANARY_NAME}.c"])
    if record.ended is None or record.ended.reason != "exited" or record.ended.facts["wait_status"] != 0:
        said = (record.stdout + record.stderr).decode("utf-8", "replace").strip().splitlines()
        raise SandboxError(
            f"the compiler fails for a program that is known to be good{f': {said[-1][:200]}' if said else ''}",
            "Nothing was graded. Remove the image with `docker rmi` and run `grader sandbox build`.",
        )


def _argument(name: str) -> str:
    """A file name that the compiler cannot take for an option or a file of options."""
    return f"./{name}" if name.startswith(("-", "@")) else name


def parse_diagnostics(log: str, sources: Mapping[str, bytes]) -> tuple[Diagnostic, ...]:
    """The warnings and errors in GCC's text, each with the student's line if it is in one of `sources`."""
    found = []
    for line in log.splitlines():
        match = _LOCATED.match(line)
        if match is not None:
            found.append(_located(match, sources))
            continue
        match = _COMPILER.match(line)
        if match is not None and "ld returned" not in line:
            found.append(Diagnostic(severity=match["severity"], message=match["message"]))
            continue
        match = _LINKER.match(line)
        if match is not None:
            found.append(_linked(match, sources))
    return tuple(found)


def _linked(match: re.Match[str], sources: Mapping[str, bytes]) -> Diagnostic:
    file = (match["file"] or "").removeprefix("/work/")
    if file not in sources or match["line"] is None:
        return Diagnostic(severity="error", message=match["message"])
    number = int(match["line"])
    return Diagnostic(
        severity="error", message=match["message"], file=file, line=number, quote=_quote(sources[file], number)
    )


def _quote(source: bytes, number: int) -> str:
    lines = source.splitlines()
    return lines[number - 1].decode("utf-8", "replace") if 0 < number <= len(lines) else ""


def _located(match: re.Match[str], sources: Mapping[str, bytes]) -> Diagnostic:
    number = int(match["line"])
    return Diagnostic(
        severity=match["severity"],
        message=match["message"],
        file=match["file"],
        line=number,
        column=int(match["column"]) if match["column"] else None,
        option=match["option"] or "",
        quote=_quote(sources.get(match["file"], b""), number),
    )
