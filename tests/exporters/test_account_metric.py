"""Metrics of accounts read as those of prometheus_client, and only what changed is written again.

Negative control: a metric of prometheus_client with the same samples is the yardstick; one that
kept what it had written would not follow a change (:func:`test_only_what_changed_is_written`).
"""

from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from exporters.account_metric import AccountMetric
from exporters.family import FAMILIES
from exporters.formats import Format
from exporters.own_series import OwnSeries
from exporters.telemetry import Telemetry

FAILURES = FAMILIES["numwatch_poll_failures_total"]
SKEW = FAMILIES["numwatch_provider_clock_skew_seconds"]
LABEL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
PARSERS: dict[Format, Callable[[str], Any]] = {Format.TEXT: plain, Format.OPENMETRICS: openmetrics}


def samples(page: bytes, format_: Format) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    end = "# EOF\n" if format_ is Format.OPENMETRICS else ""
    families = PARSERS[format_](page.decode() + end)
    return {
        (it.name, frozenset(it.labels.items())): it.value
        for family in families
        for it in family.samples
    }


@pytest.mark.parametrize("format_", list(Format))
@given(
    rows=st.lists(st.tuples(LABEL, LABEL, LABEL, LABEL), max_size=5, unique=True),
    amount=st.floats(0, 1e12),
)
def test_a_page_says_what_that_of_prometheus_client_says(
    format_: Format, rows: Sequence[tuple[str, ...]], amount: float
) -> None:
    ours = AccountMetric(FAILURES)
    theirs = Counter("numwatch_poll_failures", "", FAILURES.labels, registry=CollectorRegistry())
    for metric in (ours, theirs):
        for row in rows:
            metric.labels(*row).inc(amount)
            metric.labels(*row).inc()
    expected = {
        (it.name, frozenset(it.labels.items())): it.value
        for metric in theirs.collect()
        for it in metric.samples
        if it.name.endswith("_total")
    }
    assert samples(ours.render(format_), format_) == expected
    registry = CollectorRegistry()
    registry.register(ours)
    for row in rows:
        labels = dict(zip(FAILURES.labels, row, strict=True))
        assert registry.get_sample_value(FAILURES.name, labels) == amount + 1


def test_a_gauge_is_what_it_was_set_to() -> None:
    ours = AccountMetric(SKEW)
    theirs = Gauge(SKEW.name, "", SKEW.labels, registry=CollectorRegistry())
    for metric in (ours, theirs):
        metric.labels("north", "hq").set(2.5)
        metric.labels("north", "hq").set(-0.25)
    assert set(samples(ours.render(Format.TEXT), Format.TEXT).values()) == {-0.25}


def test_only_what_changed_is_written() -> None:
    metric = AccountMetric(FAILURES)
    for account in ("hq", "shop"):
        metric.labels("north", account, "numbers", "timeout")
    hq, shop = metric.blocks()
    assert list(metric.blocks()) == [hq, shop], "nothing has changed"
    metric.labels("north", "hq", "numbers", "timeout").inc()
    changed, same = metric.blocks()
    assert same is shop
    assert changed.frame is hq.frame
    assert changed.values.tolist() == [1.0]
    assert b'account="hq"' in metric.render(Format.TEXT).splitlines()[2]
    assert metric.render(Format.TEXT).splitlines()[2].endswith(b" 1")
    metric.labels("north", "hq", "numbers", "dns")
    grown, _ = metric.blocks()
    assert grown.values.tolist() == [1.0, 0.0]
    assert grown.frame.columns[3] == ("timeout", "dns")


def test_an_account_that_is_forgotten_leaves_the_others_as_they_are() -> None:
    telemetry = Telemetry()
    for account in ("hq", "shop"):
        telemetry.declare_account("north", account, ["numbers"])
        telemetry.poll_attempts.labels("north", account, "numbers").inc()
    telemetry.forget_account("north", "hq")
    page = telemetry.render(Format.TEXT)
    assert b'account="hq"' not in page
    shop = 'numwatch_poll_attempts_total{provider="north",account="shop",capability="numbers"} 1'
    assert shop in page.decode()
    telemetry.forget_account("north", "unknown")


def test_one_that_fails_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = Telemetry()
    telemetry.declare_account("north", "hq", ["numbers"])
    monkeypatch.setattr(telemetry.poll_failures, "_written", Mock(side_effect=ValueError("broken")))
    page = telemetry.render(Format.TEXT)
    assert b"numwatch_poll_failures_total" not in page
    assert b"numwatch_poll_attempts_total" in page
    names = {block.family.name for block in OwnSeries(telemetry).blocks()}
    assert "numwatch_poll_failures_total" not in names
    assert "numwatch_poll_attempts_total" in names
    assert telemetry.registry.get_sample_value("numwatch_scrape_errors_total") == 2


def test_a_family_of_something_else_and_labels_that_are_missing_are_mistakes() -> None:
    with pytest.raises(ValueError, match="other labels"):
        AccountMetric(FAMILIES["numwatch_complaints_overdue"])
    with pytest.raises(ValueError, match="has labels"):
        AccountMetric(FAILURES).labels("north", "hq")
