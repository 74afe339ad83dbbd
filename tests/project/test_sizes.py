"""How long and how short files and functions may be, and that nothing is left for later."""

import ast
import statistics
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.project.modules import CODE, REPOSITORY, imports, sources

SHORTEST = 30
"""Lines of a module that only one other module of its package needs."""
SHORT_FOR_A_REASON = {
    "agent.series.planned_calls": "series of one subject are in a module of their own",
    "agent.web.attention": "every middleware has a module of its own",
    "agent.web.pages.number.reveal_form": "every form of the page has a module of its own",
    "agent.cli.demo": "every command has a module of its own",
    "agent.cli.rule_commands": "every group of commands has a module of its own",
    "agent.cli.profile_check": "every command has a module of its own",
    "agent.cli.simulate": "every command has a module of its own",
    "agent.sinks.dingtalk.config": "every sink's settings are in the config module of its folder",
    "agent.sinks.feishu.config": "every sink's settings are in the config module of its folder",
    "agent.sinks.wecom.config": "every sink's settings are in the config module of its folder",
}
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


def too_short(code: Mapping[str, str]) -> set[str]:
    """Modules under the floor that a single module, of their own package, imports."""
    importers: dict[str, set[str]] = {name: set() for name in code}
    for name, imported in imports(code).items():
        for other in imported:
            importers[other].add(name)
    return {
        name
        for name, text in code.items()
        if len(text.splitlines()) < SHORTEST
        and len(importers[name]) == 1
        and _package(*importers[name]) == _package(name)
    }


def _package(module: str) -> str:
    return module.rpartition(".")[0]


def test_a_short_module_has_several_importers_or_a_reason() -> None:
    short = too_short(sources(CODE))
    assert short - SHORT_FOR_A_REASON.keys() == set()
    assert SHORT_FOR_A_REASON.keys() - short == set(), "a reason that is not needed any more"


def test_a_module_split_off_for_its_length_alone_would_be_noticed() -> None:
    long = "VALUE = 1\n" * SHORTEST
    code = {"a.big": f"import a.small\n{long}", "a.small": "VALUE = 1\n", "b.other": long}
    assert too_short(code) == {"a.small"}
    shared = {**code, "b.other": f"from a.small import VALUE\n{long}"}
    assert too_short(shared) == set()
    elsewhere = {**shared, "a.big": long}
    assert too_short(elsewhere) == set()
    assert too_short({**code, "a.small": long}) == set()


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
