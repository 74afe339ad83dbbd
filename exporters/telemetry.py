"""The agent's own metrics: polls, deliveries, rules, the event loop, its build.

They are prometheus_client metrics in a registry of their own and are rendered into the same
page as the blocks. Counters whose label values are known beforehand start at 0, so that
``rate()`` sees the first failure as an increase.
"""

import platform
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client import disable_created_metrics as leave_out_created_series
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from exporters.account_metric import AccountMetric
from exporters.catalogue import POLL_FAILURE_REASONS
from exporters.family import FAMILIES
from exporters.formats import Format
from exporters.guard import Guard
from exporters.labels import clean

_POLL_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_RULE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_SETUP_SECONDS = (0.5, 1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 30, 60)
_LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 1)

_CLOSING = b"# EOF\n"

_RENDER: Final[Mapping[Format, Callable[..., bytes]]] = {
    Format.TEXT: generate_latest,
    Format.OPENMETRICS: generate_openmetrics,
}


def _installed_version() -> str:
    try:
        return version("numwatch")
    except PackageNotFoundError:
        return "unknown"


def _clean(metric: Metric) -> Metric:
    """``metric`` with label values that every format can carry."""
    metric.samples = [
        sample._replace(labels={name: clean(value) for name, value in sample.labels.items()})
        for sample in metric.samples
    ]
    return metric


def name_of(collector: Collector) -> str:
    """What a collector is called where it fails."""
    if isinstance(collector, AccountMetric):
        return collector.family.name
    return str(getattr(collector, "_name", type(collector).__name__))


class _CollectedMetrics:
    """The metrics of one collector, with the interface that the renderers expect."""

    def __init__(self, collector: Collector) -> None:
        self._metrics = tuple(map(_clean, collector.collect()))

    def collect(self) -> tuple[Metric, ...]:
        return self._metrics


class Registry(CollectorRegistry):
    """A registry that lists its collectors, so that each can be rendered on its own."""

    def __init__(self) -> None:
        self.collectors: list[Collector] = []
        super().__init__(auto_describe=True)

    def register(self, collector: Collector) -> None:
        """Add ``collector``.

        Raises:
            ValueError: when a metric of this name is registered already.
        """
        super().register(collector)
        self.collectors.append(collector)

    def unregister(self, collector: Collector) -> None:
        """Remove ``collector``."""
        super().unregister(collector)
        self.collectors.remove(collector)


