"""When a fault is severe, and whose responsibility takes it out of the scoring."""

import pytest
from msgspec.structs import replace

from agent.states import Cause, Party, Scope, Severity, Stage
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.sla.severe_fault import (
    at_least,
    customers_responsibility,
    exclude,
    is_scored,
    is_severe_by_time,
    is_unusable,
)
from agent.tickets.ticket import ENDED, Progress, Severe, Subject, Ticket
from tests.tickets.decide.test_recovery_steps import ticket
from tests.tickets.scene import verdict


def about(symptom: str, scope: Scope) -> Ticket:
    return replace(ticket(), subject=Subject(scope, symptom, "north"))


@pytest.mark.parametrize(
    ("symptom", "scope", "unusable"),
    [
        ("number_down", Scope.NUMBER, True),
        ("binding_down", Scope.NUMBER, True),
        ("provider_outage", Scope.PROVIDER, True),
        ("carrier_outage", Scope.CARRIER, True),
        ("number_down", Scope.ACCOUNT, True),
        ("binding_down", Scope.BINDING, False),
        ("number_down", Scope.AGENT, False),
        ("redundancy", Scope.NUMBER, False),
    ],
)
def test_some_symptoms_make_a_number_unusable(symptom: str, scope: Scope, unusable: bool) -> None:
    assert is_unusable(about(symptom, scope)) is unusable


@pytest.mark.parametrize("stage", Stage)
def test_only_an_open_fault_that_is_not_over_makes_a_number_unusable(stage: Stage) -> None:
    over = {Stage.SUPPRESSED, *RECOVERED, *ENDED}
    found = is_unusable(replace(ticket(), stage=stage))
    assert found is (stage not in over)
    assert not is_unusable(replace(ticket(), stage=stage, progress=Progress(verified_at=1.0)))


def test_it_is_severe_after_so_many_seconds() -> None:
    assert not is_severe_by_time(ticket(), 60.0, 60.0)
    assert is_severe_by_time(ticket(), 60.0, 60.5)
    assert not is_severe_by_time(about("redundancy", Scope.NUMBER), 60.0, 1e9)


def test_a_confident_diagnosis_decides_whose_responsibility_it_is() -> None:
    diagnosed = replace(ticket(), diagnosis=verdict())
    text = "the diagnosis says number_suspended_arrears, for finance"
    assert customers_responsibility(diagnosed) == text
    sure = replace(verdict(), confidence=0.8)
    assert customers_responsibility(replace(ticket(), diagnosis=sure)) == text
    unsure = replace(verdict(), confidence=0.79)
    assert customers_responsibility(replace(ticket(), diagnosis=unsure)) == ""
    theirs = replace(verdict(Cause.PROVIDER_OUTAGE), party=Party.PROVIDER)
    assert customers_responsibility(replace(ticket(), diagnosis=theirs)) == ""
    assert customers_responsibility(ticket()) == ""


def test_a_person_s_decision_goes_before_the_diagnosis() -> None:
    diagnosed = replace(ticket(), diagnosis=verdict())
    customers = replace(ticket(), responsible="customer")
    said = "the responsibility is recorded as the customer's"
    assert customers_responsibility(customers) == said
    assert customers_responsibility(replace(diagnosed, responsible="provider")) == ""


def test_a_severe_fault_is_scored_unless_it_is_excluded() -> None:
    severe = replace(ticket(), severe=Severe(5.0, "why"))
    excluded = exclude(severe, "theirs")
    assert excluded.severe == Severe(5.0, "why", excluded="theirs")
    assert [is_scored(it) for it in (ticket(), severe, excluded)] == [False, True, False]
    assert is_scored(exclude(excluded, ""))
    assert at_least(severe, Severity.INFO) is Severity.CRITICAL
    assert at_least(excluded, Severity.INFO) is Severity.INFO
    assert at_least(replace(severe, stage=Stage.CLOSED), Severity.INFO) is Severity.INFO
    assert at_least(ticket(), Severity.WARNING) is Severity.WARNING
