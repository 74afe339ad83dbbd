"""Alerts that still fire in the round in which facts show their fault to be over."""

import math

from msgspec.structs import replace

from agent.states import BindingState, NumberState, Scope
from tests.tickets.driver import Run
from tests.tickets.scene import alert

NUMBERS = ("4006220001", "4006220002", "4006220003")
ARREARS, ACTIVE = NumberState.SUSPENDED_ARREARS, NumberState.ACTIVE


def empty():
    return alert("BalanceBelowStop", "account", "balance")


def down(*numbers: str):
    return [alert(number=number) for number in numbers]


def subjects(run: Run) -> set[tuple[str, str]]:
    return {(it.subject.scope.value, it.subject.symptom) for it in run.tickets.open}


async def test_numbers_that_are_paid_for_again_are_no_outage_of_their_provider(run: Run) -> None:
    run.scene.states, run.scene.balance = dict.fromkeys(NUMBERS, ARREARS), 9.8
    await run.step(empty(), *down(*NUMBERS))
    run.scene.states, run.scene.balance = dict.fromkeys(NUMBERS, ACTIVE), 500.0
    await run.step(*down(*NUMBERS))
    assert subjects(run) == {("account", "balance")}
    changes = await run.until_closed()
    assert {change.after.subject.scope for change in changes} == {Scope.ACCOUNT}


async def test_they_get_tickets_when_they_do_not_come_back(run: Run) -> None:
    run.scene.states, run.scene.balance = dict.fromkeys(NUMBERS[:2], ARREARS), 9.8
    await run.step(empty(), *down(*NUMBERS[:2]))
    run.scene.states, run.scene.balance = dict.fromkeys(NUMBERS[:2], ACTIVE), 500.0
    await run.step(*down(*NUMBERS[:2]))
    run.scene.states = dict.fromkeys(NUMBERS[:2], NumberState.SUSPENDED_VIOLATION)
    await run.step(*down(*NUMBERS[:2]))
    assert ("number", "number_down") in subjects(run)


async def test_without_a_ticket_of_their_account_too(run: Run) -> None:
    run.scene.states = dict(zip(NUMBERS, (ARREARS, ARREARS, NumberState.EXPIRED), strict=True))
    await run.step(*down(*NUMBERS))
    assert subjects(run) == {("number", "number_down")}
    run.scene.states = dict.fromkeys(NUMBERS, ACTIVE)
    await run.step(*down(*NUMBERS))
    assert subjects(run) == {("number", "number_down")}


async def test_phones_that_can_be_reached_again_have_no_other_cause(run: Run) -> None:
    run.scene.states = dict.fromkeys(NUMBERS, ACTIVE)
    run.scene.phones = {"b1": BindingState.ARREARS, "b2": BindingState.OK}
    lost = [alert("BindingDown", "binding", "binding_down", number=it) for it in NUMBERS]
    await run.step(*lost)
    before = {ticket.id for ticket in run.tickets.open}
    run.scene.phones = dict.fromkeys(("b1", "b2"), BindingState.OK)
    await run.step(*lost)
    assert {ticket.id for ticket in run.tickets.open} == before


async def test_what_another_system_reports_rests_on_facts_of_its_own(run: Run) -> None:
    """Its alerts are no evaluation of these facts, so these facts do not contradict them."""
    run.scene.states = dict.fromkeys(NUMBERS, ACTIVE)
    await run.step(*(replace(it, value=math.nan) for it in down(*NUMBERS)))
    assert subjects(run) == {("provider", "provider_outage")}
