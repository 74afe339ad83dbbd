"""The state of one of our tickets in a ticket system, as that system reports it."""

from enum import StrEnum, unique

import msgspec


@unique
class RemoteState(StrEnum):
    """What a ticket system reports about one of our tickets."""

    OPEN = "open"
    CLOSED = "closed"
    """Closed, as the agent requested."""
    CLOSED_BY_HUMAN = "closed_by_human"
    """Closed although the agent did not request it."""
    GONE = "gone"
    """Deleted, or moved to where the agent's account cannot see it."""
    ABSENT = "absent"
    """Never created there."""
    UNKNOWN = "unknown"
    """The system cannot be queried, or did not answer."""


class RemoteTicket(msgspec.Struct, frozen=True):
    """One ticket in one system."""

    state: RemoteState
    reference: str = ""
    """The system's own identifier: an issue's key, an incident's number."""
    status: str = ""
    """The state in the system's own words."""
    resolution: str = ""
    """The resolution code, where the system has one."""
    detail: str = ""
    """Why the state is unknown."""
