"""Shows a paper as HTML, as CSV and as plain text; PDF is in :mod:`agent.reports.pdf`."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import jinja2
from markupsafe import Markup

from agent.i18n import N_, translate
from agent.masking import mask_text
from agent.reports.paper import CellKind, Paper, Section
from agent.terminal.grid import Column, paragraph, table

_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\"']*[=+\-@＝＋－＠﹢﹣﹦﹫−|%]|[\t\r\n]")
"""Beginnings of a cell that a spreadsheet may run: full-width signs too, which some convert."""
_BYTE_ORDER_MARK = "\ufeff"
TicketLink = Callable[[str], object]
NOTHING = N_("Nothing in this period.")
"""What stands in the place of an empty table."""


def safe_cell(text: str) -> str:
    """``text`` with phones masked, and quoted where a spreadsheet would run it as a formula."""
    return quoted_cell(mask_text(text))


def quoted_cell(text: str) -> str:
    """``text``, quoted where a spreadsheet would run it as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def spreadsheet(rows: Iterable[Iterable[str]]) -> bytes:
    """CSV of ``rows``, whose cells a spreadsheet runs none of.

    The byte order mark makes it read them as UTF-8.
    """
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    for row in rows:
        writer.writerow(map(quoted_cell, row))
    return (_BYTE_ORDER_MARK + content.getvalue()).encode("utf-8", "replace")


def csv_of(paper: Paper) -> bytes:
    """The tables one below the other, each with its heading; the paper has no phones in it."""
    return spreadsheet(_rows(paper))


def _rows(paper: Paper) -> Iterator[list[str]]:
    yield [paper.title]
    for line in paper.lines:
        yield [line]
    for section in paper.sections:
        yield []
        if section.title:
            yield [section.title]
        for sentence in section.sentences:
            yield [sentence]
        if section.table is not None:
            yield list(section.table.columns)
            for row in section.table.rows:
                yield [cell.text for cell in row]


def text_of(paper: Paper, width: int) -> str:
    """The paper for a terminal of ``width`` cells."""
    lines = [paper.title, *paper.lines]
    for section in paper.sections:
        lines += ["", *_section(section, paper.locale, width)]
    return "\n".join(lines) + "\n"


def _section(section: Section, locale: str, width: int) -> Iterator[str]:
    if section.title:
        yield section.title
    for sentence in section.sentences:
        yield from (line.plain for line in paragraph(sentence, width))
    if section.table is None:
        return
    if not section.table.rows:
        yield translate(locale, NOTHING)
        return
    columns = [
        Column(name, wraps=not index, right=section.table.rows[0][index].kind is not CellKind.TEXT)
        for index, name in enumerate(section.table.columns)
    ]
    rows = [[cell.text for cell in row] for row in section.table.rows]
    yield from (line.plain for line in table(columns, rows, width))
    if section.table.left_out:
        yield section.table.left_out


def html_of(paper: Paper) -> str:
    """The whole document, which prints on A4; it loads nothing from elsewhere."""
    return _template("document.html").render(_context(paper, None))


def fragment_of(paper: Paper, ticket_link: TicketLink) -> Markup:
    """The sections alone, for a page; ``ticket_link`` makes the addresses of tickets."""
    text = _template("paper.html").render(_context(paper, ticket_link))
    return Markup(text)  # nosec B704 # everything in it was escaped by the template


def _context(paper: Paper, ticket_link: TicketLink | None) -> dict[str, object]:
    nothing = translate(paper.locale, NOTHING)
    return {"paper": paper, "ticket_link": ticket_link, "nothing": nothing}


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("agent.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
