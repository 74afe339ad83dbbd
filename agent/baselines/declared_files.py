"""Files that declare configurations, written as the ``generic`` profile writes them.

A file is a mapping from number (or ``provider/account/number``) to its configuration; what it
does not mention is not declared (docs/baselines.md).
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agent.baselines.canonical import SECTION_FIELDS
from agent.baselines.declared import Declaration
from agent.providers.profile.declared_config import WrittenConfiguration, WrittenError
from agent.states import ConfigSection
from agent.yamlfile.problems import Problem, locate
from agent.yamlfile.reader import Document, parse_yaml

_PHONES = "bindings"
_KEYS: Mapping[str, ConfigSection] = {
    **{
        ("whitelist" if name.startswith("whitelist") else name): section
        for section, names in SECTION_FIELDS.items()
        for name in names
        if section is not ConfigSection.BINDINGS
    },
    _PHONES: ConfigSection.BINDINGS,
}
"""The keys of a configuration, and the section each belongs to."""


class DeclaredFileError(ValueError):
    """A file of declared configurations is wrong; the text has every error on its line."""


def read_declared(files: Iterable[Path]) -> dict[str, Declaration]:
    """What ``files`` declare, by number or ``provider/account/number``.

    Raises:
        DeclaredFileError: with every error of every file.
    """
    reader = WrittenConfiguration()
    found: dict[str, Declaration] = {}
    errors: list[str] = []
    for file in files:
        document = _document(file)
        problems = [*document.problems, *_read(document, file, reader, found)]
        errors += map(str, locate(str(file), problems, document.lines))
    if errors:
        raise DeclaredFileError("\n".join(errors))
    return found


def _document(file: Path) -> Document:
    try:
        return parse_yaml(file.read_bytes())
    except OSError as error:
        text = f"cannot be read: {error.strerror}, expected a YAML file"
        return Document(problems=[Problem((), text, 1)])


def _read(
    document: Document,
    file: Path,
    reader: WrittenConfiguration,
    found: dict[str, Declaration],
) -> Iterator[Problem]:
    data = document.data
    if not isinstance(data, dict):
        if not document.problems:
            yield Problem((), "is no mapping, expected numbers and their configurations", 1)
        return
    for place, written in data.items():
        if place in found:
            other = found[place].file
            yield Problem((place,), f"is declared already in {other}, expected once")
        elif not isinstance(written, dict):
            yield Problem((place,), "is no mapping, expected for example wait_seconds: 20")
        else:
            yield from _declaration(place, written, file, reader, found)


def _declaration(
    place: str,
    written: dict[str, Any],
    file: Path,
    reader: WrittenConfiguration,
    found: dict[str, Declaration],
) -> Iterator[Problem]:
    unknown = [key for key in written if key not in _KEYS]
    for key in unknown:
        yield Problem((place, key), f"is not known here, expected one of {', '.join(_KEYS)}")
    if unknown:
        return
    try:
        routing, bindings = reader.read(written)
    except WrittenError as error:
        yield Problem((place, error.key), error.text)
        return
    sections = tuple(dict.fromkeys(_KEYS[key] for key in written))
    found[place] = Declaration(routing, bindings, sections, file.name)
