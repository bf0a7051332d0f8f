"""Whose submission is whose, as course systems export them."""

from pathlib import Path

import pytest

from grader.class_folder import Entry, find_entries
from grader.errors import UsageError
from grader.spec import SubmissionSpec
from grader.submission import load_files


def entries_of(folder: Path, *names: str) -> dict[str, Entry]:
    """Make those entries (a name that ends in `/` is a folder) and find them again, by the student's name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.write_bytes(b"x")
    return {entry.name: entry for entry in find_entries(folder)}


def test_a_moodle_folder_has_the_student_s_name_and_id(tmp_path: Path) -> None:
    found = entries_of(tmp_path, "Jane Doe_1234_assignsubmission_file_/pipeline.c")
    assert found["Jane Doe"].id == "1234"
    assert found["Jane Doe"].path.name == "Jane Doe_1234_assignsubmission_file_"


def test_an_archive_alone_in_a_moodle_folder_is_the_submission(tmp_path: Path) -> None:
    found = entries_of(tmp_path, "Jane Doe_1234_assignsubmission_file_/work.zip")
    assert found["Jane Doe"].path.name == "work.zip"


def test_a_canvas_file_has_the_student_s_name_and_id_also_if_late_or_handed_in_again(tmp_path: Path) -> None:
    found = entries_of(tmp_path, "doejane_LATE_4711_81234_pipeline-2.c", "roe_815_99_work.zip")
    assert (found["doejane"].id, found["roe"].id) == ("4711", "815")
    assert found["doejane"].files == ()


def test_several_canvas_files_of_one_student_are_one_submission(tmp_path: Path) -> None:
    found = entries_of(tmp_path, "roe_815_99_main.c", "roe_815_100_list-1.c", "roe_815_101_list.h")
    assert len(found) == 1
    names = [name for name, _path in found["roe"].files]
    assert sorted(names) == ["list.c", "list.h", "main.c"]
    spec = SubmissionSpec(files=("main.c", "list.c"), optional=("*.h",))
    assert [file.name for file in load_files("roe", dict(found["roe"].files), spec).files] == sorted(names)


def test_classroom_repositories_are_called_after_the_student(tmp_path: Path) -> None:
    found = entries_of(tmp_path, "pipeline-octocat/.git/", "pipeline-hubot/.git/", "pipeline-hub-ot/.git/")
    assert set(found) == {"octocat", "hubot", "hub-ot"}


def test_folders_that_are_no_repositories_keep_their_names(tmp_path: Path) -> None:
    assert set(entries_of(tmp_path, "group-one/", "group-two/")) == {"group-one", "group-two"}


def test_files_and_archives_are_submissions_and_what_systems_leave_is_not(tmp_path: Path) -> None:
    found = entries_of(tmp_path, "ada.c", "bob.tar.gz", "eve.zip", ".DS_Store", "__MACOSX/x", "grades.csv", "Thumbs.db")
    assert set(found) == {"ada", "bob", "eve"}


@pytest.mark.parametrize("name", ["a b", "<script>", "-rf", "naïve", "new\nline", "ends.", "x" * 200])
def test_a_key_is_a_harmless_file_name(tmp_path: Path, name: str) -> None:
    (entry,) = entries_of(tmp_path, f"{name}/").values()
    assert entry.key.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert entry.key.isascii()
    assert len(entry.key) <= 100


def test_names_that_look_alike_as_keys_stay_apart(tmp_path: Path) -> None:
    entries_of(tmp_path, "a b/", "a_b/", "a?b/")
    assert len({entry.key for entry in find_entries(tmp_path)}) == 3


def test_names_that_are_no_utf_8_stay_apart(tmp_path: Path) -> None:
    for name in (b"caf\xe9", b"caf\xe8"):
        Path(bytes(tmp_path).decode() + "/" + name.decode("utf-8", "surrogateescape")).mkdir()
    assert len({entry.key for entry in find_entries(tmp_path)}) == 2


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_submissions_is_the_caller_s_mistake(tmp_path: Path, exists: bool) -> None:
    with pytest.raises(UsageError, match="submissions"):
        find_entries(tmp_path if exists else tmp_path / "none")
