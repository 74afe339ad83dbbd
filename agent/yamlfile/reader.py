"""YAML text to plain data, with the line of every key and item.

Accepts only what a configuration needs of YAML: mappings, lists, text, numbers, switches and
null. A tag is refused, so no text can construct an object; a key given twice is an error; the
number of values that aliases expand to is capped, so that a few lines cannot fill the memory.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import yaml

from agent.yamlfile.paths import KeyPath, one_line
from agent.yamlfile.problems import Problem
from agent.yamlfile.syntax_errors import syntax_problem

_MERGE = "tag:yaml.org,2002:merge"
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = {
    _TAG + name
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_DECIMAL = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?|-?\d+[eE][-+]?\d+", re.ASCII)
_SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = {"", "~", "null", "Null", "NULL"}
_MOST_LEVELS = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_HALF_CHARACTER = r"has half of a character (such as \ud83d alone), which is no text; remove it"


class ScalarReader(Protocol):
    """Turns the text of a scalar into a value."""

    def __call__(self, text: str, /, *, plain: bool) -> object:
        """The value of ``text``; ``plain`` is false where it is quoted or folded."""


def scalar(text: str, /, *, plain: bool) -> object:
    """The value of a scalar: text unless it plainly is something else.

    Narrower than YAML 1.1 on purpose: ``010123`` stays text instead of becoming an octal
    number, ``12:30`` instead of a count of minutes, ``2027-03-01`` instead of a date, ``1_000``
    instead of a thousand. A quoted or folded scalar (``plain`` false) is always text.
    """
    if not plain:
        return text
    if text in _NULLS:
        return None
    if text in (text.lower(), text.capitalize(), text.upper()) and text.lower() in _SWITCHES:
        return _SWITCHES[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


@dataclass(frozen=True)
class Format:
    """How a kind of file is read: how large it may be and what its scalars mean."""

    max_bytes: int = 2 * 1024 * 1024
    max_values: int = 200_000
    """Values after expanding the aliases."""
    scalar: ScalarReader = scalar
    when_empty: str = "is empty, expected keys and values"
    """The problem of a file without any value."""


DEFAULT_FORMAT = Format()


@dataclass
class Document:
    """The content of a file: plain data, the line of each part, and the mistakes in its YAML."""

    data: object = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class _TooDeepError(Exception):
    """Raised at the value that stands too deep."""


class _Loader(yaml.SafeLoader):
    """PyYAML's loader, with a limit of levels: it recurses, and takes longer for each level."""

    _level = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The node that begins here."""
        if self._level > _MOST_LEVELS:
            raise _TooDeepError
        self._level += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._level -= 1
        return node


class _TooManyValuesError(Exception):
    """Raised at the value that passes the cap."""


def parse_yaml(content: bytes, form: Format = DEFAULT_FORMAT) -> Document:
    """The document in ``content``; mistakes are in its ``problems``, never raised."""
    document = Document()
    text = _decode(content, form, document)
    node = None if text is None else _compose(text, document)
    if node is not None:
        _build(node, form, document)
    if document.data is None and not document.problems:
        document.problems.append(Problem((), form.when_empty, 1))
    return document


def read_yaml(path: Path, form: Format = DEFAULT_FORMAT, expected: str = "a YAML file") -> Document:
    """The document in the file ``path``; that it cannot be read is one of its ``problems`` too."""
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        text = f"cannot be read: {reason or 'not a path'}, expected {expected}"
        return Document(problems=[Problem((), text, 1)])
    return parse_yaml(content, form)


def _build(node: yaml.Node, form: Format, document: Document) -> None:
    builder = _Builder(document, form)
    try:
        document.data = builder.build(node, ())
    except _TooManyValuesError:
        text = f"unfolds to more than {form.max_values} values, use fewer aliases"
        document.problems = [Problem((), text, builder.line)]
    except RecursionError:
        document.problems = [_too_deep(builder.line)]


def _decode(content: bytes, form: Format, document: Document) -> str | None:
    if len(content) > form.max_bytes:
        text = f"is larger than {form.max_bytes >> 20} MiB, expected a smaller file"
        document.problems.append(Problem((), text, 1))
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        document.problems.append(Problem((), "is not UTF-8 text, save the file as UTF-8", line))
        return None


def _compose(text: str, document: Document) -> yaml.Node | None:
    loader = _Loader(text) if _is_printable(text, document) else None
    if loader is None:
        return None
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        document.problems.append(syntax_problem(error))
    except _TooDeepError:
        document.problems.append(_too_deep(loader.line + 1))
    finally:
        loader.dispose()
    return None


def _is_printable(text: str, document: Document) -> bool:
    """Whether YAML allows every character; PyYAML checks that when a reader is constructed."""
    try:
        yaml.reader.Reader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        document.problems.append(
            Problem((), "has a control character in it, remove it (YAML allows none)", line)
        )
        return False
    return True


def _too_deep(line: int) -> Problem:
    return Problem((), "is nested too deeply, expected a few levels", line)


class _Builder:
    """Turns nodes into data, counting every node each time an alias leads to it."""

    def __init__(self, document: Document, form: Format) -> None:
        self.line = 1
        """The line of the value that was last begun."""
        self._document = document
        self._form = form
        self._visited = 0
        self._open: set[int] = set()

    def build(self, node: yaml.Node, path: KeyPath) -> object:
        """The data of ``node``, which is at ``path``."""
        self._visited += 1
        self.line = node.start_mark.line + 1
        if self._visited > self._form.max_values:
            raise _TooManyValuesError
        self._document.lines.setdefault(path, self.line)
        if node.tag not in _KNOWN_TAGS:
            self._report(path, "has a YAML tag, which is not understood here; remove it")
            return None
        if id(node) in self._open:
            self._report(path, "contains itself through an alias, write it out")
            return None
        if isinstance(node, yaml.ScalarNode):
            if _SURROGATE.search(node.value):
                self._report(path, _HALF_CHARACTER)
                return None
            return self._form.scalar(node.value, plain=node.style is None)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.Node, path: KeyPath) -> dict[str, object]:
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for part in self._merged(value, path):
                    merged = {**part, **merged}
            elif not isinstance(key, yaml.ScalarNode):
                self._report(path, "has a key that is not text", key.start_mark.line + 1)
            elif _SURROGATE.search(key.value):
                self._report(path, f"has a key that {_HALF_CHARACTER}", key.start_mark.line + 1)
            elif key.value in own:
                self._report_duplicate((*path, key.value), key.start_mark.line + 1)
            else:
                at = (*path, key.value)
                self._document.lines[at] = key.start_mark.line + 1
                own[key.value] = self.build(value, at)
        return {**merged, **own}

    def _merged(self, value: yaml.Node, path: KeyPath) -> Iterator[dict[str, object]]:
        """The mappings that ``<<:`` names; their lines are those of the mapping merged in."""
        parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
        for part in parts:
            reported = len(self._document.problems)
            built = self.build(part, path)
            if isinstance(built, dict):
                yield built
            elif len(self._document.problems) == reported:
                self._report(path, "merges (<<) something that is not a mapping", self.line)

    def _report_duplicate(self, path: KeyPath, line: int) -> None:
        first = self._document.lines[path]
        text = f"is given twice, first on line {first}, again on line {line}; keep one"
        self._report(path, text, line)

    def _report(self, path: KeyPath, text: str, line: int | None = None) -> None:
        self._document.problems.append(Problem(path, one_line(text, 200), line))
