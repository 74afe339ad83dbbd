"""The demo's story end to end: real HTTP, real Prometheus, tickets at the desk."""

import json
import subprocess
import urllib.parse
from typing import Any

import pytest

from agent.demo.clerk import NAME
from tests.integration.conftest import STORY_SECONDS, Story
from tests.integration.processes import ROOT, get, needs, wait_until

pytestmark = pytest.mark.integration


def query(story: Story, expression: str, server: str = "") -> list[dict[str, Any]]:
    url = f"{server or story.prometheus}/api/v1/query?query={urllib.parse.quote(expression)}"
    answer = json.loads(get(url))
    assert answer["status"] == "success", answer
    return list(answer["data"]["result"])


@pytest.fixture(scope="package")
def tickets(story: Story) -> list[dict[str, Any]]:
    return wait_until(story.closed_tickets, STORY_SECONDS, f"every ticket closed: {story.log}")


STORY = [
    ("account", "balance", "branch"),
    ("binding", "binding_down", "4006220001"),
    ("number", "answer_rate", "4008110004"),
    ("number", "complaint", "4006220003"),
    ("number", "drift", "4001230005"),
    ("provider", "provider_api", "global"),
]
"""The faults of the story, each of which has one ticket; nothing else has one."""


def subject(ticket: dict[str, Any]) -> tuple[str, str, str]:
    named = ticket["number"] or ticket["account"] or ticket["provider"]
    return ticket["scope"], ticket["symptom"], named


def test_the_storys_tickets_are_opened_and_closed(tickets: list[dict[str, Any]]) -> None:
    assert sorted(map(subject, tickets)) == STORY
    for ticket in tickets:
        types = [delivery["type"] for delivery in ticket["deliveries"]]
        assert types[0] == "ticket.opened"
        assert types[-1] == "ticket.closed"
        assert types.count("ticket.opened") == 1


def test_the_outage_is_one_provider_ticket_and_no_number_ticket(
    tickets: list[dict[str, Any]],
) -> None:
    outages = [t for t in tickets if t["symptom"] == "provider_api"]
    assert [t["scope"] for t in outages] == ["provider"]
    silent = outages[0]["provider"]
    numbers = [
        t for t in tickets if t["provider"] == silent and t["scope"] in ("number", "binding")
    ]
    started, ended = outages[0]["started_at"], outages[0]["timeline"][-1]["at"]
    assert [t["title"] for t in numbers if started <= t["detected_at"] <= ended] == []


def test_a_ticket_says_what_is_wrong_and_whose_job_it_is(tickets: list[dict[str, Any]]) -> None:
    arrears = next(t for t in tickets if t["symptom"] == "binding_down")
    assert arrears["diagnosis"]["cause"] == "binding_arrears"
    assert arrears["diagnosis"]["party"] == "binding_carrier"
    assert arrears["diagnosis"]["evidence"]
    assert arrears["diagnosis"]["next_steps"]


def test_what_no_api_shows_is_found_by_a_complaint_and_closed_by_a_person(
    tickets: list[dict[str, Any]],
) -> None:
    complaint = next(t for t in tickets if t["symptom"] == "complaint")
    assert complaint["prompt_heard"] == "接通后无声"
    assert complaint["timeline"][-1]["event"] == "close"
    assert complaint["timeline"][-1]["actor"] == NAME


def test_calls_that_are_lost_are_the_providers_job(tickets: list[dict[str, Any]]) -> None:
    lost = next(t for t in tickets if t["symptom"] == "answer_rate")
    assert lost["diagnosis"]["cause"] == "provider_leg"
    assert lost["diagnosis"]["party"] == "provider"


def test_prometheus_scrapes_the_agent(story: Story) -> None:
    wait_until(lambda: query(story, 'up{job="numwatch"} == 1'), 20, "the target is up")


def test_promtool_finds_nothing_to_say_about_the_metrics(
    story: Story, tickets: list[dict[str, Any]]
) -> None:
    page = get(f"{story.agent}/metrics")
    checked = subprocess.run(
        [needs("promtool"), "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def dashboard_queries() -> list[tuple[str, str]]:
    """Every query of every dashboard, once; those of the other language are the same."""
    files = sorted((ROOT / "grafana/dashboards/en").glob("*.json"))
    found = {
        target["expr"]: panel["title"]
        for file in files
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]
        for target in panel.get("targets", ())
    }
    return [(title, expression) for expression, title in found.items()]


def concrete(expression: str) -> str:
    """The query as Grafana sends it with every variable at All."""
    for variable, value in (
        ("$provider", ".+"),
        ("$account", ".+"),
        ("$number", ".+"),
        ("$__rate_interval", "4s"),
        ("$__range", "5m"),
    ):
        expression = expression.replace(variable, value)
    return expression


_ONE_AGENT = "the story has one agent, and no database that several share"
_NO_CALLS = "the story makes no test calls"
NOT_IN_THE_STORY = {
    "Numbers that fail test calls": _NO_CALLS,
    "Lines that do not work": _NO_CALLS,
    "Test calls by outcome": _NO_CALLS,
    "Time until something is heard": _NO_CALLS,
    "Test calls that fail": _NO_CALLS,
    "Announcements heard by test calls": _NO_CALLS,
    "Spend of the last hour": "nothing is usual before 72 hours are known",
    "Accounts by replica": _ONE_AGENT,
    "Clocks of the replicas": _ONE_AGENT,
}
"""Panels that the story has no data for, with the reason."""


@pytest.mark.parametrize(("title", "expression"), dashboard_queries(), ids=lambda value: value[:60])
def test_every_dashboard_query_shows_the_story(
    story: Story, tickets: list[dict[str, Any]], title: str, expression: str
) -> None:
    shown = query(story, f"count(max_over_time(({concrete(expression)})[5m:1s]))")
    assert bool(shown) is (title not in NOT_IN_THE_STORY), title


@pytest.mark.parametrize(("title", "expression"), dashboard_queries(), ids=lambda value: value[:60])
def test_every_dashboard_query_is_answered_by_the_agent_itself(
    story: Story, title: str, expression: str
) -> None:
    """All queries, and without a range as many series as Prometheus has at this moment."""
    query(story, concrete(expression), story.agent)
    if "[" in expression:
        return  # How far back the agent can look is for rules.history to say.

    def agree() -> bool:
        counted = f"count({concrete(expression)}) or vector(0)"
        found = [query(story, counted, server) for server in ("", story.agent)]
        # The scrape of Prometheus is up to one interval behind.
        return found[0][0]["value"][1] == found[1][0]["value"][1]

    wait_until(agree, 20, f"{title}: the same number of series from both")


def test_alertmanager_takes_the_shipped_configuration() -> None:
    amtool = needs("amtool")
    subprocess.run([amtool, "check-config", ROOT / "deploy/alertmanager.yml"], check=True)
