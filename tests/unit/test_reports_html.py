"""The HTML report: one file, nothing loaded, nothing run, everything escaped."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from results import BROKEN, BUILD_FAILED, EVERY, GRADED, HOSTILE, PERFECT, REJECTED

from grader.reports import html
from grader.result import Result

VOID = {"meta"}


class Page(HTMLParser):
    """The tags, attributes and text of a document; fails where tags do not nest."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html.render(result))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.tags}


@pytest.mark.parametrize("result", EVERY)
def test_tags_nest_and_none_loads_or_runs_anything(result: Result) -> None:
    page = Page(result)
    assert page.names.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form", "a"})
    for _, attributes in page.tags:
        assert attributes.keys().isdisjoint({"src", "href", "style", "srcset", "action"})
        assert not any(name.startswith("on") for name in attributes)


def test_the_policy_allows_the_one_style_sheet_and_nothing_else() -> None:
    text = html.render(GRADED)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy == (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_text_adds_no_tag_and_no_control_character() -> None:
    calm = replace(BROKEN.checks[0], transcript="calm")
    assert len(Page(BROKEN).tags) == len(Page(replace(BROKEN, checks=(calm, BROKEN.checks[1]))).tags)
    text = html.render(BROKEN)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    text.encode("utf-8")


def test_hostile_text_is_shown_as_it_was_printed() -> None:
    shown = Page(BROKEN).text
    assert "cdata ]]> end </script></pre></html> <b>&amp; \"quotes\" 'single'" in shown
    assert r"red \x1b[31mfake\x1b[0m" in shown
    assert "</script>" in HOSTILE


def test_it_shows_score_checks_messages_evidence_and_hint() -> None:
    shown = Page(GRADED).text
    for part in (
        "22.5 / 60",
        "1 of 4 checks passed",
        "No descriptor leaks into a stage",
        "0/20",
        GRADED.checks[1].message,
        "fd-leak-exec · cat (pid 9) · fd 4",
        "pipe:[21809]  <--write--  cat (pid 9) fd 4",
        "$ ./pipeline fdprobe '|' fdprobe",
        "Hint: Which process still holds an end",
        "needs no_fd_leaks, which did not pass",
        "grader-sandbox:5f2c",
    ):
        assert part in shown


def test_a_diagnostic_quotes_the_line_with_a_caret() -> None:
    shown = Page(BUILD_FAILED).text
    assert "The program does not compile: 2 errors." in shown
    assert "pid = fork() return 0;\n             ^" in shown


def test_a_rejected_submission_says_why() -> None:
    assert "The submission was rejected: pipeline.c is missing" in Page(REJECTED).text


def test_the_bar_has_a_segment_for_each_outcome_as_wide_as_its_points() -> None:
    segments = [(at["class"], at["x"], at["width"]) for tag, at in Page(GRADED).tags if tag == "rect"]
    assert segments == [
        ("passed", "0", "15"),
        ("failed", "15", "20"),
        ("passed", "35", "7.5"),
        ("failed", "42.5", "7.5"),
        ("skipped", "50", "10"),
    ]


def test_without_points_there_is_no_bar() -> None:
    assert "svg" not in Page(replace(PERFECT, checks=())).names


def test_a_flood_of_output_is_cut() -> None:
    flood = replace(GRADED.checks[1], transcript="<" * 1_000_000)
    assert len(html.render(replace(GRADED, checks=(flood,)))) < 200_000
