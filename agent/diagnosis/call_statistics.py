"""Statistics of recent call records: does a bad result occur more often than chance explains?

A few calls that nobody answers are ordinary, a run of them is not. Each bad result has an
ordinary rate. A stretch of calls is significant only if its bad results would come of that rate
by chance less than once in a million stretches.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import comb
from typing import Final

from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.model import CallOutcome
from agent.states import CallResult, Capability

WINDOW: Final = 1800.0
"""Seconds for which a call record counts as current (docs/reference/domain.md §2: 30 min)."""
SIGNIFICANCE: Final = 1e-6
"""A stretch that is likelier than this by chance proves nothing."""
RECOVERY_SIGNIFICANCE: Final = 1e-4
"""A fault is over once it would let the newest run of good calls through less often than this."""
LEG_RESULTS: Final = frozenset(
    {CallResult.NETWORK, CallResult.BLOCKED_BY_CARRIER, CallResult.UNKNOWN}
)
"""Results of calls that fail between the caller and the bound phone."""
LEG_ORDINARY: Final = 0.02
"""The ordinary rate of :data:`LEG_RESULTS`."""
OVER_LIMIT_ORDINARY: Final = 0.005
"""The ordinary rate of calls rejected over the concurrency limit."""
_STRETCHES: Final = (5, 8, 16, 32, 64)
"""Counts of newest records that are examined by themselves, since a fault may be recent."""
_CLOCK_SKEW: Final = 60.0
"""Seconds by which a provider's clock may be ahead of ours."""


@dataclass(frozen=True)
class ResultPattern:
    """A bad result that occurs significantly often."""

    count: int
    total: int
    since: float
    """Epoch seconds of the first bad call of the stretch."""

    @property
    def share(self) -> float:
        """The share of calls with the bad result, 0 to 1."""
        return self.count / self.total

    def __str__(self) -> str:
        return f"{self.count} of the last {self.total}"


def recent_calls(diagnosis: NumberDiagnosis) -> Sequence[CallOutcome]:
    """The number's current call records, oldest first; empty while the records are stale."""
    if not diagnosis.is_fresh(Capability.CALLS):
        return ()
    calls = diagnosis.snapshot.recent_calls.get(diagnosis.number, ())
    return within_window(calls, diagnosis.context.now)


def within_window(calls: Sequence[CallOutcome], now: float) -> Sequence[CallOutcome]:
    """Those of ``calls`` that began in the :data:`WINDOW` before ``now``.

    Records that do not say how a call ended are left out: that is no end for an unknown reason.
    """
    return [
        call
        for call in calls
        if -_CLOCK_SKEW <= now - call.started_at <= WINDOW and call.has_outcome
    ]


def answered_share(calls: Sequence[CallOutcome]) -> float | None:
    """The share of calls that were answered; ``None`` if there were none."""
    if not calls:
        return None
    return sum(call.result is CallResult.ANSWERED for call in calls) / len(calls)


def over_limit(diagnosis: NumberDiagnosis) -> ResultPattern | None:
    """The pattern of calls rejected over the concurrency limit; ``None`` if insignificant."""
    calls = recent_calls(diagnosis)
    return find_pattern(calls, {CallResult.OVER_CONCURRENCY}, OVER_LIMIT_ORDINARY)


def find_pattern(
    calls: Sequence[CallOutcome],
    results: Collection[CallResult],
    ordinary: float,
    significance: float = SIGNIFICANCE,
) -> ResultPattern | None:
    """Returns the stretch of ``calls`` in which ``results`` are least explained by chance.

    Args:
        calls: The records, oldest first.
        results: The bad results in question.
        ordinary: The share of calls with these results while there is no fault.
        significance: The probability below which a stretch is significant.
    """
    bad = [call.result in results for call in calls]
    return find_bad_stretch(bad, calls, ordinary, significance)


def find_bad_stretch(
    bad: Sequence[bool],
    calls: Sequence[CallOutcome],
    ordinary: float,
    significance: float = SIGNIFICANCE,
) -> ResultPattern | None:
    """As :func:`find_pattern`, where ``bad`` says of each call whether it is bad."""
    best: tuple[float, int] | None = None
    for size in {len(bad), *(size for size in _STRETCHES if size < len(bad))}:
        count = sum(bad[-size:]) if size else 0
        # No more than is ordinary: chance explains that, and the sum need not be made.
        probability = binomial_tail(count, size, ordinary) if count > size * ordinary else 1.0
        if best is None or (probability, size) < best:
            best = probability, size
    if best is None or best[0] > significance:
        return None
    # The stretch was selected for its bad calls and overstates their rate, so the whole record
    # must agree that the fault is over.
    if _is_over(bad[-best[1] :]) and _is_over(bad):
        return None
    stretch = list(zip(calls, bad, strict=True))[-best[1] :]
    since = next(call.started_at for call, is_bad in stretch if is_bad)
    return ResultPattern(sum(bad[-best[1] :]), best[1], since)


def binomial_tail(count: int, total: int, rate: float) -> float:
    """The probability that at least ``count`` of ``total`` independent calls are bad."""
    return sum(
        comb(total, hits) * rate**hits * (1 - rate) ** (total - hits)
        for hits in range(count, total + 1)
    )


def _is_over(bad: Sequence[bool]) -> bool:
    """Whether the newest run of good calls is longer than the fault would allow."""
    run = next((index for index, is_bad in enumerate(reversed(bad)) if is_bad), len(bad))
    before = bad[bad.index(True) : len(bad) - run] if any(bad) else []
    rate = sum(before) / (len(before) + 1)
    return bool((1 - rate) ** run < RECOVERY_SIGNIFICANCE)
