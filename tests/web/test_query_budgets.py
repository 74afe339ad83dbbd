"""What one query may take: samples, bytes of labels, time, and a place among the clients."""

import asyncio
import dataclasses
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import TestClient

from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.promql.budget import LONGEST_TEXT, TOO_MANY_LABELS, TOO_MANY_SAMPLES, check_time
from agent.rules.promql.evaluate import evaluate
from agent.rules.promql.matchers import make_matcher
from agent.rules.promql.symbols import Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector
from agent.rules.queries.queries import Queries, QueryLimits
from agent.rules.turns import Turns
from agent.web.app import make_app
from agent.web.prometheus.encoding import label_sets
from agent.web.services import WebServices
from exporters.block import Block
from tests.lag import assert_unblocked, longest_lag
from tests.proof_size import size
from tests.rules.series import block
from tests.web.facts import NOW

RULES = "groups: [{name: a, rules: [{record: downs, expr: count(up == 0)}]}]"
SERIES = 5_000
BLOCKS = (block("up", ("number",), {(f"400{index:07}",): index % 2 for index in range(SERIES)}),)
LABEL_BYTES = 4 * 1024 * 1024


@pytest.fixture
def engine(tmp_path: Path) -> RuleEngine:
    path = tmp_path / "rules.yml"
    path.write_text(RULES, encoding="utf-8")
    engine = RuleEngine(load_rules([path]), retention=600)
    for step in range(10):
        engine.evaluate(BLOCKS, NOW - 100 + 10 * step)
    return engine


@pytest.fixture
async def api(services: WebServices, engine: RuleEngine, aiohttp_client: Any) -> TestClient:
    limits = QueryLimits(samples=200_000, label_bytes=LABEL_BYTES)
    queries = Queries(lambda: engine, lambda: BLOCKS, lambda: NOW, lambda: 15.0, lambda: limits)
    services = dataclasses.replace(services, queries=lambda: queries, clock=lambda: NOW)
    return await aiohttp_client(make_app(services))


async def ask(api: TestClient, query: str, status: int = 200, **more: Any) -> dict[str, Any]:
    path = "/api/v1/query_range" if "step" in more else "/api/v1/query"
    async with api.post(path, data={"query": query, **more}) as response:
        answer = await response.json()
        assert response.status == status, answer
        return answer


def joined(depth: int, copies: int) -> str:
    """Label texts that grow by ``copies`` with every level."""
    query = "up"
    for _ in range(depth):
        names = ",".join(['"number"'] * copies)
        query = f'label_join({query},"number","",{names})'
    return query


def replaced(depth: int) -> str:
    query, forty = "up", "$1" * 40
    for _ in range(depth):
        query = f'label_replace({query},"number","{forty}","number","(.*)")'
    return query


@pytest.mark.parametrize("query", [joined(8, 8), joined(3, 60), replaced(6)])
async def test_labels_that_grow_are_refused_before_they_take_memory(
    api: TestClient, query: str
) -> None:
    await ask(api, "count(up)")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = await ask(api, query, 422)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert answer == {
        "status": "error",
        "errorType": "execution",
        "error": f"query would make more than {LABEL_BYTES} bytes of labels",
    }
    assert grown < 64 * 1024, f"{grown} KiB"


