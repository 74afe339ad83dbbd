"""What the newest call records say: do calls end in one way more often than chance explains?

A few calls that nobody answers are ordinary, a run of them is not. Each kind of bad end has a
rate that is ordinary; what could come of that rate by chance once in a million looks proves
nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import comb

from agent.diagnosis.case import Case
from agent.model import CallOutcome
from agent.states import CallResult, Capability

WINDOW = 1800.0
"""Seconds for which a record says something of the present (domain.md §2, 2: 30 min)."""
CHANCE = 1e-6
"""What is likelier than this by chance proves nothing."""
OVER = 1e-4
"""A run of good calls that a standing fault would let through this rarely ends it."""
_STRETCHES = (5, 8, 16, 32)
"""Besides all records, so many of the newest are looked at alone: a fault may be young."""
_AHEAD = 60.0
"""Seconds a provider's clock may be before ours."""


@dataclass(frozen=True)
class Pattern:
    """A bad end that has become usual."""

    count: int
    total: int
    since: float
    """When the first of the stretch's bad calls began."""

    @property
    def share(self) -> float:
        """The share of calls that ended so, 0 to 1."""
        return self.count / self.total

    def __str__(self) -> str:
        return f"{self.count} of the last {self.total}"


def recent(case: Case, number: str = "") -> Sequence[CallOutcome]:
    """The records of the number that still say something of the present, the oldest first."""
    if not case.fresh(Capability.CALLS):
        return ()
    calls = case.snapshot.recent_calls.get(number or case.number, ())
    return lately(calls, case.context.now)


def lately(calls: Sequence[CallOutcome], now: float) -> Sequence[CallOutcome]:
    """Those of ``calls`` that still say something of ``now``."""
    return [call for call in calls if -_AHEAD <= now - call.started_at <= WINDOW]


def answered_share(calls: Sequence[CallOutcome]) -> float | None:
    """The share of calls that were answered; ``None`` where there were none."""
    if not calls:
        return None
    return sum(call.result is CallResult.ANSWERED for call in calls) / len(calls)


def pattern(
    calls: Sequence[CallOutcome],
    results: Collection[CallResult],
    ordinary: float,
    chance: float = CHANCE,
) -> Pattern | None:
    """The stretch of ``calls`` in which ``results`` are the least to be explained by chance.

    Args:
        calls: The records, the oldest first.
        results: The bad ends in question.
        ordinary: The share of calls that end so while all is well.
        chance: How improbable the stretch must be.
    """
    return unusual([call.result in results for call in calls], calls, ordinary, chance)


def unusual(
    bad: Sequence[bool], calls: Sequence[CallOutcome], ordinary: float, chance: float = CHANCE
) -> Pattern | None:
    """As :func:`pattern`, with every call judged ``bad`` or not already."""
    best: tuple[float, int] | None = None
    for size in {len(bad), *(size for size in _STRETCHES if size < len(bad))}:
        likelihood = tail(sum(bad[-size:]), size, ordinary) if size else 1.0
        if best is None or (likelihood, size) < best:
            best = likelihood, size
    if best is None or best[0] > chance:
        return None
    # The stretch was picked for its bad calls, so its rate alone would promise too many.
    if _is_over(bad[-best[1] :]) and _is_over(bad):
        return None
    stretch = list(zip(calls, bad, strict=True))[-best[1] :]
    since = next(call.started_at for call, is_bad in stretch if is_bad)
    return Pattern(sum(bad[-best[1] :]), best[1], since)


def tail(count: int, total: int, rate: float) -> float:
    """The chance that at least ``count`` of ``total`` independent calls end badly at ``rate``."""
    return sum(
        comb(total, hits) * rate**hits * (1 - rate) ** (total - hits)
        for hits in range(count, total + 1)
    )


def _is_over(bad: Sequence[bool]) -> bool:
    """Whether the newest calls went well more often in a row than the fault would allow."""
    run = next((place for place, is_bad in enumerate(reversed(bad)) if is_bad), len(bad))
    before = bad[bad.index(True) : len(bad) - run] if any(bad) else []
    rate = sum(before) / (len(before) + 1)
    return bool((1 - rate) ** run < OVER)
