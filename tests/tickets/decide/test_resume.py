"""A restart while a recovery is held, with the machine's clock moved meanwhile."""

import pytest

from agent.states import NumberState, Stage
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, alert

HOLD = 120.0
"""The default of ``tickets.hold``."""


@pytest.mark.parametrize("moved", [0, 180, 59 * 60, 61 * 60, -59 * 60, -61 * 60])
async def test_the_hold_is_watched_whole_whatever_the_clock_says(run: Run, moved: float) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_VIOLATION
    await run.step(alert())
    run.scene.states[NUMBER] = NumberState.ACTIVE
    while run.tickets.open[0].stage is not Stage.OBSERVING:
        await run.step(seconds=30)
    run.now += moved
    run.restart()
    back = run.now
    while run.tickets.open or run.now == back:
        await run.step(seconds=30)
        assert run.now - back < HOLD + 300, "it is seen to be over all the same"
    assert run.now - back >= HOLD


async def gone(run: Run) -> None:
    """A ticket whose number left the listing a moment ago."""
    run.scene.states[NUMBER] = NumberState.SUSPENDED_VIOLATION
    await run.step(alert())
    run.scene.states = {"4009999999": NumberState.ACTIVE}
    await run.step()
    assert run.tickets.open[0].progress.gone_since == run.now


async def test_an_agent_that_is_restarted_often_closes_what_is_gone(run: Run) -> None:
    await gone(run)
    begun = run.now
    while run.tickets.open:
        run.restart()
        for _ in range(8):
            await run.step(seconds=3600)
        assert run.now - begun < 40 * 3600, "the day begins anew with every start"
    assert run.now - begun >= 24 * 3600


async def test_a_clock_that_is_ahead_at_a_start_closes_nothing_at_once(run: Run) -> None:
    await gone(run)
    run.now += 500 * 86400
    run.restart()
    for _ in range(20):
        await run.step()
    assert run.tickets.open
    for _ in range(20):
        await run.step()
    assert run.tickets.open == ()
