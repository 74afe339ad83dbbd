"""The domain's nouns: immutable facts as polled, and the snapshot that holds them together.

Adapters make facts, polling joins them into one :class:`Snapshot` per account, everything
after that only reads. Imports nothing of ours but the closed lists.

Times are seconds since the epoch (UTC) as ``float``; durations are seconds. A fact a provider
does not tell is ``None`` or ``unknown``, never a guess.
"""

from collections.abc import Mapping

import msgspec

from agent.states import (
    BindingKind,
    BindingState,
    CallResult,
    Capability,
    Grade,
    NetworkState,
    NumberState,
    PollFailure,
    Strategy,
)

AccountKey = tuple[str, str]
"""Provider and account: the name of an account everywhere in the agent."""


class Number(msgspec.Struct, frozen=True, gc=False):
    """One hotline number as its provider's listing tells it."""

    number: str
    state: NumberState
    network_state: NetworkState = NetworkState.UNKNOWN
    native_status: str = ""
    """The provider's own word for the state, scrubbed."""
    reason: str = ""
    """The provider's own reason for the state, scrubbed; empty where it gives none."""
    company: str = ""
    carrier: str = ""
    """The base carrier (``unicom``, ``telecom``, ``mobile``), empty when not known."""
    grade: Grade = Grade.STANDARD
    contract_end: float | None = None
    reclaim_at: float | None = None
    realname_ok: bool | None = None
    licence_end: float | None = None
    """When the company's business licence ends."""
    identity_end: float | None = None
    """When the identity papers filed for the number end."""
    registered_use: str = ""
    """What the number was registered for; empty when not told."""
    actual_use: str = ""
    """What the number is used for; empty when not told."""


class Lines(msgspec.Struct, frozen=True, gc=False):
    """How many calls a switchboard or trunk can take at once (domain.md §1, PBX and trunk)."""

    declared: int | None = None
    """Simultaneous calls the holder declares."""
    paid: int | None = None
    """Simultaneous calls that are paid for."""
    capacity: int | None = None
    """Simultaneous calls the line can carry."""
    peak: int | None = None
    """The most there were at once of late."""


class Binding(msgspec.Struct, frozen=True, gc=False):
    """One phone bound behind a number. ``phone`` is personal: mask it everywhere outside."""

    id: str
    phone: str
    kind: BindingKind = BindingKind.UNKNOWN
    position: int = 0
    """Its place in the order of ringing, from 1; 0 when the provider tells none."""
    state: BindingState = BindingState.UNKNOWN
    native_status: str = ""
    wait_seconds: float | None = None
    """How long this phone rings; ``None`` leaves it to the routing's wait."""
    weight: float | None = None
    """Its share of the calls in percent, where the strategy is weighted."""
    carrier: str = ""
    """Told by the provider only: mobiles can be ported, so it is never read off the number."""
    area: str = ""
    """The area code of the place it stands in; empty when not told."""
    areas: tuple[str, ...] = ()
    """Area codes of the callers it is rung for; empty means everywhere."""
    holder: str = ""
    """Who holds it. Personal: mask it everywhere outside."""
    filed: bool | None = None
    """Whether it is filed with the provider as one of the company's (domain.md §1, filing)."""
    lines: Lines | None = None


class Window(msgspec.Struct, frozen=True, gc=False):
    """A stretch of the week in which some bound phones are rung."""

    days: tuple[int, ...]
    """Days of the week, Monday 0 to Sunday 6."""
    start_minute: int
    """Minutes after local midnight."""
    end_minute: int
    """Minutes after local midnight; 1440 is the day's end."""
    bindings: tuple[str, ...] = ()
    """Ids of the bound phones; empty means all."""


class SpecialDays(msgspec.Struct, frozen=True, gc=False):
    """Days that go before the weekly schedule: holidays and adjusted workdays."""

    first: int
    """The first day, as ``datetime.date.toordinal`` counts."""
    last: int
    """The last day, included."""
    hours: tuple[tuple[int, int], ...] = ()
    """Start and end in minutes after local midnight, end after start; empty means closed."""
    bindings: tuple[str, ...] = ()
    """Ids of the phones that are rung in these hours; empty means all."""


