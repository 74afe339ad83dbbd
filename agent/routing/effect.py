"""Describes what an edit of a configuration changes for callers.

Both configurations are evaluated side by side: the hours of a week, who is stopped, which
phones ring in which order and how long, and what is heard at the end.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Final

import msgspec

from agent.baselines.canonical import DAY_MINUTES
from agent.i18n import Joined, Message, Text
from agent.masking import mask_phone, mask_text
from agent.model import Binding
from agent.routing.coverage import Day, week
from agent.routing.effect_callers import MAX_SHOWN, callers_change, days_change, features_change
from agent.routing.evaluate import Setting
from agent.routing.order import ring_sequence, sort_phones
from agent.routing.outcome import TREATMENT_TEXTS, Leg
from agent.states import Strategy

NOTHING: Final = Message("callers notice nothing")
_PLAIN_MONDAY: Final = date(2001, 1, 1)
"""Any Monday will do: the weekly hours are compared without holidays."""
_WEEKDAYS: Final = (
    Message("Mon"),
    Message("Tue"),
    Message("Wed"),
    Message("Thu"),
    Message("Fri"),
    Message("Sat"),
    Message("Sun"),
)
_STRATEGIES: Final[Mapping[Strategy, Message]] = {
    Strategy.SEQUENTIAL: Message("one after the other"),
    Strategy.RANDOM: Message("at random"),
    Strategy.CYCLIC: Message("in turns"),
    Strategy.WEIGHTED: Message("by weight"),
    Strategy.SIMULTANEOUS: Message("all at once"),
    Strategy.UNKNOWN: Message("in an unknown way"),
}

Span = tuple[int, int, int]
"""A day of the week, and start and end in minutes after midnight."""
Comparison = Callable[[Setting, Setting], Iterator[Message]]


def effect(before: Setting, after: Setting) -> tuple[Message, ...]:
    """Returns sentences on what changes for callers from ``before`` to ``after``; never empty.

    Phones are named by id, callers by masked numbers.
    """
    changes = [message for compare in _COMPARISONS for message in compare(before, after)]
    return tuple(dict.fromkeys(changes)) or (NOTHING,)


def _hours(before: Setting, after: Setting) -> Iterator[Message]:
    """Hours in which phones ring on one side only."""
    old_week, new_week = (
        week(_without_days(setting), _PLAIN_MONDAY) for setting in (before, after)
    )
    lost = _where(old_week, new_week, lambda old, new: old and not new)
    won = _where(old_week, new_week, lambda old, new: new and not old)
    if lost:
        day, start, _ = lost[0]
        treatment = new_week[day].at(start).treatment
        yield Message(
            "{spans}: no phone rings any more, callers hear {treatment}",
            {"spans": _spans_text(lost), "treatment": TREATMENT_TEXTS[treatment]},
        )
    if won:
        yield Message("{spans}: phones ring now", {"spans": _spans_text(won)})
    if not lost and not won:
        yield from _silence(old_week, new_week)


def _silence(old_week: Sequence[Day], new_week: Sequence[Day]) -> Iterator[Message]:
    """Hours in which nothing rings before and after, but something else is heard."""
    for old_day, new_day in zip(old_week, new_week, strict=True):
        for stretch in new_day.stretches:
            old, new = old_day.at(stretch.start), stretch.outcome
            if not old.rings and not new.rings and old.treatment is not new.treatment:
                yield Message(
                    "out of hours callers hear {new}, not {old}",
                    {"new": TREATMENT_TEXTS[new.treatment], "old": TREATMENT_TEXTS[old.treatment]},
                )
                return


def _who_rings(before: Setting, after: Setting) -> Iterator[Message]:
    """Phones that hours have given to or taken from, where some phone rings all the same."""
    old_week, new_week = (
        week(_without_days(setting), _PLAIN_MONDAY) for setting in (before, after)
    )
    for day, (old_day, new_day) in enumerate(zip(old_week, new_week, strict=True)):
        for stretch in new_day.stretches:
            old = {leg.binding for leg in old_day.at(stretch.start).legs}
            new = {leg.binding for leg in stretch.outcome.legs}
            if old and new and old != new:
                spans = _spans_text([(day, stretch.start, stretch.end)])
                yield Message(
                    "{spans}: {new} ring, no longer {old}",
                    {"spans": spans, "new": _ids(new), "old": _ids(old)},
                )
                return


def _order(before: Setting, after: Setting) -> Iterator[Message]:
    """Strategy, order and waits, compared over all phones whatever the hour."""
    (old_legs, old_end), (new_legs, new_end) = map(_chain, (before, after))
    old, new = before.routing.strategy, after.routing.strategy
    old_waits, new_waits = _waits(old_legs), _waits(new_legs)
    if old is not new:
        values: dict[str, object] = {"new": _STRATEGIES[new], "old": _STRATEGIES[old]}
        yield Message("phones ring {new}, not {old}", values)
    elif list(old_waits) != list(new_waits) and old_legs and new_legs:
        values = {"new": _chained(new_legs), "old": _chained(old_legs)}
        yield Message("the phones ring in the order {new}, not {old}", values)
    if old_waits != new_waits and old_waits.keys() == new_waits.keys():
        values = {"new": _seconds(new_legs), "old": _seconds(old_legs)}
        yield Message("phones ring for {new} s, not {old}", values)
    if old_end != new_end and new_end is not None:
        if old_end is None:
            yield Message("callers give up or are cut off after {new:g} s", {"new": new_end})
        else:
            yield Message(
                "callers give up or are cut off after {new:g} s, not {old:g}",
                {"new": new_end, "old": old_end},
            )


def _phones(before: Setting, after: Setting) -> Iterator[Message]:
    """Phones that are new, gone, or have another number."""
    old, new = ({phone.id: phone for phone in setting.phones} for setting in (before, after))
    for name in sorted(old.keys() - new.keys()):
        yield Message("{phone} is never rung any more", {"phone": mask_text(name)})
    for name in sorted(new.keys() - old.keys()):
        yield Message("{phone} is rung too", {"phone": mask_text(name)})
    for name in sorted(old.keys() & new.keys()):
        yield from _phone(old[name], new[name])


def _phone(old: Binding, new: Binding) -> Iterator[Message]:
    name = mask_text(new.id)
    if old.phone != new.phone:
        yield Message(
            "{phone} rings at {new}, not {old}",
            {"phone": name, "new": mask_phone(new.phone), "old": mask_phone(old.phone)},
        )
    if old.weight != new.weight:
        yield Message(
            "{phone} gets {new} of the calls, not {old}",
            {"phone": name, "new": _share(new), "old": _share(old)},
        )
    if old.areas != new.areas:
        more = ", …" if len(new.areas) > MAX_SHOWN else ""
        areas = ", ".join(new.areas[:MAX_SHOWN]) + more or Message("everywhere")
        yield Message("{phone} is rung for callers from {areas}", {"phone": name, "areas": areas})


def _without_days(setting: Setting) -> Setting:
    """The plain week: special days and the calendar are compared separately."""
    plain = msgspec.structs.replace(setting.routing, special_days=None, national_calendar=None)
    return replace(setting, routing=plain)


def _where(
    old_week: Sequence[Day], new_week: Sequence[Day], matches: Callable[[bool, bool], bool]
) -> list[Span]:
    """The spans in which ``matches`` is true of whether phones rang before and ring now."""
    spans: list[Span] = []
    for day, (old, new) in enumerate(zip(old_week, new_week, strict=True)):
        edges = sorted({it.start for it in (*old.stretches, *new.stretches)} | {DAY_MINUTES})
        for start, end in pairwise(edges):
            if not matches(old.at(start).rings, new.at(start).rings):
                continue
            if spans and spans[-1][0] == day and spans[-1][2] == start:
                spans[-1] = (day, spans[-1][1], end)
            else:
                spans.append((day, start, end))
    return spans


def _spans_text(spans: Sequence[Span]) -> Text:
    """``Mon-Fri 17:30-18:00``: days with the same hours are named together."""
    by_hours: dict[tuple[int, int], list[int]] = {}
    for day, start, end in spans:
        by_hours.setdefault((start, end), []).append(day)
    texts = tuple(
        Joined((_days_text(days), f"{_clock(start)}-{_clock(end)}"), " ")
        for (start, end), days in by_hours.items()
    )
    shown = Joined(texts[:MAX_SHOWN], ", ")
    return Joined((shown, "…"), " ") if len(texts) > MAX_SHOWN else shown


def _days_text(days: Sequence[int]) -> Text:
    is_run = len(days) > 1 and days[-1] - days[0] == len(days) - 1
    if is_run:
        return Joined((_WEEKDAYS[days[0]], _WEEKDAYS[days[-1]]), "-")
    return Joined(tuple(_WEEKDAYS[day] for day in days), "+")


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _chain(setting: Setting) -> tuple[tuple[Leg, ...], float | None]:
    return ring_sequence(setting.routing, sort_phones(setting.routing, setting.phones), 0, 0.0)


def _waits(legs: Iterable[Leg]) -> dict[str, float | None]:
    """How long each phone rings, in the order in which they ring."""
    return {leg.binding: leg.seconds for leg in legs}


def _seconds(legs: Iterable[Leg]) -> str:
    """How long the phones ring: one figure, or one for each."""
    waits = ["?" if leg.seconds is None else f"{leg.seconds:g}" for leg in legs]
    return waits[0] if len(set(waits)) == 1 else "+".join(waits)


def _chained(legs: Iterable[Leg]) -> str:
    return ", ".join(mask_text(leg.binding) for leg in legs)


def _ids(names: Iterable[str]) -> str:
    return "+".join(mask_text(name) for name in sorted(names)) or "-"


def _share(binding: Binding) -> str:
    """The share of the calls that a phone gets."""
    return "-" if binding.weight is None else f"{binding.weight:g} %"


_COMPARISONS: Final[Sequence[Comparison]] = (
    _hours,
    _who_rings,
    _phones,
    _order,
    callers_change,
    days_change,
    features_change,
)
