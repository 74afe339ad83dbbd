"""docs/profiles.md lists every section's fields, which of them must be read, and their words."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from agent.providers.profile.targets import ACCOUNT, TARGETS, Need, Target

PAGE = (Path(__file__).parents[2] / "docs/profiles.md").read_text(encoding="utf-8")
SECTIONS = {"account": ACCOUNT, **{name.value: target for name, target in TARGETS.items()}}


def cell(first: str) -> str:
    """The last cell of the only row of a table that begins with ``first``."""
    (row,) = re.findall(rf"^\| {re.escape(first)} \|(.*)\|$", PAGE, re.MULTILINE)
    return str(row).rsplit(" | ", 1)[-1]


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_has_the_fields_of_a_section(name: str) -> None:
    target: Target = SECTIONS[name]
    text = cell(f"`{name}`")
    assert set(re.findall(r"`(\w+)`", text)) - {"id"} == {it.name for it in target.fields} - {"id"}
    must = {it.name for it in target.fields if it.need is not Need.OPTIONAL}
    assert set(re.findall(r"\*\*`(\w+)`\*\*", text)) == must


@pytest.mark.parametrize(
    ("row", "section", "field"),
    [
        ("`state` of `numbers` and `account`", "numbers", "state"),
        ("`network_state`", "numbers", "network_state"),
        ("`state` of `reachability`", "reachability", "state"),
        ("`result`", "calls", "result"),
        ("`kind` of `reachability`", "reachability", "kind"),
        ("`strategy`", "routing", "strategy"),
        ("`grade`", "numbers", "grade"),
    ],
)
def test_the_page_has_every_word_of_a_closed_list(row: str, section: str, field: str) -> None:
    (reading,) = (it.reading for it in SECTIONS[section].fields if it.name == field)
    assert isinstance(reading, type)
    assert issubclass(reading, StrEnum)
    assert re.findall(r"`(\w+)`", cell(row)) == [it.value for it in reading]
