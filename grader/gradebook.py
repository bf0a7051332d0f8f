"""The gradebook: what became of every submission of a class, in a SQLite file that survives a crash at any moment."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.errors import GraderError, UsageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    score REAL,
    max_score REAL,
    reason TEXT NOT NULL,
    submission TEXT NOT NULL,
    graded_by TEXT NOT NULL,
    duration_s REAL,
    finished TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    result TEXT
) STRICT
"""

NO_VERDICT = "no-verdict"

MAKE_ROOM = "Make room, then run the command again with `--resume`: what was recorded is kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One submission. `submission` and `graded_by` are digests of what was graded and of all that graded it.

    `score` and `max_score` are None without a verdict, and so is `result`, the JSON of `grader grade`; `reason` says
    why there is none, or why the submission was rejected.
    """

    key: str
    name: str
    id: str
    status: str
    score: float | None
    max_score: float | None
    reason: str
    submission: str
    graded_by: str
    duration_s: float | None
    result: str | None

    @property
    def has_verdict(self) -> bool:
        return self.status != NO_VERDICT


_COLUMNS = tuple(Row.__dataclass_fields__)


class Gradebook:
    """Use it with `with`. What `record` has returned from is on the disk."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises UsageError if it cannot be, or is something else."""
        self._path = path
        try:
            self._database = sqlite3.connect(path)
            with self._database:
                self._database.execute(_SCHEMA)
        except sqlite3.Error as error:
            raise _fault(f"cannot open the gradebook {path}: {error}", error, "Name another folder.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def record(self, row: Row) -> None:
        """Write one row, in place of an older one of that key."""
        names = ", ".join(_COLUMNS)
        values = ", ".join("?" for _name in _COLUMNS)
        with self._told(), self._database:
            self._database.execute(
                f"INSERT OR REPLACE INTO results ({names}) VALUES ({values})",
                [getattr(row, name) for name in _COLUMNS],
            )

    def forget_others(self, keys: frozenset[str]) -> None:
        """Remove the rows of submissions that are none any more."""
        with self._told(), self._database:
            gone = {key for (key,) in self._database.execute("SELECT key FROM results")} - keys
            self._database.executemany("DELETE FROM results WHERE key = ?", [(key,) for key in gone])

    def row(self, key: str) -> Row | None:
        """The row of a key, if there is one."""
        with self._told():
            found = self._database.execute(f"SELECT {', '.join(_COLUMNS)} FROM results WHERE key = ?", [key])
            values = found.fetchone()
        return Row(**dict(zip(_COLUMNS, values, strict=True))) if values else None

    def rows(self) -> Iterator[Row]:
        """Every row, by key, one at a time."""
        with self._told(), closing(self._database.cursor()) as cursor:
            for values in cursor.execute(f"SELECT {', '.join(_COLUMNS)} FROM results ORDER BY key"):
                yield Row(**dict(zip(_COLUMNS, values, strict=True)))

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            kept = "What was recorded so far is kept; `--resume` goes on from there."
            raise _fault(f"cannot use the gradebook {self._path}: {error}", error, kept) from error


def _fault(message: str, error: sqlite3.Error, advice: str) -> GraderError:
    """The machine's if its disk is full or broken, else the caller's."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # without what extends it
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return GraderError(message, advice=MAKE_ROOM)
    return UsageError(message, advice=advice)


def as_csv(rows: Iterator[Row]) -> str:
    """A line for each submission, with the points of each check; see RFC 4180."""
    listed = [(replace(row, result=None), _points(row)) for row in rows]
    checks = list(dict.fromkeys(check for _row, points in listed for check in points))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["key", "name", "id", "status", "score", "max_score", *checks, "reason"])
    for row, points in listed:
        total = ["", ""] if row.score is None else [f"{row.score:g}", f"{row.max_score:g}"]
        cells = [
            row.key,
            row.name,
            row.id,
            row.status,
            *total,
            *(points.get(check, "") for check in checks),
            row.reason,
        ]
        writer.writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula: names are the students' to choose."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"
    return cell


def _points(row: Row) -> dict[str, object]:
    return {check["id"]: check["points"] for check in json.loads(row.result)["checks"]} if row.result else {}


def as_json(rows: Iterator[Row], assignment: str) -> Iterator[str]:
    """Everything in the gradebook, as one object, in parts: a class can be large."""
    yield f'{{\n "schema": "grader.gradebook/1",\n "assignment": {json.dumps(assignment)},\n "submissions": ['
    separator = "\n"
    for row in rows:
        submission = {
            "key": row.key,
            "name": row.name,
            "id": row.id,
            "status": row.status,
            "reason": row.reason,
            "result": json.loads(row.result) if row.result else None,
        }
        yield separator + json.dumps(submission, indent=1)
        separator = ",\n"
    yield "\n ]\n}\n"
