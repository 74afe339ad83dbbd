"""The words in which the effect of an edit is told, in both languages."""

from collections.abc import Iterable, Sequence
from typing import Final

from agent.lints.finding import Words
from agent.masking import mask_text
from agent.model import Binding
from agent.routing.outcome import Heard, Leg
from agent.states import Strategy

DAYS_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAYS_ZH: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
SHOWN: Final = 4
"""So many of a kind are told, the rest is a sign of omission."""
Span = tuple[int, int, int]
"""A day of the week, and minutes after midnight."""

HEARD: Final[dict[Heard, Words]] = {
    Heard.RINGING: Words("ringing", "振铃"),
    Heard.MENU: Words("the menu", "语音菜单"),
    Heard.PIN: Words("the question for a code", "输入密码的提示"),
    Heard.NO_RIGHT: Words("that they may not call", "“无权拨打”"),
    Heard.BUSY: Words("busy", "忙音"),
    Heard.CLOSED: Words("that it is closed", "非服务时间的提示"),
    Heard.VOICEMAIL: Words("voicemail", "语音信箱"),
    Heard.NOTHING: Words("nothing that helps", "无效按键"),
}
STRATEGY: Final[dict[Strategy, Words]] = {
    Strategy.SEQUENTIAL: Words("one after the other", "顺序振铃"),
    Strategy.RANDOM: Words("at random", "随机振铃"),
    Strategy.CYCLIC: Words("in turns", "循环振铃"),
    Strategy.WEIGHTED: Words("by weight", "按权重振铃"),
    Strategy.SIMULTANEOUS: Words("all at once", "同时振铃"),
    Strategy.UNKNOWN: Words("in a way not told", "未知方式"),
}


def told_spans(spans: Sequence[Span], names: Sequence[str]) -> str:
    """``Mon-Fri 17:30-18:00``: days with the same hours are told together."""
    by_hours: dict[tuple[int, int], list[int]] = {}
    for day, start, end in spans:
        by_hours.setdefault((start, end), []).append(day)
    told = [
        f"{_days(days, names)} {_clock(start)}-{_clock(end)}"
        for (start, end), days in by_hours.items()
    ]
    return ", ".join(told[:SHOWN]) + (" …" if len(told) > SHOWN else "")


def _days(days: Sequence[int], names: Sequence[str]) -> str:
    in_a_row = len(days) > 1 and days[-1] - days[0] == len(days) - 1
    if in_a_row:
        return f"{names[days[0]]}-{names[days[-1] % len(names)]}"
    return "+".join(names[day] for day in days)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def waits_of(legs: Iterable[Leg]) -> dict[str, float | None]:
    """How long each phone rings."""
    return {leg.binding: leg.seconds for leg in legs}


def seconds(legs: Iterable[Leg]) -> str:
    """How long the phones ring: one figure, or one for each."""
    told = ["?" if leg.seconds is None else f"{leg.seconds:g}" for leg in legs]
    return told[0] if len(set(told)) == 1 else "+".join(told)


def chained(legs: Iterable[Leg]) -> str:
    """The phones in their order."""
    return ", ".join(mask_text(leg.binding) for leg in legs)


def ids(names: Iterable[str]) -> str:
    """The phones, in no order."""
    return "+".join(mask_text(name) for name in sorted(names)) or "-"


def share(binding: Binding) -> str:
    """The share of the calls that a phone gets."""
    return "-" if binding.weight is None else f"{binding.weight:g} %"


def areas_words(areas: Sequence[str], everywhere: str) -> str:
    """Areas, or the word for none at all."""
    return ", ".join(areas[:SHOWN]) or everywhere
