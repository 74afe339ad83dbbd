"""Outages of a provider and of a carrier: one ticket above the numbers', and its end."""

from pathlib import Path

import msgspec
import pytest

from agent.rules.load import load_rules
from agent.rules.rule import AlertingRule
from agent.states import NumberState, Scope, Stage
from agent.tickets.decide.decision import Finding
from agent.tickets.decide.recovery_facts import _TABLE
from agent.tickets.decide.recovery_probes import RULES as BY_CALLS
from agent.tickets.ticket import Subject
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, START, Scene, alert

RULES = Path(__file__).parents[3] / "alert_rules"
NUMBERS = ("4006220001", "4006220002", "4006220003")
VIOLATION, ARREARS = NumberState.SUSPENDED_VIOLATION, NumberState.SUSPENDED_ARREARS
PROVIDER = Subject(Scope.PROVIDER, "provider_outage", provider="north")
CARRIER = Subject(Scope.CARRIER, "carrier_outage", carrier="unicom")


def outage(since: float = START):
    return alert("ProviderOutage", "provider", "provider_outage", at=since)


def carrier_outage(since: float = START):
    return alert("CarrierOutage", "carrier", "carrier_outage", at=since, carrier="unicom")


def down(*numbers: str, since: float = START - 60):
    return [alert(number=number, at=since) for number in numbers]


@pytest.mark.parametrize("root", [outage, carrier_outage])
async def test_numbers_of_an_outage_have_one_ticket(run: Run, root) -> None:
    run.scene.states = dict.fromkeys(NUMBERS, VIOLATION)
    await run.step(root(), *down(*NUMBERS))
    (ticket,) = run.tickets.open
    assert ticket.subject.symptom.endswith("_outage")
    assert {member.subject.number for member in ticket.members} == set(NUMBERS)


async def test_tickets_opened_before_the_outage_was_seen_are_suppressed(run: Run) -> None:
    run.scene.states = dict.fromkeys(NUMBERS, VIOLATION)
    await run.step(*down(*NUMBERS[:2]))
    assert len(run.tickets.open) == 2
    await run.step(outage(), *down(*NUMBERS))
    stages = {it.subject.scope: it.stage for it in run.tickets.open}
    assert stages[Scope.NUMBER] is Stage.SUPPRESSED
    assert stages[Scope.PROVIDER] is not Stage.SUPPRESSED


async def test_a_number_without_money_is_no_part_of_it(run: Run) -> None:
    run.scene.states = {**dict.fromkeys(NUMBERS, VIOLATION), "4006220004": ARREARS}
    await run.step(outage(), *down(*NUMBERS, "4006220004"))
    scopes = sorted((it.subject.scope, it.subject.number) for it in run.tickets.open)
    assert scopes == [("number", "4006220004"), ("provider", "")]


async def test_a_number_on_another_carrier_is_no_part_of_it(run: Run) -> None:
    run.scene.states = dict.fromkeys(NUMBERS, VIOLATION)
    other = alert("CarrierOutage", "carrier", "carrier_outage", carrier="telecom")
    await run.step(other, *down(NUMBERS[0]))
    assert {it.subject.scope for it in run.tickets.open} == {Scope.CARRIER, Scope.NUMBER}


def look(scene: Scene, subject: Subject) -> Finding:
    scene.poll(START)
    assessment = scene.recovery(subject, scene.fleet, START + 10)
    assert assessment is not None
    return assessment.finding


@pytest.mark.parametrize("subject", [PROVIDER, CARRIER])
@pytest.mark.parametrize(
    ("states", "finding"),
    [
        ([VIOLATION, VIOLATION, VIOLATION], Finding.BAD),
        ([VIOLATION, VIOLATION, NumberState.UNKNOWN], Finding.UNKNOWN),
        ([VIOLATION, VIOLATION, NumberState.ACTIVE], Finding.GOOD),
        ([ARREARS, ARREARS, ARREARS], Finding.GOOD),
    ],
)
def test_an_outage_is_over_when_its_numbers_are_up(
    subject: Subject, states: list[NumberState], finding: Finding
) -> None:
    scene = Scene(states=dict(zip(NUMBERS, states, strict=True)))
    assert look(scene, subject) is finding


def test_another_carriers_numbers_say_nothing_of_this_one() -> None:
    scene = Scene(states=dict.fromkeys(NUMBERS, VIOLATION))
    assert look(scene, Subject(Scope.CARRIER, "carrier_outage", carrier="mobile")) is Finding.GOOD


def test_every_shipped_symptom_has_its_evidence() -> None:
    """What opens a ticket must be seen to be over; only the agent's own word counts of itself."""
    groups = load_rules(sorted(RULES.glob("*.yml"))).groups
    shipped = {
        rule.labels["symptom"].source
        for group in groups
        for rule in group.rules
        if isinstance(rule, AlertingRule)
        and "ticket" not in rule.labels
        and rule.labels["scope"].source != "agent"
    }
    assert shipped <= _TABLE.keys() | BY_CALLS.keys()


@pytest.mark.parametrize(
    ("seconds_ago", "finding"), [(3600, Finding.BAD), (2 * 86400, Finding.GOOD)]
)
def test_an_impossible_move_is_news_for_a_day(seconds_ago: float, finding: Finding) -> None:
    scene = Scene()
    scene.poll(START)
    move = (NumberState.RECLAIMED, NumberState.ACTIVE, START - seconds_ago)
    snapshot = scene.fleet.get("north", "hq")
    assert snapshot is not None
    scene.fleet.swap(msgspec.structs.replace(snapshot, previous_states={NUMBER: move}))
    about = Subject(Scope.NUMBER, "illegal_transition", "north", "hq", NUMBER)
    assessment = scene.recovery(about, scene.fleet, START + 10)
    assert assessment is not None
    assert assessment.finding is finding
