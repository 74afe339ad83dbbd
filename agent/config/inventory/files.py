"""The inventories of a configuration: reads their files and checks what they refer to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.config.inventory.inventory import InventoryNumber
from agent.config.inventory.read import problems_of_entries, read_inventory
from agent.config.settings import ProviderSettings, Settings
from agent.yamlfile.paths import select, value_at
from agent.yamlfile.problems import LocatedProblem, Problem

Place = tuple[int, int]
"""The positions of a provider and of its account in the configuration."""


@dataclass
class InventoryContents:
    """What the inventory files of a configuration hold."""

    numbers: dict[Place, tuple[InventoryNumber, ...]] = field(default_factory=dict)
    problems: list[LocatedProblem] = field(default_factory=list)
    """Every mistake of every file."""


def read_inventories(data: object, folder: Path) -> InventoryContents:
    """Read the inventory files that the unvalidated configuration ``data`` names.

    They are read even where the configuration has mistakes, so that all are reported at once.
    """
    contents = InventoryContents()
    known = frozenset(_accounts(data))
    for path, name in select(data, "providers", "*", "accounts", "*", "inventory", "file"):
        if isinstance(name, str) and name:
            own = _key(data, path[1], path[3])
            place = int(path[1]), int(path[3])
            numbers, problems = read_inventory(folder / name, str(folder / name), known, own)
            contents.numbers[place] = numbers
            contents.problems += problems
    return contents


def with_inventories(settings: Settings, contents: InventoryContents) -> Settings:
    """``settings`` with the numbers of the inventory files."""
    if not contents.numbers:
        return settings
    providers = [
        _with_inventories(provider, index, contents.numbers)
        for index, provider in enumerate(settings.providers)
    ]
    return settings.model_copy(update={"providers": providers})


def inventory_problems(data: object, contents: InventoryContents) -> Iterator[Problem]:
    """The mistakes of the numbers that the unvalidated configuration ``data`` itself gives."""
    known = frozenset(_accounts(data))
    for path, entries in select(data, "providers", "*", "accounts", "*", "inventory", "numbers"):
        own = _key(data, path[1], path[3])
        yield from problems_of_entries(entries, path, known, own)
        in_file = {
            (record.number, "/".join(record.account or ()))
            for record in contents.numbers.get((int(path[1]), int(path[3])), ())
        }
        for at, entry in select(entries, "*", at=path):
            number = str(value_at(entry, ("number",)))
            if (number, str(value_at(entry, ("account",)) or "")) in in_file:
                text = f"{number} is in the inventory's file too, expected it in one place"
                yield Problem((*at, "number"), text)


def _with_inventories(
    provider: ProviderSettings, index: int, numbers: Mapping[Place, tuple[InventoryNumber, ...]]
) -> ProviderSettings:
    accounts = [
        account.model_copy(
            update={"inventory": account.inventory.with_file_content(numbers[index, position])}
        )
        if (index, position) in numbers
        else account
        for position, account in enumerate(provider.accounts)
    ]
    return provider.model_copy(update={"accounts": accounts})


def _accounts(data: object) -> Iterator[tuple[str, str]]:
    for path, account in select(data, "providers", "*", "accounts", "*", "id"):
        provider, _ = _key(data, path[1], path[3])
        yield provider, str(account)


def _key(data: object, provider: Any, account: Any) -> tuple[str, str]:
    """The names of the account at a place of the unvalidated configuration."""
    configured: Any = data
    at_provider = configured["providers"][provider]
    at_account = at_provider["accounts"][account]
    return str(at_provider.get("name")), str(at_account.get("id"))
