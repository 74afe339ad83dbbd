"""The few most important figures of a report, a line each, for a message in a group; pure."""

from collections.abc import Iterator
from typing import Final

from agent.i18n import Message
from agent.reports.claims import Claim
from agent.reports.request import ReportKind
from agent.reports.scores import Scores
from agent.reports.statistics import Statistics
from agent.reports.words import ReportWords

TITLES: Final = {
    ReportKind.STATISTICS: Message("Fault statistics"),
    ReportKind.SCORES: Message("Handling scores"),
    ReportKind.CLAIM: Message("Claim for service levels that were not kept"),
}


def headline(found: Statistics | Scores | Claim, words: ReportWords) -> list[str]:
    """The period, the provider where it is of one, and the figures, in the words' language."""
    lines = [words.text(Message("Period: {period}", {"period": found.period.title()}))]
    if found.provider:
        lines.append(words.text(Message("Provider: {provider}", {"provider": found.provider})))
    return lines + [f"{words.text(name)}: {value}" for name, value in _figures(found, words)]


def _figures(
    found: Statistics | Scores | Claim, words: ReportWords
) -> Iterator[tuple[Message, str]]:
    if isinstance(found, Statistics):
        yield from _statistics(found, words)
    elif isinstance(found, Scores):
        yield from _scores(found, words)
    else:
        yield from _claim(found, words)


def _statistics(found: Statistics, words: ReportWords) -> Iterator[tuple[Message, str]]:
    whole = found.whole
    promises = whole.promises.values()
    restored = words.span(whole.restore.mean).text if whole.faults else "–"
    yield Message("Faults"), f"{whole.faults:,}"
    yield Message("Severe faults"), f"{whole.severe:,}"
    yield Message("Repeated faults"), f"{whole.repeated:,}"
    yield Message("Still open"), f"{whole.still_open:,}"
    yield Message("Mean time to restore"), restored
    yield Message("Promises kept"), f"{sum(it.met for it in promises):,}"
    yield Message("Promises broken"), f"{sum(it.missed for it in promises):,}"


def _scores(found: Scores, words: ReportWords) -> Iterator[tuple[Message, str]]:
    mean = found.whole.mean
    yield Message("Tickets"), f"{found.whole.tickets:,}"
    yield Message("Score"), words.unknown().text if mean is None else f"{mean:.0f}"
    yield Message("Opened again"), f"{found.whole.reopenings:,}"
    yield Message("Rejected by the quality check"), f"{found.whole.rejections:,}"
    yield Message("Tickets without a score"), f"{sum(found.excluded.values()):,}"


def _claim(found: Claim, words: ReportWords) -> Iterator[tuple[Message, str]]:
    yield Message("Promised times that were not kept"), f"{len(found.claimed):,}"
    if found.has_amounts:
        yield Message("Amount"), words.amount(found.amount, found.contract.currency)
    yield Message("Broken, and not claimed"), f"{len(found.unclaimed):,}"
