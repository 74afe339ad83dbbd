"""Faults from alerts, and what is known of their numbers."""

import msgspec
import pytest

from agent.fleet import Fleet
from agent.model import Binding, Routing
from agent.states import BindingState, NumberState, Severity
from agent.tickets.decide.faults import (
    Fault,
    Traits,
    faults_of,
    pending_keys,
    severity_of,
    traits_of,
)
from agent.tickets.key import key_of, subject_of
from agent.tickets.landing_ids import KEY_BYTES, LandingIds
from tests.account_facts import make_snapshot, number
from tests.tickets.scene import NUMBER, START, alert

EVERY = tuple(Severity)


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        ({"severity": "critical"}, Severity.CRITICAL),
        ({"severity": "info"}, Severity.INFO),
        ({"severity": "page"}, Severity.WARNING),
        ({"severity": ""}, Severity.WARNING),
        ({}, Severity.WARNING),
    ],
)
def test_an_unknown_severity_is_a_warning(labels: dict[str, str], severity: Severity) -> None:
    assert severity_of(labels) is severity


def test_alerts_of_one_thing_are_one_fault_with_the_worst_first() -> None:
    alerts = [
        alert("Beta", severity="critical", at=START + 5),
        alert("Gamma", severity="info", at=START),
        alert("Alpha", severity="critical", at=START + 9),
        alert("Gamma", severity="warning", at=START + 1),
    ]
    (key, fault), *others = faults_of(alerts, EVERY).items()
    assert others == []
    subject = subject_of("Alpha", alerts[0].labels)
    assert key == key_of(subject)
    ordered = (alerts[2], alerts[0], alerts[3], alerts[1])
    assert fault == Fault(key, subject, Severity.CRITICAL, START, ordered)
    assert fault.names == ("Alpha", "Beta", "Gamma")
    assert fault.summary == "Alpha, Beta, Gamma fires"
    named = msgspec.structs.replace(fault, alert_names=("One",), reason="3 numbers share a cause")
    assert (named.names, named.summary) == (("One",), "3 numbers share a cause")


def test_alerts_without_a_ticket_are_left_out() -> None:
    plain = alert()
    left_out = [
        alert(state="pending"),
        alert(state="inactive"),
        alert(ticket="false"),
        alert(severity="info"),
    ]
    assert faults_of(left_out, ("critical", "warning")) == {}
    assert len(faults_of([plain, alert(ticket="true")], ("critical",))) == 1
    assert next(iter(faults_of([*left_out, plain], EVERY).values())).alerts[0] == plain


def test_keys_whose_condition_holds_are_pending() -> None:
    waiting = alert(state="pending", number="4006220002")
    assert pending_keys([alert(), waiting, alert(state="inactive")]) == {
        key_of(subject_of(waiting.name, waiting.labels))
    }


LANDING_IDS = LandingIds(b"k" * KEY_BYTES)
PHONES = (
    Binding("b1", "13800000001", state=BindingState.OFF),
    Binding("b2", "13800000002", state=BindingState.OK),
    Binding("b3", "13800000003", state=BindingState.UNKNOWN),
    Binding("b4", "", state=BindingState.ARREARS),
    Binding("b5", "02287654321", state=BindingState.OFF),
)


def known(scope: str = "number", trunk: str = "", **labels: str) -> Traits | None:
    fleet = Fleet()
    fleet.swap(
        make_snapshot(
            number(NUMBER, "expired"),
            bindings={NUMBER: PHONES},
            routings={NUMBER: Routing(trunk=trunk)},
        )
    )
    faults = faults_of([alert(scope=scope, symptom="binding_down", **labels)], EVERY)
    traits = traits_of(faults, fleet, LANDING_IDS)
    assert traits.keys() <= faults.keys()
    return next(iter(traits.values()), None)


def test_the_traits_of_a_number() -> None:
    landings = (LANDING_IDS.of("13800000001"), LANDING_IDS.of("02287654321"))
    states = (BindingState.ARREARS, BindingState.OFF)
    plain = Traits(NumberState.EXPIRED, "unicom", landings, states)
    assert known() == plain
    assert known(trunk="east") == msgspec.structs.replace(plain, landings=("trunk east", *landings))


def test_the_traits_of_one_phone_are_of_that_phone() -> None:
    landing = LANDING_IDS.of("13800000001")
    one = known("binding", binding="b1")
    assert one == Traits(NumberState.EXPIRED, "unicom", (landing,), (BindingState.OFF,))
    healthy = known("binding", binding="b2")
    assert healthy == Traits(NumberState.EXPIRED, "unicom")


def test_nothing_is_known_of_what_is_not_listed_or_no_number() -> None:
    assert known(number="4009999999") is None
    assert known("account") is None
    assert traits_of(faults_of([alert()], EVERY), Fleet(), LANDING_IDS) == {}
