"""What a student handed in, as a value: the names and bytes of the files that the assignment asks for.

Whatever is wrong inside a submission becomes a sentence for the student in `Submission.rejected`. Only what
the caller can mend (no such path, no permission to read it) is an error. Nothing is extracted on the host, no
link is followed, and everything that is read has a bound.
"""

import difflib
import fnmatch
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from grader.archives import MAX_ENTRIES, Member, Unacceptable, archive_members, kind_of_mode
from grader.errors import UsageError
from grader.spec import SubmissionSpec

# A program of a course is some hundred lines; a source of a megabyte is generated, or is none.
MAX_FILE_BYTES = 1 << 20
MAX_FILES = 200
MAX_TOTAL_BYTES = 8 << 20
# What is uploaded may have a history and pictures in it, but it is read into memory whole.
MAX_ARCHIVE_BYTES = 32 << 20
# Linux has no longer names: NAME_MAX.
MAX_PART_BYTES = 255
# How many folders may wrap what was asked for, as GitHub and Moodle do.
MAX_WRAPPERS = 3

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedFile:
    """One file; its name is relative, with `/` between its parts."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is graded. `rejected` says to the student why it cannot be, "" if it can; then there are no files.

    `digest` tells submissions apart by the names and data of `files`, however they were packed.
    """

    name: str
    digest: str
    files: tuple[SubmittedFile, ...]
    rejected: str = ""


def load_submission(path: Path, spec: SubmissionSpec) -> Submission:
    """What `path` (a folder, a `.c` file, a zip or a tar) holds of what `spec` asks for."""
    name = os.fsencode(path.resolve().name if path.name in ("", "..") else path.name).decode("utf-8", "replace")
    try:
        files, rejected = _load(path, spec), ""
    except Unacceptable as error:
        files, rejected = (), str(error)
    except OSError as error:
        message = f"expected a submission that can be read, found {str(path)!r}: {error.strerror}"
        raise UsageError(message, advice="give a folder, a .c file, a .zip or a .tar[.gz]") from error
    return Submission(name=name, digest=_digest(files, rejected), files=files, rejected=rejected)


def load_files(name: str, paths: Mapping[str, Path], spec: SubmissionSpec) -> Submission:
    """The same of loose files: what they are called in the submission, and where they are."""
    members = [Member(name=file, kind="file", read=partial(_read_file, path)) for file, path in paths.items()]
    try:
        files, rejected = _read(_chosen(members, spec)), ""
    except Unacceptable as error:
        files, rejected = (), str(error)
    except OSError as error:
        raise UsageError(f"cannot read the files of {name!r}: {error.strerror}") from error
    return Submission(name=name, digest=_digest(files, rejected), files=files, rejected=rejected)


def _load(path: Path, spec: SubmissionSpec) -> tuple[SubmittedFile, ...]:
    mode = path.stat().st_mode  # the path itself is the caller's, who may give a link
    if stat.S_ISDIR(mode):
        return _read(_chosen(_members_of_folder(path, spec), spec))
    if not stat.S_ISREG(mode):
        message = f"expected a folder or a file, found a {kind_of_mode(mode)}: {str(path)!r}"
        raise UsageError(message, advice="give a folder, a .c file, a .zip or a .tar[.gz]")
    suffix = path.name.lower()
    if suffix.endswith(".c"):
        if len(spec.files) > 1:
            raise Unacceptable(f"expected the files {_shown(spec.files)}, found one; hand in a folder or a zip")
        file = Member(name=path.name, kind="file", read=partial(_read_file, path.resolve()))
        return _read({spec.files[0]: file})
    if not suffix.endswith(_ARCHIVES):
        raise Unacceptable(f"expected a folder, a .c file, a .zip or a .tar[.gz], found {_shown([path.name])}")
    with path.open("rb") as stream:
        data = stream.read(MAX_ARCHIVE_BYTES + 1)
    if len(data) > MAX_ARCHIVE_BYTES:
        size = f"{MAX_ARCHIVE_BYTES >> 20} MiB"
        raise Unacceptable(f"the archive is larger than {size}; hand in only the files asked for")
    return _read(_chosen(archive_members(data), spec))


def _members_of_folder(folder: Path, spec: SubmissionSpec) -> list[Member]:
    """What is in the folder; below what was asked for only if that is not all there."""
    levels = max(name.count("/") + 1 for name in (*spec.files, *spec.optional))
    members = list(_walk(folder, levels))
    if set(spec.files) <= {member.name for member in members if member.kind == "file"}:
        return members
    return list(_walk(folder, levels + MAX_WRAPPERS))


def _walk(folder: Path, levels: int) -> Iterator[Member]:
    waiting = [("", 1)]
    count = 0
    while waiting:
        prefix, level = waiting.pop(0)
        with os.scandir(folder / prefix) as entries:
            for entry in entries:
                count += 1
                if count > MAX_ENTRIES:
                    message = f"the folder has more than {MAX_ENTRIES} entries; hand in only the files asked for"
                    raise Unacceptable(message)
                name = prefix + entry.name
                kind = kind_of_mode(entry.stat(follow_symlinks=False).st_mode)
                if kind == "folder" and level < levels and _plain_name(name):
                    waiting.append((f"{name}/", level + 1))
                yield Member(name=name, kind=kind, read=partial(_read_file, folder / name))


def _read_file(path: Path, limit: int) -> bytes:
    # O_NONBLOCK: if this has become a FIFO since it was listed, its open must not wait for a writer.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as stream:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise Unacceptable(f"expected a file {_shown([path.name])}, found a {kind_of_mode(mode)}")
        return stream.read(limit + 1)


