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
