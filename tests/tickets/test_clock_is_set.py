"""Tickets while the machine's clock is set: no time passes for a recovery."""

import pytest

from agent.states import NumberState, Stage
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, alert

HOUR, DAY = 3600.0, 86400.0
STEPS = pytest.mark.parametrize("step", [HOUR, -HOUR, DAY, -DAY])


def set_clock(run: Run, step: float) -> None:
    run.now += step
    run.tickets.clock_was_set(step)


async def recovering(run: Run) -> None:
    await run.step(alert())
    await run.step()
    await run.step()
    assert run.tickets.open[0].stage is Stage.OBSERVING


@STEPS
async def test_a_recovery_is_held_as_long_as_ever(run: Run, step: float) -> None:
    await recovering(run)
    set_clock(run, step)
    for _ in range(11):
        await run.step(seconds=10)
        assert [ticket.stage for ticket in run.tickets.open] == [Stage.OBSERVING]
    await run.step(seconds=10)
    assert run.tickets.open == ()


@STEPS
async def test_polls_from_before_the_step_are_counted_no_second_time(run: Run, step: float) -> None:
    await run.step(alert())
    await run.step()
    set_clock(run, step)
    for _ in range(5):
        await run.step(seconds=5, poll=False)
    (ticket,) = run.tickets.open
    assert ticket.stage is Stage.DIAGNOSING
    await run.until_closed()


@STEPS
async def test_a_number_that_is_gone_waits_its_whole_time(run: Run, step: float) -> None:
    await run.step(alert())
    run.scene.states = {"4009999999": NumberState.ACTIVE}
    await run.step()
    await run.step(seconds=DAY / 2)
    set_clock(run, step)
    await run.step(seconds=DAY / 2 - 120)
    assert len(run.tickets.open) == 1
    await run.step(seconds=240)
    assert run.tickets.open == ()


@pytest.mark.parametrize("step", [DAY, -DAY])
async def test_a_restart_under_another_clock_ends_nothing_early(run: Run, step: float) -> None:
    await run.step(alert())
    run.scene.states = {"4009999999": NumberState.ACTIVE}
    await run.step()
    run.now += step
    run.restart()
    await run.step()
    await run.step()
    assert len(run.tickets.open) == 1
    run.scene.states = {NUMBER: NumberState.ACTIVE}
    await run.until_closed()
