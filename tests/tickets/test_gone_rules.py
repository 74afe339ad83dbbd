"""Tickets whose rule was taken away: facts alone do not end them."""

from agent.model import Alert
from agent.rules.rule import GoneRule
from agent.states import NumberState, PollFailure, Stage
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, alert

NUMBERS = [f"400622000{last}" for last in range(1, 5)]


def gone(*alerts: Alert) -> GoneRule:
    return GoneRule(alerts[0].name, f"g/{alerts[0].name}{{}}", alerts, is_changed=False)


async def quiet(run: Run, rounds: int = 20) -> list[str]:
    """The kinds of what changes in rounds without an alert and with good polls."""
    return [change.kind for _ in range(rounds) for change in await run.step()]


async def test_good_facts_do_not_close_what_lost_its_rule(run: Run) -> None:
    await run.step(alert())
    run.tickets.rules_gone([gone(alert())])
    assert await quiet(run) == ["ticket.updated"]
    (ticket,) = run.tickets.open
    assert (ticket.stage, ticket.rule_gone) == (Stage.DIAGNOSING, "NumberNotActive")
    run.restart()
    assert await quiet(run) == []
    await run.step(alert("AnotherName"))
    assert run.tickets.open[0].rule_gone == ""
    assert await quiet(run) == ["ticket.updated", "ticket.resolved", "ticket.closed"]


async def test_a_recovery_that_is_held_is_withdrawn(run: Run) -> None:
    await run.step(alert())
    await run.step()
    await run.step()
    assert run.tickets.open[0].stage is Stage.OBSERVING
    run.tickets.rules_gone([gone(alert(state="pending"))])
    assert await quiet(run) == ["ticket.updated"]
    assert run.tickets.open[0].stage is Stage.DIAGNOSING


async def test_what_went_blind_before_its_rule_went_is_kept_too(run: Run) -> None:
    await run.step(alert())
    await run.step(failure=PollFailure.TIMEOUT)
    await run.step(failure=PollFailure.TIMEOUT, seconds=600)
    assert run.tickets.open[0].progress.blind
    run.tickets.rules_gone([GoneRule("NumberNotActive", "g/NumberNotActive{}", (), False)])
    await quiet(run)
    assert len(run.tickets.open) == 1


async def test_a_number_that_is_gone_ends_its_ticket_all_the_same(run: Run) -> None:
    await run.step(alert())
    run.tickets.rules_gone([gone(alert())])
    run.scene.states = {"4009999999": NumberState.ACTIVE}
    await quiet(run, 3)
    await run.step(seconds=90_000)
    assert run.tickets.open == ()


async def test_a_renamed_rule_alarms_nobody_while_its_condition_holds(run: Run) -> None:
    await run.step(alert())
    run.tickets.rules_gone([gone(alert())])
    for _ in range(3):
        await run.step(alert("AnotherName", state="pending"))
    (ticket,) = run.tickets.open
    assert ticket.rule_gone == ""
    assert "rule_gone" not in {it.event for it in ticket.timeline}
    await run.step(alert("AnotherName"))
    assert run.tickets.open[0].id == ticket.id
    assert await quiet(run) == ["ticket.updated", "ticket.resolved", "ticket.closed"]


async def test_a_common_cause_keeps_the_members_that_lost_their_rule(run: Run) -> None:
    run.scene.states = dict.fromkeys(NUMBERS, NumberState.SUSPENDED_VIOLATION)
    alerts = [alert(number=number) for number in NUMBERS]
    await run.step(*alerts)
    await run.step(*alerts)
    (root,) = run.tickets.open
    assert len(root.members) == len(NUMBERS)
    run.scene.states = dict.fromkeys(NUMBERS, NumberState.ACTIVE)
    run.tickets.rules_gone([gone(*alerts)])
    assert await quiet(run) == ["ticket.updated"]
    (root,) = run.tickets.open
    assert all(member.left_at is None for member in root.members)
    assert NUMBER in {member.subject.number for member in root.members}
