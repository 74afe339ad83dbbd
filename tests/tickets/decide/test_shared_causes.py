"""Which causes faults may share, and the fault that stands for one, whole."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from agent.complaints.complaint import SYMPTOM as COMPLAINT
from agent.model import Alert
from agent.states import BindingState, Grade, NumberState, Scope, Severity, Stage
from agent.tickets.decide.common_cause import (
    Kin,
    Threshold,
    common_faults,
    groups_of,
    is_common,
    keys_of,
    kin_of,
)
from agent.tickets.decide.faults import Fault, Traits
from agent.tickets.key import key_of
from agent.tickets.text import annotations_of
from agent.tickets.ticket import Member, Subject, Ticket
from tests.tickets.scene import alert, settings

NUMBER = Subject(Scope.NUMBER, "number_down", "north", "hq", "4006220001")
PROVIDER = Subject(Scope.PROVIDER, "provider_outage", "north")
CARRIER = Subject(Scope.CARRIER, "carrier_outage", carrier="unicom")
THREE = Threshold()


def of_account(symptom: str) -> Subject:
    return Subject(Scope.ACCOUNT, symptom, "north", "hq")


def landing(name: str) -> Subject:
    return Subject(Scope.TRUNK, "landing_down", "north", binding=name)


@pytest.mark.parametrize(
    ("symptom", "expected"),
    [
        ("provider_outage", True),
        ("carrier_outage", True),
        ("landing_down", True),
        ("numbers_frozen", True),
        ("phones_off", True),
        ("number_down", False),
        ("balance", False),
    ],
)
def test_common_causes_are_known_by_their_symptom(symptom: str, expected: bool) -> None:
    assert is_common(Subject(Scope.ACCOUNT, symptom)) is expected


OFF, ARREARS = BindingState.OFF, BindingState.ARREARS
KINS: Mapping[str, tuple[Subject, Traits, list[Kin]]] = {
    "a number on a carrier": (
        NUMBER,
        Traits(NumberState.ACTIVE, "unicom"),
        [Kin(CARRIER, "number_down active"), Kin(PROVIDER, "number_down active")],
    ),
    "a number on no carrier": (NUMBER, Traits(), [Kin(PROVIDER, "number_down unknown")]),
    "an unknown carrier": (
        NUMBER,
        Traits(carrier="unknown"),
        [Kin(PROVIDER, "number_down unknown")],
    ),
    "a number out of money": (
        NUMBER,
        Traits(NumberState.FROZEN, "unicom"),
        [Kin(of_account("numbers_frozen"), "")],
    ),
    "a mismatch": (
        replace(NUMBER, symptom="network_mismatch"),
        Traits(NumberState.LOW_BALANCE),
        [Kin(PROVIDER, "network_mismatch low_balance")],
    ),
    "phones behind landings": (
        replace(NUMBER, symptom="binding_down"),
        Traits(landings=("trunk t", "138****0001 aa"), phones=(OFF,)),
        [
            Kin(landing("trunk t"), ""),
            Kin(landing("138****0001 aa"), ""),
            Kin(of_account("phones_off"), ""),
        ],
    ),
    "phones in several states": (
        replace(NUMBER, scope=Scope.BINDING, symptom="binding_down", binding="b1"),
        Traits(phones=(ARREARS, OFF)),
        [Kin(of_account("phones_unreachable"), "")],
    ),
    "redundancy": (
        replace(NUMBER, symptom="redundancy"),
        Traits(landings=("t",)),
        [Kin(landing("t"), ""), Kin(of_account("numbers_redundancy"), "")],
    ),
    "drift": (
        replace(NUMBER, symptom="drift"),
        Traits(landings=("t",)),
        [Kin(of_account("numbers_drift"), "")],
    ),
    "a complaint": (replace(NUMBER, symptom=COMPLAINT), Traits(landings=("t",)), []),
    "an account": (of_account("balance"), Traits(), []),
}


@pytest.mark.parametrize(("subject", "traits", "kins"), KINS.values(), ids=KINS)
def test_a_fault_may_share_its_cause(subject: Subject, traits: Traits, kins: list[Kin]) -> None:
    assert list(kin_of(subject, traits)) == kins


def drifting(row: int, since: float = 0.0, *, account: str = "hq", **facts: object) -> Fault:
    subject = Subject(Scope.NUMBER, "drift", "north", account, f"40062{row:05}")
    made = Fault(
        key_of(subject), subject, Severity.WARNING, since, (replace(alert("Drift"), name="Drift"),)
    )
    return replace(made, **facts)


CAUSE = of_account("numbers_drift")
KEY = key_of(CAUSE)


def common(
    *faults: Fault,
    own: Ticket | None = None,
    ended: Ticket | None = None,
    threshold: Threshold = THREE,
) -> dict[str, Fault]:
    groups = groups_of(faults, {})
    tickets = {} if own is None else {KEY: own}
    return common_faults(groups, tickets, {} if ended is None else {KEY: ended}, threshold)


def test_three_within_the_window_are_one_fault() -> None:
    faults = [
        drifting(1, 1800.0, alert_names=("Drift", "Other")),
        drifting(2, 0.0, severity=Severity.INFO),
        drifting(3, 900.0),
    ]
    reason = "3 numbers share a cause: Drift, Other"
    labels = {
        "account": "hq",
        "provider": "north",
        "scope": "account",
        "severity": "warning",
        "symptom": "numbers_drift",
    }
    fired = Alert(
        name="CommonCause",
        labels=labels,
        annotations=annotations_of(CAUSE),
        state="firing",
        active_at=0.0,
        fired_at=0.0,
        value=3.0,
    )
    expected = Fault(
        KEY,
        CAUSE,
        Severity.WARNING,
        0.0,
        (fired,),
        ("Drift", "Other"),
        tuple(it.subject for it in (faults[1], faults[2], faults[0])),
        reason,
    )
    found = common(*faults)
    assert found == {KEY: expected}
    assert list(found[KEY].alerts[0].labels) == sorted(labels)
    assert keys_of(groups_of(faults, {}), {}, THREE) == {KEY}
    assert keys_of(groups_of(faults[:2], {}), {}, THREE) == frozenset()


def test_fewer_later_or_repeated_numbers_are_none() -> None:
    assert common(drifting(1), drifting(2)) == {}
    assert common(drifting(1), drifting(2), drifting(3, 1800.5)) == {}
    assert common(drifting(1), drifting(2), drifting(2, 1.0, key="other")) == {}
    assert common(drifting(1), drifting(2), drifting(3, account="shop")) == {}
    two = Threshold(numbers=2, window=60.0)
    assert KEY in common(drifting(1), drifting(2, 60.0), threshold=two)
    assert common(drifting(1), drifting(2, 61.0), threshold=two) == {}


def test_the_window_moves_on_to_the_first_with_enough() -> None:
    faults = [drifting(row, since) for row, since in enumerate((0.0, 5000, 5001, 5002, 9000))]
    found = common(*faults)[KEY]
    assert found.since == 5000.0
    assert [it.number for it in found.samples] == [it.subject.number for it in faults[1:]]


def test_five_samples_are_enough() -> None:
    found = common(*(drifting(row) for row in range(9)))[KEY]
    assert len(found.samples) == 5
    assert found.reason.startswith("9 numbers ")
    assert found.alerts[0].value == 9.0


def test_phones_are_counted_as_phones() -> None:
    def phone(row: int) -> Fault:
        subject = Subject(Scope.BINDING, "binding_down", "north", "hq", f"40062{row:05}", "b1")
        return replace(drifting(row), key=key_of(subject), subject=subject)

    cause = of_account("phones_unreachable")
    assert common(*map(phone, range(3)))[key_of(cause)].reason == "3 phones share a cause: Drift"


def root(stage: Stage = Stage.DETECTED, **facts: object) -> Ticket:
    made = Ticket("t", KEY, 1, CAUSE, stage, Severity.WARNING, Grade.A, 1000.0, 1000.0)
    return replace(made, **facts)


def test_an_open_cause_takes_later_faults_and_keeps_its_members() -> None:
    old, late, member = drifting(1, 999.0), drifting(2, 1000.0), drifting(3, 5.0)
    gone = drifting(4, 5.0)
    members = (
        Member(member.key, member.subject, 1.0),
        Member(gone.key, gone.subject, 1.0, left_at=2.0),
    )
    found = common(old, late, member, gone, own=root(members=members))[KEY]
    assert found.since == 1000.0
    assert set(found.samples) == {late.subject, member.subject}
    assert common(old, own=root(members=())) == {}


def test_a_muted_cause_hides_what_it_would_have_taken() -> None:
    old, late = drifting(1, 999.0), drifting(2, 1000.0)
    muted = root(Stage.CLOSED, muted=True)
    assert common(old, late, ended=muted)[KEY].samples == (late.subject,)
    member = Member(old.key, old.subject, 1.0, left_at=2.0)
    both = common(old, late, ended=replace(muted, members=(member,)))[KEY]
    assert set(both.samples) == {old.subject, late.subject}


def test_a_disproved_cause_is_not_taken_for_one_by_older_faults() -> None:
    faults = [drifting(row, 500.0 + row) for row in range(3)]
    disproved = root(Stage.CLOSED, resolution="not_common", closed_at=500.0)
    assert common(*faults, ended=disproved) == {}
    assert KEY in common(*faults, ended=replace(disproved, closed_at=499.0))
    assert KEY in common(*faults, ended=replace(disproved, resolution="restored"))
    assert KEY in common(*faults, ended=replace(disproved, closed_at=None))


def down(row: int, provider: str, since: float = 0.0) -> Fault:
    subject = Subject(Scope.NUMBER, "number_down", provider, "hq", f"40062{row:05}")
    return replace(drifting(row, since), key=key_of(subject), subject=subject)


def test_a_carrier_needs_two_providers_and_takes_its_faults_first() -> None:
    traits = Traits(NumberState.ACTIVE, "unicom")

    def found(*faults: Fault) -> dict[str, Fault]:
        groups = groups_of(faults, {fault.key: traits for fault in faults})
        return common_faults(groups, {}, {}, THREE)

    north = [down(row, "north") for row in range(3)]
    assert found(*north).keys() == {key_of(PROVIDER)}
    assert found(*north, down(9, "south")).keys() == {key_of(CARRIER)}
    assert found(*north[:2], down(9, "south")).keys() == {key_of(CARRIER)}
    assert found(*north, down(9, "south", 1801.0)).keys() == {key_of(PROVIDER)}


def test_one_cause_from_faults_that_are_alike_in_two_ways() -> None:
    kinds = {
        fault.key: Traits(state)
        for state, rows in ((NumberState.ACTIVE, range(3)), (NumberState.UNKNOWN, range(3, 7)))
        for fault in (down(row, "north") for row in rows)
    }
    faults = [down(row, "north", 10.0 * (7 - row)) for row in range(7)]
    faults[0] = replace(faults[0], alert_names=("One",), severity=Severity.CRITICAL)
    found = common_faults(groups_of(faults, kinds), {}, {}, THREE)[key_of(PROVIDER)]
    assert found.severity is Severity.CRITICAL
    assert found.since == 10.0
    assert set(found.alert_names) == {"One", "Drift"}


def test_the_threshold_is_what_the_settings_say() -> None:
    section = settings(common_cause_numbers=4, common_cause_window="10m").tickets
    assert Threshold.of(section) == Threshold(4, 600.0)
