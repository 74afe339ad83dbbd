"""An inventory as a CSV table, a line for each phone and contact, as plain data with lines."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from agent.yamlfile.paths import one_line
from agent.yamlfile.problems import Problem
from agent.yamlfile.reader import Document
from agent.yamlfile.validation import nearest

OF_NUMBER: Final = (
    *("number", "account", "company", "carrier", "grade", "contract_end"),
    *("province", "city", "important"),
)
OF_PHONE: Final = ("id", "phone", "extension", "kind", "position")
OF_CONTACT: Final = {"contact": "name", "contact_phone": "phone", "contact_locale": "locale"}
"""Columns; those of a number may stand in its first line only. A contact's, with their keys."""
MOST_ROWS: Final = 200_000
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs"}

Row = dict[str, str]


def read_table(content: bytes) -> Document:
    """The table in ``content`` as the data of an inventory file; mistakes are its ``problems``."""
    document = Document()
    text = _decoded(content, document)
    header: list[str] = []
    if text is not None:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if _is_header(header, document):
                document.data = {"numbers": _numbers(_rows(reader, header, document), document)}
        except csv.Error as error:
            document.problems.append(
                Problem((), f"is no CSV here ({error}), check the quotes", reader.line_num or 1)
            )
    return document


def _decoded(content: bytes, document: Document) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        text = "is not UTF-8 text, save the file as UTF-8 (in a spreadsheet: CSV UTF-8)"
        document.problems.append(Problem((), text, line))
        return None


def _is_header(header: list[str], document: Document) -> bool:
    known = (*OF_NUMBER, *OF_PHONE, *OF_CONTACT)
    for separator, words in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            text = f"is separated by {words}, expected commas"
            document.problems.append(Problem((), text, 1))
            return False
    if "number" not in header:
        text = f"has no column number in its first line, expected the names of columns: {known}"
        document.problems.append(Problem((), text.replace("'", "").replace("(", ""), 1))
        return False
    for index, name in enumerate(header):
        if name not in known:
            text = f"column {one_line(name) or '(empty)'} is not known, {nearest(name, known)}"
            document.problems.append(Problem((), text, 1))
        elif name in header[:index]:
            document.problems.append(Problem((), f"column {name} is there twice", 1))
    return not document.problems


def _rows(reader: Any, header: list[str], document: Document) -> Iterator[tuple[int, Row]]:
    """Each row with the line on which it begins; cells may hold line breaks."""
    begins = reader.line_num + 1
    for count, cells in enumerate(reader):
        if count == MOST_ROWS:
            text = f"has more than {MOST_ROWS} lines, expected fewer"
            document.problems.append(Problem((), text, begins))
            return
        if len(cells) > len(header):
            text = f"has {len(cells)} cells, expected {len(header)}; put quotes around a comma"
            document.problems.append(Problem((), text, begins))
        elif any(cell.strip() for cell in cells):
            values = (cell.strip() for cell in cells)
            yield (
                begins,
                {name: value for name, value in zip(header, values, strict=False) if value},
            )
        begins = reader.line_num + 1


def _numbers(rows: Iterator[tuple[int, Row]], document: Document) -> list[dict[str, Any]]:
    """One entry for each number; its lines need not stand together."""
    numbers: list[dict[str, Any]] = []
    index_of: dict[tuple[str, str], int] = {}
    for line, row in rows:
        if "number" not in row:
            document.problems.append(Problem((), "has no number, expected one on each line", line))
            continue
        index = index_of.setdefault((row["number"], row.get("account", "")), len(numbers))
        if index == len(numbers):
            numbers.append({})
            document.lines["numbers", index] = line
        _add(numbers[index], index, line, row, document)
    return numbers


def _add(entry: dict[str, Any], index: int, line: int, row: Row, document: Document) -> None:
    for name in OF_NUMBER:
        if name in row and entry.setdefault(name, row[name]) != row[name]:
            first = document.lines["numbers", index, name]
            text = f"differs from line {first} of the same number, expected the same or nothing"
            document.problems.append(Problem(("numbers", index, name), text, line))
        elif name in row:
            document.lines.setdefault(("numbers", index, name), line)
    phone: dict[str, Any] = {name: row[name] for name in OF_PHONE if name in row}
    if phone.get("position", "").isdecimal():
        phone["position"] = int(phone["position"])
    if phone:
        phones = entry.setdefault("phones", [])
        document.lines["numbers", index, "phones", len(phones)] = line
        phones.append(phone)
    contact = {key: row[name] for name, key in OF_CONTACT.items() if name in row}
    if contact:
        contacts = entry.setdefault("contacts", [])
        document.lines["numbers", index, "contacts", len(contacts)] = line
        contacts.append(contact)
