"""Foreign alerts never share a ticket by accident, and ours always meet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.states import Scope
from agent.tickets.key import key_of, subject_of
from agent.tickets.ticket import Subject
from agent.webhooks.alertmanager.record import Record, Standing
from agent.webhooks.alertmanager.source_alert import fingerprint_of
from agent.webhooks.alertmanager.translate import alert_of, is_foreign, is_foreign_symptom
from tests.webhooks.conftest import FOREIGN, OURS, START

PLACES = {"north": {"hq"}}
HOW_TOLD = ("severity", "priority", "replica", "prometheus", "receiver", "ticket")
NAMES = st.sampled_from(("alertname", "instance", "job", "symptom", "scope", "provider", "number"))
LABELS = st.dictionaries(NAMES, st.sampled_from(("a", "b", "north", "number")), min_size=1)


def record(labels: dict[str, str]) -> Record:
    return Record(
        fingerprint=fingerprint_of(labels),
        labels=labels,
        annotations={},
        standing=Standing.FIRING,
        started_at=START,
        newest_start=START,
        changed_at=START,
    )


def subject(labels: dict[str, str]) -> Subject:
    alert = alert_of(record(labels), PLACES)
    return subject_of(alert.name, alert.labels)


@pytest.mark.parametrize(
    "labels",
    [
        FOREIGN,
        {"severity": "critical"},
        OURS | {"provider": "aws"},
        OURS | {"account": "shop"},
        {"alertname": "Up", "scope": "agent"},
        {"alertname": "Down", "symptom": "number_down"},
        {"alertname": "Down", "symptom": "number_down", "scope": "number"},
    ],
    ids=str,
)
def test_what_names_nothing_that_is_watched_is_foreign(labels: dict[str, str]) -> None:
    assert is_foreign(labels, PLACES)
    found = subject(labels)
    assert found.scope is Scope.AGENT
    assert is_foreign_symptom(found.symptom)


@pytest.mark.parametrize(
    "labels",
    [
        OURS,
        {"alertname": "A", "provider": "north"},
        {"alertname": "A", "provider": "north", "account": "hq", "number": "1"},
        {"alertname": "A", "scope": "agent", "symptom": "agent_down"},
        {"alertname": "A", "scope": "carrier", "carrier": "unicom"},
    ],
    ids=str,
)
def test_what_names_something_that_is_watched_is_ours_and_kept_as_it_is(
    labels: dict[str, str],
) -> None:
    assert not is_foreign(labels, PLACES)
    alert = alert_of(record(labels), PLACES)
    assert {"alertname": alert.name, **alert.labels} == labels


def identity(labels: dict[str, str]) -> dict[str, str]:
    """All labels; of a family that is told by its symptom, whatever the alert is called."""
    return {
        name: it for name, it in labels.items() if "symptom" not in labels or name != "alertname"
    }


@settings(deadline=None)
@given(LABELS, LABELS)
def test_different_foreign_alerts_have_different_keys(
    one: dict[str, str], other: dict[str, str]
) -> None:
    if is_foreign(one, PLACES) and is_foreign(other, PLACES):
        same = key_of(subject(one)) == key_of(subject(other))
        assert same == (identity(one) == identity(other))


@settings(deadline=None)
@given(LABELS, st.dictionaries(st.sampled_from(HOW_TOLD), st.text(max_size=5)))
def test_how_an_alert_is_told_changes_no_key(labels: dict[str, str], told: dict[str, str]) -> None:
    assert key_of(subject(labels)) == key_of(subject({**labels, **told}))


def test_a_foreign_alert_without_a_summary_is_named_by_its_labels() -> None:
    alert = alert_of(record(FOREIGN), PLACES)
    assert alert.annotations["summary"] == "HostDown: instance=a:9100, job=node"
    assert subject(FOREIGN).symptom.startswith("HostDown~")


def test_long_names_that_begin_alike_are_not_taken_for_one() -> None:
    one, other = ({"alertname": "x" * 200 + end} for end in "ab")
    assert subject(one) != subject(other)
    assert len(subject(one).symptom) < 100
