"""Who is on call at a moment. Pure: the time and the zone are passed in."""

from datetime import datetime, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

from agent.config.on_call import Rota
from agent.config.values import epoch_of

_WEEK = 7 * 86_400.0


def turn_at(rota: Rota, at: float, zone: str) -> int:
    """The number of hand-overs since the rota's first until ``at``, which is epoch seconds.

    A hand-over is a moment and not a reading of the clock: where clocks are set back past it, the
    turn that has begun does not end again. Negative before the first one.
    """
    turn = int((at - _handover(rota.begins, 0, zone)) // _WEEK)
    # A change to summer time moves hand-overs by an hour, so that the next one or this may be off.
    return next(guess for guess in count(turn + 1, -1) if _handover(rota.begins, guess, zone) <= at)


def on_call_at(rota: Rota, at: float, zone: str) -> str:
    """Who is on call at ``at``."""
    for override in reversed(rota.overrides):
        if epoch_of(override.since, zone) <= at < epoch_of(override.until, zone):
            return override.person
    return rota.people[turn_at(rota, at, zone) % len(rota.people)]


def order_at(rota: Rota, at: float, zone: str) -> tuple[str, ...]:
    """Everybody in the order in which they are told: who is on call, then the next turns."""
    first = turn_at(rota, at, zone)
    turns = [rota.people[(first + step) % len(rota.people)] for step in range(len(rota.people))]
    return tuple(dict.fromkeys([on_call_at(rota, at, zone), *turns]))


@lru_cache(maxsize=1024)
def _handover(begins: str, turn: int, zone: str) -> float:
    """When a turn begins: the same time of day, so many weeks later."""
    first = datetime.fromtimestamp(epoch_of(begins, zone), ZoneInfo(zone)).replace(tzinfo=None)
    return (first + timedelta(weeks=turn)).replace(tzinfo=ZoneInfo(zone)).timestamp()
