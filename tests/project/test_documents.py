"""Links between documents, and the citations of documents in code, lead somewhere."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
CITATION = re.compile(
    r"docs/(?:[\w-]+/)*[\w.-]+\.md"
    r"(?:,? §(?P<section>\d+)|, (?P<heading>[A-Z][A-Za-z]+(?: [a-z]+)*))?"
)
CODE = re.compile(r"`[^`\n]+`").findall
BARE = re.compile(
    r"(?<![\w/.-])(?:domain|ticketing|contracts|reliability|provider-apis|rules-engine"
    r"|scale-out|dial-tests|design)\.md"
)


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    names = subprocess.check_output(
        ["git", "ls-files", *patterns], cwd=REPOSITORY, text=True
    ).splitlines()
    return tuple(REPOSITORY / name for name in names if (REPOSITORY / name).is_file())


@cache
def headings(file: Path) -> tuple[str, ...]:
    return tuple(re.findall(r"^#+ +(.+?) *$", file.read_text(encoding="utf-8"), re.MULTILINE))


def anchor(heading: str) -> str:
    own = re.search(r"\{ #([\w-]+) \}$", heading)
    return own[1] if own else re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken_links(file: Path, text: str) -> Iterator[str]:
    for link in LINK.findall(text):
        path, _, fragment = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        if not target.exists() or (
            fragment and fragment not in {anchor(heading) for heading in headings(target)}
        ):
            yield link


def broken_citations(text: str) -> Iterator[str]:
    # A citation may be broken over lines, with a comment sign or the indentation between.
    plain = re.sub(r"\s*\n\s*(?:#:? )?", " ", text)
    for citation in CITATION.finditer(plain):
        file = REPOSITORY / re.split(r"[, ]", citation[0])[0]
        section, heading = citation["section"], citation["heading"]
        if (
            not file.exists()
            or (section and not any(each.startswith(f"{section}. ") for each in headings(file)))
            or (
                heading
                and not any(
                    heading.startswith(each) or each.startswith(heading) for each in headings(file)
                )
            )
        ):
            yield citation[0]
    yield from (bare[0] for bare in BARE.finditer(plain))


@pytest.mark.parametrize(
    "file", tracked("*.md"), ids=lambda file: str(file.relative_to(REPOSITORY))
)
def test_every_link_of_a_document_resolves(file: Path) -> None:
    assert list(broken_links(file, file.read_text(encoding="utf-8"))) == []


def test_every_citation_in_code_resolves() -> None:
    files = tracked("agent", "exporters", "tests", "alert_rules", "deploy", "config.example.yaml")
    broken = {
        str(file.relative_to(REPOSITORY)): found
        for file in files
        if file.suffix in {".py", ".yaml", ".yml", ".html", ".js", ".css"}
        and file != Path(__file__)
        and (found := list(broken_citations(file.read_text(encoding="utf-8", errors="replace"))))
    }
    assert broken == {}


def test_a_broken_link_and_a_broken_citation_are_found() -> None:
    page = REPOSITORY / "docs/index.md"
    assert list(broken_links(page, "[a](nowhere.md) [b](glossary.md#no-such-part)")) == [
        "nowhere.md",
        "glossary.md#no-such-part",
    ]
    good = "(docs/reference/domain.md §2) and\n    docs/reference/interface.md, Metrics"
    assert list(broken_citations(good)) == []
    wrong = "domain.md §2; docs/reference/domain.md §77; docs/reference/interface.md, Nonsense here"
    assert len(list(broken_citations(wrong))) == 3


def test_every_document_is_reached_from_the_index() -> None:
    index = (REPOSITORY / "docs/index.md").read_text(encoding="utf-8")
    listed = {(REPOSITORY / "docs" / link.split("#")[0]).resolve() for link in LINK.findall(index)}
    pages = [
        page
        for page in tracked("docs/*.md", "docs/reference/*.md")
        if page.name != "index.md" and not {"adr", "runbooks"} & set(page.parts)
    ]
    assert [page.name for page in pages if page.resolve() not in listed] == []


def test_the_chinese_page_of_profiles_has_all_that_the_english_one_has() -> None:
    english, chinese = (
        (REPOSITORY / "docs" / name).read_text(encoding="utf-8")
        for name in ("profiles.md", "profiles.zh.md")
    )
    examples = re.findall(r"```yaml\n.*?```", english, re.DOTALL)
    assert [it for it in examples if it not in chinese] == []
    keys = {key for row in re.findall(r"^\| (.*?) \|", english, re.MULTILINE) for key in CODE(row)}
    assert keys
    assert sorted(keys - set(CODE(chinese))) == []
