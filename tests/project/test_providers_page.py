"""docs/providers.md, the table of all providers, says of each what it can tell and no more."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agent.providers.profile.load import load_profile
from agent.providers.profile.load import profile_names as bundled
from agent.providers.profile.request_check import asks_per_phone
from agent.providers.profile.schema import Operation, Profile
from agent.providers.registry import ADAPTERS, profile_names
from agent.states import Capability
from tests.providers.contract.subjects import SUBJECTS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "providers.md"
FACTS = (
    "number state",
    "contract end",
    "phones",
    "reachability",
    "routing",
    "balance",
    "calls",
    "pushes",
)
COLUMNS = ("provider", *FACTS, "costs", "verified against")
NOTHING = ("–", "inventory")
"""Cells of facts that the API does not tell; the second where the inventory has it."""
OF_CAPABILITY = {
    "reachability": Capability.REACHABILITY,
    "routing": Capability.ROUTING,
    "balance": Capability.BALANCE,
    "calls": Capability.CALLS,
}
OF_CONTRACT = {
    "number state": "number.state",
    "contract end": "number.contract_end",
    "phones": "phone.number",
}
"""What the contract of an adapter names, and nothing else of it declares."""


def told_by(name: str) -> frozenset[str]:
    """The facts that a provider's adapter or profile reads from its API."""
    if name in ADAPTERS:
        return frozenset(_of_adapter(name))
    return frozenset(_of_profile(load_profile(name)))


def _of_adapter(name: str) -> Iterator[str]:
    adapter = ADAPTERS[name]
    if not adapter.needs_base_url and not adapter.takes_base_url:
        return  # it has no API
    yield from (fact for fact, it in OF_CAPABILITY.items() if it in adapter.capabilities)
    facts = next((it.facts for it in SUBJECTS if it.name == name), frozenset())
    yield from (fact for fact, it in OF_CONTRACT.items() if it in facts)


def _of_profile(profile: Profile) -> Iterator[str]:
    parts = ("routing", "balance", "calls", "pushes")
    yield from (it for it in parts if getattr(profile, it, None) is not None)
    if (numbers := profile.numbers) is not None:
        if _says_a_state(numbers):
            yield "number state"
        if any("contract_end" in it.fields for it in (numbers, *numbers.merge)):
            yield "contract end"
    if (phones := profile.reachability) is not None:
        if _says_a_state(phones):
            yield "reachability"
        if profile.phones is not None or not (phones.extensions or asks_per_phone(profile)):
            yield "phones"


def _says_a_state(operation: Operation) -> bool:
    rules = [it.fields["state"] for it in (operation, *operation.merge) if "state" in it.fields]
    return any(rule.const != "unknown" for rule in rules)


def rows(text: str) -> dict[str, dict[str, str]]:
    """The cells of the table by column, for each provider."""
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        name = re.match(r"\[?(\w[\w-]*)", cells[0])
        if len(cells) == len(COLUMNS) and name:
            found[name[1]] = dict(zip(COLUMNS, cells, strict=True))
    found.pop("Provider", None)
    return found


def proposed(name: str) -> str:
    """A row for ``name``, to be completed with costs and what it was verified against."""
    told = told_by(name)
    cells = [
        f"[{name}](providers/{name}.md)",
        *("yes" if it in told else _else(it) for it in FACTS),
    ]
    return f"| {' | '.join([*cells, 'COSTS', 'VERIFIED AGAINST'])} |"


def _else(fact: str) -> str:
    return NOTHING[fact in {"contract end", "phones"}]


def mistakes(text: str, names: Mapping[str, frozenset[str]]) -> list[str]:
    """What is wrong with the table, and what to do about it."""
    table = rows(text)
    wrong = [f"no row for {it}, add: {proposed(it)}" for it in names if it not in table]
    wrong += [f"{it} is no provider, delete its row" for it in table if it not in names]
    for name in names.keys() & table.keys():
        row = table[name]
        for fact in FACTS:
            if (row[fact] in NOTHING) is (fact in names[name]):
                expected = "what it tells" if fact in names[name] else "– or inventory"
                wrong.append(f"{name}, column {fact}: has {row[fact]!r}, expected {expected}")
        wrong += [f"{name}, column {it}: is empty" for it in COLUMNS[-2:] if not row[it]]
        if (DOCS / "providers" / f"{name}.md").exists() and "](" not in row["provider"]:
            wrong.append(f"{name}: write [{name}](providers/{name}.md), it has a page")
    return sorted(wrong)


def everything() -> dict[str, frozenset[str]]:
    """What each provider tells, by its name."""
    return {name: told_by(name) for name in profile_names()}


def test_every_provider_has_its_row_and_tells_what_the_row_says() -> None:
    assert mistakes(PAGE.read_text(encoding="utf-8"), everything()) == []


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("| [opensips]", "| [other]", "no row for opensips, add: | [opensips](providers/ope"),
        ("| [opensips]", "| [other]", "other is no provider, delete its row"),
        (
            "| [yuntongxun](providers/yuntongxun.md) | –",
            "| yuntongxun | yes",
            "yuntongxun, column ",
        ),
        (
            "| [yuntongxun](providers/yuntongxun.md) | –",
            "| yuntongxun | yes",
            "yuntongxun: write [",
        ),
    ],
)
def test_a_mistake_in_the_table_is_found(good: str, bad: str, expected: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count(good) == 1
    found = mistakes(text.replace(good, bad), everything())
    assert [it for it in found if it.startswith(expected)], found


def test_bundled_profiles_are_among_the_providers() -> None:
    """The control: the names do not come from the table."""
    assert {*bundled(), *ADAPTERS} == everything().keys()
