"""The order in which phones ring, and after how many seconds (docs/reference/domain.md §1)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.model import Binding, Routing
from agent.routing.outcome import Leg
from agent.states import Strategy

Ordering = Callable[[Sequence[Binding], int, float], list[Binding]]
"""Takes the sorted phones, how many calls came before this one, and a random number in [0, 1)."""


def sort_phones(routing: Routing, bound: Sequence[Binding]) -> list[Binding]:
    """Sort phones by the routing's order, else by position, else as they are listed."""
    rank = {name: index for index, name in enumerate(routing.binding_order)}
    last = len(rank)
    return sorted(bound, key=lambda phone: (rank.get(phone.id, last), phone.position))


def ring_sequence(
    routing: Routing, phones: Sequence[Binding], turn: int, draw: float
) -> tuple[tuple[Leg, ...], float | None]:
    """Return the legs of a call over ``phones``, which are sorted, and when it gives up.

    The second value is the seconds after which the last phone has rung in vain; ``None`` where a
    wait is unknown.
    """
    if routing.strategy is Strategy.SIMULTANEOUS:
        legs = tuple(Leg(phone.id, 0.0, wait_of(routing, phone)) for phone in phones)
        waits = [leg.seconds for leg in legs]
        known = [wait for wait in waits if wait is not None]
        return legs, max(known, default=0.0) if len(known) == len(waits) else None
    order = _ORDERINGS.get(routing.strategy, _as_sorted)(phones, turn, draw)
    legs_in_order: list[Leg] = []
    after: float | None = 0.0
    for phone in order:
        wait = wait_of(routing, phone)
        legs_in_order.append(Leg(phone.id, after, wait))
        after = None if after is None or wait is None else after + wait
    return tuple(legs_in_order), after


def wait_of(routing: Routing, binding: Binding) -> float | None:
    """How long a phone rings in seconds: its own wait, else the number's; ``None`` if unknown."""
    return routing.wait_seconds if binding.wait_seconds is None else binding.wait_seconds


def _as_sorted(phones: Sequence[Binding], _turn: int, _draw: float) -> list[Binding]:
    return list(phones)


def _cyclic(phones: Sequence[Binding], turn: int, _draw: float) -> list[Binding]:
    """Each call begins with the next phone."""
    start = turn % len(phones) if phones else 0
    return [*phones[start:], *phones[:start]]


def _random(phones: Sequence[Binding], _turn: int, draw: float) -> list[Binding]:
    """The permutation that ``draw`` selects; all are equally likely."""
    left, order = list(phones), list[Binding]()
    while left:
        draw *= len(left)
        index = min(int(draw), len(left) - 1)
        draw -= index
        order.append(left.pop(index))
    return order


def _weighted(phones: Sequence[Binding], turn: int, draw: float) -> list[Binding]:
    """The first at random by weight, the others by falling weight; at random without weights."""
    weights = [max(0.0, phone.weight or 0.0) for phone in phones]
    total = sum(weights)
    if not total:
        return _random(phones, turn, draw)
    mark, first = draw * total, 0
    for index, weight in enumerate(weights):
        if weight and mark < weight:
            first = index
            break
        mark -= weight
    else:
        first = max(range(len(phones)), key=weights.__getitem__)
    others = [index for index in range(len(phones)) if index != first]
    others.sort(key=lambda index: -weights[index])
    return [phones[first], *(phones[index] for index in others)]


_ORDERINGS: Final[Mapping[Strategy, Ordering]] = {
    Strategy.SEQUENTIAL: _as_sorted,
    Strategy.CYCLIC: _cyclic,
    Strategy.RANDOM: _random,
    Strategy.WEIGHTED: _weighted,
}
