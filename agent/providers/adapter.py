"""What a native adapter declares: its credentials, its options, and how it is made.

``check-config`` reads the declaration, so that whatever ``run`` needs is checked there. Each
adapter has a folder of its own whose ``adapter.py`` holds its ``ADAPTER``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.config.inventory.inventory import Inventory
from agent.config.settings import Polling
from agent.net.exchange import Fetch
from agent.providers.base import AdapterReports, Provider
from agent.providers.paid_queries import CostLedger
from agent.states import Capability, Grade
from agent.yamlfile.paths import one_line


@dataclass(frozen=True)
class Option:
    """An option of an adapter, written as text under ``options:``."""

    name: str
    default: str
    read: Callable[[str], Any]
    """The value of the text; raises ``ValueError``."""
    expected: str
    """What the text must be, in words."""
    description: str


@dataclass(frozen=True, repr=False)
class AdapterAccount:
    """Everything an adapter is made of; no repr, it holds credentials."""

    name: str
    """The adapter's name."""
    base_url: str
    """Without a slash at its end; empty for an adapter without an address."""
    fetch: Fetch
    credentials: Callable[[], Mapping[str, str]]
    """Returns the credentials that are configured, by name."""
    options: Mapping[str, Any]
    """The value of every option."""
    inventory: Inventory
    grade: Grade | None
    """The grade of the account's numbers, where the inventory has none."""
    concurrency: int
    """Requests that may be under way at once."""
    limits: Polling
    """How hard it may be polled, and how much may be read."""
    reports: AdapterReports
    clock: Callable[[], float]
    """Epoch seconds; requests are signed by :func:`agent.clock.wall_clock` of it."""
    costs: CostLedger
    """The budgets of queries that cost money."""


Problems = Iterator[tuple[str, str]]
"""The name of what is wrong, and why."""
CheckOptions = Callable[[Mapping[str, Any]], Problems]
CheckCredentials = Callable[[Mapping[str, Any], Mapping[str, str]], Problems]


def _no_problems(_options: Mapping[str, Any]) -> Problems:
    return iter(())


def _no_credential_problems(
    _options: Mapping[str, Any], _credentials: Mapping[str, str]
) -> Problems:
    return iter(())


@dataclass(frozen=True)
class Adapter:
    """The declaration of a native adapter."""

    name: str
    title: str
    capabilities: frozenset[Capability]
    make: Callable[[AdapterAccount], Provider]
    needs_base_url: bool = True
    takes_base_url: bool = True
    """Whether ``base_url`` may be given; it replaces the adapter's own addresses."""
    credentials: tuple[str, ...] = ()
    """Credentials it cannot do without."""
    optional_credentials: tuple[str, ...] = ()
    """Credentials that are all given or none."""
    extra_credentials: tuple[str, ...] = ()
    """Further credentials, of which each may be left out."""
    options: tuple[Option, ...] = field(default=())
    phone_key: str = ""
    """The key that at least one phone of the inventory must have; empty if none must."""
    needs_inventory: bool = True
    check_options: CheckOptions = _no_problems
    """Returns the name of each option whose value does not fit the others, and why."""
    check_credentials: CheckCredentials = _no_credential_problems
    """The same of each credential that the options make necessary."""

    def option_values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The value of every option; raises ``ValueError`` for a text that is wrong."""
        return {
            option.name: option.read(given.get(option.name, option.default))
            for option in self.options
        }

    def option_problems(self, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """The name of each option that is wrong, and why."""
        options = {option.name: option for option in self.options}
        values: dict[str, Any] = {}
        for option in self.options:
            text = given.get(option.name, option.default)
            try:
                values[option.name] = option.read(text)
            except ValueError:
                yield option.name, f"got {one_line(text)}, expected {option.expected}"
        for name in given:
            if name not in options:
                yield name, f"is not an option of {self.name}, {_one_of(options)}"
        if len(values) == len(options):
            yield from self.check_options(values)

    def credential_problems(
        self, given: Mapping[str, str], options: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """The name of each credential that is missing, empty or unknown, and why.

        ``options`` are the texts of the options; wrong ones are reported elsewhere.
        """
        known = (*self.credentials, *self.optional_credentials)
        some = any(name in given for name in self.optional_credentials)
        needed = known if some else self.credentials
        known = (*known, *self.extra_credentials)
        for name in needed:
            if not given.get(name):
                yield name, f"credential {name} is missing, {self.name} needs it"
        for name in given:
            if name not in known:
                yield name, f"is not a credential of {self.name}, {_one_of(known)}"
        try:
            values = self.option_values(options)
        except ValueError:
            return
        yield from self.check_credentials(values, given)

    def inventory_problem(self, inventory: Inventory) -> str | None:
        """Why ``inventory`` is of no use to the adapter; ``None`` if it is."""
        if not inventory and not self.needs_inventory:
            return None
        if not inventory:
            return f"is missing, {self.name} knows numbers from it alone: expected file or numbers"
        key = self.phone_key
        phones = (phone for entry in inventory.numbers for phone in entry.phones)
        if key and not any(getattr(phone, key) for phone in phones):
            return f"has no phone with {key}, {self.name} reads nothing else: expected at least one"
        return None


def _one_of(names: Any) -> str:
    return f"expected one of {', '.join(names)}" if names else "expected none"


def switch(text: str) -> bool:
    """The value of ``yes`` or ``no``; raises ``ValueError`` for another text."""
    if text not in {"yes", "no", "true", "false"}:
        raise ValueError("not a switch")
    return text in {"yes", "true"}


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers from ``least`` to ``most``."""

    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError("out of range")
        return number

    return read
