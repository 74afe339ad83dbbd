"""Errors of a configuration: what is wrong, on which line, at which key."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""The way to a value: keys of mappings and places in lists."""

Lines = Mapping[KeyPath, int]
"""The line of every key and item, counted from 1."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong at ``path``, in words without any secret.

    ``line`` is given only where the path does not lead there (syntax, a key given twice).
    """

    path: KeyPath
    text: str
    line: int | None = None


@dataclass(frozen=True)
class Located:
    """One error as it is printed: ``FILE:LINE: key.path: what is wrong, what is expected``."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.text}"


class ConfigError(Exception):
    """A configuration that cannot be used; ``errors`` are in the order of their lines."""

    def __init__(self, errors: list[Located]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = errors


def plain(text: str, limit: int = 60) -> str:
    """``text`` on one line without control characters, cut to ``limit`` characters."""
    shown = _CONTROL.sub("?", text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def key_text(path: KeyPath) -> str:
    """``providers[0].polling.timeout``; the document itself is ``(file)``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{plain(step) or '(empty)'}" if text else plain(step) or "(empty)"
    return text or "(file)"


def locate(file: str, problems: Iterable[Problem], lines: Lines) -> list[Located]:
    """The problems with their lines, ordered by line, the first one told of each path."""
    located: dict[tuple[KeyPath, int], Located] = {}
    told: set[KeyPath] = set()
    for problem in problems:
        line = problem.line or _line_of(problem.path, lines)
        above = {problem.path[:length] for length in range(1, len(problem.path) + 1)}
        if problem.line is None and above & told:
            continue
        if problem.line is None:
            told |= {problem.path, _without_suffix(problem.path)}
        key = key_text(problem.path)
        located[problem.path, line] = Located(plain(file, 4096), line, key, problem.text)
    return sorted(located.values(), key=lambda error: error.line)


def _without_suffix(path: KeyPath) -> KeyPath:
    """The secret's own path where ``path`` is its file's: what is wrong with one is told once."""
    return (*path[:-1], str(path[-1]).removesuffix("_file")) if path else path


def _line_of(path: KeyPath, lines: Lines) -> int:
    """The line of ``path``, or of the nearest thing around it that is in the file."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1
