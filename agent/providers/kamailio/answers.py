"""Reads the answers of Kamailio: contacts of an address of record, targets of the dispatcher.

A phone that is not registered counts as switched off: its calls fail as those of a phone that is
off do, and its holder can mend it. (``unregistered`` is a phone that is not on file.)
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from agent.net.exchange import ProviderError
from agent.net.scrub import scrub
from agent.states import BindingState, PollFailure

PhoneState = tuple[BindingState, str]

NOT_REGISTERED: Final = BindingState.OFF, "not registered"
_EXPIRED: Final = BindingState.OFF, "registration expired"
_REGISTERED: Final = BindingState.OK, "registered"
_PERMANENT: Final = "permanent"
_ENDED: Final = frozenset({"expired", "deleted"})
_REACHABLE_FLAGS: Final = "AP"
_NOT_REACHABLE: Final = ("I", "D")
"""Flags of a dispatcher target that is inactive or disabled. Others (``AX`` before the first
probes, ``TP`` while some failed) are not confirmed."""


def state_of_contacts(record: Any, method: str) -> PhoneState:
    """The state of a phone by the contacts of its address of record.

    Raises:
        ProviderError: ``schema`` when the record is not as usrloc writes it.
    """
    contacts = record.get("Contacts") if isinstance(record, dict) else None
    if not isinstance(contacts, list):
        raise _schema(method, "has no list Contacts")
    valid = [_is_valid(contact, method) for contact in contacts]
    if any(valid):
        return _REGISTERED
    return _EXPIRED if valid else NOT_REGISTERED


def _is_valid(contact: Any, method: str) -> bool:
    inner = contact.get("Contact") if isinstance(contact, dict) else None
    expires = inner.get("Expires") if isinstance(inner, dict) else None
    if isinstance(expires, int) and not isinstance(expires, bool):
        return expires > 0
    if expires == _PERMANENT:
        return True
    if expires in _ENDED:
        return False
    raise _schema(method, f"has a contact whose Expires is {scrub(str(expires), 40)}")


def states_of_dump(tree: Any, table: str) -> dict[str, PhoneState]:
    """The state of every address of record in a dump of ``table``, by its lower-case name.

    Raises:
        ProviderError: ``schema`` when the dump is not as usrloc writes it.
    """
    for domain in _items(tree, "Domains", "ul.dump"):
        inner = domain.get("Domain") if isinstance(domain, dict) else None
        if isinstance(inner, dict) and inner.get("Domain") == table:
            records = [_member(it, "Info", "ul.dump") for it in _items(inner, "AoRs", "ul.dump")]
            return {
                str(record.get("AoR")).lower(): state_of_contacts(record, "ul.dump")
                for record in records
            }
    text = f"ul.dump: configuration error: no table {table}, set the option location"
    raise ProviderError(PollFailure.SCHEMA, text)


def state_in_dump(extension: str, states: Mapping[str, PhoneState]) -> PhoneState:
    """The state of ``extension``; usrloc without domains has only the user of an address."""
    name = extension.lower()
    return states.get(name) or states.get(name.partition("@")[0]) or NOT_REGISTERED


def flags_of_targets(tree: Any) -> dict[str, list[str]]:
    """The flags of every dispatcher target, in all sets, by its plain address.

    Raises:
        ProviderError: ``schema`` when the answer is not as the dispatcher writes it.
    """
    flags: dict[str, list[str]] = {}
    for record in _items(tree, "RECORDS", "dispatcher.list"):
        for target in _items(
            _member(record, "SET", "dispatcher.list"), "TARGETS", "dispatcher.list"
        ):
            destination = _member(target, "DEST", "dispatcher.list")
            uri, word = destination.get("URI"), destination.get("FLAGS")
            if not isinstance(uri, str) or not isinstance(word, str):
                raise _schema("dispatcher.list", "has a target without URI or FLAGS")
            flags.setdefault(plain_address(uri), []).append(word)
    return flags


def state_of_target(flags: Iterable[str]) -> PhoneState:
    """The state of a trunk by its flags in the sets it is in."""
    words = sorted(set(flags))
    text = f"dispatcher {' '.join(words)}" if words else "not in the dispatcher"
    if _REACHABLE_FLAGS in words:
        return BindingState.OK, text
    if words and all(word.startswith(_NOT_REACHABLE) for word in words):
        return BindingState.OFF, text
    return BindingState.UNKNOWN, text


def plain_address(uri: str) -> str:
    """``uri`` without scheme, parameters and case, as targets are compared."""
    text = uri.strip().lower().partition(";")[0]
    return text.removeprefix("sips:").removeprefix("sip:")


def _items(tree: Any, name: str, method: str) -> list[Any]:
    items = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(items, list):
        raise _schema(method, f"has no list {name}")
    return items


def _member(tree: Any, name: str, method: str) -> dict[str, Any]:
    member = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(member, dict):
        raise _schema(method, f"has no {name}")
    return member


def _schema(method: str, text: str) -> ProviderError:
    return ProviderError(PollFailure.SCHEMA, f"{method}: the answer {text}")
