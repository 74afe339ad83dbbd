"""The phones of a number in the order in which they ring, with what is known of each, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from agent.checks.result import CheckResult
from agent.checks.signals import STATE_BY_RESULT, signal_of
from agent.config.settings import Reachability
from agent.masking import mask_phone, mask_text
from agent.model import Binding, CallOutcome, Routing
from agent.routing.order import sort_phones, wait_of
from agent.states import REACHABLE_STATES, BindingState, CallResult, Capability, Health, Strategy


@unique
class Means(StrEnum):
    """How the state of a phone is known."""

    STATUS = "status"
    """The account that has the number reports it."""
    OTHER_ACCOUNT = "other_account"
    """Another account does, such as that of the company's own switchboard."""
    CALLS = "calls"
    """The newest calls to the phone show it."""
    NOTHING = "nothing"


@dataclass(frozen=True)
class PhoneRow:
    """One phone of the page."""

    place: int
    """Its place in the order of ringing, from 1."""
    label: str
    """Its public name; never a whole phone number."""
    phone: str
    """Masked."""
    kind: str
    state: BindingState
    health: Health
    native_status: str
    """The provider's own word for the state."""
    means: Means
    source: str
    """The account (``provider/account``) whose answer or whose records it is."""
    age: float | None
    """Seconds since that was so; ``None`` where it was never known."""
    is_stale: bool
    """Whether the state is only the last one known."""
    since: float | None
    """Epoch seconds of the change to this state, where it was observed."""
    wait: float | None
    """Seconds that it rings; ``None`` where that is not known."""
    calls: int
    """Calls to it since the agent first polled the account."""
    answered: int


@dataclass(frozen=True)
class Ringing:
    """How the phones ring, and each of them in that order."""

    strategy: Strategy
    rows: tuple[PhoneRow, ...]


def ringing(result: CheckResult, number: str, now: float, rule: Reachability) -> Ringing | None:
    """The phones of ``number`` as of ``now``; ``None`` while they are not known."""
    row = result.number_row(number)
    bound = None if row is None else result.phones.bound[row]
    if row is None or bound is None:
        return None
    routing = result.snapshot.routings.get(number)
    reader = _Reader(result, number, now, rule, routing)
    polled = {phone.id: phone for phone in result.drift.configuration.bound[row] or ()}
    labels = dict(zip(map(id, bound), result.phones.labels[row], strict=True))
    ordered = sort_phones(routing or Routing(), bound)
    rows = tuple(
        reader.row(place, labels[id(phone)], phone, polled.get(phone.id, phone))
        for place, phone in enumerate(ordered, 1)
    )
    return Ringing(Strategy.UNKNOWN if routing is None else routing.strategy, rows)


@dataclass(frozen=True)
class _Reader:
    result: CheckResult
    number: str
    now: float
    rule: Reachability
    routing: Routing | None

    def row(self, place: int, label: str, phone: Binding, polled: Binding) -> PhoneRow:
        """``phone`` as it counts; ``polled`` is the same before calls told its state."""
        means, source, at = self._known(phone, polled)
        stale = means in {Means.STATUS, Means.OTHER_ACCOUNT} and not self._is_fresh()
        calls, answered = self._calls_to(phone)
        return PhoneRow(
            place=place,
            label=mask_text(label),
            phone=mask_phone(phone.phone),
            kind=phone.kind.value,
            state=phone.state,
            health=Health.UNKNOWN if stale else _health(phone.state),
            native_status=mask_text(phone.native_status),
            means=means,
            source=source,
            age=None if at is None else max(0.0, self.now - at),
            is_stale=stale,
            since=self.result.binding_since.get((self.number, label)),
            wait=None if self.routing is None else wait_of(self.routing, phone),
            calls=calls,
            answered=answered,
        )

    def _known(self, phone: Binding, polled: Binding) -> tuple[Means, str, float | None]:
        """How the state is known, whose account tells it, and when that was."""
        own = self.result.snapshot.key
        if phone.source and phone.source != own:
            means = Means.OTHER_ACCOUNT
            if phone.state is BindingState.UNKNOWN:
                means = Means.NOTHING
            return means, phone.source, phone.state_at or self._polled_at()
        if polled.state is not BindingState.UNKNOWN:
            return Means.STATUS, own, phone.state_at or self._polled_at()
        if phone.state is BindingState.UNKNOWN:
            return Means.NOTHING, own, None
        signal = signal_of(polled, self._recent(), self.now, self.rule)
        # The calls that told it may have left the window meanwhile; the newest is still known.
        at = signal.at if signal is not None else self._newest_call(phone)
        return Means.CALLS, own, at

    def _polled_at(self) -> float | None:
        status = self.result.snapshot.polls.get(Capability.REACHABILITY)
        return None if status is None else status.last_success

    def _is_fresh(self) -> bool:
        return self.result.is_fresh(Capability.REACHABILITY, self.now)

    def _recent(self) -> Sequence[CallOutcome]:
        return self.result.snapshot.recent_calls.get(self.number, ())

    def _newest_call(self, phone: Binding) -> float | None:
        times = (
            call.started_at
            for call in reversed(self._recent())
            if call.binding == phone.id and call.result in STATE_BY_RESULT
        )
        return next(times, None)

    def _calls_to(self, phone: Binding) -> tuple[int, int]:
        totals = self.result.snapshot.leg_totals
        counts = {it: totals.get((self.number, phone.id, it), 0) for it in CallResult}
        return sum(counts.values()), counts[CallResult.ANSWERED]


def _health(state: BindingState) -> Health:
    if state is BindingState.UNKNOWN:
        return Health.UNKNOWN
    return Health.OK if state in REACHABLE_STATES else Health.DOWN