class Telemetry:
    """The agent's own metrics, one attribute each; the catalogue has their labels.

    Args:
        release: The version that ``numwatch_build_info`` shows; the installed one by default.
    """

    def __init__(self, release: str | None = None) -> None:
        leave_out_created_series()  # type: ignore[no-untyped-call]
        self.registry = Registry()
        """Other collectors may be registered here too; one that raises is left out of the page."""
        self._metrics_of_accounts: list[AccountMetric] = []
        self.scrape_errors = self._counter("numwatch_scrape_errors_total")
        self._guard = Guard(self.scrape_errors.inc)
        self._add_poll_metrics()
        self._add_ticket_metrics()
        self._add_webhook_metrics()
        self._add_probe_metrics()
        self._add_agent_metrics(release or _installed_version())

    def _add_poll_metrics(self) -> None:
        self.poll_duration = self._histogram("numwatch_poll_duration_seconds", _POLL_SECONDS)
        self.poll_attempts = self._of_accounts("numwatch_poll_attempts_total")
        self.poll_failures = self._of_accounts("numwatch_poll_failures_total")
        self.records_invalid = self._of_accounts("numwatch_records_invalid_total")
        self.values_unmapped = self._of_accounts("numwatch_values_unmapped_total")
        self.request_cost = self._of_accounts("numwatch_request_cost_total")
        self.clock_skew = self._of_accounts("numwatch_provider_clock_skew_seconds")

    def _add_ticket_metrics(self) -> None:
        self.complaints = self._of_accounts("numwatch_complaints_total")
        self.complaints_recent = self._gauge("numwatch_number_complaints_recent")
        self.complaints_overdue = self._gauge("numwatch_complaints_overdue")
        self.inspections_overdue = self._gauge("numwatch_inspections_overdue")
        self.sink_deliveries = self._counter("numwatch_sink_deliveries_total")
        self.sink_failures = self._counter("numwatch_sink_failures_total")
        self.outbox_oldest = self._gauge("numwatch_outbox_oldest_timestamp_seconds")
        self.outbox_pending = self._gauge("numwatch_outbox_pending")
        self.dead_letters = self._gauge("numwatch_dead_letters")
        self.sink_held = self._gauge("numwatch_sink_held")
        self.sink_steps_refused = self._counter("numwatch_sink_steps_refused_total")
        self.sink_template_errors = self._counter("numwatch_sink_template_errors_total")
        self.notifications = self._counter("numwatch_notifications_total")
        self.ledger_writable = self._gauge("numwatch_ledger_writable")
        self.evidence_queued = self._gauge("numwatch_evidence_queued")
        self.evidence_dropped = self._counter("numwatch_evidence_dropped_total")
        self.purged = self._counter("numwatch_privacy_purged_rows_total")
        self.purge_left = self._gauge("numwatch_privacy_rows_left")
        self.purge_last = self._gauge("numwatch_privacy_purge_timestamp_seconds")

    def _add_probe_metrics(self) -> None:
        self.probe_calls = self._counter("numwatch_probe_calls_total")
        self.probe_setup = self._histogram("numwatch_probe_setup_seconds", _SETUP_SECONDS)
        self.probe_budget = self._gauge("numwatch_probe_budget_remaining")
        self.probe_working = self._gauge("numwatch_probe_caller_working")
        self.probe_idle = self._gauge("numwatch_probe_caller_idle_seconds")

    def _add_webhook_metrics(self) -> None:
        self.token_failures = self._counter("numwatch_token_failures_total")
        self.intake_requests = self._counter("numwatch_intake_requests_total")
        self.intake_alerts = self._counter("numwatch_intake_alerts_total")
        self.intake_firing = self._gauge("numwatch_intake_alerts_firing")
        self.pushes = self._of_accounts("numwatch_pushes_total")
        self.pushed_facts = self._of_accounts("numwatch_pushed_facts_total")
        self.ticket_system_repairs = self._counter("numwatch_desk_repairs_total")
        self.reconcile_success = self._gauge(
            "numwatch_intake_reconcile_last_success_timestamp_seconds"
        )
        self.reconcile_failures = self._counter("numwatch_intake_reconcile_failures_total")
        self.reconcile_repairs = self._counter("numwatch_intake_reconcile_repairs_total")

    def _add_agent_metrics(self, release: str) -> None:
        self.config_reload_successful = self._gauge("numwatch_config_last_reload_successful")
        self.config_reload_timestamp = self._gauge(
            "numwatch_config_last_reload_success_timestamp_seconds"
        )
        self.rule_duration = self._histogram(
            "numwatch_rule_evaluation_duration_seconds", _RULE_SECONDS
        )
        self.rule_missed = self._counter("numwatch_rule_group_iterations_missed_total")
        self.rule_history = self._gauge("numwatch_rule_history_bytes")
        self.replicas = self._gauge("numwatch_replicas")
        self.lease_epoch = self._of_accounts("numwatch_account_lease_epoch")
        self.account_unowned = self._gauge("numwatch_account_unowned")
        self.database_clock_skew = self._gauge("numwatch_database_clock_skew_seconds")
        self.loop_lag = self._histogram("numwatch_event_loop_lag_seconds", _LAG_SECONDS)
        self.loop_lag_max = self._gauge("numwatch_event_loop_lag_max_seconds")
        family = FAMILIES["numwatch_build_info"]
        self.build_info = Info(
            family.name.removesuffix("_info"), family.help, registry=self.registry
        )
        self.build_info.info({"version": release, "python": platform.python_version()})

    def _counter(self, name: str) -> Counter:
        family, stem = FAMILIES[name], name.removesuffix("_total")
        return Counter(stem, family.help, family.labels, registry=self.registry)

    def _gauge(self, name: str) -> Gauge:
        family = FAMILIES[name]
        return Gauge(name, family.help, family.labels, unit=family.unit, registry=self.registry)

    def _of_accounts(self, name: str) -> AccountMetric:
        metric = AccountMetric(FAMILIES[name])
        self.registry.register(metric)
        self._metrics_of_accounts.append(metric)
        return metric

    def _histogram(self, name: str, buckets: tuple[float, ...]) -> Histogram:
        family = FAMILIES[name]
        return Histogram(
            name,
            family.help,
            family.labels,
            unit=family.unit,
            buckets=buckets,
            registry=self.registry,
        )

    def declare_account(self, provider: str, account: str, capabilities: Iterable[str]) -> None:
        """Start the account's poll counters at 0, one per capability and failure reason."""
        names = tuple(map(str, capabilities))
        for capability in names:
            self.poll_attempts.labels(provider, account, capability)
            self.records_invalid.labels(provider, account, capability)
            self.poll_duration.labels(provider, capability)
        for capability, reason in product(names, POLL_FAILURE_REASONS):
            self.poll_failures.labels(provider, account, capability, reason)

    def forget_account(self, provider: str, account: str) -> None:
        """Remove the series of an account that is no longer configured."""
        for metric in self._metrics_of_accounts:
            metric.forget(provider, account)

    def render(self, format_: Format) -> bytes:
        """All metrics as text without a closing line; a collector that raises is left out."""
        parts = map(self._rendering(format_), tuple(self.registry.collectors))
        return b"".join(part.removesuffix(_CLOSING) for part in parts if part)

    def _rendering(self, format_: Format) -> Callable[[Collector], bytes | None]:
        render = _RENDER[format_]

        def text_of(collector: Collector) -> bytes:
            if isinstance(collector, AccountMetric):
                return collector.render(format_)
            return render(_CollectedMetrics(collector))

        def rendered(collector: Collector) -> bytes | None:
            part = f"own metrics: {name_of(collector)}"
            return self._guard.run(part, lambda: text_of(collector))

        return rendered

    def record_reload(self, at: float, *, ok: bool) -> None:
        """Record that the configuration was loaded at ``at``, epoch seconds, or refused."""
        self.config_reload_successful.set(ok)
        if ok:
            self.config_reload_timestamp.set(at)
