"""The forms of a fault's handling and their closed lists (domain.md §3, On-site form)."""

from collections.abc import Mapping
from enum import StrEnum, unique

import msgspec


@unique
class FaultCause(StrEnum):
    """Where the on-site form says the fault was."""

    TRANSMISSION_LINE = "transmission_line"
    OPERATOR_EQUIPMENT = "operator_equipment"
    CUSTOMER_EQUIPMENT = "customer_equipment"
    CUSTOMER_LAN = "customer_lan"
    AGGREGATION_LAYER = "aggregation_layer"
    OTHER = "other"


@unique
class Outcome(StrEnum):
    """How the handling ended."""

    RESTORED = "restored"
    OBSERVE = "observe"
    NOT_FIXED = "not_fixed"
    OTHER = "other"


@unique
class Rejection(StrEnum):
    """Why an accepted ticket is given back."""

    MISROUTED = "misrouted"
    INCOMPLETE_FIELDS = "incomplete_fields"


@unique
class Responsibility(StrEnum):
    """Whose fault it is, as far as scoring goes."""

    CUSTOMER = "customer"
    PROVIDER = "provider"
    CARRIER = "carrier"
    UNCLEAR = "unclear"


CUSTOMERS_CAUSES = frozenset({FaultCause.CUSTOMER_EQUIPMENT, FaultCause.CUSTOMER_LAN})
"""Causes on the form for which nobody but the customer answers."""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The on-site handling and confirmation form; texts are as people wrote them, scrubbed."""

    at: float
    recorded_by: str
    customer: str
    """Who confirms for the customer."""
    cause: FaultCause
    outcome: Outcome
    issuing_unit: str = ""
    contact: str = ""
    service: str = ""
    """The service affected."""
    phone: str = ""
    address: str = ""
    staff: str = ""
    helpers: str = ""
    arrived_at: float | None = None
    ended_at: float | None = None
    problem: str = ""
    findings: str = ""
    result: str = ""
    measures: str = ""
    """What keeps it from happening again."""
    opinion: str = ""
    """What the customer says of it."""


class Waiver(msgspec.Struct, frozen=True):
    """Why a ticket may be closed without the customer's confirmation."""

    at: float
    recorded_by: str
    reason: str


@unique
class Resolution(StrEnum):
    """Why a ticket was closed; a closed list for people and for ticket systems."""

    RESTORED = "restored"
    """Repaired; the agent's own word, and the default of a person's."""
    NOT_COMMON = "not_common"
    """A common cause's: its members have nothing in common; each gets its own ticket."""
    WONT_FIX = "wont_fix"
    """It stays as it is."""
    FALSE_ALARM = "false_alarm"
    """There is no fault; the alert is wrong."""
    PLANNED = "planned"
    """Maintenance, or a number taken out of service on purpose."""
    DUPLICATE = "duplicate"
    """Somebody works on it elsewhere."""
    MISROUTED = "misrouted"
    """Not ours to repair."""
    GONE = "gone"
    """What was broken is there no more; the agent's own word."""


MUTING = frozenset(
    {
        *(Resolution.WONT_FIX, Resolution.FALSE_ALARM, Resolution.PLANNED),
        *(Resolution.DUPLICATE, Resolution.MISROUTED),
    }
)
"""Closed so, a fault that goes on opens nothing until its recovery has been seen."""

_WORDS: Mapping[str, Resolution] = {
    **{one.value: one for one in Resolution},
    "fixed": Resolution.RESTORED,
    "done": Resolution.RESTORED,
    "resolved": Resolution.RESTORED,
    "wontfix": Resolution.WONT_FIX,
    "wont_do": Resolution.WONT_FIX,
    "invalid": Resolution.FALSE_ALARM,
    "cannot_reproduce": Resolution.FALSE_ALARM,
    "not_a_bug": Resolution.FALSE_ALARM,
    "known_error": Resolution.WONT_FIX,
    "declined": Resolution.WONT_FIX,
    "maintenance": Resolution.PLANNED,
    "rejected": Resolution.MISROUTED,
}
"""How ticket systems say it."""


def resolution_of(word: str) -> Resolution:
    """The resolution that a ticket system's or a person's word stands for.

    An unknown word is :attr:`Resolution.RESTORED`: if the fault goes on the ticket is reopened,
    which is the mistake that misses nothing.
    """
    plain = "_".join(word.casefold().replace("'", "").replace("’", "").split()).replace("-", "_")
    return _WORDS.get(plain, Resolution.RESTORED)
