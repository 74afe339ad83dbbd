"""Configurations declared in the files of ``drift.declared``.

A file maps a number (or ``provider/account/number``) to its configuration in the notation of the
``generic`` profile; what it does not mention is not declared (docs/baselines.md).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from agent.baselines.baseline import Baseline
from agent.baselines.canonical import SECTION_FIELDS
from agent.model import Binding, Routing
from agent.providers.profile.declared_config import DeclaredConfigError, DeclaredConfigParser
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
"""The section of each key of a declared configuration."""


@dataclass(frozen=True)
class Declaration:
    """The declared configuration of one number."""

    routing: Routing
    bindings: tuple[Binding, ...]
    sections: tuple[ConfigSection, ...]
    """The sections the file mentions; the others are not declared."""
    file: str

    def over(self, stored: Baseline | None) -> Baseline:
        """Returns the effective baseline: declared sections, and ``stored`` for the others."""
        whole = stored.routing if stored is not None and stored.routing is not None else Routing()
        fields = [name for section in self.sections for name in SECTION_FIELDS[section]]
        declared = {name: getattr(self.routing, name) for name in fields}
        phones = ConfigSection.BINDINGS in self.sections
        return Baseline(
            msgspec.structs.replace(whole, **declared),
            self.bindings if phones else (stored.bindings if stored else None),
            taken_at=stored.taken_at if stored else 0.0,
            approved=True,
            note=self.file,
            version=stored.version if stored else 1,
            sections=None if stored else self.sections,
            declared=True,
        )


class DeclaredFileError(ValueError):
    """A declared configuration is invalid; the text lists every error with file and line."""


def read_declared(files: Iterable[Path]) -> dict[str, Declaration]:
    """Read ``files``; returns declarations by number or ``provider/account/number``.

    Raises:
        DeclaredFileError: if any file is invalid; lists every error of every file.
    """
    reader = DeclaredConfigParser()
    declarations: dict[str, Declaration] = {}
    errors: list[str] = []
    for file in files:
        document = _document(file)
        problems = [*document.problems, *_read(document, file, reader, declarations)]
        errors += map(str, locate(str(file), problems, document.lines))
    if errors:
        raise DeclaredFileError("\n".join(errors))
    return declarations


def _document(file: Path) -> Document:
    try:
        return parse_yaml(file.read_bytes())
    except OSError as error:
        text = f"cannot be read: {error.strerror}, expected a YAML file"
        return Document(problems=[Problem((), text, 1)])


def _read(
    document: Document,
    file: Path,
    reader: DeclaredConfigParser,
    declarations: dict[str, Declaration],
) -> Iterator[Problem]:
    data = document.data
    if not isinstance(data, dict):
        if not document.problems:
            yield Problem((), "is no mapping, expected numbers and their configurations", 1)
        return
    for key, entry in data.items():
        if key in declarations:
            other = declarations[key].file
            yield Problem((key,), f"is declared already in {other}, expected once")
        elif not isinstance(entry, dict):
            yield Problem((key,), "is no mapping, expected for example wait_seconds: 20")
        else:
            yield from _declaration(key, entry, file, reader, declarations)


def _declaration(
    key: str,
    entry: dict[str, Any],
    file: Path,
    reader: DeclaredConfigParser,
    declarations: dict[str, Declaration],
) -> Iterator[Problem]:
    unknown = [field for field in entry if field not in _KEYS]
    for field in unknown:
        yield Problem((key, field), f"is not known here, expected one of {', '.join(_KEYS)}")
    if unknown:
        return
    try:
        routing, bindings = reader.parse(entry)
    except DeclaredConfigError as error:
        yield Problem((key, error.key), error.text)
        return
    sections = tuple(dict.fromkeys(_KEYS[field] for field in entry))
    declarations[key] = Declaration(routing, bindings, sections, file.name)
