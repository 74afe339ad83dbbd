"""Diagnoses numbers and tickets from the latest results of the checks and people's answers."""

import asyncio
from collections.abc import Callable, Mapping

from agent.checks.result import CheckResult
from agent.complaints.repository import ComplaintRepository
from agent.config.settings import Settings
from agent.diagnosis.caller_reports import no_reports
from agent.diagnosis.context import DiagnosisContext, normalize_number
from agent.diagnosis.diagnose import diagnose_number, diagnose_scope
from agent.fleet import Fleet
from agent.model import AccountKey
from agent.tickets.answers import record_answers
from agent.tickets.key import labels_of
from agent.tickets.manager import Tickets
from agent.tickets.ticket import Subject
from agent.verdict import Verdict
from agent.webhooks.alertmanager.translate import is_foreign_symptom


class FleetDiagnosis:
    """Reaches verdicts on numbers and tickets from the newest results of the checks.

    Args:
        results: The latest result of the checks of each account.
        tickets: The open tickets, with the answers that people gave; called at each diagnosis,
            because tickets themselves are diagnosed here.
        settings: The configuration in force.
        clock: Epoch seconds.
    """

    complaints: ComplaintRepository | None = None
    """What callers have reported; set once they are open, before which nothing is diagnosed."""

    def __init__(
        self,
        results: Callable[[], Mapping[AccountKey, CheckResult]],
        tickets: Callable[[], Tickets],
        settings: Callable[[], Settings],
        clock: Callable[[], float],
    ) -> None:
        self._results = results
        self._tickets = tickets
        self._settings = settings
        self._clock = clock

    def diagnose_subject(self, subject: Subject, _fleet: Fleet, now: float) -> Verdict | None:
        """The verdict on a ticket's subject; ``None`` when there are no facts about it."""
        # A foreign alert is about nothing that this agent watches: it has no facts about it.
        if is_foreign_symptom(subject.symptom):
            return None
        answers = self._answers(subject.number) if subject.number else {}
        return diagnose_scope(subject.scope, labels_of(subject), self._context(now), answers)

    async def diagnose(
        self,
        number: str,
        caller: str | None,
        answers: Mapping[str, str] | None = None,
        *,
        locale: str = "",
        provider: str = "",
        account: str = "",
    ) -> Verdict | None:
        """The verdict on a number, for calls from ``caller`` if it is given.

        Its texts are in ``locale``, else in the configured one. ``provider`` and ``account`` say
        which account's number it is, where several have it; empty means any.
        """
        context = self._context(self._clock(), locale)
        all_answers = {**self._answers(normalize_number(number)), **(answers or {})}
        return await asyncio.to_thread(
            diagnose_number,
            number,
            context,
            caller=caller or "",
            provider=provider,
            account=account,
            answers=all_answers,
        )

    async def answer(
        self, number: str, caller: str | None, answers: Mapping[str, str], by: str
    ) -> Verdict | None:
        """Record ``answers`` in the number's open tickets; returns the verdict they lead to.

        Raises:
            ActionRequestError: when an answer or the name is not valid; nothing is recorded then.
        """
        await record_answers(self._tickets(), number, answers, by, self._clock())
        return await self.diagnose(number, caller, answers)

    def _context(self, now: float, locale: str = "") -> DiagnosisContext:
        settings = self._settings()
        if locale and locale != settings.locale:
            settings = settings.model_copy(update={"locale": locale})
        reports = no_reports if self.complaints is None else self.complaints.reports_about
        return DiagnosisContext(settings, now, dict(self._results()), reports=reports)

    def _answers(self, number: str) -> dict[str, str]:
        """The answers people gave about ``number``, by question, from its open tickets."""
        return {
            question: answer
            for ticket in self._tickets().open
            if ticket.subject.number == number
            for question, answer in ticket.answers.items()
        }
