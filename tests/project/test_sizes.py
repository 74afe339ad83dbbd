"""Small rooms: how long files and functions may be, and that nothing is left for later."""

import ast
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CODE = sorted(file for room in ("agent", "exporters") for file in (REPOSITORY / room).rglob("*.py"))
TESTS = sorted((REPOSITORY / "tests").rglob("*.py"))
LATER = ("TO" + "DO", "FIX" + "ME", "XX" + "X:")


def length(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def name(file: Path) -> str:
    return str(file.relative_to(REPOSITORY))


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (
                f"{name(file)}:{node.lineno} {node.name}",
                (node.end_lineno or 0) - node.lineno + 1,
            )


def test_the_median_file_has_at_most_150_lines() -> None:
    assert statistics.median(length(file) for file in CODE if length(file)) <= 150


def test_no_file_has_more_than_400_lines() -> None:
    assert not {name(file): length(file) for file in CODE + TESTS if length(file) > 400}


def test_functions_are_short() -> None:
    lengths = [lines for file in CODE for _, lines in functions(file)]
    assert statistics.median(lengths) <= 12
    assert sorted(lengths)[int(len(lengths) * 0.9)] <= 40


def test_no_function_has_more_than_80_lines() -> None:
    long = [where for file in CODE + TESTS for where, lines in functions(file) if lines > 80]
    assert not long


def test_nothing_is_left_for_later() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    files = [REPOSITORY / file for file in tracked if file] or CODE + TESTS
    assert not [name(file) for file in files if file.is_file() and _left(file)]


def _left(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    return any(word in text for word in LATER)