async def test_labels_are_read_within_the_budget(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function may name any number of labels, each a column of as many texts as series."""
    decoded = 0
    decode = Symbols.decode

    def counted(symbols: Symbols, codes: Any) -> list[str]:
        nonlocal decoded
        decoded += codes.size
        return decode(symbols, codes)

    monkeypatch.setattr(Symbols, "decode", counted)
    absent = ",".join(f'"l{index}"' for index in range(1000))
    answer = await ask(api, f'count(label_join(up,"new","",{absent}))', 422)
    assert answer["error"] == TOO_MANY_LABELS
    assert decoded == 0
    ten = ',"number"' * 10
    await ask(api, f'count(label_join(up,"new",""{ten}))')
    assert decoded == SERIES


async def test_texts_are_joined_a_few_rows_at_a_time(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = 0
    decode = Symbols.decode

    def measured(symbols: Symbols, codes: Any) -> list[str]:
        nonlocal largest
        largest = max(largest, codes.size)
        return decode(symbols, codes)

    monkeypatch.setattr(Symbols, "decode", measured)
    await ask(api, 'count(label_join(up,"new","","number","none"))')
    assert 0 < largest < SERIES


async def test_labels_of_all_steps_together_are_limited(api: TestClient) -> None:
    """Each step has the whole budget, and the answer keeps the labels of every step."""
    long = f'label_replace(count_values("v",vector(time())),"new","{"x" * 6000}","","")'
    longer = f'label_replace({long},"new","{"$1" * 10}","new","(.*)")'
    answer = await ask(api, longer, 422, start=NOW - 90, end=NOW, step=0.2)
    assert answer["error"] == (
        f"the answer has more than {2 * LABEL_BYTES} bytes of labels:"
        " ask for fewer series or fewer labels"
    )
    answer = await ask(api, longer, start=NOW - 90, end=NOW, step=2)
    assert len(answer["data"]["result"]) == 46


async def test_series_of_all_steps_together_are_limited(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.rules.queries.matrix.MAX_SERIES", 100)
    query = 'count_values("v",vector(time()))'
    answer = await ask(api, query, 422, start=NOW - 90, end=NOW, step=0.2)
    assert answer["error"].startswith("the answer has more than 100 series: ")


async def test_memory_of_large_answers_and_of_refused_ones_is_given_back(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back = threading.Event()
    monkeypatch.setattr("agent.net.heap.give_back_free_memory", given_back.set)
    monkeypatch.setattr("agent.net.heap.PAUSE_SECONDS", 0)
    await ask(api, "count(up)")
    assert not await asyncio.to_thread(given_back.wait, 0.1)
    twenty = ',"number"' * 20
    await ask(api, f'label_join(up,"new",""{twenty})')
    assert await asyncio.to_thread(given_back.wait, 5)
    given_back.clear()
    await ask(api, joined(8, 8), 422)
    assert await asyncio.to_thread(given_back.wait, 5)


SAMPLES = [
    "+".join(["up"] * 50),
    "max_over_time(up[10m:1s])",
    'sum(count_over_time(count_values("v", vector(time()))[10000s:1s]))',
    "max_over_time(sum_over_time(vector(1)[10000s:1s])[10000s:1s])",
]


@pytest.mark.parametrize("query", SAMPLES)
async def test_too_many_samples_are_refused_as_prometheus_does(api: TestClient, query: str) -> None:
    answer = await ask(api, query, 422)
    assert answer == {"status": "error", "errorType": "execution", "error": TOO_MANY_SAMPLES}


async def test_what_fits_is_answered_and_each_step_has_the_whole_budget(api: TestClient) -> None:
    answer = await ask(api, 'count(label_join(up,"new","-","number","number"))')
    assert answer["data"]["result"][0]["value"][1] == str(SERIES)
    answer = await ask(api, "sum(up)", start=NOW - 100, end=NOW, step=1)
    assert len(answer["data"]["result"][0]["values"]) == 101


async def test_label_texts_of_queries_are_freed(api: TestClient, engine: RuleEngine) -> None:
    symbols = engine._live.columns.symbols
    await ask(api, "up")
    before = list(symbols.texts)
    for index in range(size(4, 20)):
        text = f"{index:04}" + "x" * 100
        answer = await ask(api, f'label_replace(up,"new","{text}-$1","number","(.*)")')
        labels = [it["metric"] for it in answer["data"]["result"]]
        assert len({it["new"] for it in labels}) == SERIES
        assert all(it["new"] == f"{text}-{it['number']}" for it in labels)
        await ask(api, f"unheard_of_{index}")
        await ask(api, f'absent(unheard{{a="{text}"}})')
        await ask(api, f'count_values("v{index}", up * {index}.5)')
    assert symbols.texts == before


async def test_a_series_keeps_a_text_that_a_query_made_first(
    services: WebServices, engine: RuleEngine, aiohttp_client: Any
) -> None:
    """The query makes a text, and in the same step reads a new series that has it."""
    late = (*BLOCKS, block("late", ("number",), {("made-first",): 1.0}))
    queries = Queries(lambda: engine, lambda: late, lambda: NOW, lambda: 15.0)
    services = dataclasses.replace(services, queries=lambda: queries, clock=lambda: NOW)
    api = await aiohttp_client(make_app(services))
    made = 'label_replace(vector(1),"number","made-first","","")'
    answer = await ask(api, f"{made} * on (number) late")
    assert [it["metric"] for it in answer["data"]["result"]] == [{"number": "made-first"}]
    for _ in range(2):
        answer = await ask(api, "late")
        (series,) = answer["data"]["result"]
        assert series["metric"] == {"__name__": "late", "number": "made-first"}


async def test_long_and_deep_queries_are_refused_in_words(api: TestClient) -> None:
    answer = await ask(api, "up+" * 6_000 + "up", 400)
    assert answer["errorType"] == "bad_data"
    for deep in ("(" * 8_000 + "up" + ")" * 8_000, "-" * 16_000 + "up", "abs(" * 4_000 + "up"):
        async with api.post("/api/v1/query", data={"query": deep}) as response:
            assert response.status in (200, 400, 422), await response.text()


async def test_queries_do_not_block_the_loop(api: TestClient) -> None:
    async def lag() -> float:
        queries = [joined(8, 8), replaced(6), *SAMPLES]
        work = asyncio.gather(
            *(api.post("/api/v1/query", data={"query": query}) for query in queries)
        )
        return await longest_lag(work)

    await assert_unblocked(lag, "hostile queries")


async def test_a_name_that_a_query_made_at_one_step_is_no_other_name_at_the_next(
    services: WebServices, tmp_path: Path, aiohttp_client: Any
) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(RULES, encoding="utf-8")
    engine = RuleEngine(load_rules([path]), retention=600)
    one = block("up", ("number",), {("1",): 1.0})
    for step in range(10):
        values = np.array([float(step < 5)])
        engine.evaluate((Block(one.family, one.frame, values),), NOW - 100 + 10 * step)
    queries = Queries(lambda: engine, tuple, lambda: NOW, lambda: 15.0)
    services = dataclasses.replace(services, queries=lambda: queries, clock=lambda: NOW)
    api = await aiohttp_client(make_app(services))
    named = 'label_replace(up=={0},"__name__","name_{0}","","")'
    query = f"{named.format(1)} or {named.format(0)}"
    answer = await ask(api, query, start=NOW - 100, end=NOW - 20, step=10)
    points = {it["metric"]["__name__"]: len(it["values"]) for it in answer["data"]["result"]}
    assert points == {"name_1": 5, "name_0": 4}


async def test_a_label_value_is_not_longer_than_a_regular_expression_may_read(
    api: TestClient,
) -> None:
    tenth, nine = "x" * (LONGEST_TEXT // 10), "$1" * 9
    ninety = f'label_replace(label_replace(vector(1),"a","{tenth}","",""),"b","{nine}","a","(.*)")'
    await ask(api, f"count({ninety})")
    answer = await ask(api, f'count(label_join({ninety},"c","","a","b","a"))', 422)
    text = f"query would make a label value of more than {LONGEST_TEXT} characters"
    assert answer["error"] == text


async def test_series_stops_at_the_first_that_is_too_many(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def numbered(vector: Vector, *mask: Any) -> Iterator[str]:
        for text in label_sets(vector, *mask):
            made.append(f"{len(made)}{text}")
            yield made[-1]

    monkeypatch.setattr("agent.web.prometheus.metadata.label_sets", numbered)
    monkeypatch.setattr("agent.web.prometheus.metadata.MAX_SERIES", SERIES + 5)
    async with api.get("/api/v1/series", params=[("match[]", "up")] * 20) as response:
        assert response.status == 422
        answer = await response.json()
    assert answer["error"] == f"more than {SERIES + 5} series match: add matchers"
    assert len(made) == SERIES + 6


@pytest.mark.parametrize("path", ["labels", "label/number/values", "series", "query_exemplars"])
async def test_selectors_are_parsed_beside_the_loop(api: TestClient, path: str) -> None:
    selector = "up{" + ",".join(f'a{i}=~"(x+x+)+y{i}"' for i in range(150)) + "}"
    data = [("match[]", selector)] * 12 + [("query", selector)]

    async def lag() -> float:
        return await longest_lag(asyncio.create_task(_status(api, path, data)))

    await assert_unblocked(lag, path)


async def _status(api: TestClient, path: str, data: list[tuple[str, str]]) -> int:
    method = api.get if path.startswith("label/") else api.post
    kind = "params" if path.startswith("label/") else "data"
    async with method(f"/api/v1/{path}", **{kind: data[:1] if kind == "params" else data}) as it:
        assert it.status in (200, 400), await it.text()
        return it.status


def test_a_table_remembers_few_matchers_where_it_is_large() -> None:
    symbols = Symbols()
    rows = 2_000_000
    table = Table(symbols, {"a": np.zeros(rows, np.int32)}, rows)
    for index in range(40):
        table.mask(make_matcher("=", "a", str(index), dot_matches_newline=True))
    assert sum(mask.nbytes for mask in table._masks.values()) <= 8 * rows


async def test_a_step_gives_way_to_the_rules_and_is_done_again(
    api: TestClient, engine: RuleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is done first decides, not how long it took."""
    order: list[str] = []
    begun = threading.Event()
    pause = 0.01

    def evaluated_slowly(*arguments: Any) -> Any:
        order.append("begun")
        begun.set()
        for _ in range(100 if order.count("begun") == 1 else 1):
            time.sleep(pause)
            check_time()
        order.append("answered")
        return evaluate(*arguments)

    monkeypatch.setattr("agent.rules.queries.queries.evaluate", evaluated_slowly)
    asked = asyncio.create_task(ask(api, "count(up)"))
    await asyncio.to_thread(begun.wait, 10)
    await asyncio.to_thread(engine.evaluate, BLOCKS, NOW)
    order.append("rules evaluated")
    answer = await asked
    assert order[:2] == ["begun", "rules evaluated"] or order[:3] == [
        "begun",
        "begun",
        "rules evaluated",
    ]
    assert order[-1] == "answered"
    assert answer["data"]["result"][0]["value"][1] == str(SERIES)


def test_a_round_that_waits_goes_before_every_query() -> None:
    turns = Turns()
    order: list[str] = []
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.query():
            held.set()
            free.wait(10)

    def take(name: str, turn: Any) -> None:
        with turn():
            order.append(name)

    threads = [threading.Thread(target=hold)]
    threads[0].start()
    held.wait(10)
    for name, turn in (("query", turns.query), ("query", turns.query), ("round", turns.round)):
        threads.append(threading.Thread(target=take, args=(name, turn)))
        threads[-1].start()
    deadline = time.monotonic() + 10
    while not turns.is_round_waiting and time.monotonic() < deadline:
        time.sleep(0.001)
    free.set()
    for thread in threads:
        thread.join(10)
    assert order == ["round", "query", "query"]
