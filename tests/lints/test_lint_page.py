"""The page about the lints is the table."""

from pathlib import Path

from agent.lints.page import markdown
from agent.lints.registry import LINTS

PAGE = Path(__file__).parents[2] / "docs" / "lints.md"


def test_the_page_is_current_and_has_every_lint():
    page = markdown()
    assert PAGE.read_text(encoding="utf-8") == page, "run `make docs`"
    assert all(f"| {name} |" in page for name in LINTS)
