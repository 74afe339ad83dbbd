"""A YAML file as plain data, with the line of every key and item.

Only what the configuration needs of YAML: mappings, lists, text, numbers, switches and
nothing. A tag is refused, so no text can make an object; a key given twice is an error; what
aliases unfold to is capped, so a few lines cannot fill the memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from agent.config.located import KeyPath, Problem, plain
from agent.config.scalars import scalar
from agent.config.syntax import syntax_problem

_MAX_NODES = 200_000
_MAX_BYTES = 2 * 1024 * 1024
_MERGE = "tag:yaml.org,2002:merge"
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = {
    _TAG + name
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}


@dataclass
class Document:
    """What a file says: plain data, where each part stands, and what is wrong with the YAML."""

    data: object = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class _TooMuchError(Exception):
    """Raised at the node that passes the cap."""


def parse(content: bytes) -> Document:
    """The document in ``content``; what is wrong is in its ``problems``, never raised."""
    document = Document()
    text = _text_of(content, document)
    node = None if text is None else _compose(text, document)
    if node is not None:
        _build(node, document)
    if document.data is None and not document.problems:
        document.problems.append(Problem((), "is empty, expected at least a providers section", 1))
    return document


def _build(node: yaml.Node, document: Document) -> None:
    builder = _Builder(document)
    try:
        document.data = builder.build(node, ())
    except _TooMuchError:
        document.problems = [_too_much(builder.line)]
    except RecursionError:
        document.problems = [_too_deep(builder.line)]


def _text_of(content: bytes, document: Document) -> str | None:
    if len(content) > _MAX_BYTES:
        document.problems.append(Problem((), "is larger than 2 MiB, expected a smaller file", 1))
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        document.problems.append(Problem((), "is not UTF-8 text, save the file as UTF-8", line))
        return None


def _compose(text: str, document: Document) -> yaml.Node | None:
    loader = yaml.SafeLoader(text) if _printable(text, document) else None
    if loader is None:
        return None
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        document.problems.append(syntax_problem(error))
    except RecursionError:
        document.problems.append(_too_deep(loader.line + 1))
    finally:
        loader.dispose()
    return None


def _printable(text: str, document: Document) -> bool:
    """Whether YAML allows every character; the reader checks when it is made."""
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


def _too_much(line: int) -> Problem:
    return Problem((), f"unfolds to more than {_MAX_NODES} values, use fewer aliases", line)


class _Builder:
    """Turns nodes into data; counts every node each time an alias leads to it."""

    def __init__(self, document: Document) -> None:
        self.line = 1
        self._document = document
        self._visited = 0
        self._open: set[int] = set()

    def build(self, node: yaml.Node, path: KeyPath) -> object:
        self._visited += 1
        self.line = node.start_mark.line + 1
        if self._visited > _MAX_NODES:
            raise _TooMuchError
        self._document.lines.setdefault(path, self.line)
        if node.tag not in _KNOWN_TAGS:
            self._tell(path, "has a YAML tag, which is not understood here; remove it")
            return None
        if id(node) in self._open:
            self._tell(path, "contains itself through an alias, write it out")
            return None
        if isinstance(node, yaml.ScalarNode):
            return scalar(node.value, plain=node.style is None)
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
                self._tell(path, "has a key that is not text", key.start_mark.line + 1)
            elif key.value in own:
                self._twice((*path, key.value), key.start_mark.line + 1)
            else:
                at = (*path, key.value)
                self._document.lines[at] = key.start_mark.line + 1
                own[key.value] = self.build(value, at)
        return {**merged, **own}

    def _merged(self, value: yaml.Node, path: KeyPath) -> Iterator[dict[str, object]]:
        """The mappings that ``<<:`` names; their lines are those of the mapping merged in."""
        parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
        for part in parts:
            built = self.build(part, path)
            if isinstance(built, dict):
                yield built
            else:
                self._tell(path, "merges (<<) something that is not a mapping", self.line)

    def _twice(self, path: KeyPath, line: int) -> None:
        first = self._document.lines[path]
        self._tell(
            path, f"is given twice, first on line {first}, again on line {line}; keep one", line
        )

    def _tell(self, path: KeyPath, text: str, line: int | None = None) -> None:
        self._document.problems.append(Problem(path, plain(text, 200), line))
