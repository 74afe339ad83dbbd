"""What is known of whether a bound phone can be reached, from every signal there is.

The rule, in order of strength: what the provider's status (or its switchboard's registration)
says of the phone, while it says anything; then the newest call records that were led to it. A
call that was answered or met a busy line shows the phone can be reached; a failure counts once
it was seen several times in a row (domain.md §2, 7: each bound phone). Anything else is
unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import msgspec

from agent.config.reachability import Reachability
from agent.model import Binding, CallOutcome
from agent.states import BindingState, CallResult

STATE_BY_RESULT: Mapping[CallResult, BindingState] = {
    CallResult.ANSWERED: BindingState.OK,
    CallResult.BUSY: BindingState.BUSY,
    CallResult.NO_ANSWER: BindingState.NO_ANSWER,
    CallResult.NONEXISTENT: BindingState.NONEXISTENT,
    CallResult.REJECTED: BindingState.REJECTED,
    CallResult.OUT_OF_AREA: BindingState.OUT_OF_AREA,
    CallResult.OFF: BindingState.OFF,
    CallResult.SUSPENDED: BindingState.ARREARS,
    CallResult.BARRED: BindingState.BARRED,
    CallResult.FORWARDED: BindingState.FORWARDED,
}
"""What the end of a call says of the phone it was led to; other ends say nothing of it."""

_ALIVE = frozenset({BindingState.OK, BindingState.BUSY})
_STATUS_CONFIDENCE = 0.95
_ALIVE_CONFIDENCE = 0.8
_FIRST_CONFIDENCE, _STEP, _MOST = 0.6, 0.1, 0.9


@dataclass(frozen=True)
class Signal:
    """One phone's state, who says so, how sure that is and how old."""

    state: BindingState
    source: str
    """``status`` or ``calls``."""
    confidence: float
    """0 to 1."""
    at: float | None
    """When it was seen, in epoch seconds; ``None``: when the status was polled."""


def signal_of(
    binding: Binding, calls: Sequence[CallOutcome], now: float, rule: Reachability
) -> Signal | None:
    """The strongest signal there is; ``None`` when nothing is known of the phone.

    Args:
        binding: The phone as the provider shows it.
        calls: The number's newest records, the oldest first.
        now: Epoch seconds.
        rule: How many failures in a row count, and how far back.
    """
    if binding.state is not BindingState.UNKNOWN:
        return Signal(binding.state, "status", _STATUS_CONFIDENCE, None)
    return _by_calls([call for call in calls if call.binding == binding.id], now, rule)


def _by_calls(calls: Sequence[CallOutcome], now: float, rule: Reachability) -> Signal | None:
    told = [
        (STATE_BY_RESULT[call.result], call.started_at)
        for call in reversed(calls)
        if call.result in STATE_BY_RESULT and now - call.started_at <= rule.window
    ]
    if not told:
        return None
    state, at = told[0]
    if state in _ALIVE:
        return Signal(state, "calls", _ALIVE_CONFIDENCE, at)
    streak = len(list(takewhile(lambda each: each[0] is state, told)))
    if streak < rule.streak:
        return None
    more = streak - rule.streak
    return Signal(state, "calls", min(_MOST, _FIRST_CONFIDENCE + _STEP * more), at)


def silent_rows(bound: Sequence[Sequence[Binding] | None]) -> list[int]:
    """The rows with a phone of which the provider says nothing."""
    return [
        row
        for row, phones in enumerate(bound)
        if phones and any(phone.state is BindingState.UNKNOWN for phone in phones)
    ]


def heard(
    phones: tuple[Binding, ...],
    calls: Sequence[CallOutcome],
    now: float,
    rule: Reachability,
    before: tuple[Binding, ...] | None,
) -> tuple[Binding, ...]:
    """``phones`` with the states that calls tell; ``before`` itself where that is the same."""
    merged = tuple(_with_state(phone, signal_of(phone, calls, now, rule)) for phone in phones)
    if merged == phones:
        return phones
    return before if before is not None and merged == before else merged


def _with_state(phone: Binding, signal: Signal | None) -> Binding:
    if signal is None or signal.state is phone.state:
        return phone
    return msgspec.structs.replace(phone, state=signal.state)