def _chosen(found: Sequence[Member], spec: SubmissionSpec) -> Mapping[str, Member]:
    """The files asked for, by the name under which they are; all required ones are there."""
    members: dict[str, list[Member]] = {}
    for member in found:
        if name := _plain_name(member.name):
            members.setdefault(name, []).append(member)
    base = _base({name: same[0].kind for name, same in members.items()}, found, spec)
    chosen: dict[str, Member] = {}
    for full_name, same in members.items():
        name = full_name.removeprefix(base)
        required = name in spec.files
        wanted = required or any(_matches(name, pattern) for pattern in spec.optional)
        if not full_name.startswith(base) or not wanted:
            continue
        if len(same) > 1:
            raise Unacceptable(f"expected {name!r} once in the archive, found it {len(same)} times")
        if same[0].kind == "file":
            chosen[name] = same[0]
        elif required:
            raise Unacceptable(f"expected {name!r} to be a file, found a {same[0].kind}; hand in the file itself")
    for name in chosen:
        if above := next((f"{parent}" for parent in PurePosixPath(name).parents if f"{parent}" in chosen), ""):
            raise Unacceptable(f"expected {above!r} to be a file or a folder, found both in the archive")
    return chosen


def _plain_name(name: str) -> str:
    """The name without idle parts, or "" for one that is never taken: it leads elsewhere or is hidden."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or not name.isprintable():
        return ""
    if any(part.startswith((".", "-", "@")) or part == "__MACOSX" for part in parts):
        return ""
    if any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        return ""
    return "/".join(parts)


def _matches(name: str, pattern: str) -> bool:
    parts, patterns = name.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatch.fnmatchcase, parts, patterns))


def _base(kinds: Mapping[str, str], found: Sequence[Member], spec: SubmissionSpec) -> str:
    """The folder that holds what is required, as a prefix: "" or one that ends in `/`."""
    files = {name for name, kind in kinds.items() if kind == "file"}
    first = spec.files[0]
    for names in (files, set(kinds)):
        tops = (name.removesuffix(first) for name in names if f"/{name}".endswith(f"/{first}"))
        bases = [top for top in tops if top.count("/") <= MAX_WRAPPERS and _holds(names, top, spec)]
        if len(bases) == 1 or "" in bases:
            return min(bases)
        if bases:
            where = _shown(sorted(bases))
            raise Unacceptable(f"expected {_shown(spec.files)} once, found it in {where}; hand in one of them")
    raise Unacceptable(_what_is_missing(kinds, found, spec))


def _holds(names: set[str], top: str, spec: SubmissionSpec) -> bool:
    return all(top + file in names for file in spec.files)


def _what_is_missing(kinds: Mapping[str, str], found: Sequence[Member], spec: SubmissionSpec) -> str:
    """The sentence that names the first missing file, what there is instead, and what to do."""
    tops = {"", *(name[: name.rindex("/") + 1] for name in kinds if 0 < name.count("/") <= MAX_WRAPPERS)}
    best = max(sorted(tops), key=lambda top: sum(top + file in kinds for file in spec.files))
    missing = next(file for file in spec.files if best + file not in kinds)
    names = sorted(
        (member.name for member in found if member.kind != "folder" and not _is_hidden(member.name)),
        key=lambda name: (not name.endswith(".c"), name),
    )
    sentence = f"expected the file {missing!r}, found {_shown(names) or 'no file'}"
    last = {name.rsplit("/")[-1]: name for name in names}
    if missing in last:
        return f"{sentence}; put {_shown([last[missing]])} at the top"
    same_but_for_case = [part for part in last if part.lower() == missing.lower()]
    only_source = [part for part in last if part.endswith(".c")] if missing.endswith(".c") else []
    near = same_but_for_case or difflib.get_close_matches(missing, last, n=1)
    if not near and len(only_source) == 1:
        near = only_source
    if not near:
        return sentence
    case = ", small and capital letters differ" if same_but_for_case else ""
    return f"{sentence}; rename {_shown(near[:1])} to {missing!r}{case}"


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") and part.strip(".") for part in name.split("/")) or "__MACOSX" in name


def _shown(names: Sequence[str]) -> str:
    """Names as a sentence can hold them, whatever they are made of."""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(repr(name if len(name) <= 80 else f"…{name[-80:]}") for name in names[:8]) + more


def _read(chosen: Mapping[str, Member]) -> tuple[SubmittedFile, ...]:
    if len(chosen) > MAX_FILES:
        raise Unacceptable(f"expected at most {MAX_FILES} files, found {len(chosen)}")
    files: list[SubmittedFile] = []
    total = 0
    for name, member in sorted(chosen.items()):
        data = member.read(MAX_FILE_BYTES)
        total += len(data)
        if len(data) > MAX_FILE_BYTES:
            raise Unacceptable(f"{name!r} is larger than {MAX_FILE_BYTES >> 20} MiB; hand in the source only")
        if total > MAX_TOTAL_BYTES:
            raise Unacceptable(f"the files are larger than {MAX_TOTAL_BYTES >> 20} MiB together")
        files.append(SubmittedFile(name=name, data=data))
    return tuple(files)


def _digest(files: tuple[SubmittedFile, ...], rejected: str) -> str:
    digest = hashlib.sha256()
    for part in (*(part for file in files for part in (file.name.encode(), file.data)), rejected.encode()):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return f"sha256:{digest.hexdigest()}"
