"""What a check can ask for beside its program: the descriptor probe and the work folder."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from grader.checks.commands import file_names
from grader.checks.run import CheckContext, CheckFailed, Run
from sandbox.session import RequestFailedError, Session

FETCH_BYTES = 16 << 20

_PROBE = "/usr/local/bin/fdprobe"


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What one `fdprobe` found open when it was started: number to target."""

    pid: int
    fds: dict[int, str]


class FdProbe:
    """Reads the reports of `fdprobe`, a program that tells its own `/proc/self/fd` on standard error."""

    _LINE = re.compile(rb"^fdprobe pid=(\d{1,10})((?: (?:\d{1,10}|error)=\S*)*)$", re.MULTILINE)

    def reports(self, run: Run) -> tuple[ProbeReport, ...]:
        """The reports of all probes of a run, in the order in which they were written.

        A line counts only if it is of a process that was an `fdprobe`: any program can print one. Raises CheckFailed if
        a probe could not list its descriptors.
        """
        probes = {process.pid for process in run.processes if any(one.exe == _PROBE for one in process.execs)}
        return tuple(
            ProbeReport(pid=int(pid), fds=self._parse(fields))
            for pid, fields in self._LINE.findall(run.stderr)
            if int(pid) in probes
        )

    def extra_descriptors(self, run: Run) -> dict[int, dict[int, str]]:
        """The descriptors above 2, by the pid of the probe; a probe that has none is left out."""
        extra = {
            report.pid: {number: target for number, target in report.fds.items() if number > 2}
            for report in self.reports(run)
        }
        return {pid: fds for pid, fds in extra.items() if fds}

    @staticmethod
    def _parse(fields: bytes) -> dict[int, str]:
        pairs = dict(field.split("=", 1) for field in fields.decode("ascii", "replace").split())
        if "error" in pairs:
            raise CheckFailed(f"fdprobe could not list its own descriptors: {pairs['error']}")
        return {int(number): unquote(target) for number, target in pairs.items()}


class WorkFolder:
    """The work folder in the sandbox, which every check finds fresh."""

    def __init__(self, session: Session, context: CheckContext) -> None:
        self._session = session
        self._context = context

    def write(self, name: str, data: bytes | str, mode: int = 0o644) -> None:
        """Write a new file as the student's user; raises FileExistsError if there is one of that name.

        Once the program has been started, what is in the way is its doing: that raises CheckFailed.
        """
        content = data.encode() if isinstance(data, str) else data
        try:
            self._session.store(name, content, mode)
            self._context.stored.append((name, content, mode))
        except RequestFailedError as error:
            if self._context.processes:
                raise CheckFailed(f"the program is in the way of a file {name}: {error.errno_name}") from error
            raise FileExistsError(f"{name}: {error}") from error

    def read(self, name: str) -> bytes:
        """A regular file's content, up to 16 MiB; raises CheckFailed if the program left none of that name."""
        try:
            data = self._session.fetch(name, FETCH_BYTES)
        except RequestFailedError as error:
            raise CheckFailed(f"there is no file {name} to read: {error.errno_name}") from error
        self._context.fetched.append(data)
        return data

    def names(self) -> list[str]:
        """The names in the work folder, sorted; raises CheckFailed if the program has left too many to be told."""
        return file_names(self._session)
