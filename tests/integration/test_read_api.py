"""The agent's read API beside that of a real Prometheus, and as real clients use it."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
from typing import Any

import pytest

from tests.forks import numwatch_done
from tests.integration.conftest import Story
from tests.integration.processes import get, needs, wait_until

pytestmark = pytest.mark.integration

SCRAPED = ("job", "instance")

STEADY = (
    "1 + 2 * 3",
    "vector(4) > 3",
    '"text"',
    "numwatch_build_info",
    "numwatch_account_numbers",
    'numwatch_number_info{grade!="standard"}',
    'numwatch_number_bindings{number=~"4006.*"}',
    'numwatch_account_balance_threshold{kind="stop"}',
    "count by (provider) (numwatch_number_info)",
    "count by (provider, state) (numwatch_number_state)",
    "sum without (number) (numwatch_number_up)",
    "topk(1, numwatch_number_bindings)",
    "numwatch_number_bindings_reachable == bool numwatch_number_bindings",
    "numwatch_number_up * on (provider, account, number) group_left (grade) numwatch_number_info",
    "numwatch_number_info unless on (number) numwatch_number_bindings",
    "max(numwatch_poll_interval_seconds) by (capability)",
    'absent(numwatch_number_up{number="0"})',
    "numwatch_config_last_reload_successful",
    "numwatch_config_last_reload_success_timestamp_seconds",
    'sum(numwatch_rule_group_iterations_missed_total{group="none"})',
    "quantile(0.5, numwatch_number_bindings)",
    "max_over_time(numwatch_number_bindings[10s])",
    "count(numwatch_number_info offset 5s) by (provider)",
    "changes(numwatch_config_last_reload_success_timestamp_seconds[10s])",
    "avg_over_time(count(numwatch_number_info)[10s:2s])",
    "label_replace(numwatch_build_info, 'major', '$1', 'python', '([0-9]+)[.].*')",
    "count_values('phones', numwatch_number_bindings)",
)
"""Expressions whose answer is the same a scrape later, once the story has ended."""

REFUSED = (
    ("query", {"query": "sum(", "time": "0"}, 400),
    ("query", {"query": "up", "time": "noon"}, 400),
    ("query", {"query": "numwatch_number_info + on () numwatch_number_info"}, 422),
    ("query_range", {"query": "up", "start": "2", "end": "1", "step": "1"}, 400),
    ("query_range", {"query": "up", "start": "1", "end": "2", "step": "0"}, 400),
    ("query_range", {"query": "up", "start": "1", "end": "99999", "step": "1"}, 400),
    ("series", {}, 400),
    ("label/a-b/values", {}, 400),
    ("rules", {"type": "none"}, 400),
)


def ask(base: str, path: str, **parameters: str) -> tuple[int, dict[str, Any]]:
    url = f"{base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        return 200, json.loads(get(url))
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def comparable(data: dict[str, Any]) -> Any:
    """An answer without what a scrape adds, and without when it was given."""
    if data["resultType"] != "vector":
        return data["resultType"], data["result"][1]
    found = []
    for sample in data["result"]:
        labels = {name: text for name, text in sample["metric"].items() if name not in SCRAPED}
        found.append((sorted(labels.items()), sample["value"][1]))
    return sorted(found)


@pytest.fixture(scope="module")
def ended_story(story: Story) -> Story:
    """The story after its end, so that little changes any more."""
    wait_until(story.closed_tickets, 90, f"every ticket closed: {story.log}")
    return story


@pytest.mark.parametrize("expression", STEADY)
def test_the_agent_answers_as_prometheus_does(ended_story: Story, expression: str) -> None:
    def same() -> bool:
        answers = [
            ask(base, "query", query=expression)
            for base in (ended_story.agent, ended_story.prometheus)
        ]
        assert [status for status, _ in answers] == [200, 200], answers
        seen.append(answers)
        ours, theirs = (comparable(answer["data"]) for _, answer in answers)
        return bool(ours == theirs)

    seen: list[Any] = []
    wait_until(same, 15, f"both say the same of {expression}")


@pytest.mark.parametrize(
    "expression", ["count(numwatch_number_info)", "numwatch_account_balance_threshold"]
)
def test_a_range_of_the_agent_is_that_of_prometheus(ended_story: Story, expression: str) -> None:
    # A scrape sees a change up to an interval later: the two agree once the range is past it.
    def same() -> bool:
        now = int(time.time())
        query = {"query": expression, "start": str(now - 20), "end": str(now), "step": "5"}
        ours, theirs = (
            ask(base, "query_range", **query)[1]["data"]
            for base in (ended_story.agent, ended_story.prometheus)
        )
        for one in theirs["result"]:
            for name in SCRAPED:
                one["metric"].pop(name, None)
        seen.append((ours, theirs))
        return bool(ours["result"] and ours == theirs and ours["resultType"] == "matrix")

    seen: list[Any] = []
    wait_until(same, 60, f"both say the same of {expression}")


@pytest.mark.parametrize(("path", "parameters", "status"), REFUSED)
def test_the_agent_refuses_what_prometheus_refuses(
    story: Story, path: str, parameters: dict[str, str], status: int
) -> None:
    ours, theirs = (ask(base, path, **parameters) for base in (story.agent, story.prometheus))
    assert (ours[0], theirs[0]) == (status, status)
    assert ours[1].keys() == theirs[1].keys()
    assert ours[1]["errorType"] == theirs[1]["errorType"]


def test_labels_values_and_series_are_those_that_prometheus_scraped(ended_story: Story) -> None:
    def both(path: str, **parameters: str) -> list[Any]:
        return [
            ask(base, path, **parameters)[1]["data"]
            for base in (ended_story.agent, ended_story.prometheus)
        ]

    match = {"match[]": '{__name__=~"numwatch_(number|account|poll)_.*"}'}
    for path in ("labels", "label/__name__/values", "label/state/values"):
        ours, theirs = both(path, **match)
        # Prometheus also tells of series that were there before.
        assert ours
        assert set(ours) <= set(theirs)
    numbers, scraped_numbers = both("label/number/values", **{"match[]": "numwatch_number_info"})
    assert numbers == scraped_numbers
    series, scraped = both("series", **{"match[]": "numwatch_number_info"})
    stripped = [{k: v for k, v in one.items() if k not in SCRAPED} for one in scraped]
    assert sorted(map(str, map(sorted, map(dict.items, series)))) == sorted(
        map(str, map(sorted, map(dict.items, stripped)))
    )


def test_rules_have_prometheus_shape(ended_story: Story) -> None:
    ours, theirs = (
        ask(base, "rules")[1]["data"]["groups"]
        for base in (ended_story.agent, ended_story.prometheus)
    )
    assert [group["name"] for group in ours] == [group["name"] for group in theirs]
    for group, scraped in zip(ours, theirs, strict=True):
        assert group.keys() == scraped.keys()
        for rule, other in zip(group["rules"], scraped["rules"], strict=True):
            assert rule.keys() == other.keys()
            assert (rule["name"], rule["type"]) == (other["name"], other["type"])
            assert rule.get("labels") == other.get("labels")
            assert (rule["health"], other["health"]) == ("ok", "ok"), (rule, other)


def test_promtool_queries_the_agent(ended_story: Story) -> None:
    tool = needs("promtool")
    end = "2100-01-01T00:00:00Z"
    for arguments, expected in (
        (["query", "instant", ended_story.agent, "count(numwatch_build_info)"], "=> 1 @"),
        (["query", "labels", ended_story.agent, "provider"], "north"),
        (
            ["query", "series", "--match=numwatch_number_info", f"--end={end}", ended_story.agent],
            'number="',
        ),
        (["query", "range", ended_story.agent, "vector(7)"], "7 @"),
    ):
        answer = subprocess.run(
            [tool, *arguments], capture_output=True, text=True, check=False, timeout=30
        )
        assert answer.returncode == 0, answer.stderr
        assert expected in answer.stdout


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return numwatch_done(*arguments)


def test_numwatch_query(story: Story) -> None:
    shown = ran("query", "numwatch_build_info", "--url", story.agent)
    assert (shown.returncode, "METRIC" in shown.stdout) == (0, True), shown.stderr
    answer = ran("query", "1 + 1", "--url", story.agent, "--json")
    assert json.loads(answer.stdout)["data"]["result"][1] == "2"
    empty = ran("query", "numwatch_number_up > 5", "--url", story.agent)
    assert (empty.returncode, empty.stdout) == (0, "no series\n")
    wrong = ran("query", "sum(", "--url", story.agent)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "invalid parameter" in wrong.stderr
    refused = ran("query", "sum(", "--url", story.agent, "--json")
    assert (refused.returncode, json.loads(refused.stdout)["errorType"]) == (1, "bad_data")


def test_numwatch_query_says_how_to_start_an_agent() -> None:
    nobody = ran("query", "up", "--url", "http://127.0.0.1:9")
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "numwatch run --config" in nobody.stderr
    document = ran("query", "up", "--url", "http://127.0.0.1:9", "--json")
    assert document.returncode == 2
    assert json.loads(document.stdout)["status"] == "error"
