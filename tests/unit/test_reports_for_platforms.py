"""Markdown for job pages, results.json for Gradescope, and the examples of CI pipelines."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import results
import yaml

from grader.cli import main
from grader.reports import gradescope, markdown
from grader.result import Outcome, Result, Status

EXAMPLES = Path(__file__).parents[2] / "docs" / "ci"

# https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
GRADESCOPE_TOP = {
    *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility"),
    *("stdout_visibility", "extra_data", "tests", "leaderboard"),
}
GRADESCOPE_TEST = {
    *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags", "visibility"),
    "extra_data",
}


# -- Gradescope -----------------------------------------------------------------------------------


@pytest.mark.parametrize("result", results.EVERY)
def test_gradescope_finds_only_keys_and_values_that_it_knows(result: Result) -> None:
    document = json.loads(gradescope.render(result))
    assert set(document) <= GRADESCOPE_TOP
    assert document["visibility"] in ("visible", "hidden", "after_due_date", "after_published")
    for test in document["tests"]:
        assert set(test) <= GRADESCOPE_TEST
        assert test["status"] in ("passed", "failed")
        assert 0 <= test["score"] <= test["max_score"]


def test_gradescope_gets_the_score_of_all_checks() -> None:
    document = json.loads(gradescope.render(results.GRADED))
    assert document["score"] == sum(test["score"] for test in document["tests"]) == float(results.GRADED.score)


def test_gradescope_gets_nothing_that_is_hidden_from_students() -> None:
    secret = results.check(
        "secret", outcome=Outcome.FAILED, points=0, visible=False, message="SECRET", transcript="SECRET"
    )
    assert "SECRET" not in gradescope.render(replace(results.GRADED, checks=(secret,)))


# -- Markdown -------------------------------------------------------------------------------------


def test_the_summary_has_a_row_for_each_check_and_the_words_of_those_that_failed() -> None:
    result = results.GRADED
    text = markdown.render(result)
    assert len(re.findall(r"^\| (?:✅|❌|⏭️) \|", text, re.MULTILINE)) == len(result.checks)
    assert text.count("### ❌") == sum(check.outcome is Outcome.FAILED for check in result.checks)


def test_no_text_of_a_submission_is_markup_or_leaves_its_fence() -> None:
    text = markdown.render(results.BROKEN)
    outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", text)
    assert "<b>" not in outside
    assert not re.search(r"(?m)^::", text)
    assert not re.search(r"(?<!\\)[<@\[]", outside)


def test_a_transcript_with_fences_stays_in_its_own() -> None:
    check = results.check("evil", outcome=Outcome.FAILED, points=0, transcript="```\n# gone\n````\n")
    text = markdown.render(replace(results.GRADED, checks=(check,)))
    assert "`````text\n```\n# gone\n````\n`````" in text


def test_a_rejected_submission_says_why() -> None:
    text = markdown.render(replace(results.GRADED, status=Status.REJECTED, reason="no file a.c", checks=()))
    assert "rejected" in text
    assert r"no file a\.c" in text


# -- examples -------------------------------------------------------------------------------------


def commands_of(example: Path) -> list[str]:
    """Every `grader` command in an example, as a shell would read it."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str) and "bin/grader " in value:
            found.append(value)

    walk(yaml.safe_load(example.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yml")), ids=lambda path: path.stem)
def test_the_commands_of_an_example_are_such_as_the_grader_takes(
    example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (command,) = commands_of(example)
    words = [word if not word.startswith("$GITHUB_STEP") else "summary.md" for word in shlex.split(command)]
    assert (
        main([*words[1:2], str(tmp_path / "none"), *words[3:]]) == 2
    )  # there is no such assignment: the rest was read
    assert "assignment" in capsys.readouterr().err


def test_the_workflow_publishes_the_report_and_fails_below_the_threshold() -> None:
    workflow = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["grade"]["steps"]
    grade = next(step["run"] for step in steps if "grade" in step.get("run", "") and "junit" in step.get("run", ""))
    assert "--fail-under" in grade
    assert "GITHUB_STEP_SUMMARY" in grade
    publish = steps[-1]
    assert publish["with"]["report_paths"] == re.findall(r"--junit (\S+)", grade)[0]


def test_the_pipeline_publishes_the_report_also_when_it_fails() -> None:
    pipeline = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text(encoding="utf-8"))
    artifacts = pipeline["grade"]["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["reports"]["junit"] in pipeline["grade"]["script"][-1]
