"""The submissions of a class, as course systems export them: what is whose."""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError

# "Jane Doe_1234_assignsubmission_file_": Moodle's download of all submissions, one folder each.
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_?")
# "doejane_LATE_4711_81234_pipeline-2.c": Canvas's, one file each; "-2" says that it was handed in again.
_CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<id>\d+)_(?P<attempt>\d+)_(?P<file>.+)", re.IGNORECASE)
_RESUBMITTED = re.compile(r"-\d+(?=(\.[A-Za-z0-9]+)*$)")

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_STRAY = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One submission of a class: `key` is unique, `name` and `id` are the student's as far as the export tells.

    `files` has names and paths if it came as loose files, and is empty if `path` is the whole submission.
    """

    key: str
    name: str
    id: str
    path: Path
    files: tuple[tuple[str, Path], ...] = ()


def find_entries(folder: Path) -> tuple[Entry, ...]:
    """Every submission in `folder`, by key: folders, archives and files; what a system leaves lying about is not.

    Raises UsageError if there is none.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError as error:
        raise UsageError(
            f"cannot read the folder of submissions {str(folder)!r}: {error.strerror}",
            advice="Name a folder that holds a folder, an archive or a .c file for each student.",
        ) from error
    names = [name for name in names if not name.startswith((".", "~")) and name not in _STRAY]
    paths = [folder / name for name in names if _may_be_a_submission(folder / name)]
    if not paths:
        raise UsageError(
            f"there are no submissions in {str(folder)!r}",
            advice="It must hold a folder, an archive (.zip, .tar[.gz]) or a .c file for each student.",
        )
    prefix = _classroom_prefix(paths)
    entries: dict[str, Entry] = {}
    loose: dict[tuple[str, str], list[tuple[str, Path]]] = {}
    for path in paths:
        shown = os.fsencode(path.name).decode("utf-8", "replace")
        canvas = None if path.is_dir() else _CANVAS.fullmatch(shown)
        if canvas is not None:
            file = _RESUBMITTED.sub("", canvas["file"])
            loose.setdefault((canvas["name"], canvas["id"]), []).append((file, path))
            continue
        entry = _entry(path, shown, prefix)
        entries[entry.key] = entry
    for (name, student), files in loose.items():
        key = _key(f"{name}_{student}")
        whole = len(files) == 1
        entries[key] = Entry(
            key=key, name=name, id=student, path=files[0][1] if whole else folder, files=() if whole else tuple(files)
        )
    return tuple(entries[key] for key in sorted(entries))


def _may_be_a_submission(path: Path) -> bool:
    return path.is_dir() or path.name.lower().endswith((".c", *_ARCHIVES)) or bool(_CANVAS.fullmatch(path.name))


def _entry(path: Path, shown: str, prefix: str) -> Entry:
    moodle = _MOODLE.fullmatch(shown)
    if moodle is not None:
        return Entry(key=_key(path.name), name=moodle["name"], id=moodle["id"], path=_only_archive(path) or path)
    name = shown
    for suffix in (".c", *_ARCHIVES):
        if not path.is_dir() and name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    name = name.removeprefix(prefix)
    return Entry(key=_key(path.name), name=name or shown, id="", path=path)


def _only_archive(folder: Path) -> Path | None:
    """The one archive in a student's folder, if there is nothing beside it."""
    try:
        inside = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except OSError:
        return None
    if len(inside) == 1 and inside[0].is_file(follow_symlinks=False) and inside[0].name.lower().endswith(_ARCHIVES):
        return Path(inside[0].path)
    return None


def _classroom_prefix(paths: Sequence[Path]) -> str:
    """GitHub Classroom clones `pipeline-alice`, `pipeline-bob`: the assignment's name with its dash, else ""."""
    if len(paths) < 2 or not all((path / ".git").exists() for path in paths):
        return ""
    first, last = min(path.name for path in paths), max(path.name for path in paths)
    same = next((place for place in range(len(first)) if first[place] != last[place : place + 1]), len(first))
    return first[: first.rfind("-", 0, same) + 1]


def _key(name: str) -> str:
    """The name as a file name that is harmless anywhere; names that become alike stay apart."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:80]
    if plain == name:
        return plain
    return f"{plain or 'submission'}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
