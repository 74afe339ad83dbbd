"""The twelve categories of faults, and which category a ticket is of (docs/reports.md).

Statistics, repeated faults and evaluations count by category: causes are many and change with the
diagnosis, categories are few and stay comparable over the years.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Final

from agent.states import Cause
from agent.tickets.decide.common_cause import NUMBERS
from agent.tickets.forms import FaultCause


@unique
class Category(StrEnum):
    """A category of faults; a closed list, in the order in which tables show it."""

    NUMBER_STATE = "number_state"
    """Suspended, expired, in review, taken back."""
    ACCOUNT = "account"
    """Money: the balance, arrears, a spend cap."""
    CONFIGURATION = "configuration"
    """What the number is set to: bound phones, schedule, lists, regions, waiting time."""
    BOUND_PHONE = "bound_phone"
    """A bound phone does not work."""
    ANSWERING = "answering"
    """A bound phone works and nobody takes the call."""
    CAPACITY = "capacity"
    """Too few lines for the calls."""
    PROVIDER_PLATFORM = "provider_platform"
    CARRIER_NETWORK = "carrier_network"
    VOICE_QUALITY = "voice_quality"
    SECURITY = "security"
    """Charges that calls do not explain, marks as a nuisance."""
    MONITORING = "monitoring"
    """The monitoring itself sees nothing or too little."""
    UNCLEAR = "unclear"
    """Nobody has found out."""


_OF_CAUSE: Final[Mapping[str, Category]] = {
    Cause.HEALTHY: Category.UNCLEAR,
    Cause.UNKNOWN: Category.UNCLEAR,
    Cause.MONITORING_BLIND: Category.MONITORING,
    Cause.PROVIDER_OUTAGE: Category.PROVIDER_PLATFORM,
    Cause.PROVIDER_LEG: Category.PROVIDER_PLATFORM,
    Cause.NETWORK_STATE_MISMATCH: Category.PROVIDER_PLATFORM,
    Cause.CARRIER_OUTAGE: Category.CARRIER_NETWORK,
    Cause.NUMBER_SUSPENDED_VIOLATION: Category.NUMBER_STATE,
    Cause.NUMBER_SUSPENDED_REQUESTED: Category.NUMBER_STATE,
    Cause.NUMBER_EXPIRED: Category.NUMBER_STATE,
    Cause.NUMBER_RECLAIMED: Category.NUMBER_STATE,
    Cause.NUMBER_IN_REVIEW: Category.NUMBER_STATE,
    Cause.NUMBER_SUSPENDED_ARREARS: Category.ACCOUNT,
    Cause.NUMBER_FROZEN: Category.ACCOUNT,
    Cause.BALANCE_EXHAUSTED: Category.ACCOUNT,
    Cause.SPEND_CAP_REACHED: Category.ACCOUNT,
    Cause.NO_BINDING: Category.CONFIGURATION,
    Cause.SCHEDULE_CLOSED: Category.CONFIGURATION,
    Cause.LIST_BLOCKS_CALLER: Category.CONFIGURATION,
    Cause.WHITELIST_BLOCKS_CALLER: Category.CONFIGURATION,
    Cause.REGION_BLOCKS_CALLER: Category.CONFIGURATION,
    Cause.CONFIG_CHANGED: Category.CONFIGURATION,
    Cause.WAIT_TOO_SHORT: Category.CONFIGURATION,
    Cause.RECORDINGS_EXPIRING: Category.CONFIGURATION,
    Cause.BINDING_ARREARS: Category.BOUND_PHONE,
    Cause.BINDING_BARRED: Category.BOUND_PHONE,
    Cause.BINDING_NONEXISTENT: Category.BOUND_PHONE,
    Cause.BINDING_OFF: Category.BOUND_PHONE,
    Cause.BINDING_OUT_OF_AREA: Category.BOUND_PHONE,
    Cause.BINDING_FORWARDED: Category.BOUND_PHONE,
    Cause.BINDING_UNREGISTERED: Category.BOUND_PHONE,
    Cause.BINDING_BUSY: Category.ANSWERING,
    Cause.BINDING_NO_ANSWER: Category.ANSWERING,
    Cause.BINDING_REJECTED: Category.ANSWERING,
    Cause.BINDING_DND: Category.ANSWERING,
    Cause.CAPACITY_EXCEEDED: Category.CAPACITY,
    Cause.VOICE_QUALITY: Category.VOICE_QUALITY,
    Cause.NUMBER_MARKED: Category.SECURITY,
    Cause.CHARGES_UNEXPLAINED: Category.SECURITY,
}
_OF_SYMPTOM: Final[Mapping[str, Category]] = {
    "realname": Category.NUMBER_STATE,
    "contract": Category.NUMBER_STATE,
    "reclaim": Category.NUMBER_STATE,
    "illegal_transition": Category.NUMBER_STATE,
    "balance": Category.ACCOUNT,
    "runway": Category.ACCOUNT,
    "spend_cap": Category.ACCOUNT,
    "drift": Category.CONFIGURATION,
    "lint": Category.CONFIGURATION,
    "recordings": Category.CONFIGURATION,
    "binding_down": Category.BOUND_PHONE,
    "redundancy": Category.BOUND_PHONE,
    "landing_down": Category.BOUND_PHONE,
    "answer_rate": Category.ANSWERING,
    "busy_rate": Category.CAPACITY,
    "capacity": Category.CAPACITY,
    "provider_outage": Category.PROVIDER_PLATFORM,
    "network_mismatch": Category.PROVIDER_PLATFORM,
    "carrier_outage": Category.CARRIER_NETWORK,
    "marked": Category.SECURITY,
    "charges": Category.SECURITY,
    "unusual_calls": Category.SECURITY,
    "probe_setup_slow": Category.CARRIER_NETWORK,
    "probe_one_way": Category.VOICE_QUALITY,
    "probe_blind": Category.MONITORING,
    "poll_stale": Category.MONITORING,
    "provider_api": Category.MONITORING,
    "unmapped": Category.MONITORING,
    "clock_skew": Category.MONITORING,
    "over_limit": Category.MONITORING,
    "ledger": Category.MONITORING,
}
"""By the family of symptoms, for a ticket whose diagnosis has found no cause."""
_OF_FORM: Final[Mapping[FaultCause, Category]] = {
    FaultCause.TRANSMISSION_LINE: Category.CARRIER_NETWORK,
    FaultCause.AGGREGATION_LAYER: Category.CARRIER_NETWORK,
    FaultCause.OPERATOR_EQUIPMENT: Category.PROVIDER_PLATFORM,
    FaultCause.CUSTOMER_EQUIPMENT: Category.BOUND_PHONE,
    FaultCause.CUSTOMER_LAN: Category.BOUND_PHONE,
}
"""By the cause on the signed form, for a ticket that neither of the others explains."""


def category_of(cause: str, symptom: str, confirmed: FaultCause | None = None) -> Category:
    """The category of a fault.

    The diagnosis' cause decides; where it has found none, the family of symptoms, and then what
    the confirmation form says.

    Args:
        cause: A :class:`~agent.states.Cause`; empty without a diagnosis.
        symptom: The family of symptoms of the ticket's subject.
        confirmed: Where the fault was, according to the form.
    """
    found = _OF_CAUSE.get(cause, Category.UNCLEAR)
    if found is Category.UNCLEAR:
        family = symptom.removeprefix(NUMBERS)
        found = _OF_SYMPTOM.get(family, Category.UNCLEAR)
    if found is Category.UNCLEAR and confirmed is not None:
        found = _OF_FORM.get(confirmed, Category.UNCLEAR)
    return found
