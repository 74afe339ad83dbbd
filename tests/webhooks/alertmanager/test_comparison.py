"""When a response of Alertmanager is believed."""

import pytest
from msgspec.structs import replace

from agent.webhooks.alertmanager.comparison import (
    AlertRepair,
    Comparison,
    ListingResponse,
    UnconfirmedDifferences,
    compare,
)
from agent.webhooks.alertmanager.external_alert import AlertStatus, ExternalAlert
from agent.webhooks.alertmanager.listing import ListedAlert
from agent.webhooks.alertmanager.payload import SourceAlert
from tests.webhooks.conftest import FOREIGN, START

NAME = "f"
FIRING = ExternalAlert(NAME, FOREIGN, {}, AlertStatus.FIRING, START, START, changed_at=START)
RESOLVED = replace(FIRING, status=AlertStatus.RESOLVED, ended_at=START + 1)
RESOLVE_PENDING = replace(FIRING, status=AlertStatus.RESOLVE_PENDING, ended_at=START + 1)
LISTED = {
    NAME: ListedAlert(
        SourceAlert(NAME, FOREIGN, {}, True, START, None), frozenset({"r"}), suppressed=False
    )
}


def compare_all(alert: ExternalAlert | None, *responses: tuple[float, bool, bool]) -> Comparison:
    """The comparison with the last response; each is (requested at, settled, lists the alert)."""
    alerts = {} if alert is None else {NAME: alert}
    comparison = Comparison({}, {}, UnconfirmedDifferences())
    for at, settled, lists in responses:
        response = ListingResponse(LISTED if lists else {}, START + at, settled)
        comparison = compare(alerts, response, comparison.unconfirmed, _all, START + at + 0.5)
        alerts.update(comparison.changed)
    return comparison


def _all(_receivers: frozenset[str]) -> bool:
    return True


@pytest.mark.parametrize(
    ("responses", "repairs"),
    [
        ([(1, True, False)], {}),
        ([(1, True, False), (2, True, False)], {NAME: AlertRepair.LOST_RESOLVE}),
        ([(1, True, False), (2, True, True), (3, True, False)], {}),
        ([(1, True, False), (2, False, False)], {}),
        ([(1, False, False), (2, True, False)], {}),
        ([(1, False, False), (2, False, False), (3, False, False)], {}),
        ([(-1, True, False), (2, True, False)], {}),
        ([(-2, True, False), (-1, True, False)], {}),
    ],
    ids=[
        "one response is not enough",
        "two are",
        "two in a row",
        "it was restarted in between",
        "it had just begun",
        "it keeps restarting",
        "reported after the first was requested",
        "reported after both were requested",
    ],
)
def test_a_firing_that_is_not_listed(
    responses: list[tuple[float, bool, bool]], repairs: dict[str, AlertRepair]
) -> None:
    assert compare_all(FIRING, *responses).repairs == repairs


@pytest.mark.parametrize(
    "alert", [None, RESOLVED, RESOLVE_PENDING], ids=["unknown", "resolved", "pending"]
)
def test_what_is_listed_and_does_not_fire_here(alert: ExternalAlert | None) -> None:
    assert compare_all(alert, (1, True, True)).repairs == {}
    comparison = compare_all(alert, (1, True, True), (2, True, True))
    assert comparison.repairs == {NAME: AlertRepair.LOST_FIRING}
    assert comparison.changed[NAME].status is AlertStatus.FIRING


def test_a_resolve_newer_than_the_first_response_is_believed_over_it() -> None:
    resolved = replace(RESOLVED, changed_at=START + 1.5)
    assert compare_all(resolved, (1, True, True), (2, True, True)).repairs == {}


def test_a_reported_resolve_is_confirmed_by_one_response_after_it() -> None:
    assert compare_all(RESOLVE_PENDING, (1, False, False)).repairs == {NAME: AlertRepair.CONFIRMED}
    assert (
        compare_all(replace(RESOLVE_PENDING, changed_at=START + 1), (1, True, False)).repairs == {}
    )
