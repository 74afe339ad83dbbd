"""How long to wait after failed attempts: pure."""

from agent.sinks.base import Pace

SPREAD = 0.1
"""A wait is up to this share longer or shorter, so that sinks and rows do not march in step."""
_DOUBLINGS = 40


def wait_after(attempts: int, pace: Pace, chance: float) -> float:
    """Seconds to wait after the ``attempts``-th failure in a row, each twice the one before.

    ``chance`` is drawn from 0 to 1 and spreads the wait by :data:`SPREAD`.
    """
    doubled = pace.retry_first * 2.0 ** min(max(attempts, 1) - 1, _DOUBLINGS)
    return min(doubled, pace.retry_longest) * (1 + SPREAD * (2 * chance - 1))
