"""The agent's clock while the machine's is set, and recorded times by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import (
    LEAST_STEP,
    NEVER_SET,
    AgentClock,
    in_present_time,
    wall_clock,
    with_setting,
)

HOUR, DAY = 3600.0, 86400.0
EPOCH = 1_790_000_000.0
ROUNDING = 0.01
"""Seconds; some tenths of a microsecond in each time, and what the code allows for them."""
STEPS = st.floats(-400 * DAY, 400 * DAY).filter(lambda step: abs(step) > LEAST_STEP)


class Machine:
    """Time that passes, and a wall clock that is set."""

    def __init__(self) -> None:
        self.passed = 50.0
        self.ahead = EPOCH

    def monotonic(self) -> float:
        return self.passed

    def wall(self) -> float:
        return self.passed + self.ahead

    def clock(self) -> AgentClock:
        return AgentClock(self.wall, self.monotonic)


@pytest.mark.parametrize("step", [HOUR, -HOUR, DAY, -DAY])
async def test_it_goes_on_as_time_passes_until_it_follows(step: float) -> None:
    machine = Machine()
    clock = machine.clock()
    steps: list[tuple[str, float]] = []

    async def renew() -> None:
        steps.append(("renewed", clock()))

    clock.subscribe(lambda by: steps.append(("moved", by)), renew=renew)
    before = clock()
    machine.passed += 5
    machine.ahead += step
    assert clock() - before == 5
    assert steps == []
    assert await clock.follow() == step
    assert clock() == machine.wall()
    assert steps == [("moved", step), ("renewed", machine.wall())]
    assert await clock.follow() == 0.0
    assert len(steps) == 2


async def test_a_clock_that_is_slewed_is_followed_without_a_word() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.subscribe(lambda _by: pytest.fail("nobody set it"))
    for _ in range(10):
        machine.ahead += LEAST_STEP / 2
        assert await clock.follow() == 0.0
    assert clock() == machine.wall()


def test_others_clocks_are_compared_with_the_machines_as_it_is_set_now() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.ahead += DAY
    assert wall_clock(clock)() == machine.wall() != clock()
    assert wall_clock(machine.wall)() == machine.wall()


@given(st.lists(st.tuples(st.floats(0.0, 10 * DAY), STEPS), max_size=5), st.data())
def test_no_wait_since_a_recorded_time_is_longer_than_what_has_passed(
    course: list[tuple[float, float]], data: st.DataObject
) -> None:
    """Never longer, whatever was set; and exact where the clock showed the time only once."""
    now, passed, settings = EPOCH, 0.0, NEVER_SET
    shown = [(0.0, EPOCH)]
    for seconds, step in course:
        now, passed = now + seconds, passed + seconds
        shown.append((passed, now))
        now += step
        settings = with_setting(settings, step, now)
        shown.append((passed, now))
    seconds = data.draw(st.floats(0.0, 10 * DAY))
    now, passed = now + seconds, passed + seconds
    recorded_at, at = data.draw(st.sampled_from(shown))
    waited = now - in_present_time(at, settings, now)
    assert -ROUNDING <= waited <= passed - recorded_at + ROUNDING
    frames = list(zip(shown[::2], [*shown[1::2], (passed, now)], strict=False))
    if sum(low[1] - ROUNDING <= at <= high[1] + ROUNDING for low, high in frames) == 1:
        assert waited == pytest.approx(passed - recorded_at, abs=ROUNDING)


def test_what_was_recorded_before_a_step_forward_is_no_older() -> None:
    settings = with_setting(NEVER_SET, DAY, EPOCH + DAY)
    assert in_present_time(EPOCH - 60, settings, EPOCH + DAY) == EPOCH + DAY - 60
    assert in_present_time(EPOCH + DAY + 5, settings, EPOCH + DAY + 9) == EPOCH + DAY + 5
    assert in_present_time(EPOCH - 60, NEVER_SET, EPOCH) == EPOCH - 60


def test_what_the_clock_never_showed_counts_from_when_it_was_set() -> None:
    settings = with_setting(NEVER_SET, DAY, EPOCH + DAY)
    assert in_present_time(EPOCH + HOUR, settings, EPOCH + DAY + 9) == EPOCH + DAY
    assert in_present_time(EPOCH + 2 * DAY, settings, EPOCH + DAY + 9) == EPOCH + DAY + 9
