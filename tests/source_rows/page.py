"""The page ``docs/reference/coverage.md``: ``python -m tests.source_rows.page``.

What a row's test shows is what the docstring of its module says; a paragraph that begins with
``Not shown:`` says what the test leaves out, and the page says so too.
"""

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.source_rows.rows import ROWS, Row

_FOLDER = Path(__file__).parent
_HEAD = """# What the sources describe, and the tests that show it

Each row is a capability that the source documents describe
([the domain](../reference/domain.md), section 6). Its test uses numwatch as its users do: by its
pages, its interface, its commands, and what the ticket systems receive. This page is made from
those tests by `make docs`.

| source | capability | what the test shows | test |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Shown:
    """What the module of a row says of itself."""

    text: str
    lacks: str
    tests: tuple[str, ...]


def shown(row: Row) -> Shown | None:
    """What the test of ``row`` shows; ``None`` where there is none."""
    file = _FOLDER / f"test_{row.slug}.py"
    if not file.exists():
        return None
    module = ast.parse(file.read_text(encoding="utf-8"))
    paragraphs = (ast.get_docstring(module) or "").split("\n\n")
    lines = [re.sub(r"\s+", " ", paragraph).strip() for paragraph in paragraphs]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = (node.name for node in module.body if isinstance(node, functions))
    return Shown(
        " ".join(line for line in lines if not line.startswith("Not shown:")),
        " ".join(line for line in lines if line.startswith("Not shown:")),
        tuple(name for name in names if name.startswith("test_")),
    )


def page() -> str:
    """The page as Markdown."""
    return _HEAD + "".join(map(_line, ROWS))


def _line(row: Row) -> str:
    found = shown(row)
    if found is None:
        return f"| {row.source} | {row.title} | nothing yet | |\n"
    text = f"{found.text} {found.lacks}".strip().replace("|", "\\|")
    test = f"[`{row.slug}`](../../tests/source_rows/test_{row.slug}.py)"
    return f"| {row.source} | {row.title} | {text} | {test} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
