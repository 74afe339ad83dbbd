"""Every text has a Chinese translation, with the same placeholders."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from agent.i18n import extraction
from agent.i18n.catalogue import CATALOGUES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def template() -> Catalog:
    return extraction.extract()


@pytest.mark.parametrize("name", CATALOGUES.values())
def test_every_text_is_translated(name: str, template: Catalog) -> None:
    assert extraction.find_problems(template, extraction.read(name)) == []


def test_the_extracted_template_is_up_to_date(template: Catalog) -> None:
    stored = extraction.read("numwatch.pot")
    assert {(e.id, e.context) for e in stored} == {(e.id, e.context) for e in template}


def test_texts_are_found_in_code_and_in_pages(tmp_path: Path) -> None:
    package = tmp_path / "agent"
    package.mkdir()
    (package / "code.py").write_text(
        "from agent.i18n import N_, Message, contextual, plural, translate\n"
        'A = N_("marked")\n'
        'B = Message("a {b}" " c", {"b": 1})\n'
        'C = contextual("clock", "kept")\n'
        'D = plural("{count} caller", "{count} callers", 2)\n'
        "E = f\"{translate(locale, 'inside an f-string')}: {1}\"\n"
    )
    (package / "page.html").write_text('<p title="{{ _("on a page") }}">{{ pgettext("x", "y") }}')
    (package / "other.py").write_text('Message("not a text of ours")\n')
    found = {(entry.id, entry.context) for entry in extraction.extract(tmp_path) if entry.id}
    assert found == {
        ("marked", None),
        ("a {b} c", None),
        ("kept", "clock"),
        (("{count} caller", "{count} callers"), None),
        ("inside an f-string", None),
        ("on a page", None),
        ("y", "x"),
    }


def test_whatever_a_catalogue_lacks_is_reported() -> None:
    template, catalogue = Catalog(), Catalog(locale="zh_CN")
    for text in ("missing", "empty", "guessed", "{number} is down", "right {a}"):
        template.add(text)
    template.add("kept", context="clock")
    template.add(("{count} call", "{count} calls"))
    catalogue.add("empty", "")
    catalogue.add("guessed", "猜测", flags=["fuzzy"])
    catalogue.add("{number} is down", "{nummer} 中断")
    catalogue.add("right {a}", "正确 {a}")
    catalogue.add("kept", "按时", context="sheet")
    catalogue.add(("{count} call", "{count} calls"), ("一次",))
    catalogue.add("former", "从前")
    assert extraction.find_problems(template, catalogue) == [
        "no translation: missing",
        "no translation: empty",
        "fuzzy: guessed",
        "other placeholders: {number} is down",
        "no translation: kept",
        "other placeholders: {count} call",
        "used nowhere: kept",
        "used nowhere: former",
    ]


def test_no_page_asks_for_a_text_in_a_way_that_the_extraction_does_not_see() -> None:
    # It collects _('…'); texts.gettext('…') would be shown in English for ever.
    pages = (ROOT / "agent" / "web" / "templates").rglob("*.html")
    unseen = re.compile(r"texts\.p?gettext\(")
    assert [path.name for path in pages if unseen.search(path.read_text(encoding="utf-8"))] == []
