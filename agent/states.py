"""The closed lists of the domain: every state, reason, cause and grade numwatch knows.

Users, rules and tickets rely on these values. A value a provider sends that maps onto none of
them is ``unknown``, which is a state of its own: never healthy, never recovered
(docs/reference/domain.md §1).
"""

from enum import StrEnum, unique


@unique
class NumberState(StrEnum):
    """The business state of a hotline number at its provider (docs/reference/domain.md §1)."""

    IDLE = "idle"
    PREOCCUPIED = "preoccupied"
    REVIEW = "review"
    REVIEW_REJECTED = "review_rejected"
    OPEN_UNFUNDED = "open_unfunded"
    ACTIVE = "active"
    LOW_BALANCE = "low_balance"
    SUSPENDED_ARREARS = "suspended_arrears"
    SUSPENDED_VIOLATION = "suspended_violation"
    SUSPENDED_REQUESTED = "suspended_requested"
    FROZEN = "frozen"
    EXPIRED = "expired"
    RECLAIMED = "reclaimed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@unique
class NetworkState(StrEnum):
    """The state of a number in the carrier's intelligent network (docs/reference/domain.md §1)."""

    ACTIVE = "active"
    LOADED = "loaded"
    DEACTIVATED = "deactivated"
    UNLOADED = "unloaded"
    DELETED = "deleted"
    UNKNOWN = "unknown"


@unique
class BindingState(StrEnum):
    """The state of a phone bound to a number (docs/reference/domain.md §1)."""

    OK = "ok"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    OFF = "off"
    OUT_OF_AREA = "out_of_area"
    ARREARS = "arrears"
    BARRED = "barred"
    NONEXISTENT = "nonexistent"
    REJECTED = "rejected"
    DND = "dnd"
    FORWARDED = "forwarded"
    UNREGISTERED = "unregistered"
    UNBOUND = "unbound"
    OVERSEAS = "overseas"
    UNKNOWN = "unknown"


@unique
class BindingKind(StrEnum):
    """The kind of line of a bound phone (docs/reference/domain.md §1)."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    TRUNK = "trunk"
    PBX = "pbx"
    UNKNOWN = "unknown"


@unique
class Strategy(StrEnum):
    """The order in which a number rings its bound phones (docs/reference/domain.md §1)."""

    SEQUENTIAL = "sequential"
    RANDOM = "random"
    CYCLIC = "cyclic"
    WEIGHTED = "weighted"
    SIMULTANEOUS = "simultaneous"
    UNKNOWN = "unknown"


@unique
class CallResult(StrEnum):
    """The result of a call to a number (docs/reference/domain.md §2)."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NONEXISTENT = "nonexistent"
    REJECTED = "rejected"
    OUT_OF_AREA = "out_of_area"
    OFF = "off"
    SUSPENDED = "suspended"
    BARRED = "barred"
    FORWARDED = "forwarded"
    NETWORK = "network"
    BLOCKED_BY_CARRIER = "blocked_by_carrier"
    OVER_CONCURRENCY = "over_concurrency"
    CALLER_BLACKLISTED = "caller_blacklisted"
    CLOSED_HOURS = "closed_hours"
    REGION_BLOCKED = "region_blocked"
    ABANDONED = "abandoned"
    UNKNOWN = "unknown"


@unique
class MarkingTag(StrEnum):
    """What people have marked a number as (docs/reference/domain.md §7)."""

    NONE = "none"
    HARASSMENT = "harassment"
    ESTATE_AGENT = "estate_agent"
    FINANCE = "finance"
    ADVERTISING = "advertising"
    FRAUD = "fraud"
    COURIER = "courier"
    TAXI = "taxi"
    UNKNOWN = "unknown"


@unique
class Capability(StrEnum):
    """The kinds of facts a provider's API can return; each is polled on its own."""

    NUMBERS = "numbers"
    ROUTING = "routing"
    REACHABILITY = "reachability"
    BALANCE = "balance"
    CALLS = "calls"


