"""Compiles a submission in its sandbox, as the student's user, and returns what the compiler said as values."""

import re
from collections.abc import Mapping, Sequence

from grader.result import BuildReport, Diagnostic
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.session import RequestFailedError, RunLimits, Session

COMPILER = "/usr/bin/gcc"

BUILD_LIMITS = RunLimits(wall_seconds=30, cpu_seconds=20, processes=64, output_bytes=256 << 10)
"""A student's program compiles in a tenth of a second; what takes longer than this is an attack or a mistake."""

_LOCATED = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:(?P<column>\d+):)? "
    r"(?P<severity>fatal error|error|warning): (?P<message>.*?)(?: \[(?P<option>-W[^\]]+)\])?$"
)
_LINKER = re.compile(
    r"^(?:\S*ld: )?(?:(?:\S+\.o:)?(?P<file>[^\s:]+):(?:(?P<line>\d+):)?(?:\([^)]*\):)? )?"
    r"(?P<message>(?:undefined reference to|multiple definition of|cannot find) .*)$"
)
_COMPILER = re.compile(r"^(?:gcc|cc1|collect2): (?P<severity>fatal error|error|warning): (?P<message>.*)$")


def build(session: Session, spec: BuildSpec, files: Sequence[SubmittedFile]) -> BuildReport:
    """Lay the files out in the sandbox and compile every `.c` among them into the program.

    Afterwards the stage holds the files and the program, so that each reset lays out a built work folder.
    """
    for file in files:
        session.stage(file.name, file.data)
    session.reset()
    sources = [_argument(file.name) for file in files if file.name.endswith(".c")]
    record = session.spawn(
        [COMPILER, "-pipe", *spec.cflags, "-o", spec.program, *sources, *spec.ldflags],
        BUILD_LIMITS,
        env={"LC_ALL": "C.UTF-8"},
        watched=False,
        with_input=False,
    )
    session.wait(lambda: record.ended, BUILD_LIMITS.wall_seconds + 30)
    if record.ended is None:
        session.stop(record)
    log = (record.stdout + record.stderr).decode("utf-8", "replace")
    for file in files:  # the linker names files by their whole path in the sandbox
        log = log.replace(f"/work/{file.name}", file.name)
    diagnostics = parse_diagnostics(log, {file.name: file.data for file in files})
    ended = record.ended
    assert ended is not None
    if ended.reason != "exited":
        said = {"timeout": f"the compiler had not ended after {BUILD_LIMITS.wall_seconds:g} seconds"}.get(
            ended.reason, "the compiler wrote too much"
        )
        return BuildReport(ok=False, log=f"{log}\n{said}".strip(), diagnostics=diagnostics)
    if ended.facts["wait_status"] != 0:
        if ended.facts["oom_kills"]:
            log = f"{log}\nthe compiler used more memory than it is allowed".strip()
        return BuildReport(ok=False, log=log, diagnostics=diagnostics)
    try:
        session.keep(spec.program)
    except RequestFailedError:
        return BuildReport(ok=False, log=f"{log}\nthe compiler made no program", diagnostics=diagnostics)
    return BuildReport(ok=True, log=log, diagnostics=diagnostics)


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
