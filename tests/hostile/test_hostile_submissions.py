"""Submissions are data: whatever their files are called and whatever they are, none is run, followed or mixed up."""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_course import HONEST, Course

from grader.result import Status
from grader.submission import Submission, load_submission

COMMAND = Path(sys.executable).with_name("grader")
ROOT = Path(__file__).resolve().parents[2]


def taken(course: Course, path: Path) -> Submission:
    """What the grader takes of it."""
    return load_submission(path, course.assignment.submission)


# -- links and other special files -----------------------------------------------------------------


def link_to_a_secret(folder: Path) -> None:
    (folder / "hostile.c").symlink_to("/etc/passwd")


def link_to_the_agent(folder: Path) -> None:
    (folder / "hostile.c").symlink_to("/proc/self/environ")


def link_to_itself(folder: Path) -> None:
    (folder / "hostile.c").symlink_to("hostile.c")


def fifo(folder: Path) -> None:
    os.mkfifo(folder / "hostile.c")


def folder_of_that_name(folder: Path) -> None:
    (folder / "hostile.c").mkdir()


def device(folder: Path) -> None:
    os.mknod(folder / "hostile.c", 0o020600, os.makedev(1, 5))


def huge_sparse_file(folder: Path) -> None:
    with open(folder / "hostile.c", "wb") as file:
        file.truncate(1 << 30)


def other_case(folder: Path) -> None:
    (folder / "Hostile.C").write_text(HONEST)


def other_alphabet(folder: Path) -> None:
    (folder / "h\N{CYRILLIC SMALL LETTER O}stile.c").write_text(HONEST)


def name_with_a_newline(folder: Path) -> None:
    (folder / "hostile.c\n").write_text(HONEST)


def name_with_a_dash(folder: Path) -> None:
    (folder / "-hostile.c").write_text(HONEST)


def name_that_is_no_text(folder: Path) -> None:
    (folder / os.fsdecode(b"hostile\xff.c")).write_text(HONEST)


def nothing(folder: Path) -> None:
    (folder / "README").write_text("later")


REJECTED = [
    *(link_to_a_secret, link_to_the_agent, link_to_itself, fifo, folder_of_that_name, device, huge_sparse_file),
    *(other_case, other_alphabet, name_with_a_newline, name_with_a_dash, name_that_is_no_text, nothing),
]


@pytest.mark.parametrize("make", REJECTED)
def test_a_folder_without_the_file_itself_is_rejected_with_what_to_change(
    make: Callable[[Path], None], course: Course, tmp_path: Path
) -> None:
    folder = tmp_path / "submission"
    folder.mkdir()
    make(folder)
    submission = taken(course, folder)
    assert submission.files == ()
    assert submission.rejected.startswith(("expected ", "'hostile.c' is larger"))
    assert submission.rejected.isprintable(), "it is shown as it is"


