"""The reference for authors is what the code says."""

from pathlib import Path

from grader import reference


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference.md"
    assert page.read_text(encoding="utf-8") == reference.render(), "run python -m grader.reference > docs/reference.md"
