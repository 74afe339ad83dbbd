"""Compares a new listing with the old: numbers that changed, are missing, or are gone.

A listing is only as good as the provider's claim that it is complete. A number is therefore
``unknown`` when one listing misses it and gone when a second one does, unless that has records
which could not be read: the number may be one of them. A listing that lost half of the numbers or
more is rejected until it was repeated (docs/reference/reliability.md §1).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import msgspec

from agent.event_loop import chunks
from agent.model import Listing, Number
from agent.states import IN_SERVICE_STATES, NetworkState, NumberState

MAX_REJECTED = 3
"""Consecutive listings that lost half of the numbers and are rejected; the next is accepted."""

MISSING_REASON = "missing from the newest complete listing"

_OVERRULED_BY_ACCOUNT = IN_SERVICE_STATES | {NumberState.UNKNOWN, NumberState.OPEN_UNFUNDED}
_ENDED = frozenset({NumberState.RECLAIMED, NumberState.CANCELLED, NumberState.IDLE})
_name = attrgetter("number")


@dataclass
class ListingDiff:
    """The changes from one listing to the next."""

    numbers: list[Number] = field(default_factory=list)
    """The merged numbers, sorted; equal ones are the old objects."""
    changed: list[tuple[Number | None, Number]] = field(default_factory=list)
    """The old and new facts of every number that is new or differs."""
    missing: set[str] = field(default_factory=set)
    """Numbers missing from this listing, though not from the one before."""
    gone: set[str] = field(default_factory=set)
    """Numbers missing from this listing and the one before."""


def has_halved(old: Listing | None, new: Listing) -> bool:
    """Whether ``new`` has lost half of the numbers of ``old`` or more."""
    return old is not None and bool(old.numbers) and 2 * len(new.numbers) <= len(old.numbers)


def missing_numbers(old: Sequence[Number], new: Sequence[Number]) -> frozenset[str]:
    """The numbers of ``old`` that ``new`` does not list."""
    return frozenset(map(_name, old)).difference(map(_name, new))


def compare(old: Sequence[Number], new: Listing, missing_before: frozenset[str]) -> ListingDiff:
    """The changes when ``new`` follows ``old``, both sorted by number."""
    diff = ListingDiff()
    position = 0
    for chunk in chunks(len(new.numbers)):
        listed = _under_account_state(new.numbers[chunk], new.account_state)
        # The old numbers up to the last of this chunk: both lists are sorted.
        end = bisect_right(old, listed[-1].number, lo=position, key=_name)
        former = tuple(old[position:end])
        position = end
        if former == listed:
            diff.numbers += former
        else:
            diff.numbers += _compare_chunk(former, listed, missing_before, diff)
    diff.numbers += _compare_chunk(old[position:], (), missing_before, diff)
    return diff


def is_reassigned(former: Number | None, number: Number) -> bool:
    """Whether the number went to another company after its time with the former had ended."""
    return (
        former is not None
        and former.state in _ENDED
        and bool(former.company and number.company)
        and former.company != number.company
    )


def state_changes(
    changed: Sequence[tuple[Number | None, Number]], last_known: Mapping[str, NumberState]
) -> dict[str, tuple[NumberState, NumberState]]:
    """Old and new state of every number that changed state.

    A time spent ``unknown`` is skipped: the change is from the state before it to the one after.
    """
    changes: dict[str, tuple[NumberState, NumberState]] = {}
    for former, number in changed:
        if former is None or number.state is NumberState.UNKNOWN:
            continue
        before = _known_state(former, last_known)
        if before is None or before is number.state or is_reassigned(former, number):
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


def _compare_chunk(
    former: Sequence[Number],
    listed: Sequence[Number],
    missing_before: frozenset[str],
    diff: ListingDiff,
) -> list[Number]:
    unmatched = {number.number: number for number in former}
    merged = []
    for number in listed:
        old = unmatched.pop(number.number, None)
        if old is not None and old == number:
            merged.append(old)
        else:
            merged.append(number)
            diff.changed.append((old, number))
    for name, old in unmatched.items():
        if name in missing_before:
            diff.gone.add(name)
        else:
            diff.missing.add(name)
            unlisted = _unlisted(old)
            number = old if old == unlisted else unlisted
            merged.append(number)
            if number is not old:
                diff.changed.append((old, number))
    if diff.missing:
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
