"""Answers that are small to send and large to read cost their own account, not the loop."""

import asyncio
import gzip
import itertools
from pathlib import Path

import msgspec
import pytest
import yaml
from aiohttp import web

from agent.config.secret import Secret
from agent.config.settings import Account
from agent.event_loop import shorten_switch_interval, use_one_worker_thread
from agent.providers import registry
from agent.states import PollFailure
from tests.lag import LONGEST_BLOCK_SECONDS, TRIES, Stopwatch, longest_lag
from tests.polling.polling_bench import settings_of, until

GOOD = {"code": "0", "data": {"items": [{"number": "4006220001", "state": "active"}], "total": 1}}


def body_of(items: str, mark: int = 0) -> bytes:
    text = '{"code":"0","mark":' + str(mark) + ',"data":{"items":[' + items + "]}}"
    return gzip.compress(text.encode(), 1)


def bodies_of(items: str) -> list[bytes]:
    """Answers that differ a little, so that none is known from the poll before."""
    return [body_of(items, mark) for mark in range(4)]


EMPTY = bodies_of(",".join(["{}"] * 90_000))
TINY = bodies_of(
    ",".join(f'{{"number":"{4006000000 + i}","state":"active"}}' for i in range(90_000))
)
SPACED = bodies_of(",".join(['{"a" : 1}'] * 90_000))
LISTS = bodies_of('{"a":[' + ",".join(["[]"] * 2_000_000) + "]}")
SCALARS = bodies_of('{"a":[' + ",".join(["1.5"] * 2_000_001) + "]}")


@pytest.fixture
def profile(tmp_path: Path) -> str:
    """The generic dialect with its records filtered: empty ones are skipped, and polls succeed."""
    path = tmp_path / "filtered.yaml"
    bundled = Path(registry.__file__).parent / "profiles" / "generic.yaml"
    text = yaml.safe_load(bundled.read_text(encoding="utf-8"))
    for name in ("routing", "reachability", "balance", "calls", "account"):
        text.pop(name, None)
    text["numbers"]["paging"] = {"kind": "none"}
    text["numbers"]["skip_without"] = "number"
    text["name"] = "filtered"
    path.write_text(yaml.safe_dump(text, allow_unicode=True), encoding="utf-8")
    return str(path)


CALLS_A_BLOCK = 2.5
"""So many decodings of a whole body, which nothing can interrupt, take 0.05 s on a machine that
has time; a test that runs beside others is given as many."""


def longest_block(body: bytes) -> float:
    """The seconds for which the loop may be blocked here and now: 0.05, or more if all is slow."""
    text = gzip.decompress(body)
    watch = Stopwatch()
    msgspec.json.decode(text)
    watch.lap()
    return max(LONGEST_BLOCK_SECONDS, CALLS_A_BLOCK * watch.longest)


@pytest.fixture
async def accounts(bench, profile):
    """Starts two accounts of one provider: ``many`` gets ``body``, ``hq`` a plain listing."""
    use_one_worker_thread()
    shorten_switch_interval()
    bench.make_provider = registry.build
    times = []

    def start(bodies: list[bytes], **polling):
        answers = itertools.cycle(bodies)

        def numbers(request):
            if request.headers["X-Api-Key"] == "many":
                headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
                return web.Response(body=next(answers), headers=headers)
            times.append(asyncio.get_running_loop().time())
            return web.json_response(GOOD)

        bench.server.answers["/v1/numbers"] = numbers
        return bench.pollers.start(
            settings_of(
                *(
                    Account(id=name, credentials={"key": Secret(name), "secret": Secret("secret")})
                    for name in ("many", "hq")
                ),
                polling={"timeout": 20, "request_timeout": 20, **polling},
                base_url=bench.server.url,
                profile=profile,
            )
        )

    return start, times


@pytest.mark.parametrize("body", [EMPTY, TINY, SPACED], ids=["empty", "tiny", "spaced"])
async def test_polls_that_succeed_with_many_records_do_not_block_the_loop(bench, accounts, body):
    start, times = accounts
    bound = longest_block(body[0])
    await start(body)
    await until(lambda: bench.status(account="many"), 20)
    lags = []
    while len(lags) < TRIES and min(lags, default=1.0) >= bound:
        watched = asyncio.create_task(asyncio.sleep(3.0))
        lags.append(await longest_lag(watched))
    assert min(lags) < bound, (lags, bound)
    await until(lambda: bench.status(account="many").last_success, 20)
    gaps = [b - a for a, b in itertools.pairwise(times[5:])]
    assert len(gaps) > 5
    assert sorted(gaps)[len(gaps) // 2] < 0.25
    assert bench.status(account="hq").failure is None
    assert bench.status(account="many").failure is None


@pytest.mark.parametrize("body", [LISTS, SCALARS], ids=["lists", "scalars"])
async def test_an_answer_with_too_many_values_is_not_decoded(bench, accounts, body):
    start, _ = accounts
    await start(body)
    await until(lambda: bench.status(account="many") and bench.status(account="many").failure, 20)
    assert bench.status(account="many").failure is PollFailure.TOO_MANY
    assert "one answer has more than" in bench.status(account="many").detail


async def test_a_poll_has_so_much_processor_time(bench, accounts):
    start, _ = accounts
    await start(TINY, max_cpu=0.05)
    await until(lambda: bench.status(account="many") and bench.status(account="many").failure, 20)
    assert bench.status(account="many").failure is PollFailure.TOO_MANY
    assert "polling.max_cpu" in bench.status(account="many").detail
    await until(lambda: bench.status(account="hq"), 20)
    assert bench.status(account="hq").failure is None
