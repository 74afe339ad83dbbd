"""A real Prometheus that scrapes two replicas by ``deploy/replicas``: nothing is counted twice, and
an alert stays the same alert while another replica takes its account over.
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from grafana.builder.__main__ import DASHBOARDS
from tests.deploy.shown_accounts import NUMBERS, Exporter, Prometheus, scraping, serving
from tests.integration.processes import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

T = TypeVar("T")
WAIT = 60
FLEET, CONTROL = "numwatch_numbers", "control_numbers"
"""The groups of NumberNotActive: as shipped for replicas, and as the agent evaluates them."""

ONCE = {
    "account:numwatch_number_up:count": NUMBERS,
    "account:numwatch_number_up:sum": NUMBERS - 1,
    "provider:numwatch_number_up:sum": NUMBERS - 1,
    "provider:numwatch_account_lease_epoch:count": 1,
    "account:numwatch_number_bindings:sum": 2 * NUMBERS,
}
"""Recorded sums, and what they are with one replica."""


@pytest.fixture(scope="module")
def exporters() -> Iterator[tuple[Exporter, Exporter]]:
    with serving(Exporter()) as first, serving(Exporter()) as second:
        yield first, second


@pytest.fixture(scope="module")
def prometheus(
    exporters: tuple[Exporter, Exporter], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    with scraping(tmp_path_factory.mktemp("scraped"), list(exporters)) as running:
        yield running


def until(condition: Callable[[], T | None], what: str) -> T:
    return wait_until(condition, WAIT, what)


def scraped_again(*exporters: Exporter) -> None:
    """Wait until each was scraped twice more: what it shows now is known."""
    wanted = [it.scrapes + 2 for it in exporters]
    until(
        lambda: all(it.scrapes >= count for it, count in zip(exporters, wanted, strict=True)),
        "Prometheus does not scrape",
    )


def evaluated_again(prometheus: Prometheus) -> None:
    """Wait until every group of rules was evaluated once more."""
    before = prometheus.evaluated()
    until(
        lambda: all(prometheus.evaluated()[name] != at for name, at in before.items()),
        "the rules are not evaluated",
    )


def dashboard_queries() -> list[str]:
    return [
        re.sub(
            r"\$\w+",
            ".*",
            query.expression.replace("$__rate_interval", "5m").replace("$__range", "5m"),
        )
        for dashboard in DASHBOARDS
        for section in dashboard.sections
        for panel in section.panels
        for query in panel.queries
    ]


def firing(prometheus: Prometheus, group: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (active_at, labels)
        for state, active_at, labels in prometheus.alerts(group)
        if state == "firing" and labels["alertname"] == "NumberNotActive"
    ]


def test_an_account_counts_once_and_its_alert_goes_on(
    prometheus: Prometheus, exporters: tuple[Exporter, Exporter]
) -> None:
    first, second = exporters
    first.epoch = 1
    (control,) = until(lambda: firing(prometheus, CONTROL), "no alert")
    (alert,) = until(lambda: firing(prometheus, FLEET), "no alert")
    assert not {"instance", "pod"} & alert[1].keys()

    # Both show it: the former one was scraped just before it ended.
    second.epoch = 2
    scraped_again(first, second)
    # A busy machine may miss a scrape; what was counted twice once would be seen all the same.
    until(lambda: prometheus.value("count(numwatch_number_up)") == 2 * NUMBERS, "the control")
    evaluated_again(prometheus)
    for expression, expected in ONCE.items():
        until(
            lambda it=expression, value=expected: prometheus.value(it) == value,
            f"{expression} is not {expected}",
        )
        assert prometheus.value(f"max_over_time({expression}[2m:200ms])") == expected
    for query in dashboard_queries():
        prometheus.query(query)  # none is an error: the two differ in balance and carrier
    assert not prometheus.errors()
    assert firing(prometheus, FLEET) == [alert]

    # Nobody shows it for a moment, then the second one does.
    first.epoch = second.epoch = 0
    scraped_again(first, second)
    until(lambda: not firing(prometheus, CONTROL), "the control: its alert does not end")
    assert firing(prometheus, FLEET) == [alert]
    second.epoch = 2
    (anew,) = until(lambda: firing(prometheus, CONTROL), "no alert")
    assert firing(prometheus, FLEET) == [alert], "the same alert since the same time"
    assert anew[0] != control[0], "the control: a new one"


def test_what_a_replica_shows_ends_with_it_and_is_not_taken_for_an_outage(
    prometheus: Prometheus, exporters: tuple[Exporter, Exporter]
) -> None:
    second = exporters[1]
    second.epoch = 2
    until(lambda: prometheus.value("count(numwatch_number_up)"), "not shown")
    second.epoch = 0
    until(lambda: prometheus.value("count(numwatch_number_up)") is None, "still shown")
    end = time.monotonic() + 1
    while time.monotonic() < end:
        names = {labels["alertname"] for _, _, labels in prometheus.alerts("numwatch_polling")}
        assert not names
