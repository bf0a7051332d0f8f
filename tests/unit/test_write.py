"""A result file is written whole or not at all."""

import os
import stat
import threading
from pathlib import Path

import pytest

from grader.errors import GraderError, UsageError
from grader.write import write_whole


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_writes_utf_8_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "result.json", "grüße\n")
    assert (tmp_path / "result.json").read_bytes() == "grüße\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", "")
    finally:
        os.umask(before)
    assert mode(tmp_path / "new") == 0o640


def test_an_existing_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("old")
    path.chmod(0o600)
    write_whole(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)


def test_a_reader_of_the_old_file_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("old")
    with path.open() as reader:
        write_whole(path, "new")
        assert reader.read() == "old"


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder / "target")
    write_whole(link, "text")
    assert link.is_symlink()
    assert (folder / "target").read_text() == "text"


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    path.write_text("old")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(GraderError, match="No space left on device") as caught:
        write_whole(path, "new")
    assert caught.value.exit_status == 3, "a full disk is not the caller's mistake"
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["result.json"]


def test_an_interruption_leaves_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "result.json", "new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "result.json"
    with pytest.raises(UsageError, match=f"there is no folder {path.parent}"):
        write_whole(path, "text")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is a folder"):
        write_whole(tmp_path, "text")


@pytest.mark.parametrize("name", ["file/result.json", "loop", "n" * 300])
def test_a_path_that_cannot_be_is_the_callers_mistake(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="cannot write"):
        write_whole(tmp_path / name, "text")


def test_a_fifo_is_written_directly(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append(fifo.read_text()))
    reader.start()
    write_whole(fifo, "text")
    reader.join(timeout=10)
    assert received == ["text"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_standard_output_is_written_directly_even_when_it_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as file:
        before = path.stat().st_ino
        write_whole(Path(f"/proc/self/fd/{file.fileno()}"), "text")
    assert (path.read_text(), path.stat().st_ino) == ("text", before)


def test_dev_null_stays_a_device() -> None:
    write_whole(Path("/dev/null"), "text")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
