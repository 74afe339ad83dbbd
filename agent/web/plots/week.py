"""A picture of a week: in which half hours phones ring, voicemail answers, or neither."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from markupsafe import Markup

from agent.i18n import Message, translate
from agent.web.plots.elements import element, joined, number, percent
from agent.web.plots.figure import Figure, Key, assemble, legend, row, table, text_width

HALF_HOURS = 48
"""Signs of one day."""
MOST_DAYS = 14

_DAY: Final = 24
"""The height of a day in pixels."""
_BAR: Final = 16
_TIMES: Final = 22
_EVERY_HOURS: Final = 6

_STATES: Final = (
    ("█", "plot-phones", _BAR, Message("phones ring")),
    ("▒", "plot-voicemail", _BAR // 2, Message("voicemail")),
    ("·", "plot-closed", 3, Message("neither")),
    ("?", "plot-unknown", _BAR, Message("not known")),
)
"""Sign, class, height (a state is told by it, too, not by its colour alone) and label."""
_SIGNS: Final = frozenset(sign for sign, *_ in _STATES)


def week_plot(title: str, days: Sequence[tuple[str, str]], locale: str) -> Markup:
    """The picture with its legend and table.

    Args:
        title: For people.
        days: For each day its name, for people, and its picture as
            ``agent.routing.coverage.Day.picture`` writes it, a sign a half hour; another sign, or
            one that is missing, is not known.
        locale: The reader's language.
    """
    rows = [(name, _whole(signs)) for name, signs in days[:MOST_DAYS]]
    figure = Figure(title, _describe(rows, locale))
    present = {sign for _name, signs in rows for sign in signs}
    keys = [
        Key(class_, label.text(locale), "area")
        for sign, class_, _height, label in _STATES
        if sign in present
    ]
    return assemble(
        figure,
        row(_names(rows), _picture(figure, rows)),
        legend(keys),
        table(locale, _head(locale), [_cells(name, signs) for name, signs in rows]),
    )


def _whole(signs: str) -> str:
    known = (sign if sign in _SIGNS else "?" for sign in signs[:HALF_HOURS])
    return "".join(known).ljust(HALF_HOURS, "?")


def _stretches(signs: str) -> Iterator[tuple[str, int, int]]:
    """Sign, first half hour and the one after the last."""
    start = 0
    for sign, group in groupby(signs):
        end = start + len(list(group))
        yield sign, start, end
        start = end


def _hour(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


def _times(signs: str, wanted: str) -> str:
    spans = [
        f"{_hour(start)}–{_hour(end)}" for sign, start, end in _stretches(signs) if sign == wanted
    ]
    return ", ".join(spans) or "–"


def _describe(rows: Sequence[tuple[str, str]], locale: str) -> str:
    """When phones ring, in one sentence for neighbouring days with the same hours."""
    return " ".join(
        _sentence(", ".join(name for name, _ in group), signs, locale)
        for signs, group in groupby(rows, key=lambda day: day[1])
    )


def _sentence(names: str, signs: str, locale: str) -> str:
    if set(signs) == {"?"}:
        return translate(locale, "{days}: not known.", days=names)
    if "█" not in signs:
        return translate(locale, "{days}: no phone rings.", days=names)
    times = _times(signs, "█")
    return translate(locale, "{days}: phones ring {times}.", days=names, times=times)


def _names(rows: Sequence[tuple[str, str]]) -> Markup:
    names = (
        element("text", name, x=0, y=number(_DAY * place + _BAR - 2))
        for place, (name, _) in enumerate(rows)
    )
    width = 8 + max((text_width(name) for name, _ in rows), default=0.0)
    height = _DAY * len(rows) + _TIMES
    return element(
        "svg", *names, class_="plot-names", width=number(width), height=height, aria_hidden="true"
    )


def _picture(figure: Figure, rows: Sequence[tuple[str, str]]) -> Markup:
    height = _DAY * len(rows)
    hours = range(0, 25, _EVERY_HOURS)
    return element(
        "svg",
        element("title", figure.title),
        element("desc", figure.description),
        joined(_hour_line(hour, height) for hour in hours),
        joined(_day(place, signs) for place, (_, signs) in enumerate(rows)),
        joined(_hour_label(hour, height) for hour in hours),
        class_="plot-area",
        role="img",
        height=height + _TIMES,
    )


def _day(place: int, signs: str) -> Markup:
    shapes = {sign: (class_, height) for sign, class_, height, _ in _STATES}
    return joined(_bar(place, *shapes[sign], start, end) for sign, start, end in _stretches(signs))


def _bar(place: int, class_: str, height: int, start: int, end: int) -> Markup:
    return element(
        "rect",
        class_=class_,
        x=percent(start / HALF_HOURS),
        y=number(_DAY * place + 2 + _BAR - height),
        width=percent((end - start) / HALF_HOURS),
        height=height,
    )


def _hour_line(hour: int, height: int) -> Markup:
    x = percent(hour / 24)
    return element("line", class_="plot-grid", x1=x, x2=x, y1=0, y2=height)


def _hour_label(hour: int, height: int) -> Markup:
    anchor = {0: "start", 24: "end"}.get(hour, "middle")
    return element("text", f"{hour:02}:00", x=percent(hour / 24), y=height + 16, text_anchor=anchor)


def _head(locale: str) -> list[str]:
    return [translate(locale, "Day"), *(label.text(locale) for *_, label in _STATES)]


def _cells(name: str, signs: str) -> list[str]:
    return [name, *(_times(signs, sign) for sign, *_ in _STATES)]
