"""The forms that people fill in, and their closed lists (docs/reference/domain.md §3)."""

from collections.abc import Mapping
from enum import StrEnum, unique

import msgspec


@unique
class FaultCause(StrEnum):
    """Where the fault was, according to the on-site form."""

    TRANSMISSION_LINE = "transmission_line"
    OPERATOR_EQUIPMENT = "operator_equipment"
    CUSTOMER_EQUIPMENT = "customer_equipment"
    CUSTOMER_LAN = "customer_lan"
    AGGREGATION_LAYER = "aggregation_layer"
    OTHER = "other"


@unique
class Outcome(StrEnum):
    """The outcome of the visit."""

    RESTORED = "restored"
    OBSERVE = "observe"
    NOT_FIXED = "not_fixed"
    OTHER = "other"


@unique
class Rejection(StrEnum):
    """Why a ticket is given back."""

    MISROUTED = "misrouted"
    INCOMPLETE_FIELDS = "incomplete_fields"


@unique
class Responsibility(StrEnum):
    """Who is responsible for the fault, for the scoring of severe faults."""

    CUSTOMER = "customer"
    PROVIDER = "provider"
    CARRIER = "carrier"
    UNCLEAR = "unclear"


CUSTOMERS_CAUSES = frozenset({FaultCause.CUSTOMER_EQUIPMENT, FaultCause.CUSTOMER_LAN})
"""Causes for which the customer alone is responsible."""


@unique
class ConductItem(StrEnum):
    """What staff on site are asked for: touch nothing before, leave nothing undone behind.

    The change discipline of docs/reference/domain.md §3.
    """

    REGISTERED = "registered"
    STATE_KNOWN = "state_known"
    TESTED = "tested"
    REPAIRED = "repaired"
    EXPLAINED = "explained"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One visit on site, from its appointment to the departure."""

    agreed_at: float | None = None
    """When its hour was agreed last."""
    hour: float | None = None
    """The hour agreed; ``None`` where staff went without one."""
    moved_ahead: float | None = None
    """How many seconds before the hour agreed another one was agreed; the least of them all.

    ``None`` where it was never moved."""
    arrived_at: float | None = None
    left_at: float | None = None
    waited: float | None = None
    """Seconds for which staff waited for a customer who was absent; ``None`` where none was."""
    staff: str = ""
    helpers: str = ""
    conduct: Mapping[str, str] = {}
    """``yes`` or ``no`` by :class:`ConductItem`; what is missing nobody has said."""

    @property
    def is_over(self) -> bool:
        """Whether staff were there, so that another appointment is another visit."""
        return self.arrived_at is not None or self.waited is not None


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The on-site handling and confirmation form; its texts are scrubbed."""

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
    left_at: float | None = None
    work_done: str = ""
    spare_parts: str = ""
    problem: str = ""
    findings: str = ""
    result: str = ""
    measures: str = ""
    """Measures against a repetition."""
    opinion: str = ""
    """The customer's opinion."""


class Waiver(msgspec.Struct, frozen=True):
    """Why a ticket may be closed without the customer's confirmation."""

    at: float
    recorded_by: str
    reason: str


@unique
class CheckResult(StrEnum):
    """The result of a quality check."""

    PASSED = "passed"
    REJECTED = "rejected"


class QualityCheck(msgspec.Struct, frozen=True, gc=False):
    """Somebody looked at how a ticket was handled (docs/reference/domain.md §6)."""

    at: float
    checked_by: str
    result: CheckResult
    reason: str
    handler: str = ""
    """Whose work was looked at; empty where nobody had the ticket."""


@unique
class Resolution(StrEnum):
    """Why a ticket was closed; a closed list for people and for ticket systems."""

    RESTORED = "restored"
    """Repaired; what the agent closes with, and what a person's unknown word counts as."""
    NOT_COMMON = "not_common"
    """For a common cause: its members have nothing in common, each gets its own ticket."""
    WONT_FIX = "wont_fix"
    """It stays as it is."""
    FALSE_ALARM = "false_alarm"
    """There is no fault; the alert was wrong."""
    PLANNED = "planned"
    """Maintenance, or a number taken out of service on purpose."""
    DUPLICATE = "duplicate"
    """Another ticket is about it."""
    MISROUTED = "misrouted"
    """For somebody else to repair."""
    GONE = "gone"
    """The subject no longer exists; the agent closes with it."""


MUTING = frozenset(
    {
        *(Resolution.WONT_FIX, Resolution.FALSE_ALARM, Resolution.PLANNED),
        *(Resolution.DUPLICATE, Resolution.MISROUTED),
    }
)
"""Resolutions after which a fault that goes on opens nothing until it is over.

After any other one, the ticket of a fault that goes on is reopened: it was said to be repaired
and is not (docs/reference/ticketing.md §4).
"""

_WORDS: Mapping[str, Resolution] = {
    **{resolution.value: resolution for resolution in Resolution},
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
"""Resolutions by the words of ticket systems and people."""


def resolution_of(word: str) -> Resolution:
    """The resolution that a word of a ticket system or a person stands for.

    An unknown word is :attr:`Resolution.RESTORED`: should the fault go on, the ticket is reopened,
    so that a wrong guess hides no fault.
    """
    plain = "_".join(word.casefold().replace("'", "").replace("’", "").split()).replace("-", "_")
    return _WORDS.get(plain, Resolution.RESTORED)
