"""The pictures of the documents: each there, small, described in words, and in both languages."""

import re
from pathlib import Path

from tests.browser.screenshots import FOLDER, LANGUAGES, MOST_BYTES, PAGES, SIZE, picture_name

ROOT = Path(__file__).parents[2]
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
SHORTEST_ALT = 15
"""Characters of a description that says what is to be seen."""
DOCUMENTS = {
    "en": ("README.md", "docs/getting-started.md"),
    "zh-CN": ("README.zh-CN.md", "docs/getting-started.zh.md"),
}


def pictures(document: str) -> dict[str, str]:
    """By the file of each picture in ``document``, what is said of it in words."""
    path = ROOT / document
    found = PICTURE.findall(path.read_text("utf-8"))
    return {(path.parent / target).resolve().name: words for words, target in found}


def problems(names: dict[str, str], language: str) -> list[str]:
    known = {picture_name(page, language) for page in PAGES}
    strange = [f"{name}: not of this language" for name in names if name not in known]
    return strange + [f"{name}: {it!r}" for name, it in names.items() if len(it) < SHORTEST_ALT]


def test_every_picture_is_there_small_and_of_one_width() -> None:
    expected = {picture_name(page, language) for page in PAGES for language in LANGUAGES}
    assert {file.name for file in FOLDER.iterdir()} == expected
    for file in FOLDER.iterdir():
        content = file.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n"), file
        assert int.from_bytes(content[16:20], "big") == SIZE["width"], file
        assert len(content) < MOST_BYTES, file


def test_the_documents_show_all_of_them_in_their_language_and_say_what_is_seen() -> None:
    for language, documents in DOCUMENTS.items():
        shown = [pictures(document) for document in documents]
        assert [it for names in shown for it in problems(names, language)] == []
        assert all(shown)
        assert {name for names in shown for name in names} == {
            picture_name(page, language) for page in PAGES
        }


def test_a_picture_of_the_other_language_or_without_words_is_noticed() -> None:
    assert problems({"home-zh.png": "首页" * 20}, "en")
    assert problems({"home.png": ""}, "en")
