"""What open tickets say of single numbers: whose, and how much it weighs."""

import msgspec
import pytest

from agent.health.faults import ANNOUNCED, OpenFault
from agent.health.fleet import FleetHealth
from agent.states import Health, Scope, Severity, Stage
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.open_faults import OpenFaultsOf, open_faults
from agent.tickets.ticket import Member, Subject, Ticket
from tests.web.ledger import ticket

HQ = ("north", "hq")
ONE, OTHER = "4006220001", "4006220002"
NUMBER = Subject(Scope.NUMBER, "number_down", *HQ, ONE)
ACCOUNT = Subject(Scope.ACCOUNT, "number_down", *HQ)
PHONE = Subject(Scope.BINDING, "binding_down", *HQ, ONE, "b1")


def one(subject: Subject = NUMBER, severity=Severity.CRITICAL, **more: object) -> Ticket:
    return ticket("NW-1", severity, subject=subject, **more)


def effect(*tickets: Ticket, number: str = ONE) -> Health | None:
    faults = open_faults(tickets).of(HQ).get(number)
    return faults[0].effect if faults else None


def test_a_critical_ticket_means_down_a_warning_degraded_and_information_nothing():
    assert effect(one()) is Health.DOWN
    assert effect(one(severity=Severity.WARNING)) is Health.DEGRADED
    assert effect(one(severity=Severity.INFO)) is Health.OK
    assert effect(one(), number=OTHER) is None


@pytest.mark.parametrize("symptom", sorted(ANNOUNCED))
def test_a_loss_that_is_only_announced_leaves_the_number_reachable(symptom):
    assert effect(one(Subject(Scope.NUMBER, symptom, *HQ, ONE))) is Health.DEGRADED


def test_one_phone_of_a_number_is_not_the_number():
    assert effect(one(PHONE)) is Health.DEGRADED
    both = one(members=(Member("k", PHONE, 0.0),))
    assert open_faults([both]).of(HQ)[ONE] == (OpenFault("NW-1", "number_down", Health.DOWN),)


def test_members_of_a_wider_ticket_are_as_it_is_until_they_leave():
    joined = Member("k1", NUMBER, 0.0)
    left = Member("k2", msgspec.structs.replace(NUMBER, number=OTHER), 0.0, left_at=5.0)
    wide = one(ACCOUNT, members=(joined, left))
    assert effect(wide) is Health.DOWN
    assert effect(wide, number=OTHER) is None


@pytest.mark.parametrize("stage", list(Stage))
def test_the_stage_says_whether_the_fault_lasts(stage):
    expected = {
        **dict.fromkeys(Stage, Health.DOWN),
        **dict.fromkeys(RECOVERED, Health.OK),
        Stage.OBSERVING: Health.DEGRADED,
        Stage.SUPPRESSED: Health.OK,
        Stage.CLOSED: None,
        Stage.REJECTED: None,
    }
    assert effect(one(stage=stage)) is expected[stage]


def test_the_same_number_elsewhere_and_a_ticket_without_account_count_where_they_are():
    shop = msgspec.structs.replace(NUMBER, provider="south", account="shop")
    faults = open_faults([one(elsewhere=(shop,))])
    assert faults.of(("south", "shop"))[ONE][0].effect is Health.DOWN
    nowhere = msgspec.structs.replace(NUMBER, provider="", account="")
    faults = open_faults([one(nowhere)])
    assert faults.of(("any", "account"))[ONE][0].effect is Health.DOWN


def test_faults_are_indexed_again_only_when_a_ticket_changed():
    tickets = [one()]
    faults_of = OpenFaultsOf(lambda: tuple(tickets))
    fleet = FleetHealth(faults_of)
    assert faults_of() is faults_of()
    assert fleet.take_changed() == {HQ}
    assert fleet.take_changed() == frozenset()
    tickets[0] = one(stage=Stage.RESTORED)
    assert fleet.take_changed() == {HQ}
    tickets.clear()
    assert fleet.take_changed() == {HQ}
    assert faults_of().of(HQ) == {}
