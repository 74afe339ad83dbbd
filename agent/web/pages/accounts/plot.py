"""The plot of an account's balance."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from agent.history.hours import HOUR_SECONDS, BalanceHour
from agent.web.plots.lines import LinePlot
from agent.web.plots.series import Period, Point, Series, Threshold
from agent.web.texts import PageTexts
from agent.web.views import MoneyView

DAYS = ("1", "7", "30", "90", "400")
"""The lengths of time that can be chosen."""


def balance_plot(
    hours: Sequence[BalanceHour], money: MoneyView | None, period: Period, texts: PageTexts
) -> Markup:
    """The balance over ``period`` with the lines at which the provider warns and stops."""
    label = texts.gettext("Balance")
    currency = next((hour.currency for hour in reversed(hours) if hour.currency), "")
    lines = () if money is None or money.currency != currency else _lines(money, texts)
    plot = LinePlot(
        title=f"{label} ({currency})" if currency else label,
        period=period,
        series=[Series(label, list(_points(hours, currency, period.until)))],
        thresholds=lines,
        unit=currency,
    )
    return plot.draw(texts.locale)


def _lines(money: MoneyView, texts: PageTexts) -> tuple[Threshold, ...]:
    named = (
        (texts.gettext("numbers are stopped below this"), money.stop),
        (texts.gettext("low balance"), money.notice),
    )
    return tuple(Threshold(label, value) for label, value in named if value is not None)


def _points(hours: Sequence[BalanceHour], currency: str, until: float) -> Iterator[Point]:
    """The first and the last figure of every hour; a figure in another currency is a gap."""
    for hour in hours:
        end = min(hour.at + HOUR_SECONDS, until)
        if hour.last is None or hour.currency != currency:
            yield (hour.at + end) / 2, None
            continue
        if hour.first is not None:
            yield hour.at, hour.first
        yield end, hour.last
