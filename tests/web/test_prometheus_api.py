"""Prometheus' read API as its clients use it, over a real server and the real engine."""

import dataclasses
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestClient

from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.queries import matrix, queries
from agent.rules.queries.queries import Queries
from agent.web.app import make_app
from agent.web.prometheus import encoding
from agent.web.services import WebServices
from tests.rules.series import block
from tests.web.facts import NOW

if TYPE_CHECKING:
    from exporters.block import Block

RULES = """
groups:
  - name: numbers
    interval: 30s
    rules:
      - record: down:count
        expr: count(up == 0)
      - alert: Down
        expr: up == 0
        for: 1m
        labels: {severity: critical, symptom: "{{ $labels.number }}"}
        annotations: {summary: "{{ $labels.number }} is down"}
      - alert: Never
        expr: up > 5
      - alert: Broken
        expr: up + on () group_left () (up)
"""
BLOCKS = (
    block("up", ("number", "carrier"), {("4001", "unicom"): 1.0, ("4002", ""): 0.0}),
    block("spend_total", ("number",), {("4001",): 1234567.25, ("4002",): math.inf}),
)


class Evaluation:
    """An engine that has evaluated, and what its series are now."""

    def __init__(self, folder: Path) -> None:
        file = folder / "rules.yml"
        file.write_text(RULES, encoding="utf-8")
        self.engine = RuleEngine(load_rules([file]), retention=120)
        self.blocks: tuple[Block, ...] = BLOCKS
        self.now = NOW
        self.file = str(file)

    def evaluate(self, now: float) -> None:
        self.now = now
        self.engine.evaluate(self.blocks, now)

    def queries(self) -> Queries:
        return Queries(lambda: self.engine, lambda: self.blocks, lambda: self.now, lambda: 15.0)


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    return Evaluation(tmp_path)


@pytest.fixture
async def api(services: WebServices, evaluation: Evaluation, aiohttp_client) -> TestClient:
    services = dataclasses.replace(
        services, queries=evaluation.queries, clock=lambda: evaluation.now
    )
    return await aiohttp_client(make_app(services))


async def ask(api: TestClient, path: str, status: int = 200, **parameters: Any) -> dict[str, Any]:
    answer = await api.get(f"/api/v1/{path}", params=parameters)
    body = await answer.json()
    assert answer.status == status, body
    assert answer.content_type == "application/json"
    assert body["status"] == ("success" if status == 200 else "error")
    return body


