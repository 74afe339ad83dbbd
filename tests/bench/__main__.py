"""Runs the measurements: ``python -m tests.bench [NAME...]``, one JSON object a line.

Each module is measured in a process of its own, so that none inherits another's memory.
"""

import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

from tests import bench

_FIGURES = 4


def names() -> list[str]:
    """The modules that measure something."""
    found = (module.name for module in pkgutil.iter_modules(bench.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def _shown(value: object) -> object:
    return float(f"{value:.{_FIGURES}g}") if isinstance(value, float) else value


def measure(name: str) -> None:
    """Run one module here and print what it measured, line by line as it comes."""
    for result in importlib.import_module(f"tests.bench.{name}").run():
        line = {key: _shown(value) for key, value in result.items()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def main(wanted: list[str]) -> int:
    """Measure ``wanted``, or everything; 0 when all went well."""
    unknown = set(wanted) - set(names())
    if unknown:
        sys.stderr.write(f"no bench named {', '.join(sorted(unknown))}; there are {names()}\n")
        return 2
    if len(wanted) == 1:
        measure(wanted[0])
        return 0
    root = Path(__file__).parents[2]
    runs = (
        subprocess.run([sys.executable, "-m", "tests.bench", name], check=False, cwd=root)
        for name in wanted or names()
    )
    return max(run.returncode for run in runs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
