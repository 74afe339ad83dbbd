"""Makes reports: reads what they are about in batches, counts it in a thread, writes papers."""

import asyncio
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

import msgspec
import structlog

from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.history.hours import HistoryError, HistoryReader
from agent.history.ledger_reader import LedgerHistory
from agent.history.service import CheckedFleet
from agent.reports.availability import NumberKey
from agent.reports.claim_paper import ClaimPaper
from agent.reports.claims import Claim, contract_of
from agent.reports.formats import Format, ReportFile, file_of, written
from agent.reports.handling_views import claim_view, scores_view
from agent.reports.paper import Paper
from agent.reports.pdf import PdfPrinter
from agent.reports.period import Period, PeriodKind
from agent.reports.records import TicketRecords
from agent.reports.request import ReportKind, ReportRequest
from agent.reports.scores import Scores
from agent.reports.scores_paper import ScoresPaper
from agent.reports.statistics import Statistics, StatisticsCounter
from agent.reports.statistics_paper import MOST_ROWS, StatisticsPaper
from agent.reports.statistics_view import statistics_view
from agent.reports.words import ReportWords
from agent.store.database import Database

log = structlog.get_logger(__name__)


Found = Statistics | Scores | Claim


def view_of(found: Found, *, shows_people: bool) -> msgspec.Struct:
    """The report as its JSON document has it: figures without words."""
    if isinstance(found, Statistics):
        return statistics_view(found)
    if isinstance(found, Scores):
        return scores_view(found, shows_people=shows_people)
    return claim_view(found)


def _json(found: Found, request: ReportRequest) -> bytes:
    return msgspec.json.encode(view_of(found, shows_people=request.shows_people))


def _companies_of(results: Iterable[CheckResult]) -> dict[NumberKey, str]:
    """The companies of the numbers that providers list, as far as they say."""
    return {
        (result.snapshot.provider, result.snapshot.account, number.number): number.company
        for result in results
        for number in result.numbers
        if number.company
    }


class ReportService:
    """Makes the reports of one ledger. One is counted at a time.

    Args:
        database: The ledger.
        settings: The configuration in force.
        clock: Epoch seconds.
        history: What was, by the hour; ``None`` where none is kept.
        fleet: Has the newest check results, which name the companies of numbers; ``None`` where
            nothing is watched.
    """

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        history: Callable[[], HistoryReader | None] = lambda: None,
        fleet: CheckedFleet | None = None,
    ) -> None:
        self._records = TicketRecords(database)
        self._settings = settings
        self._clock = clock
        self._history = history
        self._fleet = fleet
        self._turns = asyncio.Lock()
        self._printer = PdfPrinter()

    def period(self, text: str) -> Period:
        """The period that ``text`` names, in the configured zone; the present month if empty.

        Raises:
            ValueError: when it names none.
        """
        zone = ZoneInfo(self._settings().timezone)
        if not text:
            return Period.holding(self._clock(), PeriodKind.MONTH, zone)
        return Period.parse(text, zone)

    async def answer(self, request: ReportRequest) -> ReportFile:
        """The report that is asked for, as a file.

        Raises:
            ValueError: when the period or the provider is none; the text says what is expected.
            PdfError: when it is to be PDF and that cannot be made.
            StoreError: when the ledger cannot be read.
        """
        found = await self.found(request)
        if request.form is Format.JSON:
            content = await asyncio.to_thread(_json, found, request)
            return file_of(f"{request.kind.value}-{found.period.name}", request.form, content)
        paper = await asyncio.to_thread(self._paper, found, request)
        return await self.written(paper, request.form, request.width)

    async def written(self, paper: Paper, form: Format, width: int) -> ReportFile:
        """A paper as a file.

        Raises:
            PdfError: when it is to be PDF and that cannot be made.
        """
        return await written(paper, form, self._printer, width)

    async def paper(self, request: ReportRequest) -> Paper:
        """The report that is asked for; CSV has every row of it.

        Raises:
            ValueError: when the period or the provider is none; the text says what is expected.
            StoreError: when the ledger cannot be read.
        """
        return await asyncio.to_thread(self._paper, await self.found(request), request)

    async def found(self, request: ReportRequest) -> Found:
        """What the report that is asked for counts.

        Raises:
            ValueError: when the period or the provider is none; the text says what is expected.
            StoreError: when the ledger cannot be read.
        """
        period = self.period(request.period)
        if request.kind is ReportKind.STATISTICS:
            return await self.statistics(period, request.provider)
        if request.kind is ReportKind.SCORES:
            return await self.scores(period, request.provider)
        return await self.claim(period, request.provider)

    def _paper(self, found: Found, request: ReportRequest) -> Paper:
        settings = self._settings()
        most = None if request.form is Format.CSV else MOST_ROWS
        words = ReportWords(request.locale, ZoneInfo(settings.timezone))
        if isinstance(found, Statistics):
            return StatisticsPaper(found, words, most).paper()
        if isinstance(found, Scores):
            return ScoresPaper(found, words, most, shows_people=request.shows_people).paper()
        sender = settings.evidence.issuing_unit
        return ClaimPaper(found, words, sender, self._clock(), most).paper()

    async def scores(self, period: Period, provider: str = "") -> Scores:
        """The handling scores of the tickets that were closed in a period.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        async with self._turns:
            scores = Scores(period, provider, self._settings().reports.weights)
            async for batch in self._records.closed(period.since, period.until, provider):
                await asyncio.to_thread(scores.add, batch)
            return scores

    async def claim(self, period: Period, provider: str) -> Claim:
        """What is claimed of a provider for a period.

        Raises:
            ValueError: when the provider is not configured and has no contract.
            StoreError: when the ledger cannot be read.
        """
        settings = self._settings()
        names = [it.name for it in settings.providers]
        if provider not in (*names, *settings.reports.contracts):
            raise ValueError(f"provider= one of {', '.join(names)}")
        async with self._turns:
            claim = Claim(period, provider, contract_of(settings.reports.contracts, provider))
            async for batch in self._records.closed(period.since, period.until, provider):
                await asyncio.to_thread(claim.add, batch)
            ids = list(dict.fromkeys(line.ticket for line in claim.claimed))
            claim.evidence = await self._records.evidence(ids)
            return claim

    async def statistics(self, period: Period, provider: str = "") -> Statistics:
        """The fault statistics of a period.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        async with self._turns:
            within = self._settings().reports.repeat_within
            counter = StatisticsCounter(period, self._clock(), within, provider)
            since = period.since
            async for moments in self._records.moments(since - within, since, provider):
                await asyncio.to_thread(counter.add_former, moments)
            async for batch in self._records.lasting(since, period.until, provider):
                await asyncio.to_thread(counter.add, batch)
            await self._observe(counter)
            checked = [] if self._fleet is None else list(self._fleet.results.values())
            companies = await asyncio.to_thread(_companies_of, checked)
            return await asyncio.to_thread(counter.result, companies)

    async def _observe(self, counter: StatisticsCounter) -> None:
        """Take in the history; where it cannot be read, what it would say is unknown."""
        reader = self._history()
        if not isinstance(reader, LedgerHistory) or counter.until <= counter.period.since:
            return
        try:
            for account in self._accounts(counter.provider):
                observed = reader.observed(account, counter.period.since, counter.until)
                async for batch in observed:
                    await asyncio.to_thread(counter.observe, account, batch)
        except HistoryError as error:
            log.warning("report_without_history", error=str(error))

    def _accounts(self, provider: str) -> Iterable[tuple[str, str]]:
        for configured in self._settings().providers:
            if provider in ("", configured.name):
                yield from ((configured.name, account.id) for account in configured.accounts)
