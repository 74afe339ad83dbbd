"""The reasons that facts give for a finding, as people read them in the timeline."""

import msgspec
import pytest

from agent.checks.engine import Checker
from agent.complaints.complaint import SYMPTOM as COMPLAINT
from agent.fleet import Fleet
from agent.model import Balance, Binding, Snapshot
from agent.states import NumberState, Scope
from agent.tickets.decide.decision import Assessment, Finding
from agent.tickets.decide.recovery_facts import recovery_by_facts
from agent.tickets.ticket import Subject
from tests.account_facts import B1, B2, NOW, ROUTING, make_settings, make_snapshot, number, rebound

NUMBER = "4006220001"
DAY = 86400.0
GOOD, BAD, UNKNOWN, GONE = Finding.GOOD, Finding.BAD, Finding.UNKNOWN, Finding.GONE
SLOW = msgspec.structs.replace(ROUTING, wait_seconds=5.0)
BINDING = {"scope": Scope.BINDING, "binding": "b2"}


def facts(**facts_of_number: object) -> Snapshot:
    return make_snapshot(number(NUMBER, **facts_of_number))


def bound(*phones: Binding) -> Snapshot:
    return make_snapshot(bindings={NUMBER: phones})


def funded(amount: float, **more: object) -> Snapshot:
    return make_snapshot(balance=Balance(amount, "CNY", **more))


def assessed(snapshot: Snapshot, symptom: str, **subject: object) -> Assessment | None:
    about = {"scope": Scope.NUMBER, "account": "hq", "number": NUMBER, **subject}
    scope = about.pop("scope")
    checker, fleet = Checker(make_settings()), Fleet()
    fleet.swap(snapshot)
    checked = checker.check(snapshot, NOW)
    recovery = recovery_by_facts(
        lambda provider, account: checked if (provider, account) == ("north", "hq") else None
    )
    return recovery(Subject(scope, symptom, provider="north", **about), fleet, NOW)


