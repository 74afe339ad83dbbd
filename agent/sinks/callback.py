"""What a ticket system says of a ticket of ours, in our words."""

from enum import StrEnum, unique

import msgspec

from agent.states import Stage


class Callback(msgspec.Struct, frozen=True):
    """One change that somebody made there."""

    sink: str
    message: str
    """What tells this message from others: the same again changes nothing."""
    remote: str
    """What the system calls the ticket; empty where it says our id."""
    ticket_id: str
    """Our id; empty where the system says its own."""
    at: float
    """When it was changed there."""
    actor: str
    status: str
    """The state in the system's own words."""
    stage: Stage | None
    """What that means here; ``None`` when it means nothing."""
    resolution: str = ""
    provider_ticket: str = ""


@unique
class CallbackOutcome(StrEnum):
    """What became of a callback."""

    TAKEN = "taken"
    REPEATED = "repeated"
    LATE = "late"
    """Something newer was heard already."""
    NOTHING = "nothing"
    """It means nothing here, or it is so already."""
    REFUSED = "refused"
    """The ticket's stage does not allow it."""
    UNKNOWN = "unknown"
    """No ticket of ours is called that."""
