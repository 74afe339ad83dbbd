"""Series of complaints: how many callers complained of late, and what is overdue."""

from collections.abc import Iterable, Mapping

from agent.complaints.complaint import WINDOW, Complaint, Step
from agent.model import AccountKey
from exporters.telemetry import Telemetry

Labels = tuple[str, str, str]
"""Provider, account and number."""


def recent_callers(
    complaints: Iterable[Complaint], accounts: Mapping[str, AccountKey], now: float
) -> dict[Labels, int]:
    """How many different callers had trouble with each number in the last half hour.

    Args:
        complaints: Those that wait for an answer.
        accounts: The account of each number; a number without one is left out.
        now: Epoch seconds.
    """
    callers: dict[Labels, set[str]] = {}
    for complaint in complaints:
        account = accounts.get(complaint.number)
        if account is not None and complaint.at > now - WINDOW:
            callers.setdefault((*account, complaint.number), set()).add(complaint.who)
    return {labels: len(who) for labels, who in callers.items()}


class ComplaintSeries:
    """Shows the counts as metrics, and withdraws those that nothing is counted for any more."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._recent = telemetry.complaints_recent
        self._overdue = telemetry.complaints_overdue
        self._shown: frozenset[Labels] = frozenset()

    def show(self, recent: Mapping[Labels, int], overdue: Mapping[Step, int]) -> None:
        """Publish what is counted now."""
        for labels, count in recent.items():
            self._recent.labels(*labels).set(count)
        # One by one and last: a scrape in between must not miss a number that still has some.
        for labels in self._shown - recent.keys():
            self._recent.remove(*labels)
        self._shown = frozenset(recent)
        for step, count in overdue.items():
            self._overdue.labels(step.value).set(count)

    def withdraw(self) -> None:
        """Show nothing any more: another replica counts from now on."""
        self._recent.clear()
        self._overdue.clear()
        self._shown = frozenset()
