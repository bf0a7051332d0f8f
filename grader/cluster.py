"""Grading on many machines: the same unit of work, handed to Dask's distributed scheduler.

A worker is any machine with Docker, this package and the sandbox image. One that dies costs nothing but time: the
scheduler gives its submissions to others.
"""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.spec import Assignment, load_assignment
from grader.submission import Submission
from grader.workers import NoVerdict, Outcome, grade_all

DEATHS = 10
"""How many workers may die with a submission in hand before it is taken for the one that kills them."""

AHEAD_OF_EACH_CORE = 4
"""Submissions that are with the scheduler at a time, for each thread of a worker: the rest is not loaded yet."""

_CONNECT_SECONDS = 10


def grade_on_cluster(
    address: str, tries: int = 3
) -> Callable[
    [Assignment, Iterator[tuple[str, Submission]], Callable[[str], None]], Generator[tuple[str, Outcome], None, None]
]:
    """What grades submissions on the workers of the scheduler at `address`.

    Raises UsageError if the package `distributed` is not installed or no scheduler answers.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise UsageError(
            "--cluster needs the package distributed, which is not installed",
            advice="In the grader's folder: .venv/bin/pip install -e '.[cluster]'",
        ) from error

    def run(
        assignment: Assignment, submissions: Iterator[tuple[str, Submission]], on_start: Callable[[str], None]
    ) -> Generator[tuple[str, Outcome], None, None]:
        try:
            client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"no Dask scheduler answers at {address}: {error}", advice="Start one with `dask scheduler`."
            ) from error
        with client:
            client.run_on_scheduler(_forgive_deaths)
            packed = client.scatter(pack_folder(assignment.folder), broadcast=True)
            pending = as_completed(loop=client.loop)
            keys = {}

            def add_one() -> None:
                for key, submission in submissions:
                    on_start(key)
                    future = client.submit(grade_packed, packed, submission, tries, pure=False)
                    keys[future.key] = key
                    pending.add(future)
                    break

            for _place in range(AHEAD_OF_EACH_CORE * max(1, sum(client.nthreads().values()))):
                add_one()
            for future in pending:
                key = keys.pop(future.key)
                fault = future.exception()
                outcome = future.result() if fault is None else NoVerdict(f"on the cluster: {fault}")
                future.release()
                add_one()
                yield key, outcome

    return run


def _forgive_deaths(dask_scheduler: Any = None) -> None:
    """On the scheduler: a submission is not to blame for machines that are taken away."""
    dask_scheduler.allowed_failures = DEATHS


# -- the unit of work -----------------------------------------------------------------------------


def pack_folder(folder: Path) -> bytes:
    """An assignment's folder as bytes that are the same for the same content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                member = tarfile.TarInfo(str(path.relative_to(folder)))
                data = path.read_bytes()
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def grade_packed(packed: bytes, submission: Submission, tries: int) -> Outcome:
    """On a worker: grade one submission by a packed assignment."""
    assignment = load_assignment(_unpacked(packed))
    [(_key, outcome)] = grade_all(assignment, [("", submission)], jobs=1, tries=tries)
    return outcome


def _unpacked(packed: bytes) -> Path:
    """The folder of a packed assignment, unpacked once for each content; the instructor's own files, so trusted."""
    name = f"grader-{os.getuid()}-{hashlib.sha256(packed).hexdigest()[:24]}"
    folder = Path(tempfile.gettempdir()) / name
    if not folder.is_dir():
        fresh = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(fresh, filter="data")
        try:
            fresh.rename(folder)
        except OSError:  # somebody else was quicker
            return folder
    return folder
