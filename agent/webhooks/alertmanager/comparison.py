"""Where what Alertmanager answers differs from what it told: pure.

A difference counts once two answers in a row show it, so that neither word under way nor an
alert still in its ``group_wait`` is taken for a lost one.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum, unique

import msgspec
from msgspec.structs import replace

from agent.webhooks.alertmanager.listing import Listing
from agent.webhooks.alertmanager.record import Record, Standing, Trust, merge, over


@unique
class Repair(StrEnum):
    """What an answer put right."""

    LOST_FIRING = "lost_firing"
    """It fires and was never told, or was told to be over and is not."""
    LOST_RESOLVE = "lost_resolve"
    """It was told to fire and does so no more."""
    CONFIRMED = "confirmed"
    """It was told to be over, and is."""


class Answer(msgspec.Struct, frozen=True):
    """One answer of Alertmanager's."""

    listing: Listing
    asked_at: float
    """By our clock; whatever changed here later is newer than the answer."""
    settled: bool
    """Whether Alertmanager has been up for long enough to have heard of all that fires."""


class Suspicion(msgspec.Struct, frozen=True):
    """What the answer before differed in, and when it was asked for."""

    missing: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    asked_at: float = 0.0


class Differences(msgspec.Struct, frozen=True):
    """What is to be changed, and what the next answer must show again."""

    changed: Mapping[str, Record]
    repairs: Mapping[str, Repair]
    suspicion: Suspicion


IsOurs = Callable[[frozenset[str]], bool]
"""Whether an alert routed to these receivers is to be told to this agent."""


def compare(
    records: Mapping[str, Record],
    answer: Answer,
    before: Suspicion,
    is_ours: IsOurs,
    now: float,
) -> Differences:
    """What to put right after ``answer``, given what the answer before made suspicious."""
    missing = _missing(records, answer)
    unknown = _unknown(records, answer, is_ours)
    changed: dict[str, Record] = {}
    repairs: dict[str, Repair] = {}
    for name in missing:
        repair = _ends(records[name], name, answer, before)
        if repair is not None:
            changed[name] = over(records[name], answer.asked_at, now)
            repairs[name] = repair
    for name in unknown:
        new = _fires(records.get(name), name, answer, before, now)
        if new is not None:
            changed[name], repairs[name] = new, Repair.LOST_FIRING
    suspicion = Suspicion(
        missing=missing - changed.keys() if answer.settled else frozenset(),
        unknown=unknown - changed.keys(),
        asked_at=answer.asked_at,
    )
    return Differences(changed, repairs, suspicion)


def _missing(records: Mapping[str, Record], answer: Answer) -> frozenset[str]:
    """What counts as firing here and is not listed."""
    return frozenset(
        name
        for name, one in records.items()
        if one.counts and name not in answer.listing and one.changed_at < answer.asked_at
    )


def _unknown(records: Mapping[str, Record], answer: Answer, is_ours: IsOurs) -> frozenset[str]:
    """What is listed and would be told to us, and does not fire here."""
    return frozenset(
        name
        for name, one in answer.listing.items()
        if is_ours(one.receivers) and not one.silent and not _is_firing(records.get(name))
    )


def _is_firing(record: Record | None) -> bool:
    return record is not None and record.standing is Standing.FIRING


def _ends(record: Record, name: str, answer: Answer, before: Suspicion) -> Repair | None:
    if record.standing is Standing.ENDING:
        return Repair.CONFIRMED
    seen_twice = name in before.missing and record.changed_at < before.asked_at
    return Repair.LOST_RESOLVE if answer.settled and seen_twice else None


def _fires(
    old: Record | None, name: str, answer: Answer, before: Suspicion, now: float
) -> Record | None:
    if name not in before.unknown or (old is not None and old.changed_at >= before.asked_at):
        return None
    told = answer.listing[name].told
    if old is not None and old.standing is Standing.ENDING:
        return replace(old, standing=Standing.FIRING, changed_at=now)
    # Asked for and answered twice, it is no late word of a firing that is over.
    new, _outcome = merge(None, told, Trust(), now)
    return new if old is None or new is None else replace(new, ended_at=old.ended_at)
