"""Listings of extensions, which do not say whose calls an extension takes: the inventory does."""

from collections.abc import Iterator, Sequence

import msgspec

from agent.config.inventory.inventory import Inventory, InventoryPhone
from agent.model import Binding
from agent.providers.inventory_facts import bindings_of
from agent.providers.profile.schema import Operation
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem


def with_extensions(
    facts: Sequence[tuple[str, Binding]], inventory: Inventory
) -> dict[str, tuple[Binding, ...]]:
    """The inventory's phones with the states of those that are among the listed extensions.

    A number is only there if the inventory has phones of it: another one may have some all the
    same. Extensions that the inventory does not have are under their own names.
    """
    listed = {binding.phone: binding for _, binding in facts}
    bindings = bindings_of(inventory, {})
    named = {
        (entry.number, phone.id): _name(phone)
        for entry in inventory.numbers
        for phone in entry.phones
    }
    completed = {
        number: tuple([_completed(it, listed.get(named[number, it.id])) for it in phones])
        for number, phones in bindings.items()
    }
    others = {name: (it,) for name, it in listed.items() if name not in set(named.values())}
    return {**others, **completed}


def _name(phone: InventoryPhone) -> str:
    return phone.extension or phone.phone


def _completed(phone: Binding, listed: Binding | None) -> Binding:
    if listed is None:
        return phone
    return msgspec.structs.replace(phone, state=listed.state, native_status=listed.native_status)


def check_extensions(operation: Operation, at: KeyPath, *, is_listing: bool) -> Iterator[Problem]:
    """Whether ``extensions`` is where it has an effect."""
    if operation.extensions and not (at == ("reachability",) and is_listing):
        text = "is for a listing of extensions, expected it in reachability, whose request names"
        yield Problem((*at, "extensions"), f"{text} no number and no phone")
