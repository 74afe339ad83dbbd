"""Texts of providers and callers stay texts in the systems that take them."""

import pytest

from agent.reports.render import safe_cell
from agent.sinks.servicenow.sink import _notes
from agent.sinks.text import Writer


@pytest.mark.parametrize(
    "start", [*"=+-@＝＋－＠", " =", "\t=", "\u3000＝", "\u200b=", "\ufeff=", "\n=", "\r", '"=']
)
def test_a_cell_that_begins_a_formula_is_quoted(start):
    cell = safe_cell(f'{start}HYPERLINK("http://evil.example")')
    assert cell.startswith("'")


@pytest.mark.parametrize("text", ["示例公司", "2026-11-28", "number down", "", "4006220001"])
def test_other_cells_stay(text):
    assert safe_cell(text) == text


@pytest.mark.parametrize("tag", ["[code]", "[CODE]", "[ code]", "[/code]", "[\u200bcode]"])
def test_servicenow_renders_no_code(tag):
    notes = _notes([f"heard: {tag}<img src=x onerror=alert(1)>", "numwatch NW-1 r2"])
    assert "[" not in notes
    assert notes.endswith("numwatch NW-1 r2")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/login",
        "HTTP://evil.example",
        "http:\\\\evil.example",
        "www.evil.example",
        "evil.com",
        "evil.com/login",
        "evil。com",
        "evil．cn",
        "mailto:a@evil.com",
        "ftp://10.0.0.1/x",
        "10.0.0.1:8080/x",
        "https://numwatch.example@evil.com/tickets/NW-1",
        "https://numwatch.example/tickets/NW-1.evil.com",
        "https://numwatch.example/tickets/NW-1/../../x",
    ],
)
def test_a_chat_finds_no_link_in_a_hostile_text(link):
    shown = Writer("en", "https://numwatch.example").without_links(f"heard: {link} now")
    assert "://" not in shown
    assert "evil.com" not in shown
    assert "www." not in shown
    assert link not in shown
    assert shown.startswith("heard: ")


def test_the_link_to_the_ticket_stays():
    line = "Details: https://numwatch.example/tickets/NW-4006220001-3"
    assert Writer("en", "https://numwatch.example").without_links(line) == line
    assert (
        Writer("en").without_links("Since: 2026-11-28T12:00:00Z") == "Since: 2026-11-28T12:00:00Z"
    )
    fact = "fact: routing.wait_seconds = 5.5; balance 12.30 CNY"
    assert Writer("en").without_links(fact) == fact