class TestQuery:
    async def test_a_vector(self, api: TestClient) -> None:
        body = await ask(api, "query", query='up{number="4001"}')
        labels = {"__name__": "up", "carrier": "unicom", "number": "4001"}
        result = [{"metric": labels, "value": [NOW, "1"]}]
        assert body == {
            "status": "success",
            "data": {"resultType": "vector", "result": result},
        }

    async def test_a_scalar_and_a_text(self, api: TestClient) -> None:
        data = (await ask(api, "query", query="1 / 4", time="1790000000.5"))["data"]
        assert data == {"resultType": "scalar", "result": [1790000000.5, "0.25"]}
        data = (await ask(api, "query", query='"400 号码"'))["data"]
        assert data == {"resultType": "string", "result": [NOW, "400 号码"]}

    async def test_by_post_as_grafana_asks(self, api: TestClient) -> None:
        form = {"query": "1+1", "time": "2026-09-21T00:00:00.25+08:00"}
        answer = await api.post("/api/v1/query", data=form)
        assert (await answer.json())["data"]["result"] == [1789920000.25, "2"]

    async def test_what_the_rules_recorded_and_the_alerts(
        self, api: TestClient, evaluation: Evaluation
    ) -> None:
        evaluation.evaluate(NOW)
        result = (await ask(api, "query", query="down:count"))["data"]["result"]
        assert [series["value"][1] for series in result] == ["1"]
        (alert,) = (await ask(api, "query", query="ALERTS"))["data"]["result"]
        assert alert["metric"] == {
            "__name__": "ALERTS",
            "alertname": "Down",
            "alertstate": "pending",
            "number": "4002",
            "severity": "critical",
            "symptom": "4002",
        }
        since = await ask(api, "query", query="ALERTS_FOR_STATE")
        assert since["data"]["result"][0]["value"][1] == str(int(NOW))

    async def test_the_past_is_not_made_up(self, api: TestClient) -> None:
        for moment in (NOW - 3600, NOW + 3600):
            body = await ask(api, "query", query="up", time=moment)
            assert body["data"]["result"] == []

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({}, 'invalid parameter "query"'),
            ({"query": "up{"}, 'invalid parameter "query"'),
            ({"query": "nothing_like_it(up)"}, "nothing_like_it"),
            ({"query": "(" * 1000}, "nested"),
            ({"query": "up", "time": "noon"}, 'cannot parse "noon" to a valid timestamp'),
            ({"query": "up", "time": "nan"}, 'cannot parse "nan" to a valid timestamp'),
            ({"query": "up", "timeout": "soon"}, 'cannot parse "soon" to a valid duration'),
        ],
    )
    async def test_what_is_wrong_is_told(
        self, api: TestClient, parameters: dict[str, str], error: str
    ) -> None:
        body = await ask(api, "query", 400, **parameters)
        assert body["errorType"] == "bad_data"
        assert error in body["error"]

    async def test_a_query_that_fails_says_what_prometheus_says(self, api: TestClient) -> None:
        body = await ask(api, "query", 422, query="up + on () spend_total")
        assert body["errorType"] == "execution"
        assert "many-to-many" in body["error"] or "duplicate series" in body["error"]

    async def test_an_answer_that_is_too_large_is_refused(
        self, api: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queries, "MAX_SERIES", 1)
        body = await ask(api, "query", 422, query="up")
        assert body["errorType"] == "execution"
        assert "2 series, at most 1" in body["error"]
        await ask(api, "query", query="sum(up)")

    async def test_a_query_has_only_so_much_time(
        self, api: TestClient, evaluation: Evaluation
    ) -> None:
        body = await ask(api, "query", 503, query="up", timeout="0")
        assert body["errorType"] == "timeout"
        with evaluation.engine.reading(evaluation.blocks):
            started = time.monotonic()
            late_body = await ask(api, "query", 503, query="up", timeout="200ms")
            assert time.monotonic() - started < 5
        assert late_body["errorType"] == "timeout"
        await ask(api, "query", query="up")

    async def test_without_an_engine_it_says_so(self, client: TestClient) -> None:
        answer = await client.get("/api/v1/query", params={"query": "1"})
        assert answer.status == 503
        assert (await answer.json())["errorType"] == "unavailable"


