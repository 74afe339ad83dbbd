"""The history read from a real Prometheus that has two days of an agent's metrics."""

import asyncio
import subprocess
import time
from collections.abc import Iterator

import pytest

from agent.config.history import PrometheusServer
from agent.history.hours import HOUR_SECONDS, HistoryError
from agent.history.prometheus import PrometheusHistory
from exporters.family import FAMILIES
from tests.integration.processes import free_port, needs

pytestmark = pytest.mark.integration

HOURS = 30
NOW = float(int(time.time() // HOUR_SECONDS) * HOUR_SECONDS)
"""The beginning of this hour: what Prometheus has ends there."""
SINCE = NOW - HOURS * HOUR_SECONDS
KEY = ("north", 'h"q\\')
NUMBER = "4006220001"
GAP = range(10, 16)
"""Hours in which nothing was scraped."""
LABELS = 'provider="north",account="h\\"q\\\\"'


def samples() -> Iterator[tuple[str, str, float, float]]:
    """Family, labels, value and time; a scrape every five minutes, a call every ten."""
    for minute in range(0, HOURS * 60, 5):
        hour, at = minute // 60, SINCE + minute * 60
        if hour in GAP:
            continue
        yield "numwatch_account_balance", f'{LABELS},currency="CNY"', 1000 - minute / 60, at
        number = f'{LABELS},number="{NUMBER}"'
        if hour < 20:
            yield "numwatch_number_calls_total", f'{number},result="answered"', minute / 10, at
        reachable = 1 if hour == 5 and minute % 60 >= 30 else 2
        yield "numwatch_number_bindings_reachable", number, reachable, at
        yield "numwatch_number_bindings", number, 3, at
        polled = f'{LABELS},capability="calls"'
        yield "numwatch_poll_last_success_timestamp_seconds", polled, at - 1, at
        for stage in ("detected", "accepted"):
            yield "numwatch_tickets", f'stage="{stage}",severity="warning"', hour % 3, at


def open_metrics() -> str:
    families: dict[str, list[str]] = {}
    for name, labels, value, at in samples():
        families.setdefault(name, []).append(f"{name}{{{labels}}} {value} {at}")
    lines = []
    for name, rows in families.items():
        assert name in FAMILIES
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# TYPE {name.removesuffix('_total')} {kind}", *rows]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server, tool = needs("prometheus"), needs("promtool")
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "metrics").write_text(open_metrics(), encoding="utf-8")
    blocks = ["tsdb", "create-blocks-from", "openmetrics", str(folder / "metrics")]
    subprocess.run([tool, *blocks, str(folder / "tsdb")], check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [
            server,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={address}",
        ],
        stderr=subprocess.DEVNULL,
    )
    yield f"http://{address}"
    process.terminate()
    process.wait(10)


@pytest.fixture
async def reader(prometheus: str):
    history = PrometheusHistory(PrometheusServer(url=prometheus))
    deadline = time.monotonic() + 30
    while True:
        try:
            await history.tickets(SINCE, SINCE + 3600)
            break
        except HistoryError:
            assert time.monotonic() < deadline, "Prometheus does not begin"
            await asyncio.sleep(0.1)
    yield history
    await history.close()


async def test_a_balance_by_the_hour_with_its_gap(reader: PrometheusHistory) -> None:
    hours = await reader.balance(KEY, SINCE, NOW)
    assert [hour.at for hour in hours] == [SINCE + place * HOUR_SECONDS for place in range(HOURS)]
    assert [place for place, hour in enumerate(hours) if hour.last is None] == list(GAP)
    fourth = hours[3]
    assert (fourth.currency, fourth.first, fourth.low) == (
        "CNY",
        pytest.approx(997.08, abs=0.01),
        pytest.approx(996.08, abs=0.01),
    )
    assert fourth.last == pytest.approx(996.08, abs=0.01)
    assert fourth.high == pytest.approx(997.0, abs=0.1)


async def test_calls_by_the_hour_none_where_none_were_made(reader: PrometheusHistory) -> None:
    hours = await reader.calls(KEY, NUMBER, SINCE, NOW)
    assert {place for place, hour in enumerate(hours) if hour.counts is None} == set(GAP)
    counts = [hour.counts for hour in hours if hour.counts]
    assert all(set(count) == {"answered"} and count["answered"] in {5, 6, 7} for count in counts)
    # No series any more, and still polled: no calls, which is known.
    assert hours[25].counts == {}
    assert hours[25].complete


async def test_phones_by_the_hour(reader: PrometheusHistory) -> None:
    hours = await reader.reachable(KEY, NUMBER, SINCE, NOW)
    assert (hours[4].low, hours[4].high, hours[4].last, hours[4].bound) == (2, 2, 2, 3)
    assert (hours[5].low, hours[5].high) == (1, 2)
    assert {hours[place].last for place in GAP} == {None}


async def test_the_most_open_tickets_of_all_stages(reader: PrometheusHistory) -> None:
    hours = await reader.tickets(SINCE, NOW)
    assert hours[2].open == {"warning": 4}
    assert hours[12].open is None


async def test_what_is_no_prometheus_is_said(prometheus: str) -> None:
    for url in ("http://127.0.0.1:1", f"{prometheus}/no-such-path", "http://169.254.169.254"):
        history = PrometheusHistory(PrometheusServer(url=url, timeout=5))
        with pytest.raises(HistoryError, match=r"prometheus\.url"):
            await history.tickets(SINCE, NOW)
        await history.close()
