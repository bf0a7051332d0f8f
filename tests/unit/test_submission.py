"""What is taken of a submission, however it is packed, and what a student is told when it cannot be graded."""

import gzip
import io
import os
import socket
import stat
import struct
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import archives, submission
from grader.errors import UsageError
from grader.spec import SubmissionSpec
from grader.submission import Submission, SubmittedFile, load_submission

ONE = SubmissionSpec(files=("pipeline.c",))
MORE = SubmissionSpec(files=("pipeline.c", "queue.c"), optional=("*.h", "lib/*.c"))
SOURCE = b"int main(void) { return 0; }\n"


def write_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tar_bytes(*members: tuple[tarfile.TarInfo, bytes], format_: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format_) as archive:
        for info, data in members:
            info.size = len(data) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def tar_member(name: str, data: bytes = SOURCE, kind: bytes = tarfile.REGTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return info, data


def write_tar(path: Path, files: Mapping[str, bytes]) -> Path:
    data = tar_bytes(*(tar_member(name, data) for name, data in files.items()))
    path.write_bytes(gzip.compress(data) if path.suffix in (".gz", ".tgz") else data)
    return path


def write_packed(packing: str, folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    match packing:
        case "folder":
            return write_folder(folder / "alice", files)
        case "zip":
            return write_zip(folder / "alice.zip", files)
        case _:
            return write_tar(folder / f"alice.{packing}", files)


PACKINGS = ("folder", "zip", "tar", "tar.gz", "tgz")
ARCHIVES = PACKINGS[1:]


def names(found: Submission) -> list[str]:
    assert found.rejected == ""
    return [file.name for file in found.files]


def rejection(path: Path, spec: SubmissionSpec = ONE) -> str:
    found = load_submission(path, spec)
    assert found.files == ()
    assert found.rejected.isprintable()
    assert found.digest.startswith("sha256:")
    return found.rejected


@pytest.mark.parametrize("packing", PACKINGS)
def test_only_what_is_asked_for_is_taken(tmp_path: Path, packing: str):
    files = {
        "pipeline.c": SOURCE,
        "queue.c": b"// queue\n",
        "queue.h": b"// header\n",
        "lib/list.c": b"// list\n",
        "lib/deep/list.c": b"no",
        "lib/list.h": b"no",
        "other.c": b"no",
        "Makefile": b"no",
        "conftest.py": b"no",
        "gcc": b"no",
        ".git/config": b"no",
        ".hidden.h": b"no",
        "._queue.h": b"no",
        "__MACOSX/pipeline.c": b"no",
        "-include.h": b"no",
        "@options.h": b"no",
        "new\nline.h": b"no",
        "bell\x07.h": b"no",
    }
    found = load_submission(write_packed(packing, tmp_path, files), MORE)
    assert found.rejected == ""
    assert found.files == tuple(
        SubmittedFile(name=name, data=files[name]) for name in ("lib/list.c", "pipeline.c", "queue.c", "queue.h")
    )


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("wrapper", ["", "alice-main/", "a/b/", "a/b/c/"])
def test_folders_that_wrap_everything_are_looked_through(tmp_path: Path, packing: str, wrapper: str):
    files = {f"{wrapper}{name}": SOURCE for name in ("pipeline.c", "queue.c", "a.h", "lib/x.c")} | {"README": b"hi"}
    found = load_submission(write_packed(packing, tmp_path, files), MORE)
    assert names(found) == ["a.h", "lib/x.c", "pipeline.c", "queue.c"]


@pytest.mark.parametrize("packing", PACKINGS)
def test_more_wrappers_than_that_are_not(tmp_path: Path, packing: str):
    path = write_packed(packing, tmp_path, {"a/b/c/d/pipeline.c": SOURCE})
    assert rejection(path).startswith("expected the file 'pipeline.c', found ")


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_top_goes_before_a_folder(tmp_path: Path, packing: str):
    path = write_packed(packing, tmp_path, {"pipeline.c": b"top", "starter/pipeline.c": b"starter"})
    assert load_submission(path, ONE).files == (SubmittedFile(name="pipeline.c", data=b"top"),)


@pytest.mark.parametrize("packing", PACKINGS)
def test_two_folders_to_choose_from_are_one_too_many(tmp_path: Path, packing: str):
    path = write_packed(packing, tmp_path, {"new/pipeline.c": SOURCE, "old/pipeline.c": SOURCE})
    assert rejection(path) == "expected 'pipeline.c' once, found it in 'new/', 'old/'; hand in one of them"


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_folder_with_everything_is_taken(tmp_path: Path, packing: str):
    files = {"pipeline.c": b"old", "src/pipeline.c": b"new", "src/queue.c": SOURCE}
    found = load_submission(write_packed(packing, tmp_path, files), MORE)
    assert found.files[0] == SubmittedFile(name="pipeline.c", data=b"new")


@pytest.mark.parametrize("packing", PACKINGS)
def test_required_files_in_folders_are_found_below_a_wrapper(tmp_path: Path, packing: str):
    path = write_packed(packing, tmp_path, {"hw1/src/main.c": SOURCE, "hw1/main.c": b"no"})
    assert names(load_submission(path, SubmissionSpec(files=("src/main.c",)))) == ["src/main.c"]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbfint x;\r\n", b"int\0x;", bytes(range(256))])
@pytest.mark.parametrize("packing", PACKINGS)
def test_data_is_left_as_it_is(tmp_path: Path, packing: str, data: bytes):
    path = write_packed(packing, tmp_path, {"pipeline.c": data})
    assert load_submission(path, ONE).files == (SubmittedFile(name="pipeline.c", data=data),)


def test_the_digest_is_of_names_and_data_and_not_of_the_packing(tmp_path: Path):
    files = {"pipeline.c": SOURCE, "queue.c": b"x", "a.h": b"y"}
    found = {
        load_submission(write_packed(packing, tmp_path / packing, files | {"junk": packing.encode()}), MORE).digest
        for packing in PACKINGS
    }
    assert len(found) == 1
    assert found.pop().startswith("sha256:")


def test_the_digest_tells_submissions_apart(tmp_path: Path):
    variants: list[dict[str, bytes]] = [
        {"pipeline.c": b"ab", "queue.c": b"c"},
        {"pipeline.c": b"a", "queue.c": b"bc"},
        {"pipeline.c": b"ab", "queue.c": b"c", "a.h": b""},
        {"pipeline.c": b"ab", "queue.c": b"c", "b.h": b""},
        {"pipeline.c": b"ab"},
        {"queue.c": b"ab"},
        {},
    ]
    paths = [write_folder(tmp_path / str(number), files) for number, files in enumerate(variants)]
    assert len({load_submission(path, MORE).digest for path in paths}) == len(variants)


def test_the_name_is_that_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write_folder(tmp_path / "alice", {"pipeline.c": SOURCE})
    archive = write_zip(tmp_path / "bob.zip", {"pipeline.c": SOURCE})
    monkeypatch.chdir(folder)
    shown = [load_submission(path, ONE).name for path in (folder, archive, folder / "pipeline.c", Path(), Path(".."))]
    assert shown[:4] == ["alice", "bob.zip", "pipeline.c", "alice"]
    assert shown[4] == tmp_path.name


def test_a_name_that_is_not_utf8_is_made_so(tmp_path: Path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    assert load_submission(write_folder(path, {"pipeline.c": SOURCE}), ONE).name == "caf\ufffd"


@pytest.mark.parametrize("name", ["pipeline.c", "my solution.c", "alice.C"])
def test_a_single_source_is_the_required_file_whatever_its_name(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(SOURCE)
    assert load_submission(tmp_path / name, ONE).files == (SubmittedFile(name="pipeline.c", data=SOURCE),)


def test_a_single_source_is_not_enough_for_two(tmp_path: Path):
    (tmp_path / "pipeline.c").write_bytes(SOURCE)
    sentence = rejection(tmp_path / "pipeline.c", MORE)
    assert sentence == "expected the files 'pipeline.c', 'queue.c', found one; hand in a folder or a zip"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "expected the file 'pipeline.c', found no file"),
        (["Pipeline.c", "a.txt"], "found 'Pipeline.c', 'a.txt'; rename 'Pipeline.c' to 'pipeline.c', small and"),
        (["PIPELINE.C"], "rename 'PIPELINE.C' to 'pipeline.c', small and capital letters differ"),
        (["pipelin.c"], "rename 'pipelin.c' to 'pipeline.c'"),
        (["pipeline.cpp"], "rename 'pipeline.cpp' to 'pipeline.c'"),
        (["main.c", "README.md"], "found 'main.c', 'README.md'; rename 'main.c' to 'pipeline.c'"),
        (["a.c", "b.c"], "found 'a.c', 'b.c'"),
        (["a/b/c/d/pipeline.c"], "put 'a/b/c/d/pipeline.c' at the top"),
        ([f"f{n:02}.txt" for n in range(12)], "'f07.txt' and 4 more"),
        ([".git/objects/ab", ".DS_Store", "__MACOSX/x"], "found no file"),
    ],
)
def test_a_missing_file_is_named_with_what_was_found(tmp_path: Path, files: list[str], sentence: str):
    path = write_zip(tmp_path / "a.zip", dict.fromkeys(files, SOURCE))
    assert sentence in rejection(path)
    assert rejection(path).startswith("expected the file 'pipeline.c', found ")


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_missing_one_of_two_is_named(tmp_path: Path, packing: str):
    path = write_packed(packing, tmp_path, {"src/pipeline.c": SOURCE, "src/que.c": SOURCE})
    assert rejection(path, MORE).startswith("expected the file 'queue.c', found 'src/pipeline.c', 'src/que.c'; rename")


@pytest.mark.parametrize("packing", ARCHIVES)
@pytest.mark.parametrize("name", ["/pipeline.c", "../pipeline.c", "a/../pipeline.c", "a/../../pipeline.c", "..\\x.c"])
def test_names_that_lead_elsewhere_are_not_taken(tmp_path: Path, packing: str, name: str):
    path = write_packed(packing, tmp_path, {name: SOURCE})
    assert rejection(path).startswith("expected the file 'pipeline.c', found ")


@pytest.mark.parametrize("packing", ARCHIVES)
def test_idle_parts_of_a_name_are_dropped(tmp_path: Path, packing: str):
    assert names(load_submission(write_packed(packing, tmp_path, {"./src//pipeline.c": SOURCE}), ONE)) == ["pipeline.c"]


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_name_that_is_not_utf8_is_not_taken(tmp_path: Path, packing: str):
    if packing == "zip":
        pytest.skip("zip has names in code page 437, which gives every byte a letter")
    odd = os.fsdecode(b"caf\xe9.h")
    path = write_packed(packing, tmp_path, {"pipeline.c": SOURCE, "queue.c": SOURCE, odd: b"no"})
    assert names(load_submission(path, MORE)) == ["pipeline.c", "queue.c"]


def test_a_name_longer_than_linux_has_is_not_taken(tmp_path: Path):
    files = {f"{'é' * 126}.h": SOURCE, f"{'é' * 127}.h": SOURCE, "pipeline.c": SOURCE, "queue.c": SOURCE}
    assert names(load_submission(write_zip(tmp_path / "a.zip", files), MORE)) == [
        "pipeline.c",
        "queue.c",
        f"{'é' * 126}.h",
    ]


def test_a_name_is_of_a_file_or_of_a_folder(tmp_path: Path):
    spec = SubmissionSpec(files=("pipeline.c",), optional=("*.h", "*/*.h"))
    path = write_zip(tmp_path / "a.zip", {"pipeline.c": SOURCE, "a.h": SOURCE, "a.h/b.h": SOURCE})
    assert rejection(path, spec) == "expected 'a.h' to be a file or a folder, found both in the archive"


def test_names_that_differ_in_case_are_two_files(tmp_path: Path):
    path = write_zip(tmp_path / "a.zip", {"pipeline.c": SOURCE, "queue.c": SOURCE, "A.h": b"1", "a.h": b"2"})
    assert names(load_submission(path, MORE)) == ["A.h", "a.h", "pipeline.c", "queue.c"]


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_file_that_is_too_large_is_named(tmp_path: Path, packing: str):
    spec = SubmissionSpec(files=("pipeline.c",), optional=("*.h",))
    fits = {"pipeline.c": bytes(submission.MAX_FILE_BYTES)}
    assert names(load_submission(write_packed(packing, tmp_path / "1", fits), spec)) == ["pipeline.c"]
    path = write_packed(packing, tmp_path / "2", {"pipeline.c": SOURCE, "a.h": bytes(submission.MAX_FILE_BYTES + 1)})
    assert rejection(path, spec) == "'a.h' is larger than 1 MiB; hand in the source only"


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_large_file_that_is_not_asked_for_does_not_matter(tmp_path: Path, packing: str):
    path = write_packed(packing, tmp_path, {"pipeline.c": SOURCE, "core": bytes(submission.MAX_FILE_BYTES + 1)})
    assert names(load_submission(path, ONE)) == ["pipeline.c"]


@pytest.mark.parametrize("packing", PACKINGS)
def test_all_files_together_have_a_bound(tmp_path: Path, packing: str):
    files = {f"{n}.h": bytes(submission.MAX_FILE_BYTES) for n in range(9)} | {"pipeline.c": b"", "queue.c": b""}
    assert rejection(write_packed(packing, tmp_path, files), MORE) == "the files are larger than 8 MiB together"


@pytest.mark.parametrize("packing", PACKINGS)
def test_so_has_their_number(tmp_path: Path, packing: str):
    files = {f"{n}.h": b"" for n in range(submission.MAX_FILES)} | {"pipeline.c": b"", "queue.c": b""}
    assert rejection(write_packed(packing, tmp_path, files), MORE) == "expected at most 200 files, found 202"


@pytest.mark.parametrize("packing", PACKINGS)
def test_so_has_what_is_looked_at(tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch):
    for module in (submission, archives):
        monkeypatch.setattr(module, "MAX_ENTRIES", 50)
    files = {f"{n}.o": b"" for n in range(50)} | {"pipeline.c": SOURCE}
    assert "has more than 50 entries" in rejection(write_packed(packing, tmp_path, files))


def test_junk_below_a_complete_folder_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(submission, "MAX_ENTRIES", 10)
    folder = write_folder(tmp_path / "a", {f"build/{n}.o": b"" for n in range(20)} | {"pipeline.c": SOURCE})
    assert names(load_submission(folder, ONE)) == ["pipeline.c"]


def test_a_missing_path_is_a_mistake_of_the_caller(tmp_path: Path):
    with pytest.raises(UsageError, match="No such file or directory") as caught:
        load_submission(tmp_path / "nobody", ONE)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "a.tar.xz", "a.txt", "pipeline", "a.cpp", "a.zip.part"])
