"""No claim of the README or of docs/security.md is without a test that is named beside it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = [page for page in ("docs/claims.md", "docs/security.md") if (REPOSITORY / page).exists()]
ROW = re.compile(r"^\| (?P<words>.+?) \| `(?P<test>tests/[^`]+)` \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[^`\s]+)`")
NO_PROMISES = ("What it does not do",)
"""Sections of the README that say what numwatch does not do."""


def read(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def plain(text: str) -> str:
    """``text`` without line breaks and the signs of links and emphasis."""
    without = re.sub(r"\]\([^)]*\)|\*\*|\[", "", text)
    return re.sub(r"\s+", " ", without)


def claims(text: str) -> list[tuple[str, str]]:
    """The words and the test of each row of ``docs/claims.md``."""
    return [(row["words"], row["test"]) for row in ROW.finditer(text)]


def promises(readme: str) -> Iterator[str]:
    """The paragraphs, list items and rows of the README that may promise something."""
    body = re.sub(r"^```.*?^```$", "", readme, flags=re.MULTILINE | re.DOTALL)
    for section in re.split(r"^## ", body, flags=re.MULTILINE):
        heading, _, rest = section.partition("\n")
        if heading in NO_PROMISES:
            continue
        for paragraph in re.split(r"\n\s*\n|\n(?=- |\| )", rest):
            is_table_head = re.match(r"\s*\| (command|---|-)|\s*\|-", paragraph)
            if paragraph.strip() and not is_table_head:
                yield paragraph.strip()


def missing(test: str) -> bool:
    """Whether there is no such test, file or folder of tests."""
    path, _, name = test.partition("::")
    file = REPOSITORY / path
    if not name:
        return not file.exists()
    name = re.sub(r"\[.*\]$", "", name.rpartition("::")[2])
    pattern = rf"^\s*(?:async )?def {re.escape(name)}\("
    return not file.is_file() or not re.search(pattern, file.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = TEST.findall(read(page))
    assert named
    assert [test for test in named if missing(test)] == []


def test_a_test_that_does_not_exist_would_be_noticed() -> None:
    assert missing("tests/project/test_claims.py::test_nothing_of_the_kind")
    assert missing("tests/nowhere.py")
    assert not missing("tests/project/test_claims.py::test_every_test_that_a_page_names_exists[x]")


def test_every_claim_is_in_the_readme_in_these_words() -> None:
    readme = plain(read("README.md"))
    rows = claims(read("docs/claims.md"))
    assert len(rows) > 40
    assert [words for words, _ in rows if plain(words) not in readme] == []


def unproven(readme: str, words: list[str]) -> list[str]:
    """The promises of the README in which none of ``words`` is found."""
    return [
        each
        for each in promises(readme)
        if not any(plain(one) in plain(each) for one in words) and not each.startswith("[")
    ]


def test_every_promise_of_the_readme_has_a_claim() -> None:
    words = [words for words, _ in claims(read("docs/claims.md"))]
    assert unproven(read("README.md"), words) == []


def test_a_promise_without_a_claim_would_be_noticed() -> None:
    readme = "# a\n\n## One\n\nIt is fast.\n\n- It is\n  small.\n\n## What it does not do\n\nFly.\n"
    assert unproven(readme, ["is fast"]) == ["- It is\n  small."]
