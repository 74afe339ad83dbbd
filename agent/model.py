"""The domain's nouns: immutable facts as polled, and the snapshot that holds them together.

Adapters make facts, polling joins them into one :class:`Snapshot` per account, everything
after that only reads. Imports only the closed lists.

Times are seconds since the epoch (UTC) as ``float``; durations are seconds. A fact that a
provider does not report is ``None`` or ``unknown``, never a guess.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from agent.states import (
    BindingKind,
    BindingState,
    CallResult,
    Capability,
    Grade,
    MarkingTag,
    NetworkState,
    NumberState,
    PollFailure,
    Strategy,
)

AccountKey = tuple[str, str]
"""Provider and account: the name of an account everywhere in the agent."""


class Marking(msgspec.Struct, frozen=True, gc=False):
    """What people have marked a number as, where it calls them."""

    tag: MarkingTag
    count: int
    """How many have."""
    at: float
    """When that was known, in epoch seconds: an answer costs money."""


class Number(msgspec.Struct, frozen=True, gc=False):
    """One hotline number as its provider's listing reports it."""

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
    """The use that the number was registered for; empty when not reported."""
    actual_use: str = ""
    """The use that the provider observes; empty when not reported."""
    recording_oldest_at: float | None = None
    """When the oldest recording that is not exported yet was made; ``None`` where none is told."""
    recordings_pending: int | None = None
    """Recordings that are not exported yet."""
    voicemail_unread: int | None = None
    """Messages that nobody has listened to."""
    colour_ring: bool | None = None
    """Whether callers hear a colour ring of the company's own."""
    marking: Marking | None = None
    """``None`` while it is not known."""


class Lines(msgspec.Struct, frozen=True, gc=False):
    """The simultaneous calls that a switchboard or trunk can take (docs/reference/domain.md §1)."""

    declared: int | None = None
    """Simultaneous calls the holder declares."""
    paid: int | None = None
    """Simultaneous calls that are paid for."""
    capacity: int | None = None
    """Simultaneous calls the line can carry."""
    peak: int | None = None
    """The largest number of simultaneous calls in recent time."""


_ABROAD: Final = re.compile(r"\s*(?:\+|00)\s*(?!86)[1-9][\d \-]", re.ASCII)
"""A number that begins with a country's code, except 86."""


class Binding(msgspec.Struct, frozen=True, gc=False):
    """One phone bound behind a number. ``phone`` is personal: mask it everywhere outside."""

    id: str
    phone: str
    kind: BindingKind = BindingKind.UNKNOWN
    position: int = 0
    """Its position in the order of ringing, from 1; 0 when the provider reports none."""
    state: BindingState = BindingState.UNKNOWN
    native_status: str = ""
    wait_seconds: float | None = None
    """Seconds that this phone rings; ``None`` leaves it to the routing's ``wait_seconds``."""
    weight: float | None = None
    """Its share of the calls in percent, where the strategy is weighted."""
    carrier: str = ""
    """As the provider reports it: mobiles can be ported, so it is never derived from the number."""
    area: str = ""
    """The area code of its location; empty when not reported."""
    areas: tuple[str, ...] = ()
    """Area codes of the callers whose calls ring it; empty means everywhere."""
    holder: str = ""
    """The holder's name. Personal: mask it everywhere outside."""
    filed: bool | None = None
    """Whether the provider has it on file as the company's own (docs/reference/domain.md §1)."""
    lines: Lines | None = None
    source: str = ""
    """The account (``provider/account``) whose answer gave the state; empty for the number's."""
    state_at: float | None = None
    """When the state was asked for, where that was before the poll: some answers cost money."""


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
    """Days that override the weekly schedule: holidays and adjusted workdays."""

    first: int
    """The first day, as ``datetime.date.toordinal`` counts."""
    last: int
    """The last day, included."""
    hours: tuple[tuple[int, int], ...] = ()
    """Start and end in minutes after local midnight, end after start; empty means closed."""
    bindings: tuple[str, ...] = ()
    """Ids of the phones that are rung in these hours; empty means all."""


