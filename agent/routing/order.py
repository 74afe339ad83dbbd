"""In which order phones are rung, and after how many seconds (domain.md §1, strategy)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.model import Binding, Routing
from agent.routing.outcome import Leg
from agent.states import Strategy

Ordering = Callable[[Sequence[Binding], int, float], list[Binding]]
"""Takes the phones in their places, how many calls came before this one, and a draw in [0, 1)."""


def places(routing: Routing, bound: Sequence[Binding]) -> list[Binding]:
    """The phones as placed: by the routing's order, else by position, else as they are listed."""
    rank = {name: place for place, name in enumerate(routing.binding_order)}
    last = len(rank)
    return sorted(bound, key=lambda each: (rank.get(each.id, last), each.position))


def rung(
    routing: Routing, phones: Sequence[Binding], turn: int, draw: float
) -> tuple[tuple[Leg, ...], float | None]:
    """The legs of a call over ``phones``, which are in their places.

    Gives also the seconds after which the last has rung in vain; ``None`` where a wait is not
    known.
    """
    if routing.strategy is Strategy.SIMULTANEOUS:
        legs = tuple(Leg(each.id, 0.0, wait_of(routing, each)) for each in phones)
        waits = [leg.seconds for leg in legs]
        known = [wait for wait in waits if wait is not None]
        return legs, max(known, default=0.0) if len(known) == len(waits) else None
    order = _ORDERINGS.get(routing.strategy, _as_placed)(phones, turn, draw)
    made: list[Leg] = []
    after: float | None = 0.0
    for each in order:
        wait = wait_of(routing, each)
        made.append(Leg(each.id, after, wait))
        after = None if after is None or wait is None else after + wait
    return tuple(made), after


def wait_of(routing: Routing, binding: Binding) -> float | None:
    """How long a phone rings: its own wait, else the number's; ``None`` when not told."""
    return routing.wait_seconds if binding.wait_seconds is None else binding.wait_seconds


def _as_placed(phones: Sequence[Binding], _turn: int, _draw: float) -> list[Binding]:
    return list(phones)


def _cyclic(phones: Sequence[Binding], turn: int, _draw: float) -> list[Binding]:
    """Each call begins one phone further on."""
    start = turn % len(phones) if phones else 0
    return [*phones[start:], *phones[:start]]


def _random(phones: Sequence[Binding], _turn: int, draw: float) -> list[Binding]:
    """The permutation that ``draw`` falls on, all of them equally wide."""
    left, order = list(phones), list[Binding]()
    while left:
        draw *= len(left)
        place = min(int(draw), len(left) - 1)
        draw -= place
        order.append(left.pop(place))
    return order


def _weighted(phones: Sequence[Binding], turn: int, draw: float) -> list[Binding]:
    """The first by its weight, then the others by theirs; without weights all are alike."""
    weights = [max(0.0, each.weight or 0.0) for each in phones]
    total = sum(weights)
    if not total:
        return _random(phones, turn, draw)
    mark, first = draw * total, 0
    for place, weight in enumerate(weights):
        if weight and mark < weight:
            first = place
            break
        mark -= weight
    else:
        first = max(range(len(phones)), key=weights.__getitem__)
    others = [place for place in range(len(phones)) if place != first]
    others.sort(key=lambda place: -weights[place])
    return [phones[first], *(phones[place] for place in others)]


_ORDERINGS: Final[Mapping[Strategy, Ordering]] = {
    Strategy.SEQUENTIAL: _as_placed,
    Strategy.CYCLIC: _cyclic,
    Strategy.RANDOM: _random,
    Strategy.WEIGHTED: _weighted,
}
