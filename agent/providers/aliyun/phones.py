"""Phones as bindings: with the id, kind and position that the inventory has for them."""

from collections.abc import Iterable
from operator import attrgetter

from agent.config.inventory.inventory import Inventory, InventoryPhone
from agent.model import Binding
from agent.providers.inventory_facts import bindings_of, in_order
from agent.states import BindingKind

_MOBILE_LENGTH = 11


class Phones:
    """The phones of one account's numbers.

    Args:
        inventory: What the configuration knows of them.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._known = {
            (entry.number, phone.phone): phone
            for entry in inventory.numbers
            for phone in entry.phones
            if phone.phone
        }
        self._inventory = bindings_of(inventory, {})

    def bindings_of(self, number: str, phones: Iterable[str]) -> tuple[Binding, ...]:
        """The ``phones`` of ``number`` as its bindings, their states not known."""
        bindings = (self._binding(phone, self._known.get((number, phone))) for phone in phones)
        return in_order(sorted(bindings, key=attrgetter("id")))

    def of_inventory(self, number: str) -> tuple[Binding, ...] | None:
        """The bindings that only the inventory knows; ``None`` where it knows none."""
        return self._inventory.get(number)

    def id_of(self, number: str, phone: str) -> str:
        """The id by which the phone is bound."""
        known = self._known.get((number, phone))
        return phone if known is None else known.id

    def _binding(self, phone: str, known: InventoryPhone | None) -> Binding:
        if known is not None:
            kind = known.kind if known.kind is not BindingKind.UNKNOWN else kind_of(phone)
            return Binding(known.id, phone, kind, known.position)
        return Binding(phone, phone, kind_of(phone))


def kind_of(phone: str) -> BindingKind:
    """Mobile or landline, by the digits of a phone in China."""
    if is_mobile(phone):
        return BindingKind.MOBILE
    return BindingKind.LANDLINE if phone.startswith("0") else BindingKind.UNKNOWN


def is_mobile(phone: str) -> bool:
    """Whether it has the digits of a mobile phone in China, as they are queried."""
    return len(phone) == _MOBILE_LENGTH and phone.isascii() and phone.isdigit() and phone[0] == "1"
