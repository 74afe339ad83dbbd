"""Mistakes of a file: what is wrong, on which line, at which key."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.yamlfile.paths import KeyPath, Lines, key_text, line_of, one_line


@dataclass(frozen=True)
class Problem:
    """One mistake at ``path``, in words that hold no secret.

    ``line`` is set only where the path does not lead to the line (syntax errors, a key given
    twice).
    """

    path: KeyPath
    text: str
    line: int | None = None
    is_elsewhere: bool = False
    """It is in another file, which the value at ``path`` names; there may be several of these."""


@dataclass(frozen=True)
class LocatedProblem:
    """One mistake as it is printed: ``FILE:LINE: key.path: what is wrong, what is expected``."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.text}"


class YamlFileError(Exception):
    """A file cannot be used; ``errors`` holds every mistake, in the order of the lines."""

    def __init__(self, errors: list[LocatedProblem]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = errors


def locate(
    file: str,
    problems: Iterable[Problem],
    lines: Lines,
    location: Callable[[KeyPath], str] = key_text,
) -> list[LocatedProblem]:
    """The problems with their lines, in the order of the lines; ``location`` words the paths.

    Of several problems at one path, or below a path that has one, the first is returned: the
    others are mostly its consequences.
    """
    located: dict[tuple[KeyPath, int, str], LocatedProblem] = {}
    reported: set[KeyPath] = set()
    for problem in problems:
        above = {problem.path[:length] for length in range(1, len(problem.path) + 1)}
        if problem.line is None and not problem.is_elsewhere:
            if above & reported:
                continue
            reported.add(problem.path)
        line = problem.line or line_of(problem.path, lines)
        key = location(problem.path)
        text = problem.text if problem.is_elsewhere else ""
        located[problem.path, line, text] = LocatedProblem(
            one_line(file, 4096), line, key, problem.text
        )
    return sorted(located.values(), key=lambda error: error.line)