CASES = {
    "in service": (facts(), "number_down", {}, GOOD, f"{NUMBER} is active"),
    "suspended": (facts(state="frozen"), "number_down", {}, BAD, f"{NUMBER} is frozen"),
    "unknown state": (
        facts(state="unknown"),
        "number_down",
        {},
        UNKNOWN,
        f"the state of {NUMBER} is not known",
    ),
    "not listed": (
        make_snapshot(number("4006220009")),
        "number_down",
        {},
        GONE,
        f"{NUMBER} is no longer listed at north/hq",
    ),
    "given up": (facts(state="cancelled"), "number_down", {}, GONE, f"{NUMBER} is cancelled"),
    "a phone": (
        bound(rebound(B1, "off"), B2),
        "binding_down",
        {},
        GOOD,
        f"a phone behind {NUMBER} can be reached",
    ),
    "no phones": (bound(), "binding_down", {}, UNKNOWN, f"no phones of {NUMBER} are known"),
    "an unknown phone": (
        bound(rebound(B1, "off"), rebound(B2, "unknown")),
        "binding_down",
        {},
        UNKNOWN,
        f"whether a phone behind {NUMBER} can be reached is not known",
    ),
    "no phone": (
        bound(rebound(B1, "off"), rebound(B2, "off")),
        "binding_down",
        {},
        BAD,
        f"no phone behind {NUMBER} can be reached",
    ),
    "one phone is up": (bound(B1, B2), "binding_down", BINDING, GOOD, "b2 is ok"),
    "one phone is down": (
        bound(B1, rebound(B2, "arrears")),
        "binding_down",
        BINDING,
        BAD,
        "b2 is arrears",
    ),
    "one phone is unknown": (
        bound(B1, rebound(B2, "unknown")),
        "binding_down",
        BINDING,
        UNKNOWN,
        "the state of b2 is unknown",
    ),
    "one phone is unbound": (
        bound(B1),
        "binding_down",
        BINDING,
        GOOD,
        f"b2 is no longer bound behind {NUMBER}",
    ),
    "one phone of unknown ones": (
        make_snapshot(bindings={}),
        "binding_down",
        BINDING,
        UNKNOWN,
        f"no phones of {NUMBER} are known",
    ),
    "complaints of a number that serves": (
        facts(),
        COMPLAINT,
        {},
        GOOD,
        f"{NUMBER} is active",
    ),
    "complaints of a number whose phones are unknown": (
        bound(rebound(B1, "unknown")),
        COMPLAINT,
        {},
        UNKNOWN,
        f"whether a phone behind {NUMBER} can be reached is not known",
    ),
    "complaints of a number that is down and has a phone": (
        facts(state="frozen"),
        COMPLAINT,
        {},
        BAD,
        f"{NUMBER} is frozen",
    ),
    "complaints of a number without a phone": (
        bound(rebound(B1, "off")),
        COMPLAINT,
        {},
        BAD,
        f"no phone behind {NUMBER} can be reached",
    ),
    "redundancy": (
        bound(B1, B2),
        "redundancy",
        {},
        GOOD,
        f"2 of 2 phones behind {NUMBER} can be reached",
    ),
    "a single phone": (
        bound(B1),
        "redundancy",
        {},
        GOOD,
        f"1 of 1 phones behind {NUMBER} can be reached",
    ),
    "redundancy lost": (
        bound(B1, rebound(B2, "off")),
        "redundancy",
        {},
        BAD,
        f"1 of 2 phones behind {NUMBER} can be reached",
    ),
    "no phone at all": (
        bound(),
        "redundancy",
        {},
        BAD,
        f"0 of 0 phones behind {NUMBER} can be reached",
    ),
    "redundancy unknown": (
        bound(B1, rebound(B2, "unknown")),
        "redundancy",
        {},
        UNKNOWN,
        f"how many phones of {NUMBER} can be reached is not known",
    ),
    "funded": (funded(500.5), "balance", {}, GOOD, "the balance is 500.50 CNY"),
    "at notice": (funded(35.0), "balance", {}, BAD, "the balance is 35.00 CNY"),
    "below stop": (funded(-1.0), "balance", {}, BAD, "the balance is -1.00 CNY"),
    "six days": (
        funded(75.0, daily_spend=10.0),
        "balance",
        {},
        BAD,
        "the balance is 75.00 CNY, which will not last a week",
    ),
    "seven days": (
        funded(85.0, daily_spend=10.0),
        "balance",
        {},
        GOOD,
        "the balance is 85.00 CNY",
    ),
    "no balance": (
        make_snapshot(balance=None),
        "balance",
        {},
        UNKNOWN,
        "the balance of north/hq is not known",
    ),
    "no spend": (
        funded(9.0, spend_cap=100.0),
        "spend_cap",
        {},
        UNKNOWN,
        "the month's spend of north/hq is not known",
    ),
    "no balance for the cap": (
        make_snapshot(balance=None),
        "spend_cap",
        {},
        UNKNOWN,
        "the month's spend of north/hq is not known",
    ),
    "no cap": (funded(9.0), "spend_cap", {}, GOOD, "north/hq has no spend cap"),
    "cap far": (
        funded(9.0, month_spend=89.0, spend_cap=100.0),
        "spend_cap",
        {},
        GOOD,
        "89% of the cap spent",
    ),
    "cap near": (
        funded(9.0, month_spend=90.0, spend_cap=100.0),
        "spend_cap",
        {},
        BAD,
        "90% of the cap spent",
    ),
    "as approved": (
        facts(),
        "drift",
        {},
        GOOD,
        f"the configuration of {NUMBER} is the approved one",
    ),
    "routing unknown": (
        make_snapshot(routings={}),
        "drift",
        {},
        UNKNOWN,
        f"the whole configuration of {NUMBER} is not known",
    ),
    "phones unknown": (
        make_snapshot(bindings={}),
        "drift",
        {},
        UNKNOWN,
        f"the whole configuration of {NUMBER} is not known",
    ),
    "no contract": (
        facts(),
        "contract",
        {},
        UNKNOWN,
        f"when the contract of {NUMBER} ends is not known",
    ),
    "contract near": (
        facts(contract_end=NOW + 30 * DAY - 1),
        "contract",
        {},
        BAD,
        f"the contract of {NUMBER} ends soon",
    ),
    "contract far": (
        facts(contract_end=NOW + 30 * DAY),
        "contract",
        {},
        GOOD,
        f"the contract of {NUMBER} runs on",
    ),
    "in service and not reclaimed": (facts(), "reclaim", {}, GOOD, f"{NUMBER} is in service"),
    "no date of reclaim": (
        facts(state="frozen"),
        "reclaim",
        {},
        UNKNOWN,
        f"when {NUMBER} is reclaimed is not known",
    ),
    "reclaim near": (
        facts(state="frozen", reclaim_at=NOW + DAY - 1),
        "reclaim",
        {},
        BAD,
        f"{NUMBER} is reclaimed within a day",
    ),
    "reclaim far": (
        facts(state="frozen", reclaim_at=NOW + DAY),
        "reclaim",
        {},
        GOOD,
        f"{NUMBER} is not reclaimed within a day",
    ),
    "real name": (
        facts(realname_ok=True),
        "realname",
        {},
        GOOD,
        f"the real-name registration of {NUMBER} is valid",
    ),
    "no real name": (
        facts(realname_ok=False),
        "realname",
        {},
        BAD,
        f"the real-name registration of {NUMBER} is not valid",
    ),
    "real name unknown": (
        facts(),
        "realname",
        {},
        UNKNOWN,
        f"the real-name registration of {NUMBER} is not known",
    ),
    "states agree": (facts(), "network_mismatch", {}, GOOD, f"the states of {NUMBER} agree"),
    "states contradict": (
        facts(network="deactivated"),
        "network_mismatch",
        {},
        BAD,
        f"the network state of {NUMBER} contradicts its business state",
    ),
    "network unknown": (
        facts(network="unknown"),
        "network_mismatch",
        {},
        UNKNOWN,
        f"the states of {NUMBER} are not known",
    ),
    "state unknown": (
        facts(state="unknown"),
        "network_mismatch",
        {},
        UNKNOWN,
        f"the states of {NUMBER} are not known",
    ),
    "no impossible move": (
        facts(),
        "illegal_transition",
        {},
        GOOD,
        f"{NUMBER} made no impossible move within a day",
    ),
    "an impossible move": (
        make_snapshot(
            previous_states={NUMBER: (NumberState.RECLAIMED, NumberState.ACTIVE, NOW - DAY + 1)}
        ),
        "illegal_transition",
        {},
        BAD,
        f"{NUMBER} went from reclaimed to active within a day",
    ),
    "an old move": (
        make_snapshot(
            previous_states={NUMBER: (NumberState.RECLAIMED, NumberState.ACTIVE, NOW - DAY)}
        ),
        "illegal_transition",
        {},
        GOOD,
        f"{NUMBER} made no impossible move within a day",
    ),
    "polls": (facts(), "poll_stale", {}, GOOD, "polls of north/hq succeed"),
    "another symptom": (
        facts(),
        "somebodys_own",
        {},
        GOOD,
        "north/hq is polled and the alert has ended",
    ),
    "the agent itself": (
        facts(),
        "config",
        {"scope": Scope.AGENT},
        GOOD,
        "the agent's alert has ended",
    ),
    "another account": (
        make_snapshot(account="shop"),
        "poll_stale",
        {"account": "shop"},
        UNKNOWN,
        "north/shop is not checked yet",
    ),
}


@pytest.mark.parametrize(
    ("snapshot", "symptom", "subject", "finding", "reason"), CASES.values(), ids=CASES
)
def test_a_finding_has_its_reason(
    snapshot: Snapshot, symptom: str, subject: dict[str, object], finding: Finding, reason: str
) -> None:
    assessment = assessed(snapshot, symptom, **subject)
    assert assessment is not None
    assert (assessment.finding, assessment.reason) == (finding, reason)
    assert assessment.seen_at == (0.0 if "checked yet" in reason else NOW)
