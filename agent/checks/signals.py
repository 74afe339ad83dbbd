"""Whether a bound phone can be reached, from the provider's status and from call records.

The provider's status, or its PBX registration, takes precedence while it reports any. Then the
newest calls to the phone count: one that was answered or met a busy line shows that the phone can
be reached; a failure counts after several in a row (docs/reference/domain.md §2, step 7).
Otherwise the state is unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import msgspec

from agent.config.settings import Reachability
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
"""The state of a phone by the result of a call to it; other results say nothing about it."""

_ALIVE = frozenset({BindingState.OK, BindingState.BUSY})
_STATUS_CONFIDENCE = 0.95
_ALIVE_CONFIDENCE = 0.8
_FIRST_CONFIDENCE, _STEP, _MOST = 0.6, 0.1, 0.9


@dataclass(frozen=True)
class Signal:
    """One phone's state with its source, confidence and age."""

    state: BindingState
    source: str
    """``status`` or ``calls``."""
    confidence: float
    """0 to 1."""
    at: float | None
    """Epoch seconds of the call; ``None`` if the state comes from the polled status."""


def signal_of(
    binding: Binding, calls: Sequence[CallOutcome], now: float, rule: Reachability
) -> Signal | None:
    """Returns the strongest signal; ``None`` if nothing is known of the phone.

    Args:
        binding: The phone as polled.
        calls: The number's newest call records, oldest first.
        now: Epoch seconds.
        rule: How many failures in a row count, and within which window.
    """
    if binding.state is not BindingState.UNKNOWN:
        return Signal(binding.state, "status", _STATUS_CONFIDENCE, None)
    return _by_calls([call for call in calls if call.binding == binding.id], now, rule)


def _by_calls(calls: Sequence[CallOutcome], now: float, rule: Reachability) -> Signal | None:
    reported = [
        (STATE_BY_RESULT[call.result], call.started_at)
        for call in reversed(calls)
        if call.result in STATE_BY_RESULT and now - call.started_at <= rule.window
    ]
    if not reported:
        return None
    state, at = reported[0]
    if state in _ALIVE:
        return Signal(state, "calls", _ALIVE_CONFIDENCE, at)
    streak = len(list(takewhile(lambda each: each[0] is state, reported)))
    if streak < rule.streak:
        return None
    more = streak - rule.streak
    return Signal(state, "calls", min(_MOST, _FIRST_CONFIDENCE + _STEP * more), at)


def silent_rows(bound: Sequence[Sequence[Binding] | None]) -> list[int]:
    """Returns the rows with a phone whose provider reports no state."""
    return [
        row
        for row, phones in enumerate(bound)
        if phones and any(phone.state is BindingState.UNKNOWN for phone in phones)
    ]


def with_call_states(
    phones: tuple[Binding, ...],
    calls: Sequence[CallOutcome],
    now: float,
    rule: Reachability,
    before: tuple[Binding, ...] | None,
) -> tuple[Binding, ...]:
    """Returns ``phones`` with states from calls; ``before`` itself if nothing changed."""
    merged = tuple(_with_state(phone, signal_of(phone, calls, now, rule)) for phone in phones)
    if merged == phones:
        return phones
    return before if before is not None and merged == before else merged


def _with_state(phone: Binding, signal: Signal | None) -> Binding:
    if signal is None or signal.state is phone.state:
        return phone
    return msgspec.structs.replace(phone, state=signal.state)
