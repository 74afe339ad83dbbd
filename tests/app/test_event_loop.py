import asyncio
import gc
import time

import pytest
from structlog.testing import capture_logs

from agent.event_loop import (
    MIDDLE,
    OLD,
    YOUNG,
    BackgroundTask,
    LoopLag,
    settle_garbage_collector,
)
from exporters.telemetry import Telemetry
from tests.polling.polling_bench import until


async def test_a_blocked_loop_is_measured_and_counted_as_the_longest():
    telemetry = Telemetry()
    meter = LoopLag(telemetry)
    meter.start()
    await asyncio.sleep(0.05)
    time.sleep(0.3)  # noqa: ASYNC251 - blocking the loop is the point
    await until(lambda: meter.longest >= 0.2)
    await meter.stop()
    (shown,) = next(iter(telemetry.loop_lag_max.collect())).samples
    assert shown.value == meter.longest


async def test_stop_ends_the_task_and_needs_no_start():
    meter = LoopLag(Telemetry())
    meter.start()
    await meter.stop()
    await LoopLag(Telemetry()).stop()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "event loop lag"]


@pytest.fixture
def collector():
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_was_made_before_is_not_collected_again(collector):
    settle_garbage_collector()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == (YOUNG, MIDDLE, OLD)
    cycle = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1


async def test_what_a_background_task_ended_with_is_logged() -> None:
    async def run() -> None:
        raise ValueError("the disk is on fire")

    task = BackgroundTask("watch", run)
    task.start()
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await task.stop()
    (line,) = logs
    assert (line["event"], line["task"]) == ("background_task_failed", "watch")
    assert "the disk is on fire" in str(line["exc_info"])


async def test_a_background_task_that_is_stopped_says_nothing() -> None:
    task = BackgroundTask("watch", asyncio.Event().wait)  # type: ignore[arg-type]
    task.start()
    with capture_logs() as logs:
        await task.stop()
    assert logs == []