def test_other_kinds_of_files_are_refused_with_what_would_do(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(SOURCE)
    assert rejection(tmp_path / name) == (f"expected a folder, a .c file, a .zip or a .tar[.gz], found {name!r}")


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


def make_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def make_dead_link(path: Path) -> None:
    path.symlink_to("nowhere")


NOT_FILES: list[tuple[Callable[[Path], None], str]] = [
    (make_fifo, "FIFO"),
    (make_socket, "socket"),
    (make_link, "symbolic link"),
    (make_dead_link, "symbolic link"),
    (Path.mkdir, "folder"),
]


@pytest.mark.parametrize(("make", "kind"), NOT_FILES)
def test_a_required_file_that_is_none_is_named(
    tmp_path: Path, make: Callable[[Path], None], kind: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "pipeline.c")
    sentence = f"expected 'pipeline.c' to be a file, found a {kind}; hand in the file itself"
    assert rejection(tmp_path) == sentence


@pytest.mark.parametrize(("make", "kind"), NOT_FILES)
def test_an_optional_one_that_is_none_is_not_taken(
    tmp_path: Path, make: Callable[[Path], None], kind: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(write_folder(tmp_path / kind, {"pipeline.c": SOURCE, "queue.c": SOURCE}))
    make(Path("a.h").absolute())
    assert names(load_submission(Path(), MORE)) == ["pipeline.c", "queue.c"]


def test_a_linked_folder_is_not_entered(tmp_path: Path):
    write_folder(tmp_path / "elsewhere", {"pipeline.c": SOURCE})
    folder = write_folder(tmp_path / "a", {})
    (folder / "src").symlink_to(tmp_path / "elsewhere")
    assert rejection(folder) == "expected the file 'pipeline.c', found 'src'"


def test_a_link_at_the_top_does_not_hide_the_file_below(tmp_path: Path):
    folder = write_folder(tmp_path / "a", {"src/pipeline.c": SOURCE})
    (folder / "pipeline.c").symlink_to("src/pipeline.c")
    assert names(load_submission(folder, ONE)) == ["pipeline.c"]


def test_a_path_that_the_caller_gives_may_be_a_link(tmp_path: Path):
    folder = write_folder(tmp_path / "a", {"pipeline.c": SOURCE})
    for link, target in (("folder", folder), ("file.c", folder / "pipeline.c")):
        (tmp_path / link).symlink_to(target)
        assert names(load_submission(tmp_path / link, ONE)) == ["pipeline.c"]


def test_a_path_that_is_neither_folder_nor_file_is_a_mistake_of_the_caller(tmp_path: Path):
    os.mkfifo(tmp_path / "a.c")
    with pytest.raises(UsageError, match="expected a folder or a file, found a FIFO"):
        load_submission(tmp_path / "a.c", ONE)


def test_a_file_that_became_a_fifo_or_a_link_is_not_read(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(archives.Unacceptable, match="found a FIFO"):
        submission._read_file(tmp_path / "fifo", 10)
    with pytest.raises(OSError, match="symbolic links"):
        submission._read_file(tmp_path / "link", 10)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_no_fault_of_the_student(tmp_path: Path):
    (write_folder(tmp_path / "a", {"pipeline.c": SOURCE}) / "pipeline.c").chmod(0)
    with pytest.raises(UsageError, match="Permission denied"):
        load_submission(tmp_path / "a", ONE)


def test_a_failing_disk_is_no_fault_of_the_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write_folder(tmp_path / "a", {"pipeline.c": SOURCE})

    def broken(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(submission.os, "open", broken)
    with pytest.raises(UsageError, match="Input/output error"):
        load_submission(folder, ONE)


@pytest.mark.parametrize("packing", ["zip", "tar"])
def test_a_name_that_stands_twice_is_refused_if_it_is_asked_for(tmp_path: Path, packing: str):
    for name, again in (("pipeline.c", "pipeline.c"), ("pipeline.c", "./pipeline.c")):
        path = tmp_path / f"a.{packing}"
        if packing == "zip":
            with zipfile.ZipFile(path, "w") as archive, pytest.MonkeyPatch.context() as patch:
                patch.setattr("warnings.warn", lambda *_, **__: None)
                archive.writestr(name, b"1")
                archive.writestr(again, b"2")
        else:
            path.write_bytes(tar_bytes(tar_member(name, b"1"), tar_member(again, b"2")))
        assert rejection(path) == "expected 'pipeline.c' once in the archive, found it 2 times"


def test_other_names_may_stand_twice(tmp_path: Path):
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes(tar_member("x"), tar_member("x"), tar_member("pipeline.c")))
    assert names(load_submission(path, ONE)) == ["pipeline.c"]


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK", b"PK\3\4" + bytes(100), b"\x1f\x8b", bytes(9)])
@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tgz"])
def test_what_is_no_archive_is_called_damaged(tmp_path: Path, suffix: str, content: bytes):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert rejection(path).startswith("the archive is damaged or of another kind than its name says: ")


def test_a_tar_may_begin_with_the_first_letters_of_a_zip(tmp_path: Path):
    path = write_tar(tmp_path / "a.tar", {"PK/pipeline.c": SOURCE})
    assert names(load_submission(path, ONE)) == ["pipeline.c"]


@pytest.mark.parametrize("suffix", [".ZIP", ".tar", ".tgz"])
def test_the_content_says_of_which_kind_an_archive_is(tmp_path: Path, suffix: str):
    content = write_zip(tmp_path / "x", {"pipeline.c": SOURCE}).read_bytes()
    (tmp_path / f"a{suffix}").write_bytes(content)
    assert names(load_submission(tmp_path / f"a{suffix}", ONE)) == ["pipeline.c"]


@pytest.mark.parametrize("packing", ARCHIVES)
def test_a_cut_archive_is_called_damaged(tmp_path: Path, packing: str):
    path = write_packed(packing, tmp_path, {"pipeline.c": os.urandom(5000), "z": os.urandom(5000)})
    whole = path.read_bytes()
    for size in (1, 100, 511, 2000, 6000):
        path.write_bytes(whole[:size])
        assert "the archive is damaged" in rejection(path)


def test_an_archive_with_nothing_in_it_has_no_file(tmp_path: Path):
    (tmp_path / "a.tar").write_bytes(bytes(10240))
    assert rejection(tmp_path / "a.tar") == "expected the file 'pipeline.c', found no file"
    assert rejection(write_zip(tmp_path / "a.zip", {})) == "expected the file 'pipeline.c', found no file"


def test_an_upload_has_a_bound(tmp_path: Path):
    with (tmp_path / "a.zip").open("wb") as file:
        file.truncate(submission.MAX_ARCHIVE_BYTES + 1)
    assert rejection(tmp_path / "a.zip") == "the archive is larger than 32 MiB; hand in only the files asked for"


# zip


def test_a_link_in_a_zip_is_none_of_the_files(tmp_path: Path):
    info = zipfile.ZipInfo("pipeline.c")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    sentence = "expected 'pipeline.c' to be a file, found a symbolic link; hand in the file itself"
    assert rejection(tmp_path / "a.zip") == sentence


def test_backslashes_separate_as_in_zips_from_windows(tmp_path: Path):
    path = write_zip(tmp_path / "a.zip", {"hw1\\pipeline.c": SOURCE})
    assert names(load_submission(path, ONE)) == ["pipeline.c"]


def test_a_folder_of_such_a_zip_is_no_file(tmp_path: Path):
    spec = SubmissionSpec(files=("pipeline.c",), optional=("*", "*/*"))
    path = write_zip(tmp_path / "a.zip", {"pipeline.c": SOURCE, "more\\": b"", "more\\more.h": SOURCE})
    assert names(load_submission(path, spec)) == ["more/more.h", "pipeline.c"]


def with_bytes(path: Path, changes: Mapping[int, bytes], *, entry: bytes) -> Path:
    """Changes fields of the last header that begins with `entry`."""
    data = bytearray(path.read_bytes())
    start = data.rindex(entry)
    for offset, field in changes.items():
        data[start + offset : start + offset + len(field)] = field
    path.write_bytes(data)
    return path


def test_an_encrypted_zip_is_asked_for_without_password(tmp_path: Path):
    path = write_zip(tmp_path / "a.zip", {"pipeline.c": SOURCE})
    with_bytes(path, {6: b"\1\0"}, entry=b"PK\3\4")
    with_bytes(path, {8: b"\1\0"}, entry=b"PK\1\2")
    assert rejection(path) == "'pipeline.c' in the archive is encrypted; make the archive without a password"


def test_a_name_in_a_zip_may_be_empty(tmp_path: Path):
    path = write_zip(tmp_path / "a.zip", {"pipeline.c": SOURCE, "x": b""})
    with_bytes(path, {46: b"\0"}, entry=b"PK\1\2")
    assert names(load_submission(path, ONE)) == ["pipeline.c"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bound_are_refused(tmp_path: Path, method: int):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("pipeline.c", SOURCE)
    assert rejection(tmp_path / "a.zip").startswith("'pipeline.c' in the archive is compressed in an unusual way")


@pytest.mark.parametrize("claimed", [0, 5, 1 << 30])
def test_a_zip_that_lies_about_a_size_is_called_damaged(tmp_path: Path, claimed: int):
    path = write_zip(tmp_path / "a.zip", {"pipeline.c": SOURCE * 100})
    with_bytes(path, {24: struct.pack("<L", claimed)}, entry=b"PK\1\2")
    assert claimed == 1 << 30 or "damaged" in rejection(path)
    found = load_submission(path, ONE)
    assert found.rejected or found.files[0].data == SOURCE * 100


def test_a_zip_that_lies_about_its_number_of_entries_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 20)
    path = write_zip(tmp_path / "a.zip", {f"{n}.o": b"" for n in range(30)})
    with_bytes(path, {8: b"\1\0\1\0"}, entry=b"PK\5\6")
    assert "more than 20 entries" in rejection(path)


def test_zip64_is_read(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive, archive.open("pipeline.c", "w", force_zip64=True) as file:
        file.write(SOURCE)
    assert names(load_submission(tmp_path / "a.zip", ONE)) == ["pipeline.c"]


def peak_bytes(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path):
    path = write_zip(tmp_path / "a.zip", {"pipeline.c": bytes(200 << 20)})
    assert path.stat().st_size < 300 << 10
    assert rejection(path) == "'pipeline.c' is larger than 1 MiB; hand in the source only"
    assert peak_bytes(lambda: load_submission(path, ONE)) < 2 * submission.MAX_ARCHIVE_BYTES


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path):
    path = tmp_path / "a.tgz"
    with gzip.open(path, "wb") as file:
        for _ in range(20):
            file.write(bytes(10 << 20))
    start = time.perf_counter()
    assert rejection(path) == "the archive unpacks to more than 64 MiB; hand in only the files asked for"
    assert time.perf_counter() - start < 5
    assert peak_bytes(lambda: load_submission(path, ONE)) < 3 * archives.MAX_UNPACKED_BYTES


# tar


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (tarfile.SYMTYPE, "symbolic link"),
        (tarfile.LNKTYPE, "hard link"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "device"),
        (tarfile.FIFOTYPE, "FIFO"),
        (tarfile.DIRTYPE, "folder"),
        (b"Z", "special file"),
    ],
)
def test_in_a_tar_only_files_are_files(tmp_path: Path, kind: bytes, shown: str):
    (tmp_path / "a.tar").write_bytes(tar_bytes(tar_member("x"), tar_member("pipeline.c", b"", kind)))
    assert rejection(tmp_path / "a.tar").startswith(f"expected 'pipeline.c' to be a file, found a {shown}")


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("length", [10, 95, 120, 250])
def test_long_names_are_read_in_every_format_of_tar(tmp_path: Path, format_: int, length: int):
    folder = "d" * 60
    name = f"{folder}/{'f' * length}.h" if length < 100 else f"{folder}/{'g' * 60}/{'h' * (length - 60)}.h"
    if format_ == tarfile.USTAR_FORMAT and length > 120:
        pytest.skip("ustar has no longer names")
    spec = SubmissionSpec(files=("pipeline.c",), optional=("*/*.h", "*/*/*.h"))
    members = (tar_member("pipeline.c"), tar_member(name, b"long"), tar_member("a/short.h", b"short"))
    (tmp_path / "a.tar").write_bytes(tar_bytes(*members, format_=format_))
    assert names(load_submission(tmp_path / "a.tar", spec)) == ["a/short.h", name, "pipeline.c"]


def test_extended_headers_as_git_archive_writes_them_are_passed_over(tmp_path: Path):
    info, data = tar_member("pipeline.c")
    info.pax_headers = {"comment": "x", "mtime": "1.5", "path": "hw/pipeline.c"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", pax_headers={"comment": "5f2c"}) as archive:
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    (tmp_path / "a.tar").write_bytes(buffer.getvalue())
    assert names(load_submission(tmp_path / "a.tar", ONE)) == ["pipeline.c"]


def tar_header(name: bytes, size: bytes, flag: bytes = b"0") -> bytes:
    """A header with a right checksum and whatever else."""
    header = bytearray(512)
    header[: len(name)] = name
    header[124 : 124 + len(size)] = size
    header[148:157] = b" " * 8 + flag
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize(
    "size",
    [
        b"77777777777\0",
        b"\x80" + b"\x7f" * 11,
        b"\xff" * 12,
        b"\xff" * 10 + b"\xfe\x00",
        b"-0000000512\0",
        b"9\0",
        b"x",
    ],
)
def test_sizes_in_a_tar_that_cannot_be_are_called_damaged(tmp_path: Path, size: bytes):
    (tmp_path / "a.tar").write_bytes(tar_header(b"pipeline.c", size) + bytes(2048))
    assert "damaged" in rejection(tmp_path / "a.tar")


def test_a_size_in_binary_is_read(tmp_path: Path):
    size = b"\x80" + len(SOURCE).to_bytes(11, "big")
    (tmp_path / "a.tar").write_bytes(tar_header(b"pipeline.c", size) + SOURCE.ljust(512, b"\0"))
    assert load_submission(tmp_path / "a.tar", ONE).files == (SubmittedFile(name="pipeline.c", data=SOURCE),)


@pytest.mark.parametrize("records", [b"x", b"0 a=b\n", b"5 a=b\n99 c=d\n", b"999999999999 a=b\n", b"\xff\xff", b" \n"])
def test_extended_headers_that_cannot_be_are_called_damaged(tmp_path: Path, records: bytes):
    header = tar_header(b"x", b"%o\0" % len(records), b"x")
    (tmp_path / "a.tar").write_bytes(header + records.ljust(512, b"\0") + tar_header(b"pipeline.c", b"0\0"))
    assert "damaged" in rejection(tmp_path / "a.tar")


def test_an_extended_header_of_digits_does_not_keep_the_grader_busy(tmp_path: Path):
    records = b"1" * (8 << 20)
    (tmp_path / "a.tar").write_bytes(tar_header(b"x", b"%o\0" % len(records), b"x") + records)
    start = time.perf_counter()
    assert "damaged" in rejection(tmp_path / "a.tar")
    assert time.perf_counter() - start < 2


def test_a_sparse_tar_is_asked_for_again(tmp_path: Path):
    (tmp_path / "a.tar").write_bytes(tar_header(b"pipeline.c", b"0\0", b"S"))
    assert rejection(tmp_path / "a.tar").startswith("the archive has sparse files")


def test_a_sparse_tar_of_the_newer_format_is_asked_for_again(tmp_path: Path):
    """Its name and size stand in an extended header, and the content begins with a map of the holes."""
    header = tarfile.TarInfo("GNUSparseFile.7/pipeline.c")
    header.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "pipeline.c"}
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(header)
    assert rejection(tmp_path / "a.tar").startswith("the archive has sparse files")


def test_a_tar_without_its_end_is_read(tmp_path: Path):
    (tmp_path / "a.tar").write_bytes(tar_header(b"pipeline.c", b"0\0"))
    assert names(load_submission(tmp_path / "a.tar", ONE)) == ["pipeline.c"]


# anything


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_an_archive_is_made_of_it_is_graded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    folder = tmp_path_factory.mktemp("any")
    packing = data.draw(st.sampled_from(ARCHIVES))
    path = write_packed(packing, folder, {"src/pipeline.c": SOURCE, "src/queue.c": SOURCE * 50, "src/a.h": b""})
    content = bytearray(path.read_bytes())
    unpacked = packing in ("tar.gz", "tgz") and data.draw(st.booleans())
    if unpacked:
        content = bytearray(gzip.decompress(content))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position : position + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=8))
    path.write_bytes(gzip.compress(content) if unpacked else content)
    found = load_submission(path, MORE)
    assert bool(found.rejected) != bool(found.files)
    assert found.rejected.isprintable()
