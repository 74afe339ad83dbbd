"""The forms of a fault's handling and their closed lists (domain.md §3, On-site form)."""

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
