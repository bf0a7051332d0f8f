"""The pages as a browser shows them: complete, and nothing in them runs, whatever a submission is called."""

import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from grader.findings import Finding, FindingKind
from grader.picture import DescriptorTable, Life, OpenDescriptor, Picture, WaitEdge
from grader.reports import class_page, html
from grader.result import CheckResult, Outcome, Result, Status

EVIL = '<script>document.title="owned"</script><img src=x onerror=\'document.title="owned"\'>"&\x00\x1b[2J\u202e'


@pytest.fixture(scope="session")
def browser() -> str:
    """Chromium, which `make browser` installs."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.fail("there is no browser: run make browser")


def rendered(browser: str, page: str, folder: Path) -> str:
    """The page's elements after the browser has loaded it and whatever it could run has run."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
    done = subprocess.run([*command, "--dump-dom", file.as_uri()], capture_output=True, check=True, timeout=120)
    return done.stdout.decode()


def text_of(dom: str) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", dom, flags=re.DOTALL)


def submitted(number: int, name: str) -> class_page.Submitted:
    return class_page.Submitted(
        key=f"key{number}",
        name=name,
        id=str(number),
        status="graded",
        score=float(number % 101),
        max_score=100.0,
        reason="",
        duration_seconds=1.0,
        checks={"one": (f"One {EVIL}", "passed"), "two": ("Two", "failed" if number % 3 else "skipped")},
        kinds=("deadlock",) if number % 5 == 0 else (),
    )


def test_a_class_of_500_with_hostile_names_is_shown_whole_and_runs_nothing(browser: str, tmp_path: Path) -> None:
    class_ = [submitted(number, f"student {number} {EVIL}") for number in range(500)]
    dom = rendered(browser, class_page.render(f"A class {EVIL}", class_), tmp_path)
    assert dom.count('href="reports/') >= 500
    assert len(re.findall(r'<td class="cell ', dom)) == 1000
    assert "<title>owned" not in dom
    assert "<script" not in dom
    assert "<img" not in dom
    assert "student 499" in text_of(dom)


def test_a_submission_s_page_shows_its_pictures(browser: str, tmp_path: Path) -> None:
    picture = Picture(
        command=f"./program {EVIL}",
        lives=(
            Life(pid=7, ppid=1, command="program", start=0, end=0.4, waited=None, execs=((0, EVIL),), ending="exited"),
            Life(pid=8, ppid=7, command=EVIL, start=0.1, end=0.2, waited=0.35, execs=(), ending="exited with 3"),
        ),
        waits=(
            WaitEdge(who="program (pid 7)", what="waits for its child", wakers=("cat (pid 8)",)),
            WaitEdge(who="cat (pid 8)", what=f"reads {EVIL}", wakers=("program (pid 7)", "cat (pid 8)")),
        ),
        tables=(
            DescriptorTable(
                who="cat (pid 8)",
                when="when it exited",
                rows=(OpenDescriptor(number=4, access="w", target=EVIL, is_leaked=True, opened="program.c:41"),),
            ),
        ),
    )
    check = CheckResult(
        id="one",
        title=f"One {EVIL}",
        points=Fraction(0),
        max_points=Fraction(1),
        outcome=Outcome.FAILED,
        message=EVIL,
        findings=(Finding(kind=FindingKind.DEADLOCK, message=EVIL),),
        pictures=(picture,),
    )
    result = Result(
        assignment="a", title=EVIL, submission=EVIL, digest="sha256:0", status=Status.GRADED, checks=(check,)
    )
    dom = rendered(browser, html.render(result), tmp_path)
    for part in ('class="life"', 'class="zombie"', 'class="exec"', 'class="waits"', 'class="leaked"', "program.c:41"):
        assert part in dom
    assert "<title>owned" not in dom
    assert "<script" not in dom
