"""Facts that an inventory gives: which numbers there are and who their phones are.

It never says that a number is in service or that a phone can be reached: those are ``unknown``
unless somebody's API says something.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from agent.config.inventory.inventory import Inventory, InventoryNumber, InventoryPhone
from agent.model import Binding, Listing, Number
from agent.states import BindingState, Grade, NumberState

PhoneStates = Mapping[str, tuple[BindingState, str]]
"""State and the PBX's own word for it, by extension."""


def listing_of(inventory: Inventory, grade: Grade | None) -> Listing:
    """The account's own numbers, all in an unknown state."""
    numbers = (_number(entry, grade) for entry in inventory.own.values())
    return Listing(tuple(sorted(numbers, key=attrgetter("number"))))


def completed(listing: Listing, inventory: Inventory) -> Listing:
    """``listing`` with what only the inventory knows of its numbers; no number is added."""
    own = inventory.own
    numbers = tuple(
        number if (entry := own.get(number.number)) is None else _completed(number, entry)
        for number in listing.numbers
    )
    return msgspec.structs.replace(listing, numbers=numbers)


def bindings_of(inventory: Inventory, states: PhoneStates) -> dict[str, tuple[Binding, ...]]:
    """The phones of every number, those that other accounts list included.

    A number without phones is left out: that none is listed does not say that none is bound.
    """
    bindings: dict[str, tuple[Binding, ...]] = {}
    for entry in inventory.numbers:
        if entry.phones:
            phones = tuple(_binding(phone, states) for phone in entry.phones)
            bindings[entry.number] = in_order((*bindings.get(entry.number, ()), *phones))
    return bindings


def attributed(
    bindings: Mapping[str, tuple[Binding, ...]], numbers: Sequence[str], inventory: Inventory
) -> dict[str, tuple[Binding, ...]]:
    """``bindings`` with the phones under other keys moved to the number that the inventory names.

    An API that lists phones without their number gives them under an id, an extension or a
    number that is not listed.
    """
    requested, number_of = set(numbers), inventory.number_of_phone
    moved: dict[str, list[Binding]] = {}
    for key, phones in bindings.items():
        if key in requested:
            moved.setdefault(key, []).extend(phones)
            continue
        for phone in phones:
            names = (phone.id, phone.phone, key)
            number = next((number_of[name] for name in names if name in number_of), key)
            moved.setdefault(number, []).append(phone)
    return {number: in_order(phones) for number, phones in moved.items()}


def in_order(phones: Sequence[Binding]) -> tuple[Binding, ...]:
    """``phones`` by position; those without one keep their order and come last."""
    return tuple(sorted(phones, key=lambda phone: phone.position or len(phones) + 10_000))


def _number(entry: InventoryNumber, grade: Grade | None) -> Number:
    return Number(
        entry.number,
        NumberState.UNKNOWN,
        company=entry.company,
        carrier=entry.carrier,
        grade=entry.grade or grade or Grade.STANDARD,
        contract_end=entry.contract_end,
    )


def _completed(number: Number, entry: InventoryNumber) -> Number:
    known: dict[str, Any] = {
        name: getattr(entry, name)
        for name in ("company", "carrier", "contract_end")
        if getattr(entry, name) and not getattr(number, name)
    }
    if entry.grade is not None and number.grade is Grade.STANDARD:
        known["grade"] = entry.grade
    return msgspec.structs.replace(number, **known) if known else number


def _binding(phone: InventoryPhone, states: PhoneStates) -> Binding:
    state, word = states.get(phone.extension, (BindingState.UNKNOWN, ""))
    return Binding(phone.id, phone.phone, phone.kind, phone.position, state, word)
