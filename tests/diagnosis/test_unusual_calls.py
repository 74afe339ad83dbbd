"""Calls as a number never had: theft beside spend or strange phones, else a question."""

from dataclasses import replace

import pytest

from agent.checks.unusual_calls import ComparedCalls, UnusualReason
from agent.diagnosis import DiagnosisContext, diagnose_scope
from agent.model import CallOutcome
from agent.states import CallResult, Cause, Party
from agent.tickets.decide.decision import Finding
from agent.tickets.decide.recovery_records import unusual_calls as recovery
from agent.tickets.ticket import Subject
from tests.account_facts import B1, B2, NOW, make_settings
from tests.diagnosis.test_charges import FAR_MORE, MORE, STRANGER, USUAL, checked
from tests.diagnosis.verdicts import ONE

LABELS = {"provider": "north", "account": "hq", "number": ONE, "symptom": "unusual_calls"}
THEFT = (ComparedCalls(UnusualReason.OUT_OF_HOURS, 9, 3),)
FINE = (ComparedCalls(UnusualReason.OUT_OF_HOURS, 3, 3),)
UNSURE = 0.3


def facts(compared, charges=USUAL, **more):
    return replace(checked(charges, **more), compared_calls={ONE: compared})


def verdict(compared, *facts_of_account, **more):
    accounts = {("north", "hq"): facts(compared, *facts_of_account, **more)}
    return diagnose_scope("number", LABELS, DiagnosisContext(make_settings(), NOW, accounts))


@pytest.mark.parametrize("charges", [None, USUAL, MORE])
def test_calls_alone_are_a_question_for_a_person(charges):
    found = verdict(THEFT, charges)
    assert (found.cause, found.party) == (Cause.UNKNOWN, Party.ADMIN)
    assert found.confidence <= UNSURE
    assert found.contact.startswith("Ada")
    assert any("campaign" in question for question in found.questions)
    assert any("change nothing yet" in step and "Ada" in step for step in found.next_steps)
    values = {(it.fact, it.value) for it in found.evidence}
    assert values == {("calls out_of_hours", "9"), ("usual out_of_hours", "3")}
    (chinese,) = [it for it in found.translations if it.locale.startswith("zh")]
    assert any("营销活动" in question for question in chinese.questions)


@pytest.mark.parametrize(("charges", "phones"), [(FAR_MORE, (B1, B2)), (USUAL, (B1, B2, STRANGER))])
def test_beside_spend_or_strange_phones_it_is_the_security_contacts(charges, phones):
    found = verdict(THEFT, charges, phones=phones)
    assert (found.cause, found.party) == (Cause.CHARGES_UNEXPLAINED, Party.SECURITY)
    assert any("freeze" in step for step in found.next_steps)
    assert "{" not in " ".join((*found.next_steps, *found.questions))
    both = verdict(THEFT, FAR_MORE, phones=(B1, B2, STRANGER))
    assert both.confidence > found.confidence


def test_usual_calls_are_nobodys():
    assert verdict(FINE).cause == Cause.HEALTHY
    assert verdict((), FAR_MORE).cause == Cause.HEALTHY


def recovered(result):
    about = Subject("number", "unusual_calls", provider="north", account="hq", number=ONE)
    return recovery(result, about, NOW)


def test_it_is_over_when_calls_are_usual_or_there_are_none_and_not_while_that_is_unknown():
    def at(seconds):
        calls = (CallOutcome(NOW - seconds, CallResult.ANSWERED, "b1", 5.0, 60.0),)
        return replace(checked(USUAL, recent_calls={ONE: calls}), compared_calls={})

    assert recovered(facts(THEFT)) == (
        Finding.BAD,
        f"{ONE} had 9 calls where at most 3 are usual",
    )
    assert recovered(facts(FINE))[0] is Finding.GOOD
    assert recovered(at(9999)) == (Finding.GOOD, f"{ONE} had no calls of late")
    assert recovered(at(60))[0] is Finding.UNKNOWN
    assert recovered(checked(USUAL))[0] is Finding.UNKNOWN
