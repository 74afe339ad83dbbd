"""Words and figures of one moment, and starts that stay."""

from msgspec.structs import replace

from agent.states import Cause, NumberState
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, START, alert, verdict
from tests.tickets.stories import KINDS

OUT = NumberState.SUSPENDED_VIOLATION


async def test_an_alert_that_comes_again_later_does_not_move_the_start(run: Run) -> None:
    run.scene.states[NUMBER] = OUT
    await run.step(alert(at=START))
    before = run.tickets.open[0]
    run.scene.diagnosed = verdict(Cause.PROVIDER_OUTAGE)
    for _ in range(4):
        await run.step(alert(at=run.now), seconds=600)
    after = run.tickets.open[0]
    assert after.diagnosis is not None
    assert after.diagnosis.cause is Cause.PROVIDER_OUTAGE
    assert after.started_at == before.started_at == START
    said = [line for line in after.text.description.splitlines() if line.startswith("Since")]
    assert said == [
        line for line in before.text.description.splitlines() if line.startswith("Since")
    ]


async def test_a_graver_alert_is_told_with_the_diagnosis_of_now(run: Run) -> None:
    run.scene.balance = 20.0
    run.scene.diagnosed = verdict(Cause.MONITORING_BLIND)
    await run.step(alert(*KINDS["low"]))
    run.scene.balance = 9.0
    run.scene.diagnosed = replace(verdict(), next_steps=("pay now",))
    await run.step(alert(*KINDS["low"]), alert(*KINDS["stop"]), seconds=1)
    (ticket,) = run.tickets.open
    assert ticket.diagnosis is not None
    assert ticket.diagnosis.cause is Cause.NUMBER_SUSPENDED_ARREARS
    assert "pay now" in ticket.text.description


NUMBERS = tuple(f"40062200{row:02}" for row in range(1, 5))


async def test_no_group_is_opened_whose_diagnosis_is_healthy(run: Run) -> None:
    run.scene.states = dict.fromkeys(NUMBERS, OUT)
    run.scene.diagnosed = verdict(Cause.HEALTHY)
    down = [alert(number=it) for it in NUMBERS]
    await run.step(*down)
    assert {it.subject.symptom for it in run.tickets.open} == {"number_down"}
    run.scene.diagnosed = verdict(Cause.PROVIDER_OUTAGE)
    await run.step(*down)
    (group,) = (it for it in run.tickets.open if not it.parent)
    assert group.subject.symptom == "provider_outage"
    assert {it.subject.number for it in group.members} == set(NUMBERS)


async def test_an_open_group_stays_whatever_the_diagnosis_says(run: Run) -> None:
    run.scene.states = dict.fromkeys(NUMBERS, OUT)
    down = [alert(number=it) for it in NUMBERS]
    await run.step(*down)
    run.scene.diagnosed = verdict(Cause.HEALTHY)
    await run.step(*down)
    assert [it.subject.symptom for it in run.tickets.open] == ["provider_outage"]
