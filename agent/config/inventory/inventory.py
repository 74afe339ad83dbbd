"""An inventory as the agent uses it: compact records, and lookups by number and by phone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import msgspec

from agent.states import BindingKind, Grade

Owner = tuple[str, str]
"""Provider and account of a number that another account lists."""


class InventoryPhone(msgspec.Struct, frozen=True, gc=False):
    """A phone bound behind a number. ``phone`` is personal: mask it everywhere outside."""

    id: str
    phone: str = ""
    extension: str = ""
    kind: BindingKind = BindingKind.UNKNOWN
    position: int = 0


class InventoryContact(msgspec.Struct, frozen=True, gc=False):
    """Whom the customer behind a number wants told. ``phone`` is personal: mask it outside."""

    name: str
    phone: str = ""
    locale: str = ""
    """The person's language; empty where the configuration's is used."""


class InventoryNumber(msgspec.Struct, frozen=True, gc=False):
    """One number; empty fields are not known."""

    number: str
    account: Owner | None = None
    """The account that lists it; ``None`` for the account whose inventory this is."""
    company: str = ""
    carrier: str = ""
    grade: Grade | None = None
    contract_end: float | None = None
    """Epoch seconds."""
    phones: tuple[InventoryPhone, ...] = ()
    province: str = ""
    city: str = ""
    important: bool = False
    """Whether its customer is an important one (docs/reference/domain.md §3)."""
    contacts: tuple[InventoryContact, ...] = ()


# No repr: it would put people's phones into a traceback or a log line.
@dataclass(frozen=True, repr=False)
class Inventory:
    """The numbers of one account's inventory."""

    numbers: tuple[InventoryNumber, ...] = ()
    """Sorted by number; those that other accounts list included."""

    @classmethod
    def of(cls, numbers: Iterable[InventoryNumber]) -> "Inventory":
        """The inventory of ``numbers``, in any order."""
        return cls(tuple(sorted(numbers, key=attrgetter("number"))))

    def __bool__(self) -> bool:
        """Whether it has any number."""
        return bool(self.numbers)

    @cached_property
    def own(self) -> Mapping[str, InventoryNumber]:
        """The numbers that the account itself lists."""
        return {entry.number: entry for entry in self.numbers if entry.account is None}

    @cached_property
    def of_others(self) -> tuple[InventoryNumber, ...]:
        """The numbers that other accounts list and whose phones this account knows."""
        return tuple(entry for entry in self.numbers if entry.account is not None)

    @cached_property
    def numbers_of_others(self) -> frozenset[str]:
        """The numbers of :attr:`of_others`."""
        return frozenset(entry.number for entry in self.of_others)

    @cached_property
    def extensions(self) -> tuple[str, ...]:
        """Every extension once, sorted."""
        return tuple(
            sorted({phone.extension for entry in self.numbers for phone in entry.phones} - {""})
        )

    @cached_property
    def number_of_phone(self) -> Mapping[str, str]:
        """The number of each phone, by id, extension and phone; not of those that serve several."""
        numbers: dict[str, str | None] = {}
        for entry in self.numbers:
            for phone in entry.phones:
                for name in {phone.id, phone.extension, phone.phone} - {""}:
                    same = numbers.setdefault(name, entry.number) == entry.number
                    numbers[name] = entry.number if same else None
        return {name: number for name, number in numbers.items() if number is not None}
