"""Every test of the plan for reliability is where docs/testing.md says, with its control."""

import re
from pathlib import Path

import pytest

from tests.proof_size import size
from tests.proofs.table import PAGE, ROOT, Row, files, rows

PLAN = ROOT / "docs/reference/reliability.md"
WITHOUT_CONTROL = {25}
"""Rows whose negative control is still to be written."""


def table() -> list[Row]:
    return rows(PAGE.read_text(encoding="utf-8"))


def planned() -> list[int]:
    """The numbers of the plan's tests."""
    section = PLAN.read_text(encoding="utf-8").partition("## 4. ")[2].partition("## 5. ")[0]
    return [int(number) for number in re.findall(r"\b(\d+)\. [A-Z`]", section)]


def missing(row: Row, root: Path = ROOT) -> list[str]:
    """The files and controls that ``row`` names and that do not exist."""
    absent = [file for file in row.files if not (root / file).is_file()]
    texts = [(root / file).read_text(encoding="utf-8") for file in row.files if file not in absent]
    return absent + [
        control
        for control in row.controls
        if not any(re.search(rf"^(async )?def {control}\(", text, re.MULTILINE) for text in texts)
    ]


def test_the_page_lists_every_test_of_the_plan() -> None:
    assert [row.number for row in table()] == planned()
    assert len(table()) == 25


def test_every_row_names_files_and_controls_that_exist() -> None:
    assert {row.number: gone for row in table() if (gone := missing(row))} == {}
    assert all(row.files for row in table())
    assert {row.number for row in table() if row.files and not row.controls} == WITHOUT_CONTROL


def attacks(page: str) -> dict[str, list[str]]:
    """The files with tests of each class of attacks, by class."""
    section = page.partition("## What attacks taught")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (?!class|---)([^|]+) \|(.*)\|$", section, re.MULTILINE)
    return {name: re.findall(r"`(tests/[\w/]+\.py)`", cells) for name, cells in lines}


def test_every_class_of_attacks_has_tests_that_exist() -> None:
    classes = attacks(PAGE.read_text(encoding="utf-8"))
    assert len(classes) == 23
    assert all(classes.values())
    assert [
        file for files in classes.values() for file in files if not (ROOT / file).is_file()
    ] == []


def test_a_row_that_names_what_is_not_there_is_noticed() -> None:
    page = "| 1 | kills | `tests/project/test_proofs.py` | 1 | 2 | `test_that_never_was` |\n"
    (row,) = rows(page)
    assert missing(row) == ["test_that_never_was"]
    (row,) = rows(page.replace("test_proofs.py", "test_no_proofs.py"))
    assert missing(row)[0] == "tests/project/test_no_proofs.py"


def test_a_full_run_has_every_file_of_the_table_and_every_file_with_a_size() -> None:
    found = files()
    assert {file for row in table() for file in row.files} <= set(found)
    assert "tests/routing/test_evaluation.py" in found
    assert all((ROOT / file).is_file() for file in found)


@pytest.mark.parametrize(
    ("variables", "kills", "others"),
    [
        ({}, 6, 6),
        ({"NUMWATCH_FULL": "1"}, 500, 500),
        ({"NUMWATCH_FULL": "yes"}, 500, 500),
        ({"NUMWATCH_FULL": "0"}, 6, 6),
        ({"NUMWATCH_FULL": "0.1"}, 50, 50),
        ({"NUMWATCH_KILLS": "1"}, 500, 6),
        ({"NUMWATCH_FULL": "0.001"}, 6, 6),
    ],
)
def test_the_size_is_chosen_in_one_place(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], kills: int, others: int
) -> None:
    for name in ("NUMWATCH_FULL", "NUMWATCH_KILLS", "NUMWATCH_DIFFERENTIAL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (size(6, 500, "kills"), size(6, 500)) == (kills, others)
