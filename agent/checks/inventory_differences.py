"""What an account's provider and its inventory say otherwise of numbers and bound phones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import is_

from agent.config.inventory.inventory import Inventory, InventoryPhone
from agent.model import Binding, Snapshot


@dataclass(frozen=True)
class InventoryDifferences:
    """The numbers that differ, sorted."""

    not_listed: tuple[str, ...] = ()
    """In the inventory, and not in the provider's complete listing."""
    not_in_inventory: tuple[str, ...] = ()
    """Listed, and not in the inventory."""
    other_phones: tuple[str, ...] = ()
    """Numbers of both, whose phones are not the same."""

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.not_listed or self.not_in_inventory or self.other_phones)


NO_DIFFERENCES = InventoryDifferences()
_Facts = tuple[object, object, Inventory]


class InventoryComparison:
    """Compares accounts with their inventories, again only when one of the two has changed."""

    def __init__(self) -> None:
        self._compared: dict[tuple[str, str], tuple[_Facts, InventoryDifferences]] = {}

    def compare(self, snapshot: Snapshot, inventory: Inventory) -> InventoryDifferences:
        """The differences of an account; none where it has no inventory or no listing."""
        if not inventory.own or snapshot.listing is None:
            return NO_DIFFERENCES
        key = snapshot.provider, snapshot.account
        facts: _Facts = snapshot.listing, snapshot.bindings, inventory
        before = self._compared.get(key)
        if before is not None and all(map(is_, before[0], facts)):
            return before[1]
        differences = differences_of(snapshot, inventory)
        self._compared[key] = facts, differences
        return differences


def differences_of(snapshot: Snapshot, inventory: Inventory) -> InventoryDifferences:
    """What differs between ``snapshot`` and ``inventory``."""
    numbers = snapshot.listing.numbers if snapshot.listing else ()
    listed, own = {number.number for number in numbers}, inventory.own
    return InventoryDifferences(
        tuple(sorted(own.keys() - listed)),
        tuple(sorted(listed - own.keys())),
        tuple(
            number
            for number, phones in sorted(snapshot.bindings.items())
            if number in own and not are_same_phones(own[number].phones, phones)
        ),
    )


def are_same_phones(inventory: Sequence[InventoryPhone], bound: Sequence[Binding]) -> bool:
    """Whether both are the same phones; an inventory without phones says nothing of them."""
    if not inventory:
        return True
    matched = [binding for phone in inventory for binding in bound if is_same_phone(phone, binding)]
    ids = {binding.id for binding in matched}
    return len(matched) >= len(inventory) and len(ids) == len(bound)


def is_same_phone(phone: InventoryPhone, binding: Binding) -> bool:
    """Whether a phone of an inventory is the one that a provider reports."""
    theirs = _names(binding.id, binding.phone)
    return bool(theirs & _names(phone.id, phone.phone, phone.extension))


def _names(*names: str) -> set[str]:
    return set(names) - {""}


def by_number(numbers: Iterable[str], bindings: Mapping[str, Sequence[Binding]]) -> int:
    """How many phones ``bindings`` has under ``numbers``."""
    return sum(len(bindings[number]) for number in numbers)
