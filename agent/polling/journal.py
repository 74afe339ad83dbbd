"""How polls ended: the outcome with its advice, the counters, and a log line when that changes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from agent.i18n import N_
from agent.polling.unmapped_words import UnmappedWords, Words
from agent.providers.base import AdapterReports
from agent.states import Capability, PollFailure
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

ADVICE: dict[PollFailure, str] = {
    PollFailure.TIMEOUT: N_(
        "see whether the provider is slow; raise polling.timeout if it always is"
    ),
    PollFailure.DNS: N_("check base_url and this machine's name server"),
    PollFailure.CONNECT: N_("check base_url, the firewall and whether the provider is up"),
    PollFailure.TLS: N_("check base_url; for a private authority name its certificate in ca_file"),
    PollFailure.TLS_EXPIRED: N_("tell the provider that its certificate has expired"),
    PollFailure.REDIRECT: N_(
        "set base_url to the address the provider redirects to, if it is right"
    ),
    PollFailure.TOO_LARGE: N_("ask for smaller pages in the profile, or raise polling.max_body"),
    PollFailure.ENCODING: N_("tell the provider that its compression is broken or not standard"),
    PollFailure.CHARSET: N_("tell the provider which charset its answers must name"),
    PollFailure.DECODE: N_(
        "look at what stands between here and the provider; it did not send JSON"
    ),
    PollFailure.SCHEMA: N_("compare the profile with the provider's documentation"),
    PollFailure.API_ERROR: N_("look up the provider's error code"),
    PollFailure.AUTH: N_(
        "check the account's credentials, its permissions and this machine's clock"
    ),
    PollFailure.RATE_LIMITED: N_("lower polling.rate or poll less often"),
    PollFailure.HTTP_4XX: N_("check base_url and the profile's paths"),
    PollFailure.HTTP_5XX: N_("wait; if it lasts, tell the provider"),
    PollFailure.PAGINATION: N_(
        "check the profile's paging; raise polling.max_pages for long listings"
    ),
    PollFailure.PARTIAL: N_("poll again; if it lasts, ask the provider where the numbers went"),
    PollFailure.TOO_MANY: N_(
        "see whether the account really has so much; raise the limit in polling"
    ),
    PollFailure.OUTDATED: N_(
        "see which cache answers for the provider; see whether a clock was set"
    ),
    PollFailure.EGRESS_DENIED: N_("if the address is right, add its network to egress_allow"),
    PollFailure.CANCELLED: N_("poll again; the agent was stopped"),
}
"""What a person can do about a failed poll, by its reason."""


@dataclass(frozen=True)
class PollOutcome:
    """How one poll ended."""

    capability: Capability
    duration: float
    """Seconds."""
    failure: PollFailure | None = None
    """``None`` when it succeeded."""
    detail: str = ""
    unmapped_words: Words = field(default_factory=dict)
    """The provider's words that the profile does not map, by field."""


class PollJournal:
    """Counts one account's polls; logs the first failure of a capability and its recovery."""

    def __init__(self, telemetry: Telemetry, provider: str, account: str) -> None:
        self._telemetry = telemetry
        self._provider = provider
        self._account = account
        self._failing_since: dict[Capability, float] = {}
        self.unmapped_words = UnmappedWords()
        self.reports = AdapterReports(
            unmapped=self._count_unmapped,
            invalid=self._count_invalid,
            words=self.unmapped_words.add,
            spent=telemetry.request_cost.labels(provider, account).inc,
        )
        """The callbacks by which the account's adapter reports values it could not use."""

    def declare(self, capabilities: Iterable[Capability]) -> None:
        """Create the counters of ``capabilities`` with the value 0."""
        self._telemetry.declare_account(self._provider, self._account, map(str, capabilities))

    def record_start(self, capability: Capability) -> None:
        """Count a poll that begins."""
        self.unmapped_words.begin(capability)
        self._telemetry.poll_attempts.labels(self._provider, self._account, capability).inc()

    def record_end(self, outcome: PollOutcome, now: float) -> None:
        """Count a poll that ended at ``now``, and log it when it failed first or succeeds again."""
        labels = (self._provider, self._account, outcome.capability)
        self._telemetry.poll_duration.labels(self._provider, outcome.capability).observe(
            outcome.duration
        )
        if outcome.failure is None:
            self._log_recovery(outcome.capability, now)
        else:
            self._telemetry.poll_failures.labels(*labels, outcome.failure).inc()
            self._log_failure(outcome, now)

    def record_cancellation(self, capability: Capability) -> None:
        """Count a poll that the agent cancelled; the provider is not at fault."""
        self._telemetry.poll_failures.labels(
            self._provider, self._account, capability, PollFailure.CANCELLED
        ).inc()

    def record_clock_skew(self, seconds: float | None) -> None:
        """Publish the provider's clock minus ours, in seconds; ``None`` changes nothing."""
        if seconds is not None:
            self._telemetry.clock_skew.labels(self._provider, self._account).set(seconds)

    def _count_unmapped(self, name: str, count: int) -> None:
        self._telemetry.values_unmapped.labels(self._provider, self._account, name).inc(count)

    def _count_invalid(self, capability: Capability, count: int) -> None:
        self._telemetry.records_invalid.labels(self._provider, self._account, capability).inc(count)

    def _log_failure(self, outcome: PollOutcome, now: float) -> None:
        if outcome.capability in self._failing_since:
            return
        self._failing_since[outcome.capability] = now
        log.warning(
            "poll_failing",
            account=f"{self._provider}/{self._account}",
            capability=str(outcome.capability),
            reason=str(outcome.failure),
            detail=outcome.detail,
        )

    def _log_recovery(self, capability: Capability, now: float) -> None:
        since = self._failing_since.pop(capability, None)
        if since is not None:
            log.info(
                "poll_recovered",
                account=f"{self._provider}/{self._account}",
                capability=str(capability),
                lasted_seconds=round(now - since, 3),
            )
