"""The modules of the code and what they import, read from their source."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CODE = sorted(
    file for package in ("agent", "exporters") for file in (REPOSITORY / package).rglob("*.py")
)


def module_name(file: Path, root: Path) -> str:
    """The dotted name of the module in ``file``."""
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def sources(files: list[Path], root: Path = REPOSITORY) -> dict[str, str]:
    """The source of every module by its name."""
    return {module_name(file, root): file.read_text(encoding="utf-8") for file in files}


def imports(code: Mapping[str, str]) -> dict[str, set[str]]:
    """Which modules of ``code`` each of them imports, wherever in it the import is."""
    return {name: set(_imported(text, code)) - {name} for name, text in code.items()}


def _imported(text: str, code: Mapping[str, str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in code)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                if submodule in code:
                    yield submodule
                elif node.module in code:
                    yield node.module
