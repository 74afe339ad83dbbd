"""Begins, answers and closes checklists; says what is overdue, found, and not taken over yet."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import structlog

from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.i18n import Joined, Message
from agent.inspections.checklist import (
    Answer,
    Checklist,
    ChecklistError,
    Kind,
    SeenFact,
    cancelled,
    checklist_id,
    closed,
    findings,
    with_answers,
)
from agent.inspections.items import ITEMS
from agent.inspections.repository import MOST_OPEN, ChecklistRepository
from agent.inspections.schedule import to_begin
from agent.inspections.words import item_message
from agent.model import AccountKey, Alert
from agent.rules.alerts_in_code import INSPECTION_FINDING
from agent.states import Scope, Severity
from agent.store import StoreError, UnavailableError
from agent.store.database import Database
from agent.tickets.text import bilingual
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

SYMPTOM: Final = "inspection"
_EVERY: Final = 60.0
"""Seconds between two looks at what is to begin and what is overdue."""
_MOST_ROWS: Final = 5
"""Findings that an alert names."""
_MOST_AT_ONCE: Final = 500
"""Inspections that one look begins."""


class InspectionService:
    """All checklists.

    Args:
        database: The ledger.
        settings: The configuration in force.
        results: The newest check result of every account.
        clock: Epoch seconds.
        telemetry: Shows what is overdue.
    """

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        results: Mapping[AccountKey, CheckResult],
        clock: Callable[[], float],
        telemetry: Telemetry,
    ) -> None:
        self.repository = ChecklistRepository(database)
        self._settings = settings
        self._results = results
        self._clock = clock
        self._telemetry = telemetry

    async def run(self) -> None:
        """Begin what is to begin and count what is overdue, until cancelled."""
        while True:
            try:
                await self.follow_plans()
            except UnavailableError:
                pass
            except StoreError as error:
                log.error("inspections_not_begun", error=str(error))  # noqa: TRY400 - the text says it
            except Exception:
                log.exception("inspections_not_begun")
            await asyncio.sleep(_EVERY)

    async def follow_plans(self) -> int:
        """Begin the inspections whose time has come; returns how many.

        Raises:
            StoreError: when the ledger refuses.
        """
        opened, now = await self.repository.open_ones(), self._clock()
        self._count_overdue(opened, now)
        plans = self._settings().inspections.plans
        if not plans:
            return 0
        last = await self.repository.last_closed()
        under_way = frozenset((it.plan, it.provider, it.account, it.number) for it in opened)
        room = min(_MOST_AT_ONCE, MOST_OPEN - len(opened))
        results = tuple(self._results.values())
        new = await asyncio.to_thread(_first, to_begin(plans, results, last, under_way, now), room)
        begun = [await self.repository.add(checklist) for checklist in new]
        if any(begun):
            log.info("inspections_begun", count=sum(begun))
        return sum(begun)

    def _count_overdue(self, opened: Iterable[Checklist], now: float) -> None:
        late = Counter(checklist.kind for checklist in opened if checklist.due_at < now)
        for kind in Kind:
            self._telemetry.inspections_overdue.labels(kind.value).set(late[kind])

    async def begin(self, kind: Kind, number: str, by: str) -> Checklist:
        """Begin a checklist for ``number``, which no account may list yet.

        Raises:
            ChecklistError: when one of its kind is under way, or too many are.
            StoreError: when the ledger refuses.
        """
        opened = await self.repository.open_ones()
        if any((it.kind, it.number, it.plan) == (kind, number, "") for it in opened):
            raise ChecklistError("under_way")
        if len(opened) >= MOST_OPEN:
            raise ChecklistError("too_many")
        made = self._made(kind, number, by)
        if not await self.repository.add(made):
            raise ChecklistError("under_way")
        return made

    def _made(self, kind: Kind, number: str, by: str) -> Checklist:
        now, section = self._clock(), self._settings().inspections
        within = section.onboarding_within if kind is Kind.ONBOARDING else 14 * 86_400.0
        more = section.onboarding_checks if kind is Kind.ONBOARDING else ()
        provider, account, company = self._where(number)
        return Checklist(
            id=checklist_id(kind, number, "", f"{provider}/{account}", now),
            kind=kind,
            number=number,
            provider=provider,
            account=account,
            company=company,
            begun_at=now,
            begun_by=by,
            due_at=now + within,
            items=(*(item.code for item in ITEMS[kind]), *more),
        )

    def _where(self, number: str) -> tuple[str, str, str]:
        for (provider, account), result in self._results.items():
            row = result.number_row(number)
            if row is not None:
                return provider, account, result.numbers[row].company
        return "", "", ""

    async def answer(self, checklist: Checklist, answers: Sequence[Answer]) -> Checklist:
        """Add people's answers.

        Raises:
            ChecklistError: when it takes none, or was changed meanwhile.
            StoreError: when the ledger refuses.
        """
        return await self._replace(checklist, with_answers(checklist, answers))

    async def close(
        self, checklist: Checklist, by: str, note: str, facts: Iterable[SeenFact]
    ) -> Checklist:
        """Sign an inspection, or take a number over.

        Raises:
            ChecklistError: when rows stand in the way, or it was changed meanwhile.
            StoreError: when the ledger refuses.
        """
        now = self._clock()
        return await self._replace(checklist, closed(checklist, by, note, facts, now))

    async def cancel(self, checklist: Checklist, by: str, note: str) -> Checklist:
        """Give a checklist up.

        Raises:
            ChecklistError: when it is closed, or was changed meanwhile.
            StoreError: when the ledger refuses.
        """
        return await self._replace(checklist, cancelled(checklist, by, note, self._clock()))

    async def _replace(self, before: Checklist, after: Checklist) -> Checklist:
        if not await self.repository.replace(before, after):
            raise ChecklistError("changed")
        return after

    async def numbers_in_onboarding(self) -> frozenset[str]:
        """The numbers that are not taken over yet: their faults are nobody's outage.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        return await self.repository.numbers_in_onboarding()

    async def alerts(self) -> list[Alert]:
        """One alert for every number in which people found something that is not resolved.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        found: dict[tuple[str, str, str], list[Checklist]] = {}
        for checklist in await self.repository.with_findings():
            key = (checklist.provider, checklist.account, checklist.number)
            found.setdefault(key, []).append(checklist)
        return [_alert(*key, several) for key, several in found.items() if key[0]]


def _first(checklists: Iterator[Checklist], count: int) -> list[Checklist]:
    return [it for it, _ in zip(checklists, range(max(0, count)), strict=False)]


def _alert(provider: str, account: str, number: str, checklists: Sequence[Checklist]) -> Alert:
    answers = [(it.kind, answer) for it in checklists for answer in findings(it)]
    since = min(answer.at for _, answer in answers)
    labels = {
        "account": account,
        "number": number,
        "provider": provider,
        "scope": Scope.NUMBER.value,
        "severity": Severity.WARNING.value,
        "symptom": SYMPTOM,
    }
    rows = dict.fromkeys((it.item, kind, it.note, it.by) for kind, it in answers)
    found = Joined(tuple(_found(*row) for row in list(rows)[:_MOST_ROWS]))
    annotations = bilingual(
        Message("An inspection of number {number} has findings", {"number": number}),
        Message("Not in order: {rows}", {"rows": found}),
    )
    return Alert(INSPECTION_FINDING, labels, annotations, "firing", since, since, 1.0)


def _found(item: str, kind: Kind, note: str, by: str) -> Message:
    values = {"row": item_message(item, kind), "note": note or "–", "by": by}
    return Message("“{row}” ({by}: {note})", values)
