"""Listings of extensions, which do not say whose calls an extension takes: the inventory does."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from agent.config.inventory.inventory import Inventory, InventoryPhone
from agent.model import Binding
from agent.providers.inventory_facts import bindings_of
from agent.providers.profile.schema import Operation
from agent.states import BindingKind, BindingState
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

_REACHABLE: Final = frozenset({BindingState.OK, BindingState.BUSY})
_ADDRESSES: Final = ("sip:", "sips:")


def with_extensions(
    facts: Sequence[tuple[str, Binding]],
    inventory: Inventory,
    absent_state: BindingState | None = None,
) -> dict[str, tuple[Binding, ...]]:
    """The inventory's phones with the states of those that are among the listed extensions.

    A number is only there if the inventory has phones of it: another one may have some all the
    same. Extensions that the inventory does not have are under their own names. Names are compared
    without case, as registrars store them.

    Args:
        facts: The listed extensions; one may be there several times, once for each contact.
        inventory: Says whose they are.
        absent_state: The state of an extension that is not listed; ``None`` where the listing
            does not say it, or may lack some.
    """
    listed = _by_name(binding for _, binding in facts)
    absent = None if absent_state is None or "" in listed else absent_state
    phones_of = {
        (entry.number, phone.id): phone for entry in inventory.numbers for phone in entry.phones
    }
    completed = {
        number: tuple([_completed(it, phones_of[number, it.id], listed, absent) for it in phones])
        for number, phones in bindings_of(inventory, {}).items()
    }
    known = {_name(phone) for phone in phones_of.values()}
    others = {it.phone: (it,) for name, it in listed.items() if name not in known}
    return {**others, **completed}


def _by_name(bindings: Iterable[Binding]) -> dict[str, Binding]:
    """The binding of every extension that says the most of it: that one contact is reachable."""
    listed: dict[str, Binding] = {}
    for binding in bindings:
        name = binding.phone.lower()
        if name not in listed or _rank(binding) < _rank(listed[name]):
            listed[name] = binding
    return listed


def _rank(binding: Binding) -> int:
    # What is not known of one contact is not known of the phone, unless another is reachable.
    if binding.state in _REACHABLE:
        return 0
    return 1 if binding.state is BindingState.UNKNOWN else 2


def _name(phone: InventoryPhone) -> str:
    return (phone.extension or phone.phone).lower()


def _registers(phone: InventoryPhone) -> bool:
    """Whether it is an extension, which a listing of them would have: no mobile, no trunk."""
    is_trunk = phone.kind is BindingKind.TRUNK or phone.extension.lower().startswith(_ADDRESSES)
    return bool(phone.extension) and not is_trunk


def _completed(
    phone: Binding,
    known: InventoryPhone,
    listed: dict[str, Binding],
    absent: BindingState | None,
) -> Binding:
    found = listed.get(_name(known))
    if found is not None:
        return msgspec.structs.replace(phone, state=found.state, native_status=found.native_status)
    if absent is None or not _registers(known):
        return phone
    return msgspec.structs.replace(phone, state=absent, native_status="not listed")


def check_extensions(operation: Operation, at: KeyPath, *, is_listing: bool) -> Iterator[Problem]:
    """Whether ``extensions`` is where it has an effect."""
    if operation.extensions and not (at == ("reachability",) and is_listing):
        text = "is for a listing of extensions, expected it in reachability, whose request names"
        yield Problem((*at, "extensions"), f"{text} no number and no phone")
