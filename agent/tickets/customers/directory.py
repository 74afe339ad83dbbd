"""The customers that the inventories of the configuration know: by number and by company."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import msgspec

from agent.config.inventory.inventory import InventoryContact, InventoryNumber
from agent.config.settings import Settings

NumberKey = tuple[str, str, str]
"""Provider, account and number."""
_ID_CHARACTERS = 12
_NO_ENTRY = InventoryNumber("")


class Contact(msgspec.Struct, frozen=True):
    """Whom a customer wants told. ``phone`` is personal: mask it everywhere outside."""

    id: str
    """The same for the same company and name, and neither of them."""
    company: str
    name: str
    phone: str
    locale: str
    """Empty where the configuration's language is used."""


class CustomerDirectory:
    """Looks up what the inventories say of a number's customer; immutable."""

    def __init__(self, entries: Mapping[NumberKey, InventoryNumber]) -> None:
        self._entries = entries
        self._by_company: Mapping[str, tuple[Contact, ...]] = {}
        self._by_id: Mapping[str, Contact] = {}
        self._in_city: Mapping[tuple[str, str], int] = {}
        self._index()

    @classmethod
    def of(cls, settings: Settings) -> "CustomerDirectory":
        """The directory of a configuration; takes a while where there are very many numbers."""
        return cls(dict(_entries(settings)))

    def _index(self) -> None:
        companies: dict[str, dict[str, Contact]] = defaultdict(dict)
        counts: dict[tuple[str, str], int] = defaultdict(int)
        ids: dict[str, Contact] = {}
        for key, entry in self._entries.items():
            for contact in _contacts(key, entry):
                ids.setdefault(contact.id, contact)
                if entry.company:
                    companies[entry.company].setdefault(contact.id, contact)
            if entry.company and entry.city:
                counts[entry.company, entry.city] += 1
        self._by_company = {name: tuple(found.values()) for name, found in companies.items()}
        self._by_id, self._in_city = ids, counts

    def entry(self, key: NumberKey) -> InventoryNumber:
        """What the inventory says of a number; an empty entry where it says nothing."""
        return self._entries.get(key, _NO_ENTRY)

    def contacts(self, company: str, numbers: list[NumberKey]) -> tuple[Contact, ...]:
        """The contacts of a company and of its ``numbers``, each once."""
        found = {contact.id: contact for contact in self._by_company.get(company, ())}
        for key in numbers:
            for contact in _contacts(key, self.entry(key)):
                found.setdefault(contact.id, contact)
        return tuple(found.values())

    def contact(self, contact_id: str) -> Contact | None:
        """The contact with this id; ``None`` where the inventories have it no more."""
        return self._by_id.get(contact_id)

    def numbers_in(self, company: str, city: str) -> int:
        """How many numbers a company has in a city, as far as the inventories say."""
        return self._in_city.get((company, city), 0)


class CustomerBook:
    """The directory of the present configuration, made beside the event loop when that changes."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self.settings = settings
        """The configuration as it is now."""
        self._made: tuple[Settings, CustomerDirectory] | None = None

    async def current(self) -> CustomerDirectory:
        """The directory of the configuration as it is now."""
        settings = self.settings()
        if self._made is None or self._made[0] is not settings:
            self._made = settings, await asyncio.to_thread(CustomerDirectory.of, settings)
        return self._made[1]

    async def contact(self, contact_id: str) -> Contact | None:
        """The contact with this id; ``None`` where the inventories have it no more."""
        return (await self.current()).contact(contact_id)


def _entries(settings: Settings) -> Iterator[tuple[NumberKey, InventoryNumber]]:
    for provider in settings.providers:
        for account in provider.accounts:
            for entry in account.inventory.content.numbers:
                owner = entry.account or (provider.name, account.id)
                yield (*owner, entry.number), entry


def _contacts(key: NumberKey, entry: InventoryNumber) -> Iterator[Contact]:
    for contact in entry.contacts:
        whose = entry.company or "/".join(key)
        yield _contact(whose, entry.company, contact)


def _contact(whose: str, company: str, contact: InventoryContact) -> Contact:
    digest = hashlib.sha256(f"{whose}\n{contact.name}".encode()).hexdigest()
    id_ = f"contact-{digest[:_ID_CHARACTERS]}"
    return Contact(id_, company, contact.name, contact.phone, contact.locale)
