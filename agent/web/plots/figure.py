"""What every plot has in common: its place for the figures' scale, its legend, its table.

The drawing is stretched to the width there is, lines and texts are not: the scale of figures has
an SVG of its own with a fixed width, times stand at percents of the drawing's width.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from agent.i18n import translate
from agent.web.plots.elements import element, joined, number, percent
from agent.web.plots.ticks import Tick

WIDTH: Final = 1000
"""The width of a drawing in its own units; on the screen it is as wide as its place."""
HEIGHT: Final = 160
"""The height of a drawing, in pixels and in its own units."""

_ABOVE: Final = 10
_BELOW: Final = 26
_TOTAL: Final = _ABOVE + HEIGHT + _BELOW
_DIGIT: Final = 6.6
"""The width of one digit of a scale in pixels, a little more than it is."""
_WIDE: Final = 13.0
"""The width of a Chinese character in pixels."""
_FIRST_WIDE: Final = "\u2e80"
_EDGE: Final = 0.1
"""Labels nearer to an end of the axis than this share of it stand beside their tick."""


@dataclass(frozen=True)
class Figure:
    """The texts of a plot, for people, in its reader's language."""

    title: str
    description: str
    """What the picture shows, in a few sentences: what a screen reader says."""


@dataclass(frozen=True)
class Key:
    """An entry of the legend: the class that draws it, and its label."""

    class_: str
    label: str
    mark: str = "line"
    """``line`` or ``area``."""


def height_of(share: float) -> float:
    """The distance from the top of a drawing to a figure at ``share`` of its axis."""
    return HEIGHT * (1 - share)


def scale(ticks: Sequence[Tick]) -> Markup:
    """The figures beside a drawing."""
    width = 8 + max((text_width(tick.label) for tick in ticks), default=0.0)
    labels = (
        element(
            "text", tick.label, x=number(width - 6), y=number(_ABOVE + height_of(tick.share) + 4)
        )
        for tick in ticks
    )
    return element(
        "svg", *labels, class_="plot-scale", width=number(width), height=_TOTAL, aria_hidden="true"
    )


def text_width(text: str) -> float:
    """The width of ``text`` on an axis in pixels, rather more than less."""
    return sum(_WIDE if sign >= _FIRST_WIDE else _DIGIT for sign in text)


def canvas(
    figure: Figure, scale_ticks: Sequence[Tick], ticks: Sequence[Tick], content: Iterable[Markup]
) -> Markup:
    """The drawing with its grid and its times."""
    # Without a view box of its own, the outer drawing has pixels and percents for units.
    drawing = element(
        "svg",
        *content,
        x=0,
        y=_ABOVE,
        width="100%",
        height=HEIGHT,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        class_="plot-drawing",
    )
    return element(
        "svg",
        element("title", figure.title),
        element("desc", figure.description),
        joined(_grid_line(tick) for tick in scale_ticks),
        drawing,
        joined(_time(tick) for tick in ticks),
        class_="plot-area",
        role="img",
        height=_TOTAL,
    )


def _grid_line(tick: Tick) -> Markup:
    y = number(_ABOVE + height_of(tick.share))
    return element("line", class_="plot-grid", x1=0, x2="100%", y1=y, y2=y)


def _time(tick: Tick) -> Markup:
    anchor = "start" if tick.share < _EDGE else "end" if tick.share > 1 - _EDGE else "middle"
    y = _ABOVE + HEIGHT + 18
    return element("text", tick.label, x=percent(tick.share), y=y, text_anchor=anchor)


def legend(keys: Sequence[Key]) -> Markup:
    """What each colour and stroke means, in words."""
    return element("ul", *(_key(key) for key in keys), class_="plot-legend") if keys else Markup()


def _key(key: Key) -> Markup:
    if key.mark == "line":
        shape = element("path", d="M1 6H21", class_=key.class_)
    else:
        shape = element("rect", x=4, y=1, width=14, height=10, class_=key.class_)
    swatch = element("svg", shape, width=22, height=12, aria_hidden="true")
    return element("li", swatch, element("span", key.label))


def table(locale: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """The figures as a table that opens on demand."""
    cells = (element("th", label, scope="col") for label in head)
    body = (_row(head, row) for row in rows)
    return element(
        "details",
        element("summary", translate(locale, "The figures as a table")),
        element(
            "table",
            element("thead", element("tr", *cells)),
            element("tbody", *body),
        ),
        class_="plot-table",
    )


def _row(head: Sequence[str], row: Sequence[str]) -> Markup:
    first = element("th", row[0], scope="row")
    cells = (
        element("td", cell, data_label=label) for label, cell in zip(head[1:], row[1:], strict=True)
    )
    return element("tr", first, *cells)


def assemble(figure: Figure, *parts: Markup) -> Markup:
    """The whole plot under its title."""
    return element("figure", element("figcaption", figure.title), *parts, class_="plot")


def nothing_known(locale: str) -> Markup:
    """What a plot shows in place of a drawing of nothing but gaps."""
    text = translate(locale, "Nothing is known of this time.")
    return element("p", text, class_="plot-none")


def row(*parts: Markup) -> Markup:
    """The scale and the drawing side by side."""
    return element("div", *parts, class_="plot-row")
