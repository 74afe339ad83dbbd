"""Which fields of stored documents are about people, and the documents without them.

A ticket or a complaint that is old enough keeps what, when, how long and with which outcome. Who
reported, handled and confirmed it, and what people wrote, is erased. A field of a ticket that is
neither here nor known to be about the fault fails a test (``tests/privacy/test_personal.py``).
"""

import re
from typing import Any, Final

import msgspec

from agent.complaints.complaint import Complaint, ComplaintEntry
from agent.complaints.repository import StoredComplaint
from agent.masking import erase_phones
from agent.tickets.changes import AGENT
from agent.tickets.ticket import Entry, Ticket

ERASED: Final = "[erased]"
"""Stands where a phone stood in a text that stays."""
SOMEBODY: Final = "somebody"
"""The actor of what a person did, once nobody is to know who."""
PERSONAL: Final = frozenset(
    {
        *("customer", "contact", "phone", "address", "staff", "helpers", "opinion"),
        *("recorded_by", "checked_by", "requested_by", "closed_by", "graded_by", "assignee"),
        *("handler", "actor"),
        *("who", "caller", "callers", "content", "reference", "answers"),
    }
)
"""The fields of tickets, at any depth, that name people or are in their words."""
FORMS: Final = ("confirmation", "waiver")
"""The parts of a ticket that people fill in: of their texts only these stay."""
KEPT_OF_FORMS: Final = frozenset({"cause", "outcome", "issuing_unit", "service"})


_MASKED: Final = re.compile(r"(?:\+86|0086)?\d{0,4}\*{4,}\d{1,4}")
"""A phone whose middle is hidden: what is shown of it may still lead to somebody."""


def without_phones(text: str) -> str:
    """``text`` without any phone, masked ones too."""
    return erase_phones(_MASKED.sub(ERASED, text), ERASED)


def without_people(value: Any) -> Any:
    """``value``, made of JSON's types, without its personal fields and without any phone."""
    if isinstance(value, str):
        return without_phones(value)
    if isinstance(value, list):
        return [without_people(item) for item in value]
    if isinstance(value, dict):
        return {
            name: _blank(item) if name in PERSONAL else without_people(item)
            for name, item in value.items()
        }
    return value


def _blank(value: Any) -> Any:
    """An empty value of the type of ``value``; ``None`` stays."""
    return None if value is None else type(value)()


def ticket_without_people(document: bytes) -> bytes:
    """A stored ticket without anything about people; it is still one.

    Raises:
        msgspec.MsgspecError: when it is not.
    """
    before = msgspec.json.decode(document)
    after = without_people(before)
    _restore(before, after, (*_IDENTITY, "elsewhere"))
    for name, fields in _IDENTITY_OF_PARTS.items():
        for old, new in zip(before.get(name, ()), after.get(name, ()), strict=True):
            _restore(old, new, fields)
    for complaint in after.get("complaints", ()):
        complaint["filed"] = []
    for check in after.get("quality", ()):
        check["reason"] = ""
    for form in FORMS:
        for name, item in (after.get(form) or {}).items():
            if isinstance(item, str) and name not in KEPT_OF_FORMS:
                after[form][name] = ""
    encoded = msgspec.json.encode(after)
    msgspec.json.decode(encoded, type=Ticket)
    return encoded


_IDENTITY: Final = ("id", "key", "subject", "parent", "previous", "provider_ticket")
_IDENTITY_OF_PARTS: Final = {"members": ("key", "subject"), "complaints": ("id", "number")}
"""What says which ticket, member or complaint it is: hotline numbers, and ids of many digits."""


def _restore(before: dict[str, Any], after: dict[str, Any], names: tuple[str, ...]) -> None:
    after.update({name: before[name] for name in names if name in before})


def entry_without_people(entry: Entry) -> Entry:
    """An entry of a timeline without who acted and what they wrote."""
    if entry.actor == AGENT:
        return Entry(entry.at, entry.actor, entry.event, without_phones(entry.reason))
    return Entry(entry.at, SOMEBODY, entry.event, "")


def complaint_without_people(stored: StoredComplaint) -> StoredComplaint:
    """A stored complaint without who complained and what was written about it."""
    return msgspec.structs.replace(stored, complaint=_without_caller(stored.complaint))


def _without_caller(complaint: Complaint) -> Complaint:
    return msgspec.structs.replace(
        complaint,
        who="",
        caller="",
        callers=(),
        contact="",
        company="",
        content="",
        reference="",
        handler="",
        prompt=without_phones(complaint.prompt),
        filed=tuple(ComplaintEntry(it.at, SOMEBODY, it.event) for it in complaint.filed),
    )
