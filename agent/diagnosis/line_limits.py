"""The configured limits of calls at once, joined with calls that end busy.

Platforms that turn a call away because all lines are taken often record it as busy
(docs/reference/domain.md §2): the limit that was reached tells that from a busy phone.
"""

from collections.abc import Iterator
from typing import Final

from agent.diagnosis.call_statistics import ResultPattern, find_pattern, recent_calls
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.states import CallResult

BUSY_ORDINARY: Final = 0.05
"""The share of calls that end busy while there is no fault."""
NEAR: Final = 0.8
"""The share of a limit from which it counts as reached (docs/reference/domain.md §4, L29)."""
FORWARDED_LINES: Final = 1
"""A landing number that is merely forwarded takes one call at a time (L30)."""


def busy_at_limit(diagnosis: NumberDiagnosis) -> tuple[ResultPattern, int] | None:
    """The pattern of busy calls and the limit that was reached; ``None`` if there is not both."""
    limit = min(_limits_reached(diagnosis), default=None)
    if limit is None:
        return None
    pattern = find_pattern(recent_calls(diagnosis), {CallResult.BUSY}, BUSY_ORDINARY)
    return None if pattern is None else (pattern, limit)


def _limits_reached(diagnosis: NumberDiagnosis) -> Iterator[int]:
    """The limits that leave no room, or whose recent peak came near them."""
    routing = diagnosis.routing
    if routing is not None:
        if routing.landing_forwarded:
            yield FORWARDED_LINES
        yield from _reached(routing.trunk_capacity, routing.trunk_peak)
    for phone in diagnosis.bound_phones.values():
        if phone.lines is not None:
            for limit in (phone.lines.paid, phone.lines.capacity):
                yield from _reached(limit, phone.lines.peak)


def _reached(limit: int | None, peak: int | None) -> Iterator[int]:
    if limit is not None and peak is not None and peak >= NEAR * limit:
        yield limit
