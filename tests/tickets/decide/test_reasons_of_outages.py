"""The reasons that polls, drift and outages give for a finding."""

import pytest

from agent.checks.engine import Checker
from agent.complaints.complaint import SYMPTOM as COMPLAINT
from agent.fleet import Fleet
from agent.model import Snapshot
from agent.states import (
    Capability,
    PollFailure,
    Scope,
)
from agent.tickets.decide.decision import Assessment, Finding
from agent.tickets.decide.recovery_facts import recovery_by_facts
from agent.tickets.ticket import Subject
from tests.account_facts import (
    B1,
    NOW,
    changed,
    make_settings,
    make_snapshot,
    number,
    polled,
)
from tests.tickets.decide.test_reasons_of_facts import (
    BAD,
    GOOD,
    NUMBER,
    SLOW,
    UNKNOWN,
    assessed,
)


def failing(*capabilities: Capability) -> Snapshot:
    polls = {it: polled(failure=PollFailure.TIMEOUT) for it in capabilities}
    return make_snapshot(polls={**{it: polled() for it in Capability}, **polls})


def test_polls_that_fail_are_named() -> None:
    both = failing(Capability.NUMBERS, Capability.BALANCE)
    for symptom, names in (("poll_stale", "balance, numbers"), ("provider_api", "numbers")):
        assessment = assessed(both, symptom)
        assert assessment is not None
        assert (assessment.finding, assessment.reason) == (
            BAD,
            f"polls of north/hq fail: {names}",
        )
    balance = assessed(failing(Capability.BALANCE), "provider_api")
    assert balance is not None
    assert balance.finding is GOOD


def test_facts_that_are_not_fresh_are_named() -> None:
    old = {it: polled(NOW - 181) for it in (Capability.NUMBERS, Capability.REACHABILITY)}
    polls = {**{it: polled() for it in Capability}, **old}
    for symptom, names in (
        ("number_down", "numbers"),
        (COMPLAINT, "numbers, reachability"),
        ("drift", "reachability"),
        ("unmapped", "numbers, reachability"),
    ):
        assessment = assessed(make_snapshot(polls=polls), symptom)
        assert assessment == Assessment(UNKNOWN, f"no fresh {names} of north/hq")
    for symptom in ("balance", "answer_rate"):
        assessment = assessed(make_snapshot(polls=polls), symptom)
        assert assessment is not None
        assert assessment.finding is GOOD
    unpolled = make_snapshot(polls={Capability.BALANCE: polled()})
    assert assessed(unpolled, "number_down") == Assessment(UNKNOWN, "no fresh facts of north/hq")


def test_an_assessment_is_as_old_as_the_oldest_fact_it_rests_on() -> None:
    polls = {**{it: polled() for it in Capability}, Capability.REACHABILITY: polled(NOW - 60)}
    for symptom, seen_at in (("number_down", NOW), (COMPLAINT, NOW - 60)):
        assessment = assessed(make_snapshot(polls=polls), symptom)
        assert assessment is not None
        assert assessment.seen_at == seen_at


def test_before_the_first_poll_there_is_no_assessment() -> None:
    assert assessed(make_snapshot(polls={}), "number_down") is None
    never = {Capability.NUMBERS: polled(None)}
    assert assessed(make_snapshot(polls=never), "number_down") is None


def test_drift_is_named_by_section() -> None:
    checker, fleet = Checker(make_settings()), Fleet()
    before = checker.check(make_snapshot(), NOW)
    edited = changed(before.snapshot, routings={NUMBER: SLOW}, bindings={NUMBER: (B1,)})
    fleet.swap(edited)
    checked = checker.check(edited, NOW, before)
    recovery = recovery_by_facts(lambda _provider, _account: checked)
    assessment = recovery(Subject(Scope.NUMBER, "drift", "north", "hq", NUMBER), fleet, NOW)
    assert assessment == Assessment(
        BAD, f"bindings, wait of {NUMBER} differ from the baseline", NOW
    )


def outage(down: int, unclear: int, total: int, state: str = "active", **subject: str):
    numbers = [
        number(
            f"40062{row:05}",
            state,
            "deactivated" if row < down else "active",
            carrier="unicom" if row % 2 else "mobile",
        )
        for row in range(total - unclear)
    ]
    numbers += [number(f"40063{row:05}", "unknown", "active") for row in range(unclear)]
    assessment = assessed(
        make_snapshot(*numbers), "provider_outage", scope=Scope.PROVIDER, number="", **subject
    )
    assert assessment is not None
    return assessment.finding, assessment.reason


@pytest.mark.parametrize(
    ("down", "unclear", "total", "finding"),
    [
        (3, 0, 10, BAD),
        (2, 0, 10, GOOD),
        (2, 1, 10, UNKNOWN),
        (0, 3, 10, UNKNOWN),
        (1, 1, 10, GOOD),
        (4, 0, 100, GOOD),
        (5, 0, 100, BAD),
    ],
)
def test_an_outage_is_so_many_numbers_at_once(
    down: int, unclear: int, total: int, finding: Finding
) -> None:
    expected = finding, f"{down} numbers of north/hq are down"
    assert outage(down, unclear, total) == expected


def test_numbers_that_are_down_for_other_reasons_are_no_part_of_an_outage() -> None:
    assert outage(9, 0, 9, "suspended_arrears") == (GOOD, "0 numbers of north/hq are down")
    assert outage(9, 0, 9, "suspended_violation")[0] is BAD
    assert outage(5, 0, 9, carrier="unicom") == (GOOD, "2 numbers of north/hq are down")
    assert outage(6, 0, 9, carrier="unicom") == (BAD, "3 numbers of north/hq are down")


def test_of_several_accounts_the_worst_counts_but_one_api_is_enough() -> None:
    checker, fleet = Checker(make_settings()), Fleet()
    accounts = {
        "hq": failing(Capability.NUMBERS),
        "shop": make_snapshot(account="shop"),
    }
    checked = {name: checker.check(snapshot, NOW) for name, snapshot in accounts.items()}
    for snapshot in accounts.values():
        fleet.swap(snapshot)
    recovery = recovery_by_facts(lambda _provider, account: checked[account])

    def found(symptom: str) -> Assessment:
        assessment = recovery(Subject(Scope.PROVIDER, symptom, "north"), fleet, NOW)
        assert assessment is not None
        return assessment

    assert found("provider_api") == Assessment(GOOD, "polls of north/shop succeed", NOW)
    assert found("poll_stale") == Assessment(BAD, "polls of north/hq fail: numbers", NOW)
    assert found("unmapped").finding is GOOD


@pytest.mark.parametrize(
    ("symptom", "stale", "finding"),
    [
        ("landing_down", Capability.REACHABILITY, UNKNOWN),
        ("phones_off", Capability.REACHABILITY, UNKNOWN),
        ("numbers_frozen", Capability.NUMBERS, UNKNOWN),
        ("numbers_frozen", Capability.REACHABILITY, GOOD),
        ("numbers_drift", Capability.ROUTING, UNKNOWN),
        ("numbers_drift", Capability.NUMBERS, GOOD),
        ("numbers_own", Capability.BALANCE, UNKNOWN),
    ],
)
def test_of_a_common_cause_fresh_facts_are_enough(
    symptom: str, stale: Capability, finding: Finding
) -> None:
    polls = {**{it: polled() for it in Capability}, stale: polled(NOW - 999)}
    assessment = assessed(make_snapshot(polls=polls), symptom, scope=Scope.ACCOUNT, number="")
    assert assessment is not None
    assert assessment.finding is finding
