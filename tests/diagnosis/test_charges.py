"""Spend that calls do not explain: the verdict on its account, and what it rests on."""

from dataclasses import replace

import msgspec

from agent.baselines.baseline import Baseline, BaselineBook
from agent.checks.charges import Charges
from agent.checks.engine import Checker
from agent.diagnosis import DiagnosisContext, diagnose_scope
from agent.model import Binding, CallOutcome
from agent.states import BindingKind, BindingState, CallResult, Cause, Party
from agent.tickets.decide.decision import Finding
from agent.tickets.decide.recovery_records import charges as recovery
from agent.tickets.ticket import Subject
from tests.account_facts import B1, B2, NOW, ROUTING, make_settings, make_snapshot
from tests.diagnosis.verdicts import ONE

ALERT = {"provider": "north", "account": "hq", "symptom": "charges"}
STRANGER = Binding("b9", "13899999999", BindingKind.MOBILE, 3, BindingState.OK)
USUAL, MORE, FAR_MORE = (Charges("CNY", 12, spent, 20.0) for spent in (25.0, 40.0, 90.0))
UNKNOWN = Charges("CNY", 12, 900.0, None)


def checked(charges, *, phones=(B1, B2), **facts):
    book = BaselineBook()
    book.put("north", "hq", ONE, Baseline(ROUTING, (B1, B2), taken_at=NOW - 999))
    snapshot = make_snapshot(bindings={ONE: phones}, **facts)
    result = Checker(make_settings(), book).check(snapshot, NOW)
    return replace(result, charges=charges)


def verdict(charges, **facts):
    context = DiagnosisContext(make_settings(), NOW, {("north", "hq"): checked(charges, **facts)})
    return diagnose_scope("account", ALERT, context)


def test_far_more_than_calls_explain_is_the_security_contacts():
    calls = tuple(
        CallOutcome(NOW - 60 * it, CallResult.ANSWERED, "b1", 5.0, 600.0 + it) for it in range(9)
    )
    found = verdict(FAR_MORE, recent_calls={ONE: calls})
    assert (found.cause, found.party) == (Cause.CHARGES_UNEXPLAINED, Party.SECURITY)
    values = [(fact.fact, fact.value) for fact in found.evidence]
    assert values[:2] == [
        ("spent in the last hour", "90.00 CNY"),
        ("explained by calls", "30.00 CNY"),
    ]
    long_calls = [value for name, value in values if name == "long call"]
    assert len(long_calls) == 5
    assert "608 s" in long_calls[0]
    assert "138" not in msgspec.json.encode(found).decode()


def test_more_beside_a_phone_that_nobody_approved_is_enough():
    assert verdict(MORE).cause != Cause.CHARGES_UNEXPLAINED
    found = verdict(MORE, phones=(B1, B2, STRANGER))
    assert found.cause == Cause.CHARGES_UNEXPLAINED
    assert found.confidence > verdict(FAR_MORE).confidence
    assert ("phones changed behind", ONE) in {(it.fact, it.value) for it in found.evidence}


def test_before_enough_is_known_nothing_is_concluded():
    for charges in (None, UNKNOWN, USUAL):
        assert verdict(charges, phones=(B1, B2, STRANGER)).cause != Cause.CHARGES_UNEXPLAINED


def test_it_is_over_when_calls_explain_the_spend_and_not_while_that_is_unknown():
    about = Subject("account", "charges", provider="north", account="hq")
    findings = [recovery(checked(it), about, NOW)[0] for it in (USUAL, MORE, UNKNOWN, None)]
    assert findings == [Finding.GOOD, Finding.BAD, Finding.UNKNOWN, Finding.UNKNOWN]
