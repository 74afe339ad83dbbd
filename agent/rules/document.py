"""Strict reading of YAML files with the line of everything that is wrong.

Rule files and unit-test files share it. Scalars are kept as written, as Prometheus does:
a label ``ticket: false`` is the text ``false``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from agent.rules.durations import parse_duration

MAX_BYTES = 4 * 1024 * 1024
_MERGE = "tag:yaml.org,2002:merge"
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file."""

    file: str
    line: int
    where: str
    reason: str

    def __str__(self) -> str:
        """``FILE:LINE: group/rule: reason``."""
        where = f"{self.where}: " if self.where else ""
        return f"{self.file}:{self.line}: {where}{self.reason}"


@dataclass
class Report:
    """Collects what is wrong with one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def tell(self, line: int, where: str, reason: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(self.file, line, where, reason))


class Section:
    """A mapping of the file. Keys are asked for by kind; what does not fit is told."""

    def __init__(self, node: yaml.Node, where: str, report: Report) -> None:
        self.line = node.start_mark.line + 1
        self.where = where
        self.report = report
        self._nodes: dict[str, yaml.Node] = {}
        self._lines: dict[str, int] = {}
        if isinstance(node, yaml.MappingNode):
            for key, value in _own(node):
                self._add(key, value)
            for key, value in _inherited(node):
                self._nodes.setdefault(str(key.value), value)
        elif not _is_null(node):
            self.tell("expected a mapping of keys to values")

    def _add(self, key: yaml.Node, value: yaml.Node) -> None:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            self.report.tell(line, self.where, "a key must be text")
        elif key.value in self._nodes:
            self.report.tell(line, self.where, f"key {key.value} is given twice")
        else:
            self._nodes[key.value] = value
            self._lines[key.value] = line

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def line_of(self, key: str) -> int:
        """The line of a key, or of the section where the key is missing."""
        return self._lines.get(key, self.line)

    def tell(self, reason: str, key: str = "") -> None:
        """Say what is wrong here."""
        self.report.tell(self.line_of(key), self.where, reason)

    def expect(self, known: Sequence[str], refused: dict[str, str] | None = None) -> None:
        """Refuse every key that is not known."""
        for key in self._nodes:
            if key in (refused or {}):
                self.tell(f"{key} is not supported: {(refused or {})[key]}", key)
            elif key not in known:
                self.tell(f"unknown key {key}, expected one of {', '.join(known)}", key)

    def text(self, key: str, default: str = "") -> str:
        """A scalar as written."""
        node = self._nodes.get(key)
        if node is None or _is_null(node):
            return default
        if not isinstance(node, yaml.ScalarNode):
            self.tell(f"{key} must be text", key)
            return default
        return str(node.value)

    def duration(self, key: str, default: float = 0.0) -> float:
        """A duration in seconds."""
        text = self.text(key)
        if key not in self._nodes or not text:
            return default
        try:
            return parse_duration(text)
        except ValueError as error:
            self.tell(f"{key}: {error}", key)
            return default

    def count(self, key: str) -> int:
        """A whole number, 0 when it is not given."""
        text = self.text(key, "0")
        if not text.isascii() or not text.isdigit():
            self.tell(f"{key}: {text!r} is not a whole number", key)
            return 0
        return int(text)

    def texts(self, key: str) -> dict[str, str]:
        """A mapping of texts, each as written."""
        inner = self.inner(key)
        return {} if inner is None else {name: inner.text(name) for name in inner}

    def inner(self, key: str) -> "Section | None":
        """The mapping under a key."""
        node = self._nodes.get(key)
        return None if node is None else Section(node, self.where, self.report)

    def sections(self, key: str) -> list["Section"]:
        """A list of mappings."""
        return [Section(node, self.where, self.report) for node in self._items(key)]

    def list_of_texts(self, key: str) -> list[str]:
        """A list of scalars."""
        scalars = [node for node in self._items(key) if isinstance(node, yaml.ScalarNode)]
        if len(scalars) < len(self._items(key)):
            self.tell(f"{key} must be a list of texts", key)
        return [str(node.value) for node in scalars]

    def _items(self, key: str) -> list[yaml.Node]:
        node = self._nodes.get(key)
        if node is None or _is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.tell(f"{key} must be a list", key)
            return []
        return list(node.value)


def _own(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    return ((key, value) for key, value in node.value if key.tag != _MERGE)


def _inherited(node: yaml.MappingNode, depth: int = 0) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The keys that a mapping takes over from others (``<<: *name``), the first first."""
    for key, value in node.value:
        others = value.value if isinstance(value, yaml.SequenceNode) else [value]
        for other in others if key.tag == _MERGE and depth < _DEEPEST else []:
            if isinstance(other, yaml.MappingNode):
                yield from _own(other)
                yield from _inherited(other, depth + 1)


def read(path: Path, report: Report) -> Section | None:
    """The document in a file, or ``None`` where it cannot be read; the report says why."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        report.tell(1, "", f"cannot be read: {error.strerror or error}")
        return None
    if len(content) > MAX_BYTES:
        report.tell(1, "", f"is larger than {MAX_BYTES} bytes")
        return None
    return _compose(content, report)


def _compose(content: bytes, report: Report) -> Section | None:
    try:
        node = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        report.tell(line, "", "is not UTF-8 text")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        report.tell(mark.line + 1 if mark else 1, "", f"is not YAML: {error.problem}")
    except yaml.YAMLError as error:
        report.tell(1, "", f"is not YAML: {error}")
    except RecursionError:
        report.tell(1, "", "is nested too deeply")
    else:
        if node is None:
            report.tell(1, "", "is empty")
            return None
        return Section(node, "", report)
    return None


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
