"""What an edit of a configuration changes for callers, in both languages.

Both configurations are evaluated side by side: the hours of a week, who is stopped, which
phones ring in which order and how long, and what is heard at the end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Final

import msgspec

from agent.baselines.canonical import DAY_MINUTES
from agent.lints.finding import Words
from agent.masking import mask_phone, mask_text
from agent.model import Binding
from agent.routing.coverage import Day, week
from agent.routing.effect_callers import callers_change, days_change, features_change
from agent.routing.effect_words import (
    DAYS_EN,
    DAYS_ZH,
    HEARD,
    STRATEGY,
    Span,
    areas_words,
    chained,
    ids,
    seconds,
    share,
    told_spans,
    waits_of,
)
from agent.routing.evaluate import Setting
from agent.routing.order import places, rung
from agent.routing.outcome import Leg

NOTHING: Final = Words("callers notice nothing", "对来电者没有影响")
_PLAIN_MONDAY: Final = date(2001, 1, 1)
"""Any Monday will do: the weekly hours are compared without holidays."""

Edit = Callable[[Setting, Setting], Iterator[Words]]


def effect(before: Setting, after: Setting) -> tuple[Words, ...]:
    """What callers notice of the edit from ``before`` to ``after``; never empty.

    Phones are told by id, callers by masked numbers.
    """
    found = [words for edit in _EDITS for words in edit(before, after)]
    return tuple(dict.fromkeys(found)) or (NOTHING,)


def _hours(before: Setting, after: Setting) -> Iterator[Words]:
    """Hours that ring now and did not, or the other way round."""
    was, now = (week(_without_days(it), _PLAIN_MONDAY) for it in (before, after))
    lost = _where(was, now, lambda old, new: old and not new)
    won = _where(was, now, lambda old, new: new and not old)
    for spans, en, zh in (
        (lost, "no phone rings any more", "不再有电话振铃"),
        (won, "phones ring now", "现在会振铃"),
    ):
        if spans:
            heard = now[spans[0][0]].at(spans[0][1])
            then = "" if heard.rings else f", callers hear {HEARD[heard.heard].en}"
            then_zh = "" if heard.rings else f"，来电者听到{HEARD[heard.heard].zh}"
            yield Words(
                f"{told_spans(spans, DAYS_EN)}: {en}{then}",
                f"{told_spans(spans, DAYS_ZH)}：{zh}{then_zh}",
            )
    if not lost and not won:
        yield from _silence(was, now)


def _silence(was: Sequence[Day], now: Sequence[Day]) -> Iterator[Words]:
    """Hours in which nothing rings before and after, but something else is heard."""
    for old_day, new_day in zip(was, now, strict=True):
        for stretch in new_day.stretches:
            old, new = old_day.at(stretch.start), stretch.outcome
            if not old.rings and not new.rings and old.heard is not new.heard:
                en = f"out of hours callers hear {HEARD[new.heard].en}, not {HEARD[old.heard].en}"
                zh = f"非服务时间来电者听到{HEARD[new.heard].zh}，而不是{HEARD[old.heard].zh}"
                yield Words(en, zh)
                return


def _who_rings(before: Setting, after: Setting) -> Iterator[Words]:
    """Phones that hours have given to or taken from, where some phone rings all the same."""
    was, now = (week(_without_days(it), _PLAIN_MONDAY) for it in (before, after))
    for day, (old_day, new_day) in enumerate(zip(was, now, strict=True)):
        for stretch in new_day.stretches:
            old = {leg.binding for leg in old_day.at(stretch.start).legs}
            new = {leg.binding for leg in stretch.outcome.legs}
            if old and new and old != new:
                at = day, stretch.start, stretch.end
                yield Words(
                    f"{told_spans([at], DAYS_EN)}: {ids(new)} ring, no longer {ids(old)}",
                    f"{told_spans([at], DAYS_ZH)}：振铃 {ids(new)}，而不是 {ids(old)}",
                )
                return


def _order(before: Setting, after: Setting) -> Iterator[Words]:
    """Strategy, order and waits, compared over all phones whatever the hour."""
    (was, was_end), (now, now_end) = map(_chain, (before, after))
    if before.routing.strategy is not after.routing.strategy:
        old, new = before.routing.strategy, after.routing.strategy
        yield Words(
            f"phones ring {STRATEGY[new].en}, not {STRATEGY[old].en}",
            f"振铃方式为{STRATEGY[new].zh}，而不是{STRATEGY[old].zh}",
        )
    elif [leg.binding for leg in was] != [leg.binding for leg in now] and was and now:
        yield Words(
            f"the phones ring in the order {chained(now)}, not {chained(was)}",
            f"振铃顺序为 {chained(now)}，而不是 {chained(was)}",
        )
    if waits_of(was) != waits_of(now) and {it.binding for it in was} == {it.binding for it in now}:
        yield Words(
            f"phones ring for {seconds(now)} s, not {seconds(was)}",
            f"振铃时长为 {seconds(now)} 秒，而不是 {seconds(was)} 秒",
        )
    if was_end != now_end and now_end is not None:
        ended = "" if was_end is None else f", not {was_end:g}"
        ended_zh = "" if was_end is None else f"，而不是 {was_end:g} 秒"
        yield Words(
            f"callers give up or are cut off after {now_end:g} s{ended}",
            f"无人接听时 {now_end:g} 秒后结束{ended_zh}",
        )


def _phones(before: Setting, after: Setting) -> Iterator[Words]:
    """Phones that are new, gone, or another number now."""
    was, now = ({it.id: it for it in setting.phones} for setting in (before, after))
    for name in sorted(was.keys() - now.keys()):
        yield Words(f"{mask_text(name)} is never rung any more", f"{mask_text(name)} 不再振铃")
    for name in sorted(now.keys() - was.keys()):
        yield Words(f"{mask_text(name)} is rung too", f"新增振铃 {mask_text(name)}")
    for name in sorted(was.keys() & now.keys()):
        yield from _phone(was[name], now[name])


def _phone(was: Binding, now: Binding) -> Iterator[Words]:
    name = mask_text(now.id)
    if was.phone != now.phone:
        yield Words(
            f"{name} rings at {mask_phone(now.phone)}, not {mask_phone(was.phone)}",
            f"{name} 振铃 {mask_phone(now.phone)}，而不是 {mask_phone(was.phone)}",
        )
    if was.weight != now.weight:
        yield Words(
            f"{name} gets {share(now)} of the calls, not {share(was)}",
            f"{name} 分得 {share(now)} 的来电，而不是 {share(was)}",
        )
    if was.areas != now.areas:
        yield Words(
            f"{name} is rung for callers from {areas_words(now.areas, 'everywhere')}",
            f"{name} 接听 {areas_words(now.areas, '所有地区')} 的来电",
        )


def _without_days(setting: Setting) -> Setting:
    """The plain week: neither special days nor the calendar; those are told apart."""
    plain = msgspec.structs.replace(setting.routing, special_days=None, national_calendar=None)
    return replace(setting, routing=plain)


def _where(
    was: Sequence[Day], now: Sequence[Day], wanted: Callable[[bool, bool], bool]
) -> list[Span]:
    """Day, start and end of the stretches in which ``wanted`` holds of whether phones ring."""
    found: list[Span] = []
    for day, (old, new) in enumerate(zip(was, now, strict=True)):
        edges = sorted({it.start for it in (*old.stretches, *new.stretches)} | {DAY_MINUTES})
        for start, end in pairwise(edges):
            if not wanted(old.at(start).rings, new.at(start).rings):
                continue
            if found and found[-1][0] == day and found[-1][2] == start:
                found[-1] = (day, found[-1][1], end)
            else:
                found.append((day, start, end))
    return found


def _chain(setting: Setting) -> tuple[tuple[Leg, ...], float | None]:
    return rung(setting.routing, places(setting.routing, setting.phones), 0, 0.0)


_EDITS: Final[Sequence[Edit]] = (
    _hours,
    _who_rings,
    _phones,
    _order,
    callers_change,
    days_change,
    features_change,
)
