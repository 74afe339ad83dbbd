"""The table of proofs in docs/testing.md, which says what each of the 25 tests runs as."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/testing.md"
_ROW = re.compile(r"^\| *(?P<number>\d+) *\|(?P<cells>.*)\|$", re.MULTILINE)
_FILE = re.compile(r"`(tests/[\w/]+\.py)`")
_TEST = re.compile(r"`(test_\w+)`")
_SIZED = "from tests.proof_size import"


@dataclass(frozen=True)
class Row:
    """One test of the plan (docs/reference/reliability.md), as the page lists it."""

    number: int
    files: tuple[str, ...]
    """Where it is proven; empty while it is not."""
    controls: tuple[str, ...]
    """The tests in those files that show it failing where what it guards is broken."""


def rows(page: str) -> list[Row]:
    """The rows of the table in the text of ``page``, in its order."""
    return [
        Row(
            int(found["number"]),
            tuple(_FILE.findall(found["cells"])),
            tuple(_TEST.findall(found["cells"].rsplit("|", 1)[-1])),
        )
        for found in _ROW.finditer(page)
    ]


def files() -> list[str]:
    """Every test file that a full run has: those of the table, and those that have a size."""
    listed = {file for row in rows(PAGE.read_text(encoding="utf-8")) for file in row.files}
    sized = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("test_*.py")
        if _SIZED in file.read_text(encoding="utf-8")
    }
    return sorted(listed | sized)
