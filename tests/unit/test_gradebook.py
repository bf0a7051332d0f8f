"""The gradebook: what is recorded is there, and spreadsheets obey nothing in it."""

import csv
import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import GraderError, UsageError
from grader.gradebook import NO_VERDICT, Gradebook, Row, as_csv, as_json

ADA = Row(
    key="ada",
    name="Ada",
    id="1",
    status="graded",
    score=12.5,
    max_score=20.0,
    reason="",
    submission="sha256:1",
    graded_by="sha256:2",
    duration_s=0.5,
    result=json.dumps({"checks": [{"id": "one", "points": 12.5}, {"id": "two", "points": 0}]}),
)
BOB = replace(
    ADA, key="bob", name="Bob", status=NO_VERDICT, score=None, max_score=None, result=None, reason="no Docker"
)


def test_what_is_recorded_is_there_for_the_next_who_opens_it(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book") as book:
        book.record(ADA)
        book.record(BOB)
    with Gradebook(tmp_path / "book") as book:
        assert list(book.rows()) == [ADA, BOB]
        assert book.row("ada") == ADA
        assert book.row("eve") is None


def test_what_is_recorded_is_on_the_disk_at_once(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book") as book:
        book.record(ADA)
        assert sqlite3.connect(tmp_path / "book").execute("SELECT count(*) FROM results").fetchone() == (1,)


def test_a_newer_result_takes_the_place_of_the_older(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book") as book:
        book.record(ADA)
        book.record(replace(ADA, score=20.0))
        assert [row.score for row in book.rows()] == [20.0]


def test_submissions_that_are_none_any_more_are_forgotten(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book") as book:
        book.record(ADA)
        book.record(BOB)
        book.forget_others(frozenset({"bob"}))
        assert [row.key for row in book.rows()] == ["bob"]


def test_a_file_that_is_no_gradebook_is_the_caller_s_mistake(tmp_path: Path) -> None:
    (tmp_path / "book").write_bytes(b"something else" * 100)
    with pytest.raises(UsageError, match="gradebook"):
        Gradebook(tmp_path / "book")


def test_a_full_disk_is_no_mistake_of_the_caller_s_and_what_was_recorded_stays(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book") as book:
        book.record(ADA)
        book._database.execute("PRAGMA max_page_count = 4")
        with pytest.raises(GraderError, match="full") as full:
            book.record(replace(BOB, reason="x" * 100_000))
        assert full.value.exit_status == 3
    with Gradebook(tmp_path / "book") as book:
        assert list(book.rows()) == [ADA]


def test_the_csv_has_a_column_for_each_check() -> None:
    header, ada, bob = csv.reader(io.StringIO(as_csv(iter([ADA, BOB]))))
    assert header == ["key", "name", "id", "status", "score", "max_score", "one", "two", "reason"]
    assert ada == ["ada", "Ada", "1", "graded", "12.5", "20", "12.5", "0", ""]
    assert bob == ["bob", "Bob", "1", "no-verdict", "", "", "", "", "no Docker"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_name_is_taken_for_a_formula(name: str) -> None:
    _header, row = csv.reader(io.StringIO(as_csv(iter([replace(ADA, name=name)]))))
    assert row[1] == f"'{name}"


@pytest.mark.parametrize("name", ['a "quoted" name', "a,comma", "a\nline"])
def test_any_name_comes_through_the_csv(name: str) -> None:
    _header, row = csv.reader(io.StringIO(as_csv(iter([replace(ADA, name=name)])), newline=""))
    assert row[1] == name


def test_the_json_has_every_result() -> None:
    book = json.loads("".join(as_json(iter([ADA, BOB]), "tiny")))
    assert book["schema"] == "grader.gradebook/1"
    assert [entry["result"] is None for entry in book["submissions"]] == [False, True]
