"""How a ticket of ours stands in a ticket system, as that system tells it."""

from enum import StrEnum, unique

import msgspec


@unique
class RemoteState(StrEnum):
    """What a ticket system says of a ticket of ours."""

    OPEN = "open"
    CLOSED = "closed"
    """As we asked it."""
    CLOSED_BY_HUMAN = "closed_by_human"
    """Although we did not ask."""
    GONE = "gone"
    """Deleted, or moved to where we cannot see it."""
    ABSENT = "absent"
    """Never made there."""
    UNKNOWN = "unknown"
    """The system cannot be asked, or did not answer."""


class Standing(msgspec.Struct, frozen=True):
    """One ticket in one system."""

    state: RemoteState
    reference: str = ""
    """What the system calls it: an issue's key, an incident's number."""
    status: str = ""
    """The state in the system's own words."""
    resolution: str = ""
    """The resolution code, where the system has one."""
    detail: str = ""
    """Why the state is not known."""