class MenuKey(msgspec.Struct, frozen=True, gc=False):
    """One key of a voice menu. The menu of the first key is the one callers hear first."""

    menu: str
    key: str
    target: str = ""
    """``menu:ID``, ``binding:ID``, ``queue`` (ring by the strategy), ``voicemail``, ``hangup``;
    empty where the key leads nowhere."""


class Extension(msgspec.Struct, frozen=True, gc=False):
    """An extension that is billed from a balance of its own (docs/reference/domain.md §1)."""

    id: str
    balance: float | None = None
    minimum: float | None = None
    """Below this its callers hear that the balance is insufficient."""


class Routing(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The routing of a number's calls (docs/reference/domain.md §1)."""

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
    """The holiday plan; empty where there is none, ``None`` when not reported."""
    national_calendar: bool | None = None
    """Whether public holidays count as Sundays and adjusted workdays as Mondays."""
    menu: tuple[MenuKey, ...] | None = None
    """The voice menu; empty where there is none, ``None`` when not reported."""
    pin: bool | None = None
    """Whether callers must enter a code before they are put through."""
    overflow: str | None = None
    """Id of the phone rung when all others were rung in vain; empty where there is none."""
    voicemail_recipient: str | None = None
    """The recipient of voicemail; empty where there is none. Personal: mask it outside."""
    recording: bool | None = None
    recording_notice: bool | None = None
    """Whether a notice of the recording is played to callers."""
    recording_export: bool | None = None
    """Whether recordings are exported before they are deleted."""
    retention_days: float | None = None
    """Days after which recordings are deleted."""
    landing_forwarded: bool | None = None
    """Whether the landing number is merely forwarded, so that it takes one call at a time."""
    trunk: str = ""
    """The landing trunk's name at the provider; empty when not reported."""
    trunk_capacity: int | None = None
    trunk_peak: int | None = None
    """The most calls there were at once of late."""
    extensions: tuple[Extension, ...] | None = None


class Balance(msgspec.Struct, frozen=True, gc=False):
    """The money left on an account, in units of ``currency`` (ISO 4217)."""

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
    has_outcome: bool = True
    """Whether the provider's records say how calls end; where they do not, the result is unknown
    and says nothing of the call."""

    @property
    def is_from_abroad(self) -> bool | None:
        """Whether the caller's number has the code of a country other than China's mainland.

        ``None`` where the record names no caller. Nothing is guessed from any other number.
        """
        return _ABROAD.match(self.caller) is not None if self.caller.strip() else None


class CallOutcome(msgspec.Struct, frozen=True, gc=False):
    """The result of one recent call record, without the caller's number."""

    started_at: float
    result: CallResult
    binding: str = ""
    """The id of the bound phone that was rung; empty where the record names none."""
    wait_seconds: float | None = None
    talk_seconds: float | None = None
    has_outcome: bool = True
    """Whether the record says how the call ended; see :class:`Call`."""
    is_from_abroad: bool | None = None
    """As :attr:`Call.is_from_abroad`: all that is kept of who called."""


class Listing(msgspec.Struct, frozen=True, gc=False):
    """A complete listing of an account's numbers; an incomplete one fails the poll instead."""

    numbers: tuple[Number, ...]
    """Sorted by ``number``, each number once."""
    invalid_records: int = 0
    """Records that had to be skipped (always a small share; more fails the poll)."""
    account_state: NumberState | None = None
    """A state the whole account forces on its numbers (Twilio: suspended, closed)."""


class PollStatus(msgspec.Struct, frozen=True, gc=False):
    """The status of polling one capability."""

    interval: float
    last_attempt: float | None = None
    last_success: float | None = None
    """When the present facts were last confirmed; ``None`` before the first success."""
    failure: PollFailure | None = None
    """Why the newest poll failed; ``None`` when it succeeded."""
    detail: str = ""
    """The failure in words, scrubbed and free of secrets."""

    def restated(self, step: float) -> "PollStatus":
        """The same polls after the agent's clock was set by ``step`` seconds."""
        attempt, success = self.last_attempt, self.last_success
        return msgspec.structs.replace(
            self,
            last_attempt=None if attempt is None else attempt + step,
            last_success=None if success is None else success + step,
        )


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """Everything known of one account at one instant; replaced as a whole, never changed.

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
    """Seconds after ``last_success`` from which a capability's facts are stale."""
    listing: Listing | None = None
    bindings: Mapping[str, tuple[Binding, ...]] = {}
    """Bound phones by number."""
    unlisted_bindings: Mapping[str, tuple[Binding, ...]] = {}
    """Bound phones that the answer put under numbers the account does not list, by that number.

    Nothing is concluded from them; a listed number without phones is unknown while there are any.
    """
    routings: Mapping[str, Routing] = {}
    """Routing by number; numbers not polled yet are missing."""
    routing_parts: frozenset[str] | None = None
    """The fields of :class:`Routing` that the account's API reports; of others its values say
    nothing. ``None`` where that is not known, and each field stands for itself."""
    balance: Balance | None = None
    call_totals: Mapping[tuple[str, CallResult], int] = {}
    """Calls since the agent first polled the account, by number and result."""
    leg_totals: Mapping[tuple[str, str, CallResult], int] = {}
    """The same by number, id of the bound phone and result, where records name the phone."""
    call_waits: Mapping[str, tuple[int, ...]] = {}
    """By number: how many calls waited up to 5, 10, 15, 20, 30, 50, 60, 90 seconds, each call
    counted once, and last how many waited longer (docs/reference/domain.md §5)."""
    recent_calls: Mapping[str, tuple[CallOutcome, ...]] = {}
    """By number its newest records, a few only, the oldest first; some may be old: mind
    ``started_at``. Unlike the totals they reach back to before the agent's first poll."""
    gone: frozenset[str] = frozenset()
    """Numbers missing from two complete listings in a row, once listed here."""
    gone_at: Mapping[str, float] = {}
    """When each of :attr:`gone` was noticed to be missing."""
    previous_states: Mapping[str, tuple[NumberState, NumberState, float]] = {}
    """The newest state change of a number: old state, new state, when it was noticed."""

    @property
    def key(self) -> str:
        """``provider/account``, the account's name in configuration, logs and errors."""
        return f"{self.provider}/{self.account}"

    def is_fresh(self, capability: Capability, now: float) -> bool:
        """Whether ``capability``'s facts are not stale at ``now`` (epoch seconds)."""
        status = self.polls.get(capability)
        if status is None or status.last_success is None:
            return False
        return now - status.last_success <= self.stale_after[capability]

    def restated(self, step: float) -> "Snapshot":
        """The same facts after the agent's clock was set by ``step`` seconds: none is older."""
        return msgspec.structs.replace(
            self,
            revision=self.revision + 1,
            polls={it: status.restated(step) for it, status in self.polls.items()},
            previous_states={
                number: (before, after, at + step)
                for number, (before, after, at) in self.previous_states.items()
            },
            gone_at={number: at + step for number, at in self.gone_at.items()},
        )


class Alert(msgspec.Struct, frozen=True):
    """One alert of a rule engine, the embedded one or another."""

    name: str
    labels: Mapping[str, str]
    """All labels but ``alertname``; sorted by name."""
    annotations: Mapping[str, str]
    state: str
    """``pending`` or ``firing``."""
    active_at: float
    """When the condition was first true, in epoch seconds."""
    fired_at: float | None
    value: float
    """What the rule's expression gave; NaN for an alert of another system or of complaints."""
