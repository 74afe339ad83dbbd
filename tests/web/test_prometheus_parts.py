"""The read API's parts: own series, numbers, times and the executor."""

import asyncio
import contextlib
import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.queries.queries import steps_between
from agent.web.prometheus import encoding
from agent.web.prometheus.errors import QueryApiError
from agent.web.prometheus.executor import QueryExecutor
from agent.web.prometheus.parameters import QueryParams
from exporters.own_series import OwnSeries
from exporters.telemetry import Telemetry


def test_the_agents_own_metrics_are_series_too() -> None:
    telemetry = Telemetry("1.2.3")
    telemetry.declare_account("north", "hq", ["numbers"])
    own = OwnSeries(telemetry)
    first = {block.family.name: block for block in own.blocks()}
    telemetry.poll_failures.labels("north", "hq", "numbers", "timeout").inc()
    telemetry.poll_duration.labels("north", "numbers").observe(0.2)
    again = {block.family.name: block for block in own.blocks()}
    name = "numwatch_poll_failures_total"
    assert again[name].values.sum() == first[name].values.sum() + 1
    assert again[name].frame is first[name].frame, "the same label sets are the same frame"
    assert "le" in again["numwatch_poll_duration_seconds_bucket"].frame.names
    assert again["numwatch_build_info"].values.tolist() == [1]
    telemetry.declare_account("north", "shop", ["numbers"])
    more = {block.family.name: block for block in own.blocks()}
    assert more[name].frame is not first[name].frame


def test_a_collector_that_raises_takes_nothing_else_down() -> None:
    class Broken:
        def collect(self) -> None:
            raise RuntimeError

    telemetry = Telemetry("1.2.3")
    telemetry.registry.collectors.append(Broken())
    names = {block.family.name for block in OwnSeries(telemetry).blocks()}
    assert "numwatch_config_last_reload_successful" in names


@given(st.floats())
def test_numbers_come_back_as_they_were(value: float) -> None:
    for text in (encoding.number(value), encoding.plain(value), encoding.scientific(value)):
        back = float(text)
        assert back == value or (math.isnan(back) and math.isnan(value))
        assert math.copysign(1, back) == math.copysign(1, value) or math.isnan(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-07"),
        (1e-100, "1e-100"),
        (-0.0, "-0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (123456789012345680.0, "123456789012345680"),
        (1790000000.123, "1790000000.123"),
    ],
)
def test_numbers_are_written_as_go_writes_them(value: float, text: str) -> None:
    assert encoding.number(value) == text


@given(st.text())
def test_any_text_becomes_a_time_or_a_refusal(text: str) -> None:
    parameters = QueryParams({"at": [text]})
    for read in (parameters.moment, parameters.duration):
        with contextlib.suppress(QueryApiError):
            assert math.isfinite(read("at"))


def test_steps_include_both_ends() -> None:
    assert steps_between(0, 1, 0.1)[-1] == 1.0
    assert steps_between(10, 10, 60) == [10.0]
    assert steps_between(0, 100, 60) == [0.0, 60.0]


async def test_few_queries_run_at_once_and_the_loop_goes_on() -> None:
    running, most = [0], [0]
    started, gate = threading.Semaphore(0), threading.Event()

    def work(_until: float) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        started.release()
        gate.wait(10)
        running[0] -= 1
        return 1

    executor = QueryExecutor(2)
    tasks = [asyncio.create_task(executor.run(work)) for _ in range(5)]
    for _ in range(2):
        assert await asyncio.to_thread(started.acquire, timeout=10)
    gate.set()
    assert await asyncio.gather(*tasks) == [1] * 5
    assert most[0] == 2