class MenuKey(msgspec.Struct, frozen=True, gc=False):
    """One key of a voice menu. The first key's menu is the one callers hear first."""

    menu: str
    key: str
    target: str = ""
    """``menu:ID``, ``binding:ID``, ``queue`` (ring by the strategy), ``voicemail``, ``hangup``;
    empty where the key leads nowhere."""


class Extension(msgspec.Struct, frozen=True, gc=False):
    """An extension that is billed from a balance of its own (domain.md §1, account)."""

    id: str
    balance: float | None = None
    minimum: float | None = None
    """Below this its callers hear that the balance is insufficient."""


class Routing(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How a number routes a call (domain.md §1)."""

    strategy: Strategy = Strategy.UNKNOWN
    wait_seconds: float | None = None
    schedule: tuple[Window, ...] = ()
    """Empty means always open."""
    region_allow: tuple[str, ...] = ()
    """Area codes; empty means everywhere."""
    region_deny: tuple[str, ...] = ()
    blacklist: tuple[str, ...] = ()
    whitelist_enabled: bool = False
    whitelist: tuple[str, ...] = ()
    concurrency_limit: int | None = None
    voicemail: bool | None = None
    binding_order: tuple[str, ...] = ()
    """Ids of the bound phones in the order the routing names them."""
    special_days: tuple[SpecialDays, ...] | None = None
    """The holiday plan; empty where there is none, ``None`` when not told."""
    national_calendar: bool | None = None
    """Whether public holidays are kept as Sundays and adjusted workdays as Mondays."""
    menu: tuple[MenuKey, ...] | None = None
    """The voice menu; empty where there is none, ``None`` when not told."""
    pin: bool | None = None
    """Whether callers must enter a code before they are put through."""
    overflow: str | None = None
    """Id of the phone rung when all others were rung in vain; empty where there is none."""
    voicemail_recipient: str | None = None
    """Who gets what is recorded; empty where nobody does. Personal: mask it outside."""
    recording: bool | None = None
    recording_notice: bool | None = None
    """Whether callers are told that they are recorded."""
    recording_export: bool | None = None
    """Whether recordings are exported before they are deleted."""
    retention_days: float | None = None
    """How long recordings are kept."""
    landing_forwarded: bool | None = None
    """Whether the landing number is merely forwarded, so that it takes one call at a time."""
    trunk: str = ""
    """The landing trunk's name at the provider; empty when not told."""
    trunk_capacity: int | None = None
    trunk_peak: int | None = None
    """The most calls there were at once of late."""
    extensions: tuple[Extension, ...] | None = None


class Balance(msgspec.Struct, frozen=True, gc=False):
    """What is left on an account, in units of ``currency`` (ISO 4217)."""

    amount: float
    currency: str
    notice_threshold: float | None = None
    """The provider's own low-balance line."""
    stop_threshold: float | None = None
    """The provider's own line below which numbers are suspended."""
    daily_spend: float | None = None
    month_spend: float | None = None
    spend_cap: float | None = None
    """The monthly cap at which calls stop, where one is set."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call record. ``caller`` is personal: mask it everywhere outside."""

    id: str
    number: str
    started_at: float
    result: CallResult
    binding: str = ""
    caller: str = ""
    wait_seconds: float | None = None
    talk_seconds: float | None = None


class CallOutcome(msgspec.Struct, frozen=True, gc=False):
    """How one call ended, without who called: what is kept of recent records as evidence."""

    started_at: float
    result: CallResult
    binding: str = ""
    """The id of the bound phone the call was led to; empty where the record names none."""
    wait_seconds: float | None = None
    talk_seconds: float | None = None


class Listing(msgspec.Struct, frozen=True, gc=False):
    """A complete listing of an account's numbers; a short one is never returned as one."""

    numbers: tuple[Number, ...]
    """Sorted by ``number``, each number once."""
    invalid_records: int = 0
    """Records that had to be skipped (always a small share; more fails the poll)."""
    account_state: NumberState | None = None
    """A state the whole account forces on its numbers (Twilio: suspended, closed)."""


class PollStatus(msgspec.Struct, frozen=True, gc=False):
    """How one capability's polling stands."""

    interval: float
    last_attempt: float | None = None
    last_success: float | None = None
    """When the facts now held were last confirmed; ``None`` before the first success."""
    failure: PollFailure | None = None
    """Why the newest poll failed; ``None`` when it succeeded."""
    detail: str = ""
    """The failure in words, scrubbed and free of secrets."""


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """Everything known of one account at one instant. Replaced whole, never changed.

    Facts that a poll found unchanged are the very same objects as in the snapshot before, so
    readers may compare with ``is``. Facts older than ``stale_after`` are still here for
    diagnosis, but :meth:`is_fresh` says no and readers must treat them as unknown.
    """

    provider: str
    account: str
    revision: int
    """Grows by one with every replacement."""
    polls: Mapping[Capability, PollStatus]
    """One entry per capability the account is polled for."""
    stale_after: Mapping[Capability, float]
    """Seconds after ``last_success`` at which a capability's facts are too old to stand for now."""
    listing: Listing | None = None
    bindings: Mapping[str, tuple[Binding, ...]] = {}
    """Bound phones by number."""
    routings: Mapping[str, Routing] = {}
    """Routing by number; numbers not asked yet are missing."""
    balance: Balance | None = None
    call_totals: Mapping[tuple[str, CallResult], int] = {}
    """Calls seen since the agent first polled the account, by number and result."""
    leg_totals: Mapping[tuple[str, str, CallResult], int] = {}
    """The same by number, id of the bound phone and result, where records name the phone."""
    call_waits: Mapping[str, tuple[int, ...]] = {}
    """By number: how many calls waited up to 5, 10, 15, 20, 30, 50, 60, 90 seconds, each call
    counted once, and last how many waited longer (domain.md §5, call_wait_seconds)."""
    recent_calls: Mapping[str, tuple[CallOutcome, ...]] = {}
    """By number its newest records, a few only, the oldest first; some may be old: mind
    ``started_at``. Unlike the totals they reach back to before the agent's first poll."""
    gone: frozenset[str] = frozenset()
    """Numbers missing from two complete listings in a row, once listed here."""
    previous_states: Mapping[str, tuple[NumberState, NumberState, float]] = {}
    """The newest state change of a number: from, to, when it was seen."""

    @property
    def key(self) -> str:
        """``provider/account``, the account's name in configuration, logs and errors."""
        return f"{self.provider}/{self.account}"

    def is_fresh(self, capability: Capability, now: float) -> bool:
        """Whether ``capability``'s facts are recent enough to stand for the present."""
        status = self.polls.get(capability)
        if status is None or status.last_success is None:
            return False
        return now - status.last_success <= self.stale_after[capability]


class Alert(msgspec.Struct, frozen=True):
    """One alert as a rule engine tells it, whichever engine it is."""

    name: str
    labels: Mapping[str, str]
    """All labels but ``alertname``; sorted by name."""
    annotations: Mapping[str, str]
    state: str
    """``pending`` or ``firing``."""
    active_at: float
    """When the condition was first seen true."""
    fired_at: float | None
    value: float


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One fact a verdict rests on."""

    fact: str
    value: str
    source: str
    """Where it was seen, for example ``north/hq numbers``."""
    age_seconds: float | None = None


class Considered(msgspec.Struct, frozen=True, gc=False, rename={"for_": "for"}):
    """A cause that was weighed, with the facts for and against it."""

    cause: str
    for_: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """A diagnosis: why, whose job, what next (domain.md §2)."""

    number: str
    cause: str
    party: str
    contact: str
    confidence: float
    since: float | None
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    considered: tuple[Considered, ...] = ()
