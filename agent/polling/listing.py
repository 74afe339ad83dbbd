"""A new listing against the old: what stays, what changed, what is missing, what is gone.

A listing is only as good as the provider's word that it is complete. A number is therefore
``unknown`` when one listing misses it and gone when a second one does, and a listing that lost
half of the numbers or more has to be seen again and again before it is believed
(reliability.md §1, partial page).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import msgspec

from agent.event_loop import chunks
from agent.model import Listing, Number
from agent.states import IN_SERVICE_STATES, NetworkState, NumberState

HELD_POLLS = 3
"""So many listings in a row that lost half of the numbers are held; the next is believed."""

MISSING_REASON = "missing from the newest complete listing"

_OVERRULED_BY_ACCOUNT = IN_SERVICE_STATES | {NumberState.UNKNOWN, NumberState.OPEN_UNFUNDED}
_ENDED = frozenset({NumberState.RECLAIMED, NumberState.CANCELLED, NumberState.IDLE})
_name = attrgetter("number")


@dataclass
class Difference:
    """What a new listing changes."""

    numbers: list[Number] = field(default_factory=list)
    """The merged numbers, sorted; equal ones are the old objects."""
    changed: list[tuple[Number | None, Number]] = field(default_factory=list)
    """Former and present facts of every number that is new or not as it was."""
    missing: set[str] = field(default_factory=set)
    """Missing from this listing, though not from the one before."""
    gone: set[str] = field(default_factory=set)
    """Missing from this listing and the one before."""


def shrank(old: Listing | None, new: Listing) -> bool:
    """Whether ``new`` has lost half of the numbers or more."""
    return old is not None and bool(old.numbers) and 2 * len(new.numbers) <= len(old.numbers)


def absentees(old: Sequence[Number], new: Sequence[Number]) -> frozenset[str]:
    """The numbers of ``old`` that ``new`` does not list."""
    return frozenset(map(_name, old)).difference(map(_name, new))


def compare(old: Sequence[Number], new: Listing, missed_before: frozenset[str]) -> Difference:
    """What changes when ``new`` follows ``old``, both sorted by number."""
    difference = Difference()
    position = 0
    for chunk in chunks(len(new.numbers)):
        listed = _under_account_state(new.numbers[chunk], new.account_state)
        end = bisect_right(old, listed[-1].number, lo=position, key=_name)
        former = tuple(old[position:end])
        position = end
        if former == listed:
            difference.numbers += former
        else:
            difference.numbers += _compare_piece(former, listed, missed_before, difference)
    difference.numbers += _compare_piece(old[position:], (), missed_before, difference)
    return difference


def is_new_incarnation(former: Number | None, number: Number) -> bool:
    """Whether the number came to another holder after its time with the former had ended."""
    return (
        former is not None
        and former.state in _ENDED
        and bool(former.company and number.company)
        and former.company != number.company
    )


def state_changes(
    changed: Sequence[tuple[Number | None, Number]], last_known: Mapping[str, NumberState]
) -> dict[str, tuple[NumberState, NumberState]]:
    """From and to of every number that changed state; time spent ``unknown`` is looked through."""
    changes: dict[str, tuple[NumberState, NumberState]] = {}
    for former, number in changed:
        if former is None or number.state is NumberState.UNKNOWN:
            continue
        before = _known_state(former, last_known)
        if before is None or before is number.state or is_new_incarnation(former, number):
            continue
        changes[number.number] = (before, number.state)
    return changes


def states_before_unknown(
    changed: Sequence[tuple[Number | None, Number]], last_known: Mapping[str, NumberState]
) -> Mapping[str, NumberState]:
    """The last known state of every number that is ``unknown`` now."""
    known = dict(last_known)
    for former, number in changed:
        before = None if former is None else _known_state(former, last_known)
        if number.state is NumberState.UNKNOWN and before is not None:
            known[number.number] = before
        else:
            known.pop(number.number, None)
    return known if known != last_known else last_known


def _known_state(number: Number, last_known: Mapping[str, NumberState]) -> NumberState | None:
    if number.state is NumberState.UNKNOWN:
        return last_known.get(number.number)
    return number.state


def _compare_piece(
    former: Sequence[Number],
    listed: Sequence[Number],
    missed_before: frozenset[str],
    difference: Difference,
) -> list[Number]:
    known = {number.number: number for number in former}
    merged = []
    for number in listed:
        old = known.pop(number.number, None)
        if old is not None and old == number:
            merged.append(old)
        else:
            merged.append(number)
            difference.changed.append((old, number))
    for name, old in known.items():
        if name in missed_before:
            difference.gone.add(name)
        else:
            difference.missing.add(name)
            unlisted = _unlisted(old)
            kept = old if old == unlisted else unlisted
            merged.append(kept)
            if kept is not old:
                difference.changed.append((old, kept))
    if difference.missing:
        merged.sort(key=_name)
    return merged


def _unlisted(number: Number) -> Number:
    return msgspec.structs.replace(
        number,
        state=NumberState.UNKNOWN,
        network_state=NetworkState.UNKNOWN,
        reason=MISSING_REASON,
    )


def _under_account_state(
    numbers: tuple[Number, ...], state: NumberState | None
) -> tuple[Number, ...]:
    if state is None:
        return numbers
    return tuple(
        msgspec.structs.replace(number, state=state, reason=number.reason or f"account {state}")
        if number.state in _OVERRULED_BY_ACCOUNT
        else number
        for number in numbers
    )
