"""Tickets and complaints in a real browser: clocks that run, the board, the forms."""

import json
from collections.abc import Callable

import pytest

from tests.browser.visits import Visits
from tests.integration.processes import get

pytestmark = pytest.mark.integration

Open = Callable[..., Visits]
PATHS = (
    "/tickets?view=board",
    "/tickets?state=all&severity=critical",
    "/complaints",
    "/complaints/new?kind=complaint",
    "/complaints/new?kind=fault_report",
)
WRONG_CLOCK = "const real = Date.now; Date.now = () => real() - 86400000 * 400;"
_CLOCKS = """() => [...document.querySelectorAll('[data-deadline]')].map(it => [
  Number(it.dataset.deadline) - Number(it.closest('[data-now]').dataset.now), it.textContent])"""


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_lists_and_forms_are_quiet_accessible_and_fit(agent: str, visits: Open, lang: str) -> None:
    window = visits(agent, color_scheme="light")
    wrong = {}
    for path in PATHS:
        window.load(f"{path}{'&' if '?' in path else '?'}lang={lang}")
        wrong[path] = [*window.violations(), *window.overflows()]
    assert {path: found for path, found in wrong.items() if found} == {}
    assert window.problems == []


def test_clocks_run_by_the_servers_time_whatever_the_readers_clock_says(
    agent: str, visits: Open
) -> None:
    tickets = json.loads(get(f"{agent}/api/tickets?open=true&limit=100"))["items"]
    if not any(clock["stopped_at"] is None for it in tickets for clock in it["clocks"]):
        pytest.fail("the world has no ticket whose clock runs")
    window = visits(agent)
    window.page.add_init_script(WRONG_CLOCK)
    page = window.load("/tickets?lang=en")
    first = page.evaluate(_CLOCKS)
    assert first
    page.wait_for_function(
        "before => document.querySelector('[data-deadline]').textContent !== before",
        arg=first[0][1],
        timeout=70_000,
    )
    for left, text in page.evaluate(_CLOCKS):
        hours = abs(left) / 3600
        assert (" d " in text) is (hours >= 24), (left, text)
        assert text.endswith("late") is (left < -5), (left, text)
    assert window.problems == []
