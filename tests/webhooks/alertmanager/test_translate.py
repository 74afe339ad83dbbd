"""Foreign alerts never share a ticket by accident, and ours always meet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.states import Scope
from agent.tickets.key import key_of, subject_of
from agent.tickets.ticket import Subject
from agent.webhooks.alertmanager.external_alert import AlertStatus, ExternalAlert
from agent.webhooks.alertmanager.payload import fingerprint_of
from agent.webhooks.alertmanager.translate import is_foreign, is_foreign_symptom, to_agent_alert
from tests.webhooks.conftest import FOREIGN, OURS, START

ACCOUNTS = {"north": {"hq"}}
ROUTING = ("severity", "priority", "replica", "prometheus", "receiver", "ticket")
NAMES = st.sampled_from(("alertname", "instance", "job", "symptom", "scope", "provider", "number"))
LABELS = st.dictionaries(NAMES, st.sampled_from(("a", "b", "north", "number")), min_size=1)


def external(labels: dict[str, str]) -> ExternalAlert:
    return ExternalAlert(
        fingerprint=fingerprint_of(labels),
        labels=labels,
        annotations={},
        status=AlertStatus.FIRING,
        started_at=START,
        newest_start=START,
        changed_at=START,
    )


def subject(labels: dict[str, str]) -> Subject:
    alert = to_agent_alert(external(labels), ACCOUNTS)
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
    assert is_foreign(labels, ACCOUNTS)
    foreign = subject(labels)
    assert foreign.scope is Scope.AGENT
    assert is_foreign_symptom(foreign.symptom)


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
def test_what_names_something_that_is_watched_is_ours_and_unchanged(
    labels: dict[str, str],
) -> None:
    assert not is_foreign(labels, ACCOUNTS)
    alert = to_agent_alert(external(labels), ACCOUNTS)
    assert {"alertname": alert.name, **alert.labels} == labels


def identity(labels: dict[str, str]) -> dict[str, str]:
    """The labels that identify an alert: all, but the name of one that has a symptom."""
    return {
        name: text
        for name, text in labels.items()
        if "symptom" not in labels or name != "alertname"
    }


@settings(deadline=None)
@given(LABELS, LABELS)
def test_different_foreign_alerts_have_different_keys(
    first: dict[str, str], second: dict[str, str]
) -> None:
    if is_foreign(first, ACCOUNTS) and is_foreign(second, ACCOUNTS):
        same = key_of(subject(first)) == key_of(subject(second))
        assert same == (identity(first) == identity(second))


@settings(deadline=None)
@given(LABELS, st.dictionaries(st.sampled_from(ROUTING), st.text(max_size=5)))
def test_how_an_alert_is_routed_changes_no_key(
    labels: dict[str, str], routing: dict[str, str]
) -> None:
    assert key_of(subject(labels)) == key_of(subject({**labels, **routing}))


def test_a_foreign_alert_without_a_summary_is_named_by_its_labels() -> None:
    alert = to_agent_alert(external(FOREIGN), ACCOUNTS)
    assert alert.annotations["summary"] == "HostDown: instance=a:9100, job=node"
    assert subject(FOREIGN).symptom.startswith("HostDown~")


def test_long_names_that_begin_alike_are_not_taken_for_one() -> None:
    first, second = ({"alertname": "x" * 200 + end} for end in "ab")
    assert subject(first) != subject(second)
    assert len(subject(first).symptom) < 100
