"""One observation of all alerts: of rules, Alertmanager, complaints, and rejected drift."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from agent.baselines.rejections import DriftRejections, NumberAt, Rejection
from agent.checks.result import CheckResult
from agent.complaints.correlation import ComplaintCorrelator
from agent.fleet import Fleet
from agent.i18n import Message
from agent.inbound import InboundWebhooks
from agent.inspections.service import InspectionService
from agent.model import AccountKey, Alert
from agent.rules.alerts_in_code import CONFIG_DRIFT_REJECTED
from agent.states import Scope, Severity
from agent.tickets.manager import Tickets
from agent.tickets.text import bilingual

REJECTED = CONFIG_DRIFT_REJECTED
"""The name of the alert of drift that a person has rejected."""


class AlertSources:
    """Observes the alerts of all sources at once.

    Tickets take an observation for everything that fires: what is missing from it has
    stopped firing. So alerts from outside cannot be observed when they arrive; they wait in
    the ledger for the next evaluation, and join its alerts here. One observation also makes
    one ticket of a fault that a rule and Alertmanager report (docs/reference/ticketing.md §4).
    """

    def __init__(
        self,
        complaints: ComplaintCorrelator,
        webhooks: InboundWebhooks,
        rejections: DriftRejections,
        tickets: Tickets,
        results: Callable[[], Mapping[AccountKey, CheckResult]],
        inspections: InspectionService,
    ) -> None:
        self._complaints = complaints
        self._webhooks = webhooks
        self._rejections = rejections
        self._tickets = tickets
        self._results = results
        self._inspections = inspections

    async def observe(
        self, rule_alerts: Sequence[Alert], own: Collection[str], fleet: Fleet, now: float
    ) -> None:
        """Update the tickets by ``rule_alerts`` and the alerts of the other sources.

        Args:
            rule_alerts: What the rules say fires.
            own: The names of the rules' alerts; others that have them are repetitions.
            fleet: The newest facts.
            now: Epoch seconds.

        Raises:
            StoreError: when the ledger refuses.
        """
        await self._webhooks.follow()
        # Complaints first: those about an open ticket are attached to it and raise no alert.
        complaint_alerts = await self._complaints.collect_alerts(fleet, now)
        external_alerts = await self._webhooks.firing_alerts()
        await self._rejections.end_those_taken_back(self._results(), now)
        repeated = [alert for alert in external_alerts if alert.name in own]
        others = [alert for alert in external_alerts if alert.name not in own]
        rejected = rejection_alerts(self._rejections, self._results())
        not_ours = await self._inspections.numbers_in_onboarding()
        found = await self._inspections.alerts()
        seen = without_numbers((*rule_alerts, *others, *rejected), not_ours)
        alerts = (*seen, *complaint_alerts, *found)
        await self._tickets.observe(alerts, fleet, now, without_numbers(repeated, not_ours))
        # And once more: the observation has opened tickets for the other complaints.
        await self._complaints.attach_and_release(fleet, now)

    def end(self) -> None:
        """Show nothing of the sources any more: another replica observes them from now on."""
        self._complaints.withdraw_series()


def without_numbers(alerts: Sequence[Alert], numbers: Collection[str]) -> list[Alert]:
    """``alerts`` but those about one of ``numbers``, which nobody has taken over yet.

    A complaint about one is no such alert: whoever complains has called it.
    """
    return [alert for alert in alerts if alert.labels.get("number") not in numbers]


def rejection_alerts(
    rejections: DriftRejections, results: Mapping[AccountKey, CheckResult]
) -> Iterator[Alert]:
    """An alert for every rejection that stands, at a number that its account still lists."""
    for number, rejection in rejections.standing():
        result = results.get(number[:2])
        # Before the first poll nothing is known, and what was rejected is not over.
        if result is None or result.number_row(number[2]) is not None:
            yield _alert(number, rejection)


def _alert(at: NumberAt, rejection: Rejection) -> Alert:
    provider, account, number = at
    severity = Severity.CRITICAL if rejection.is_severe else Severity.WARNING
    labels = {
        "account": account,
        "number": number,
        "provider": provider,
        "scope": Scope.NUMBER.value,
        "severity": severity.value,
        "symptom": "drift",
    }
    values = {"number": number, "by": rejection.by, "reason": rejection.reason}
    annotations = bilingual(
        Message("The changed configuration of number {number} was rejected", values),
        Message("{by} has rejected the change: {reason}. Have it taken back.", values),
    )
    return Alert(REJECTED, labels, annotations, "firing", rejection.at, rejection.at, 1.0)
