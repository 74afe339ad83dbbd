"""Reads an inventory from a CSV or YAML file; every mistake at once, with file and line."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from agent.config.inventory.inventory import InventoryNumber, Owner
from agent.config.inventory.section import InventoryFile, NumberEntry
from agent.config.inventory.table import read_table
from agent.yamlfile.paths import KeyPath, one_line, select, value_at
from agent.yamlfile.problems import LocatedProblem, Problem, locate
from agent.yamlfile.reader import Document, Format, parse_yaml
from agent.yamlfile.schema import SchemaTree
from agent.yamlfile.validation import nearest, problems_of

MOST_BYTES: Final = 16 * 1024 * 1024
"""The largest CSV file; a YAML file may have as much as a configuration."""
MOST_SHOWN: Final = 100
"""Mistakes of one file that are listed; the rest is counted."""
_YAML = Format(when_empty="is empty, expected numbers: and a list")
_SUFFIXES: Final = (".csv", ".yaml", ".yml")


def read_inventory(
    file: Path, name: str, known: Collection[Owner], own: Owner
) -> tuple[tuple[InventoryNumber, ...], list[LocatedProblem]]:
    """The numbers in ``file``, or its mistakes, located in ``name``.

    ``known`` are the accounts of the configuration, ``own`` is the one whose inventory it is.
    """
    document = _document(file)
    entries: Sequence[NumberEntry] = ()
    if document.data is not None:
        entries, problems = _validated(document)
        document.problems += problems
        data = value_at(document.data, ("numbers",))
        document.problems += problems_of_entries(data, ("numbers",), known, own)
    located = locate(name, document.problems, document.lines, _location)
    if len(located) > MOST_SHOWN:
        text = f"and {len(located) - MOST_SHOWN} more mistakes, expected none"
        located = [*located[:MOST_SHOWN], LocatedProblem(name, located[-1].line, "(file)", text)]
    return (() if located else tuple(entry.record for entry in entries)), located


def problems_of_entries(
    entries: object, at: KeyPath, known: Collection[Owner], own: Owner
) -> Iterator[Problem]:
    """The mistakes that no entry has by itself: repetitions, and accounts that are not configured.

    ``entries`` are unvalidated data at the path ``at``; the others as in :func:`read_inventory`.
    """
    first: set[tuple[str, str]] = set()
    for path, entry in select(entries, "*", at=at):
        if not isinstance(entry, dict):
            continue
        number, account = str(entry.get("number")), str(entry.get("account") or "")
        if (number, account) in first:
            text = f"{one_line(number)} is given twice, expected it once with all its phones"
            yield Problem((*path, "number"), text)
        first.add((number, account))
        yield from _account_problem(account, path, known, own)
        yield from _repeated_phones(entry, path)


def _account_problem(
    account: str, at: KeyPath, known: Collection[Owner], own: Owner
) -> Iterator[Problem]:
    names = {"/".join(owner) for owner in known}
    if account == "/".join(own):
        text = "is this account itself, expected nothing, or the other account that lists it"
        yield Problem((*at, "account"), text)
    elif account and account not in names:
        yield Problem(
            (*at, "account"), f"is no configured account, {nearest(account, sorted(names))}"
        )


def _repeated_phones(entry: dict[str, object], at: KeyPath) -> Iterator[Problem]:
    ids: set[str] = set()
    for path, phone in select(entry, "phones", "*", at=at):
        given = phone if isinstance(phone, dict) else {}
        identity = str(given.get("id") or given.get("extension") or given.get("phone") or "")
        if identity in ids:
            # The id may be a phone, which is not repeated.
            yield Problem(path, "is the same phone as one before, expected an id of its own")
        ids |= {identity} - {""}


def _document(file: Path) -> Document:
    if file.suffix.lower() not in _SUFFIXES:
        text = f"is of no known kind, expected a name that ends in {', '.join(_SUFFIXES)}"
        return Document(problems=[Problem((), text, 1)])
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        text = f"cannot be read: {reason}, expected a CSV or YAML file"
        return Document(problems=[Problem((), text, 1)])
    if len(content) > MOST_BYTES:
        text = f"is larger than {MOST_BYTES >> 20} MiB, expected a smaller file"
        return Document(problems=[Problem((), text, 1)])
    return read_table(content) if file.suffix.lower() == ".csv" else parse_yaml(content, _YAML)


def _validated(document: Document) -> tuple[Sequence[NumberEntry], list[Problem]]:
    try:
        entries = InventoryFile.model_validate(document.data).numbers
    except ValidationError as error:
        tree = SchemaTree(InventoryFile.model_json_schema())
        return (), problems_of(error, tree, document.data)
    return entries, []


def _location(path: KeyPath) -> str:
    """The field of the line that a path leads to: files of one number a line need no indexes."""
    names = [step for step in path if isinstance(step, str)]
    return names[-1] if names else "(file)"
