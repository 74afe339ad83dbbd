"""The catalogue is complete, well named, and documented."""

import re
from pathlib import Path

import numpy as np

from agent.states import PollFailure
from exporters.account_metric import AccountMetric
from exporters.block import Block, Frame
from exporters.catalogue import POLL_FAILURE_REASONS
from exporters.exposition import Exposition
from exporters.family import (
    FAMILIES,
    PROBE_FAMILIES,
    SERIES_FAMILIES,
    TELEMETRY_FAMILIES,
    Family,
    markdown,
)
from exporters.telemetry import Telemetry

ROOT = Path(__file__).parents[2]
PERSONAL_LABELS = {"phone", "caller", "binding_phone", "company", "holder"}


def test_the_page_of_documentation_is_current():
    page = (ROOT / "docs" / "metrics.md").read_text()
    assert page == markdown(), "run `python -m exporters.family > docs/metrics.md`"


def test_every_family_is_documented():
    assert set(re.findall(r"^\| `(numwatch_\w+)`", markdown(), re.MULTILINE)) == set(FAMILIES)


def test_names_follow_the_conventions():
    for family in FAMILIES.values():
        assert family.name.startswith("numwatch_")
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert family.name.endswith("_info") == (family.kind == "info"), family.name
        assert family.name.endswith(f"_{family.unit}" if family.unit else ""), family.name
        assert bool(family.unit) == family.name.endswith(("_seconds", "_bytes")), family.name


def test_no_label_is_personal():
    labels = {
        label
        for family in FAMILIES.values()
        for label in family.labels
        # Of test calls, the caller is the name of a line of ours, not who called.
        if not (label == "caller" and family.name.startswith("numwatch_probe_"))
    }
    assert not PERSONAL_LABELS & labels


def test_the_failure_reasons_are_the_closed_list():
    assert set(POLL_FAILURE_REASONS) == set(map(str, PollFailure))


def example(family: Family) -> Block:
    """One sample with every label."""
    frame = Frame.of(family.labels, [[f"some {label}"] for label in family.labels])
    return Block(family, frame, np.ones(1))


async def test_promtool_has_nothing_to_say_about_any_family(promtool):
    telemetry = Telemetry()
    for name, metric in vars(telemetry).items():
        of_accounts = isinstance(metric, AccountMetric)
        labels = metric.family.labels if of_accounts else getattr(metric, "_labelnames", ())
        if labels:
            metric.labels(*(f"{name} {label}" for label in labels))
    exposition = Exposition(telemetry.render)
    exposition.publish("agent", [example(family) for family in (*SERIES_FAMILIES, *PROBE_FAMILIES)])
    page = bytes((await exposition.scrape()).body)
    shown = set(re.findall(rb"^# TYPE (\w+)", page, re.MULTILINE))
    assert shown == {family.name.encode() for family in FAMILIES.values()}
    assert promtool(page) == ""


async def test_promtool_would_say_something_about_a_bad_name(promtool):
    exposition = Exposition()
    exposition.publish("agent", [example(Family("numwatch_calls_ms_total", "gauge", "", ("a",)))])
    assert "numwatch_calls_ms_total" in promtool(bytes((await exposition.scrape()).body))


def test_the_agents_own_metrics_carry_the_catalogues_labels():
    telemetry = Telemetry()
    registered = {
        family.name: (family.documentation, family.unit)
        for collector in telemetry.registry.collectors
        for family in collector.describe()
    }
    for family in TELEMETRY_FAMILIES:
        stem = family.name.removesuffix("_total").removesuffix("_info")
        assert registered[stem] == (family.help, family.unit), family.name
