"""The last week of a number by the hour: how its calls ended, how many phones could be reached."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from agent.history.hours import HOUR_SECONDS, CallsHour, HistoryError, PhonesHour
from agent.i18n import contextual, translate
from agent.model import AccountKey
from agent.states import CallResult
from agent.web.plots.bars import BarPlot, Counts, Part
from agent.web.plots.lines import LinePlot
from agent.web.plots.series import Period, Point, Series
from agent.web.services import WebServices

SECONDS: Final = 7 * 86400.0
"""How far back the plots reach."""
_CALLERS_DOING: Final = frozenset({CallResult.ABANDONED, CallResult.BUSY})
_PARTS: Final = (
    ("answered", "plot-ok", contextual("calls", "answered")),
    ("passing", "plot-degraded", contextual("calls", "busy, or the caller hung up")),
    ("failed", "plot-down", contextual("calls", "failed")),
    ("unknown", "plot-other", contextual("calls", "end not known")),
)
"""Key, class and label of the parts of a bar, from the bottom up."""


@dataclass(frozen=True)
class NumberHistory:
    """The hours of one number over ``period``."""

    period: Period
    calls: Sequence[CallsHour]
    phones: Sequence[PhonesHour]

    def calls_plot(self, locale: str) -> Markup:
        """The calls of each hour by their end."""
        parts = [Part(key, label.text(locale), class_) for key, class_, label in _PARTS]
        hours = {hour.at: _counts(hour) for hour in self.calls}
        title = translate(locale, "Calls of the last seven days, by the hour")
        return BarPlot(title, self.period, hours, parts).draw(locale)

    def phones_plot(self, locale: str) -> Markup:
        """How many phones could be reached, and how many there are."""
        series = [
            Series(translate(locale, "phones that can be reached"), list(self._points("last"))),
            Series(translate(locale, "phones bound"), list(self._points("bound"))),
        ]
        title = translate(locale, "Phones of the last seven days, by the hour")
        return LinePlot(
            title=title, period=self.period, series=series, thresholds=(), unit=""
        ).draw(locale)

    def _points(self, field: str) -> Iterator[Point]:
        for hour in self.phones:
            yield min(hour.at + HOUR_SECONDS, self.period.until), getattr(hour, field)


async def number_history(
    services: WebServices, account: AccountKey, number: str
) -> NumberHistory | None:
    """The history of ``number``; ``None`` where none is written or it cannot be read now."""
    reader, now = services.history(), services.clock()
    if reader is None:
        return None
    since = now - SECONDS
    try:
        calls = await reader.calls(account, number, since, now)
        phones = await reader.reachable(account, number, since, now)
    except HistoryError:
        return None
    return NumberHistory(Period(since, now, services.settings().timezone), calls, phones)


def _counts(hour: CallsHour) -> Counts | None:
    """The calls of an hour by part; an hour that was not wholly observed may have had more."""
    if hour.counts is None or not (hour.complete or any(hour.counts.values())):
        return None
    counts = dict.fromkeys((key for key, *_ in _PARTS), 0.0)
    for result, count in hour.counts.items():
        counts[_part(result)] += count
    return counts


def _part(result: str) -> str:
    if result in _CALLERS_DOING:
        return "passing"
    return result if result in {CallResult.ANSWERED, CallResult.UNKNOWN} else "failed"
