"""The formats of a report, and a paper written in one of them."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from agent.reports.paper import Paper
from agent.reports.pdf import PdfPrinter
from agent.reports.render import csv_of, html_of, text_of


@unique
class Format(StrEnum):
    """A format of a report."""

    HTML = "html"
    CSV = "csv"
    PDF = "pdf"
    TEXT = "text"
    JSON = "json"
    """Figures without words, for programs."""


MEDIA_TYPES: Final = {
    Format.HTML: "text/html",
    Format.CSV: "text/csv",
    Format.PDF: "application/pdf",
    Format.TEXT: "text/plain",
    Format.JSON: "application/json",
}
ENDINGS: Final = {
    Format.HTML: "html",
    Format.PDF: "pdf",
    Format.CSV: "csv",
    Format.TEXT: "txt",
    Format.JSON: "json",
}
"""How the names of files end."""
USUAL_WIDTH = 100
"""Cells of a terminal where nobody says how wide it is."""


@dataclass(frozen=True)
class ReportFile:
    """A report as a file."""

    name: str
    media_type: str
    content: bytes


async def written(
    paper: Paper, form: Format, printer: PdfPrinter, width: int = USUAL_WIDTH
) -> ReportFile:
    """``paper`` in the format ``form``, which is for people, made off the event loop.

    Raises:
        PdfError: when it is to be PDF and that cannot be made.
    """
    if form is Format.PDF:
        html = await asyncio.to_thread(html_of, paper)
        content = await printer.print(html)
    elif form is Format.CSV:
        content = await asyncio.to_thread(csv_of, paper)
    elif form is Format.HTML:
        content = (await asyncio.to_thread(html_of, paper)).encode("utf-8", "replace")
    else:
        content = (await asyncio.to_thread(text_of, paper, width)).encode("utf-8", "replace")
    return file_of(paper.name, form, content)


def file_of(name: str, form: Format, content: bytes) -> ReportFile:
    """The file with ``content``, named with the ending of its format."""
    return ReportFile(f"{name}.{ENDINGS[form]}", MEDIA_TYPES[form], content)