def test_a_rejected_submission_is_a_grade_of_no_points(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "submission"
    folder.mkdir()
    fifo(folder)
    result = course.grade(folder)
    assert (result.status, result.score) == (Status.REJECTED, 0)


# -- archives --------------------------------------------------------------------------------------


def zip_of(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


SOURCE = HONEST.encode()
ARCHIVES = {
    "a path that leads out": ("zip", zip_of(**{"../hostile.c": SOURCE})),
    "an absolute path": ("zip", zip_of(**{"/hostile.c": SOURCE})),
    "a drive of Windows": ("zip", zip_of(**{"..\\..\\hostile.c": SOURCE})),
    "a zip bomb": ("zip", zip_of(**{"hostile.c": bytes(100 << 20)})),
    "a bomb of a tar": ("tar.gz", gzip.compress(bytes(100 << 20), 1)),
    "too many files": ("zip", zip_of(**{f"{number}.c": b"" for number in range(10_001)})),
    "a link": ("tar", tar_of((member("hostile.c", tarfile.SYMTYPE, "/etc/passwd"), b""))),
    "a hard link": ("tar", tar_of((member("hostile.c", tarfile.LNKTYPE, "/etc/passwd"), b""))),
    "a link and a file through it": (
        "tar",
        tar_of((member("out", tarfile.SYMTYPE, ".."), b""), (member("out/../../hostile.c"), SOURCE)),
    ),
    "a FIFO": ("tar", tar_of((member("hostile.c", tarfile.FIFOTYPE), b""))),
    "a device": ("tar", tar_of((member("hostile.c", tarfile.CHRTYPE), b""))),
    "the file twice": ("tar", tar_of((member("hostile.c"), SOURCE), (member("hostile.c"), b"int main;"))),
    "a damaged archive": ("zip", zip_of(**{"hostile.c": SOURCE})[:-30]),
    "no archive": ("tar.gz", b"\x1f\x8bnothing"),
}


@pytest.mark.parametrize(("suffix", "data"), ARCHIVES.values(), ids=ARCHIVES)
def test_a_hostile_archive_is_rejected_with_a_sentence(
    suffix: str, data: bytes, course: Course, tmp_path: Path
) -> None:
    path = tmp_path / f"submission.{suffix}"
    path.write_bytes(data)
    submission = taken(course, path)
    assert submission.files == ()
    assert 20 < len(submission.rejected) < 1000
    assert submission.rejected.isprintable()


# -- names that mean something to somebody ---------------------------------------------------------

BAIT = {
    "Makefile": "all:\n\ttouch /tmp/obeyed\n",
    "conftest.py": "raise SystemExit('obeyed')\n",
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--collect-only'\n",
    "sitecustomize.py": "raise SystemExit('obeyed')\n",
    "docker.py": "raise SystemExit('obeyed')\n",
    "yaml.py": "raise SystemExit('obeyed')\n",
    "test_hostile.py": "def test_attack():\n    pass\n\n\ndef test_after_attack():\n    pass\n",
    "assignment.yaml": "name: other\n",
    "gcc": "#!/bin/sh\nexit 0\n",
    "as": "#!/bin/sh\nexit 0\n",
    "ld": "#!/bin/sh\nexit 0\n",
    "cc1": "#!/bin/sh\nexit 0\n",
    "ls": "#!/bin/sh\necho obeyed\n",
    "specs": "*cc1:\n-include /etc/passwd\n",
    "@options": "-DMAIN=1\n",
    "-o": "x",
    "-x c.h": "x",
    "libc.so": "x",
    "stdio.h": "#error obeyed\n",
    "unistd.h": "#error obeyed\n",
    "hostile": "#!/bin/sh\necho obeyed\n",
    ".gdbinit": "shell touch /tmp/obeyed\n",
}


def test_no_file_is_obeyed_whatever_it_is_called(course: Course, tmp_path: Path) -> None:
    """Not by the grader, which is started where they lie, nor by the compiler, beside which they lie."""
    yaml = course.folder / "assignment.yaml"
    yaml.write_text(yaml.read_text().replace("optional: ['*.h']", "optional: ['*']"))
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "hostile.c").write_text(HONEST)
    for name, text in BAIT.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    done = subprocess.run(
        [COMMAND, "grade", course.folder, ".", "--json", "-"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["score"] == 2
    assert "obeyed" not in done.stdout
    assert sorted(path.name for path in folder.iterdir()) == sorted(["hostile.c", *BAIT]), "and nothing is added"


def test_no_link_is_followed_by_observe(tmp_path: Path) -> None:
    """A header that leads to a file of this machine would be shown to the program."""
    secret = tmp_path / "secret.h"
    secret.write_text("int secret(void) { return 0; }\n")
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "main.c").write_text('#include "linked.h"\nint main(void) { return secret(); }\n')
    (folder / "linked.h").symlink_to(secret)
    done = subprocess.run([COMMAND, "observe", folder], capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 1
    assert "linked.h: No such file" in done.stdout


def test_the_next_submission_is_unaffected(next_submission_passes: Callable[[object], bool]) -> None:
    assert next_submission_passes("submissions")
