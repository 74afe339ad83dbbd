"""Records complaints and fault reports with what their callers may expect; durable when it returns.

The webhook and the forms of the pages record through it, so that one sent twice counts once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.complaints.complaint import ComplaintReport
from agent.complaints.deadlines import Template, deadlines, regulator_dates
from agent.complaints.repository import ComplaintRepository, Obligations
from agent.config.settings import Settings


@dataclass(frozen=True)
class Recorded:
    """The outcome of recording one report."""

    id: str
    is_new: bool
    """False for a repeat, which changed nothing."""
    ticket: str = ""
    """The ticket it belongs to; empty until an evaluation has attached it to one."""


class ComplaintRecorder:
    """Records reports.

    Args:
        complaints: Where complaints are stored.
        settings: The configuration in force.
        is_listed: Whether an account has the number; ``None`` while that is unknown.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        complaints: ComplaintRepository,
        settings: Callable[[], Settings],
        is_listed: Callable[[str], bool | None],
        clock: Callable[[], float],
    ) -> None:
        self.repository = complaints
        self.is_listed = is_listed
        self._settings = settings
        self._clock = clock

    async def record(self, report: ComplaintReport, identity: str | None) -> Recorded:
        """Record ``report`` under ``identity``, which a repeat has as well; ``None`` to make one.

        Raises:
            StoreError: when the ledger refuses; nothing was recorded then.
            TooManyComplaintsError: when too many wait for an answer; nothing was recorded then.
        """
        settings, now = self._settings(), self._clock()
        section, zone = settings.intake.complaints, settings.timezone
        due = deadlines(Template(section.template), now, zone)
        obligations = Obligations(due, regulator_dates(now, zone))
        complaint = await self.repository.add(
            identity, report, obligations, section.most_waiting, now
        )
        if complaint is not None:
            return Recorded(complaint.id, is_new=True)
        assert identity is not None
        stored = await self.repository.find(identity)
        return Recorded(identity, is_new=False, ticket=stored.ticket_id if stored else "")
