"""Drift that a person has rejected stands until it is known to be taken back."""

import msgspec
import pytest

from agent.alert_sources import REJECTED, rejection_alerts
from agent.baselines.rejections import MOST_REJECTIONS, PAGE_PREFIX, DriftRejections
from agent.states import Severity
from agent.store.database import Database
from agent.tickets.manager import Tickets
from tests.web.facts import HEALTHY, NOW, Facts, routing, snapshot

AT = "north", "hq", HEALTHY


@pytest.fixture
async def database(tmp_path):
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def facts():
    prepared = Facts()
    prepared.show(snapshot())
    return prepared


def edit(facts, **fields):
    changed = msgspec.structs.replace(routing(), **fields)
    facts.show(msgspec.structs.replace(snapshot(), routings={HEALTHY: changed}))


async def reject(rejections, facts, reason="not agreed"):
    differences = facts.results["north", "hq"].differences(HEALTHY)
    return await rejections.reject(AT, "Li Wei", reason, differences, NOW)


async def test_a_rejection_raises_an_alert_until_the_change_is_taken_back(database, facts):
    rejections = await DriftRejections.open(database)
    edit(facts, wait_seconds=5.0)
    await reject(rejections, facts)
    (alert,) = rejection_alerts(rejections, facts.results)
    assert (alert.name, alert.labels["symptom"], alert.labels["number"]) == (
        REJECTED,
        "drift",
        HEALTHY,
    )
    assert alert.labels["severity"] == Severity.WARNING
    assert "Li Wei has rejected the change: not agreed" in alert.annotations["description"]
    await rejections.end_those_taken_back(facts.results, NOW + 60)
    assert list(rejection_alerts(rejections, facts.results)) == [alert]
    edit(facts)
    await rejections.end_those_taken_back(facts.results, NOW + 60)
    assert list(rejection_alerts(rejections, facts.results)) == []
    assert rejections.of(*AT)[-1].ended_at == NOW + 60


async def test_what_is_not_known_is_not_taken_back(database, facts):
    rejections = await DriftRejections.open(database)
    edit(facts, blacklist=("13900002222",))
    await reject(rejections, facts)
    facts.show(msgspec.structs.replace(snapshot(), routings={}))
    await rejections.end_those_taken_back(facts.results, NOW + 60)
    (alert,) = rejection_alerts(rejections, facts.results)
    assert alert.labels["severity"] == Severity.CRITICAL
    await rejections.end_those_taken_back({}, NOW + 60)
    assert len(list(rejection_alerts(rejections, {}))) == 1


async def test_it_is_there_after_a_restart_and_bounded(database, facts):
    rejections = await DriftRejections.open(database)
    edit(facts, wait_seconds=5.0)
    for count in range(MOST_REJECTIONS + 3):
        await reject(rejections, facts, f"reason {count}")
    again = await DriftRejections.open(database)
    assert len(again.of(*AT)) == MOST_REJECTIONS
    assert again.of(*AT)[-1].reason == f"reason {MOST_REJECTIONS + 2}"
    assert [number for number, _ in again.standing()] == [AT]
    await database.put(f"{PAGE_PREFIX}north/hq/1", b"\xff")
    with pytest.raises(ValueError, match="north/hq/1"):
        await DriftRejections.open(database)


async def test_nothing_can_be_rejected_where_nothing_differs(database, facts):
    rejections = await DriftRejections.open(database)
    with pytest.raises(LookupError):
        await reject(rejections, facts)


async def test_the_alert_opens_the_drift_ticket_and_keeps_it_open(database, facts):
    rejections = await DriftRejections.open(database)
    edit(facts, wait_seconds=5.0)
    await reject(rejections, facts)
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)
    for step in range(3):
        alerts = tuple(rejection_alerts(rejections, facts.results))
        await tickets.observe(alerts, facts.fleet, NOW + 15.0 * step)
    (ticket,) = tickets.open
    assert (ticket.subject.symptom, ticket.subject.number) == ("drift", HEALTHY)
    assert ticket.alerts == (REJECTED,)
