"""How each sink hears of an escalation: those it is for as one, the others as an update."""

import msgspec

from agent.tickets.changes import ESCALATED, UPDATED, Change


def effective_event(sink: str, change: Change, body: bytes) -> tuple[Change, bytes]:
    """The change and its payload as ``sink`` hears it."""
    to = change.escalated_to
    if change.kind != ESCALATED or to is None or sink in to:
        return change, body
    as_update = msgspec.structs.replace(change, kind=UPDATED)
    return as_update, body.replace(_type(ESCALATED), _type(UPDATED), 1)


def _type(kind: str) -> bytes:
    """How a payload begins (:func:`agent.tickets.document.payload`)."""
    return b'"type":' + msgspec.json.encode(kind)