class TestRange:
    async def test_a_scalar_over_time(self, api: TestClient) -> None:
        body = await ask(api, "query_range", query="time()", start=NOW - 10, end=NOW, step="5s")
        values = [[NOW - 10, str(int(NOW) - 10)], [NOW - 5, str(int(NOW) - 5)]]
        assert body["data"] == {
            "resultType": "matrix",
            "result": [{"metric": {}, "values": [*values, [NOW, str(int(NOW))]]}],
        }

    async def test_series_come_sorted_and_only_where_known(self, api: TestClient) -> None:
        body = await ask(api, "query_range", query="up", start=NOW - 60, end=NOW, step=30)
        points = [
            (series["metric"]["number"], series["values"]) for series in body["data"]["result"]
        ]
        assert points == [("4001", [[NOW, "1"]]), ("4002", [[NOW, "0"]])]

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"end": NOW - 99}, "end timestamp must not be before start time"),
            ({"step": 0}, "zero or negative query resolution step widths"),
            ({"step": -1}, "zero or negative query resolution step widths"),
            ({"step": 0.001}, "exceeded maximum resolution of 11,000 points per timeseries"),
            ({"start": ""}, 'cannot parse "" to a valid timestamp'),
            ({"query": '"text"'}, 'invalid expression type "string" for range query'),
        ],
    )
    async def test_what_is_wrong_is_told(
        self, api: TestClient, parameters: dict[str, Any], error: str
    ) -> None:
        usual = {"query": "up", "start": NOW - 60, "end": NOW, "step": 30}
        body = await ask(api, "query_range", 400, **{**usual, **parameters})
        assert (body["errorType"], error in body["error"]) == ("bad_data", True), body

    async def test_too_many_points_are_refused(
        self, api: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(matrix, "MAX_POINTS", 3)
        body = await ask(api, "query_range", 422, query="up", start=NOW - 10, end=NOW, step=5)
        assert "more than 3 points" in body["error"]


class TestThePast:
    """Three evaluations, 15 seconds apart; 4001 goes down at the last."""

    @pytest.fixture(autouse=True)
    def evaluated(self, evaluation: Evaluation) -> None:
        evaluation.evaluate(NOW)
        evaluation.evaluate(NOW + 15)
        evaluation.blocks = (
            block("up", ("number", "carrier"), {("4001", "unicom"): 0.0}),
            block("spend_total", ("number",), {("4001",): 1234600.25}),
        )
        evaluation.evaluate(NOW + 30)

    async def test_an_instant_of_it(self, api: TestClient) -> None:
        body = await ask(api, "query", query="count(up == 1)", time=NOW + 14)
        assert body["data"]["result"][0]["value"] == [NOW + 14, "1"]
        assert (await ask(api, "query", query="count(up == 1)"))["data"]["result"] == []
        shifted = await ask(api, "query", query='up{number="4001"} offset 20s')
        assert shifted["data"]["result"][0]["value"] == [NOW + 30, "1"]

    async def test_a_range(self, api: TestClient) -> None:
        parameters = {"start": NOW, "end": NOW + 30, "step": 15}
        body = await ask(api, "query_range", query='up{number="4001"}', **parameters)
        values = body["data"]["result"][0]["values"]
        assert values == [[NOW, "1"], [NOW + 15, "1"], [NOW + 30, "0"]]
        assert "warnings" not in body
        first = await ask(api, "query_range", query="sum(up @ start())", **parameters)
        assert [value for _, value in first["data"]["result"][0]["values"]] == ["1"] * 3

    async def test_the_samples_themselves(self, api: TestClient) -> None:
        body = await ask(api, "query", query='up{number="4001"}[20s]')
        assert body["data"] == {
            "resultType": "matrix",
            "result": [
                {
                    "metric": {"__name__": "up", "carrier": "unicom", "number": "4001"},
                    "values": [[NOW + 15, "1"], [NOW + 30, "0"]],
                }
            ],
        }
        steps = await ask(api, "query", query="max(up)[30s:15s]")
        (series,) = steps["data"]["result"]
        assert series["values"] == [[NOW + 10, "1"], [NOW + 25, "1"]], "at multiples of the step"

    async def test_functions_over_time(self, api: TestClient) -> None:
        body = await ask(api, "query", query='delta(spend_total{number="4001"}[31s])')
        assert float(body["data"]["result"][0]["value"][1]) == pytest.approx(33 / 30 * 31, 0.2)

    async def test_what_is_forgotten_is_said(self, api: TestClient) -> None:
        body = await ask(api, "query", query="max_over_time(up[1h])")
        assert body["warnings"] == ["up: no more than the last 2m are kept"]
        early = await ask(api, "query_range", query="up", start=NOW - 7200, end=NOW, step=60)
        assert early["warnings"] == ["up: no more than the last 2m are kept"]

    async def test_too_many_samples_are_refused(
        self, api: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(matrix, "MAX_POINTS", 2)
        body = await ask(api, "query", 422, query="up[1m]")
        assert "more than 2 points" in body["error"]


class TestWhatThereIs:
    async def test_labels(self, api: TestClient) -> None:
        assert (await ask(api, "labels"))["data"] == ["__name__", "carrier", "number"]
        body = await ask(api, "labels", **{"match[]": "spend_total"})
        assert body["data"] == ["__name__", "number"]

    async def test_values_of_a_label(self, api: TestClient) -> None:
        assert (await ask(api, "label/number/values"))["data"] == ["4001", "4002"]
        assert (await ask(api, "label/__name__/values"))["data"] == ["spend_total", "up"]
        assert (await ask(api, "label/nobody/values"))["data"] == []
        body = await ask(api, "label/number/values", **{"match[]": 'up{carrier=""}'})
        assert body["data"] == ["4002"]
        assert "invalid label name" in (await ask(api, "label/a-b/values", 400))["error"]

    async def test_series(self, api: TestClient) -> None:
        body = await ask(api, "series", **{"match[]": '{number="4002"}'})
        assert body["data"] == [
            {"__name__": "spend_total", "number": "4002"},
            {"__name__": "up", "number": "4002"},
        ]
        assert "no match[]" in (await ask(api, "series", 400))["error"]
        assert "match[]" in (await ask(api, "series", 400, **{"match[]": "sum(up)"}))["error"]
        reversed_ = {"match[]": "up", "start": "2", "end": "1"}
        assert (await ask(api, "series", **reversed_))["data"] == []

    async def test_metadata_and_build(self, api: TestClient) -> None:
        body = await ask(api, "metadata", metric="numwatch_number_up")
        ((entry,),) = body["data"].values()
        assert entry["type"] == "gauge"
        assert entry["help"]
        assert len((await ask(api, "metadata", limit=3))["data"]) == 3
        assert (await ask(api, "status/buildinfo"))["data"]["version"]
        assert (await ask(api, "query_exemplars", query="up"))["data"] == []


class TestRules:
    async def test_before_the_first_evaluation(
        self, api: TestClient, evaluation: Evaluation
    ) -> None:
        (group,) = (await ask(api, "rules"))["data"]["groups"]
        assert (group["name"], group["file"], group["interval"]) == (
            "numbers",
            evaluation.file,
            30,
        )
        assert {rule["health"] for rule in group["rules"]} == {"unknown"}
        assert group["lastEvaluation"] == encoding.NEVER

    async def test_after_it(self, api: TestClient, evaluation: Evaluation) -> None:
        evaluation.evaluate(NOW)
        evaluation.evaluate(NOW + 60.5)
        (group,) = (await ask(api, "rules"))["data"]["groups"]
        record, down, never, broken = group["rules"]
        assert (record["type"], record["query"]) == ("recording", "count(up == 0)")
        assert (down["state"], never["state"], down["duration"]) == ("firing", "inactive", 60)
        assert down["labels"] == {"severity": "critical", "symptom": "{{ $labels.number }}"}
        assert down["alerts"] == [
            {
                "labels": {
                    "alertname": "Down",
                    "number": "4002",
                    "severity": "critical",
                    "symptom": "4002",
                },
                "annotations": {"summary": "4002 is down"},
                "state": "firing",
                "activeAt": encoding.moment(NOW),
                "value": "0e+00",
            }
        ]
        assert (broken["health"], bool(broken["lastError"])) == ("err", True)
        assert group["lastEvaluation"] == encoding.moment(NOW + 60.5)
        assert (await ask(api, "alerts"))["data"]["alerts"] == down["alerts"]

    async def test_only_what_is_asked_for(self, api: TestClient) -> None:
        async def names(**parameters: str) -> list[str]:
            groups = (await ask(api, "rules", **parameters))["data"]["groups"]
            return [rule["name"] for group in groups for rule in group["rules"]]

        assert await names(type="record") == ["down:count"]
        assert await names(type="alert") == ["Down", "Never", "Broken"]
        assert await names(**{"rule_name[]": "Never"}) == ["Never"]
        assert await names(**{"rule_group[]": "others"}) == []
        assert "not supported value" in (await ask(api, "rules", 400, type="all"))["error"]


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("sum( rate( up[5m]))by(a)/foo", "sum by (a) (rate(up[5m])) / foo"),
        ("up @ -5 offset 1m + up @ 1.5", "up @ -5.000 offset 1m + up @ 1.500"),
        ('up{a="@ 3"}', 'up{a="@ 3"}'),
    ],
)
async def test_a_query_is_written_as_prometheus_writes_it(
    api: TestClient, query: str, written: str
) -> None:
    assert (await ask(api, "format_query", query=query))["data"] == written


async def test_what_is_no_query_is_not_written(api: TestClient) -> None:
    body = await ask(api, "format_query", 400, query="sum(")
    assert body["error"].startswith('invalid parameter "query": ')