@unique
class PollFailure(StrEnum):
    """Why a poll failed: the closed list behind ``numwatch_poll_failures_total{reason}``."""

    TIMEOUT = "timeout"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TLS_EXPIRED = "tls_expired"
    REDIRECT = "redirect"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    CHARSET = "charset"
    DECODE = "decode"
    SCHEMA = "schema"
    API_ERROR = "api_error"
    AUTH = "auth"
    RATE_LIMITED = "rate_limited"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    PAGINATION = "pagination"
    PARTIAL = "partial"
    TOO_MANY = "too_many"
    OUTDATED = "outdated"
    EGRESS_DENIED = "egress_denied"
    CANCELLED = "cancelled"


@unique
class Party(StrEnum):
    """The party responsible for the repair (docs/reference/domain.md §2)."""

    CALLER = "caller"
    CALLER_CARRIER = "caller_carrier"
    HOLDER = "holder"
    ADMIN = "admin"
    FINANCE = "finance"
    SECURITY = "security"
    BINDING_CARRIER = "binding_carrier"
    PROVIDER = "provider"
    BASE_CARRIER = "base_carrier"
    MONITORING = "monitoring"
    NONE = "none"


@unique
class Cause(StrEnum):
    """Why a number cannot be reached, or that it can (docs/reference/domain.md §2)."""

    HEALTHY = "healthy"
    MONITORING_BLIND = "monitoring_blind"
    PROVIDER_OUTAGE = "provider_outage"
    CARRIER_OUTAGE = "carrier_outage"
    NUMBER_SUSPENDED_ARREARS = "number_suspended_arrears"
    NUMBER_SUSPENDED_VIOLATION = "number_suspended_violation"
    NUMBER_SUSPENDED_REQUESTED = "number_suspended_requested"
    NUMBER_EXPIRED = "number_expired"
    NUMBER_FROZEN = "number_frozen"
    NUMBER_RECLAIMED = "number_reclaimed"
    NUMBER_IN_REVIEW = "number_in_review"
    NUMBER_MARKED = "number_marked"
    NETWORK_STATE_MISMATCH = "network_state_mismatch"
    BALANCE_EXHAUSTED = "balance_exhausted"
    SPEND_CAP_REACHED = "spend_cap_reached"
    CHARGES_UNEXPLAINED = "charges_unexplained"
    RECORDINGS_EXPIRING = "recordings_expiring"
    NO_BINDING = "no_binding"
    SCHEDULE_CLOSED = "schedule_closed"
    LIST_BLOCKS_CALLER = "list_blocks_caller"
    WHITELIST_BLOCKS_CALLER = "whitelist_blocks_caller"
    REGION_BLOCKS_CALLER = "region_blocks_caller"
    CONFIG_CHANGED = "config_changed"
    BINDING_ARREARS = "binding_arrears"
    BINDING_BARRED = "binding_barred"
    BINDING_NONEXISTENT = "binding_nonexistent"
    BINDING_OFF = "binding_off"
    BINDING_OUT_OF_AREA = "binding_out_of_area"
    BINDING_BUSY = "binding_busy"
    BINDING_NO_ANSWER = "binding_no_answer"
    BINDING_REJECTED = "binding_rejected"
    BINDING_DND = "binding_dnd"
    BINDING_FORWARDED = "binding_forwarded"
    BINDING_UNREGISTERED = "binding_unregistered"
    CAPACITY_EXCEEDED = "capacity_exceeded"
    WAIT_TOO_SHORT = "wait_too_short"
    PROVIDER_LEG = "provider_leg"
    VOICE_QUALITY = "voice_quality"
    UNKNOWN = "unknown"


@unique
class Stage(StrEnum):
    """The stage of a ticket (docs/reference/domain.md §3)."""

    DETECTED = "detected"
    REPORTED = "reported"
    ACCEPTED = "accepted"
    DIAGNOSING = "diagnosing"
    CARRIER_ESCALATED = "carrier_escalated"
    DISPATCHED = "dispatched"
    ON_SITE = "on_site"
    RESTORED = "restored"
    REPAIRED = "repaired"
    TESTING = "testing"
    CONFIRMED = "confirmed"
    CLOSED = "closed"
    OBSERVING = "observing"
    REOPENED = "reopened"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"


@unique
class Grade(StrEnum):
    """The service grade a customer has bought for a number (docs/reference/domain.md §3)."""

    AAA = "AAA"
    AA = "AA"
    A = "A"
    STANDARD = "standard"


@unique
class ClockName(StrEnum):
    """The three clocks that run on a ticket (docs/reference/domain.md §3)."""

    CONTACT = "contact"
    ON_SITE = "on_site"
    RESTORE = "restore"


@unique
class Severity(StrEnum):
    """The severity of an alert."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@unique
class Scope(StrEnum):
    """The kind of thing that is broken, the widest first."""

    AGENT = "agent"
    PROVIDER = "provider"
    ACCOUNT = "account"
    CARRIER = "carrier"
    TRUNK = "trunk"
    NUMBER = "number"
    BINDING = "binding"


@unique
class Health(StrEnum):
    """How a number is, as far as is known (docs/health.md)."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    NOT_OPENED = "not_opened"


@unique
class ConfigSection(StrEnum):
    """The parts of a number's configuration for which drift is reported."""

    BINDINGS = "bindings"
    STRATEGY = "strategy"
    WAIT = "wait"
    SCHEDULE = "schedule"
    REGION = "region"
    LISTS = "lists"
    IVR = "ivr"
    FEATURES = "features"


IN_SERVICE_STATES = frozenset({NumberState.ACTIVE, NumberState.LOW_BALANCE})
"""States in which a number takes calls; a low balance warns, it does not cut off."""

REFUSED_TAGS = frozenset(MarkingTag) - {
    MarkingTag.NONE,
    MarkingTag.COURIER,
    MarkingTag.TAXI,
    MarkingTag.UNKNOWN,
}
"""Marks for which people do not take a call."""

REACHABLE_STATES = frozenset({BindingState.OK, BindingState.BUSY})
"""Binding states in which the phone can be reached; a busy phone is a working phone."""

PARTY_OF_CAUSE: dict[Cause, Party] = {
    Cause.HEALTHY: Party.NONE,
    Cause.MONITORING_BLIND: Party.MONITORING,
    Cause.CARRIER_OUTAGE: Party.BASE_CARRIER,
    Cause.CHARGES_UNEXPLAINED: Party.SECURITY,
    **dict.fromkeys(
        (
            Cause.PROVIDER_OUTAGE,
            Cause.NUMBER_SUSPENDED_VIOLATION,
            Cause.NUMBER_RECLAIMED,
            Cause.NUMBER_IN_REVIEW,
            Cause.NETWORK_STATE_MISMATCH,
            Cause.PROVIDER_LEG,
            Cause.VOICE_QUALITY,
            Cause.UNKNOWN,
        ),
        Party.PROVIDER,
    ),
    **dict.fromkeys(
        (
            Cause.NUMBER_SUSPENDED_ARREARS,
            Cause.NUMBER_FROZEN,
            Cause.BALANCE_EXHAUSTED,
            Cause.SPEND_CAP_REACHED,
        ),
        Party.FINANCE,
    ),
    **dict.fromkeys(
        (
            Cause.NUMBER_SUSPENDED_REQUESTED,
            Cause.NUMBER_EXPIRED,
            Cause.NUMBER_MARKED,
            Cause.RECORDINGS_EXPIRING,
            Cause.NO_BINDING,
            Cause.SCHEDULE_CLOSED,
            Cause.LIST_BLOCKS_CALLER,
            Cause.WHITELIST_BLOCKS_CALLER,
            Cause.REGION_BLOCKS_CALLER,
            Cause.CONFIG_CHANGED,
            Cause.BINDING_NONEXISTENT,
            Cause.BINDING_UNREGISTERED,
            Cause.CAPACITY_EXCEEDED,
            Cause.WAIT_TOO_SHORT,
        ),
        Party.ADMIN,
    ),
    **dict.fromkeys((Cause.BINDING_ARREARS, Cause.BINDING_BARRED), Party.BINDING_CARRIER),
    **dict.fromkeys(
        (
            Cause.BINDING_OFF,
            Cause.BINDING_OUT_OF_AREA,
            Cause.BINDING_BUSY,
            Cause.BINDING_NO_ANSWER,
            Cause.BINDING_REJECTED,
            Cause.BINDING_DND,
            Cause.BINDING_FORWARDED,
        ),
        Party.HOLDER,
    ),
}
"""The party responsible for each cause (docs/reference/domain.md §2).

The facts of a case may name another one.
"""
