"""While the story runs, its pages and its API agree about every number and ticket."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.browser.story_moments import (
    HOME,
    LIST,
    TICKETS,
    Facts,
    Home,
    agreed_pages,
    contradictions,
    of_home,
    of_list,
    of_number,
    of_tickets,
    page_of,
    read_facts,
)
from tests.forks import running_numwatch
from tests.integration.processes import free_port, get, wait_until
from tests.proof_size import is_full

STORY_SECONDS = 500.0
pytestmark = [pytest.mark.integration, pytest.mark.timeout(STORY_SECONDS + 180)]

SPEED = "1" if is_full() else "4"
NUMBERS = "a number's"
LEAST = {HOME: 1, LIST: 1, TICKETS: 1, NUMBERS: 3}
"""How many pages of each kind are to be compared while it matters most."""
STORY_TICKETS = 6
AT_ONCE = 10
"""Pages of numbers after which all others are read again."""


def matters_most(facts: Facts) -> bool:
    """Whether there is an outage, and a fault of which only its ticket tells."""
    open_ = facts.lasting
    is_outage = any(it["severity"] == "critical" for it in open_)
    return is_outage and any(it["symptom"] == "complaint" for it in open_)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[str]:
    at = f"127.0.0.1:{free_port()}"
    options = ("--listen", at, "--speed", SPEED, "--data", str(tmp_path / "data"))
    with running_numwatch("demo", *options, log=tmp_path / "demo.log"):
        wait_until(lambda: get(f"http://{at}/-/ready"), 120, "the demo is ready")
        yield f"http://{at}"


def pages(facts: Facts) -> list[str]:
    """The pages to read next: of all numbers, or of those in trouble and two others."""
    worst_first = sorted(facts.healths, key=lambda it: facts.healths[it] == "ok")
    others = facts.counts["ok"] if is_full() else 2
    chosen = worst_first[: len(worst_first) - facts.counts["ok"] + others]
    numbers = list(map(page_of, chosen))
    groups = [numbers[at : at + AT_ONCE] for at in range(0, len(numbers), AT_ONCE)]
    return [path for group in groups for path in (HOME, LIST, TICKETS, *group)]


def test_pages_and_api_agree_while_the_story_runs(story: str) -> None:
    """Until enough was read when it matters most; at full size until the story's end."""
    compared: Counter[str] = Counter()
    tickets: set[str] = set()

    def is_enough() -> bool:
        facts = read_facts(story)
        for path, at_the_time, text in agreed_pages(story, pages(facts)):
            assert contradictions(path, at_the_time, text) == []
            tickets.update(at_the_time.ids)
            if matters_most(at_the_time):
                compared[path if path in LEAST else NUMBERS] += 1
        if is_full() and (facts.ids or len(tickets) < STORY_TICKETS):
            return False
        return is_full() or all(compared[kind] >= least for kind, least in LEAST.items())

    wait_until(is_enough, STORY_SECONDS, "enough was compared")
    assert all(compared[kind] >= least for kind, least in LEAST.items()), compared
    assert not is_full() or len(tickets) == STORY_TICKETS


TICKET = {
    "id": "NW-1",
    "title": "down",
    "stage": "diagnosing",
    "severity": "critical",
    "number": "1",
    "members": [{"number": "2", "left_at": None}, {"number": "3", "left_at": "then"}],
}
FACTS = Facts((TICKET,), {"1": "down", "2": "down", "3": "ok"})
FALSE = Facts((TICKET,), {"1": "ok", "2": "ok", "3": "ok"})
HOME_PAGE = Home("down", FACTS.counts, frozenset({"NW-1"}), "degraded", 1)


def test_what_is_true_has_no_contradiction() -> None:
    assert list(of_home(FACTS, HOME_PAGE)) == []
    assert list(of_list(FACTS, FACTS.counts, FACTS.healths)) == []
    assert [it for number in "123" for it in of_number(FACTS, number, FACTS.healths[number])] == []
    assert list(of_tickets(FACTS, {"NW-1"})) == []
    over = Facts(({**TICKET, "stage": "confirmed"},), FALSE.healths)
    assert list(of_list(over, over.counts, over.healths)) == []


def test_each_contradiction_is_seen() -> None:
    for changed in (
        {"looks": "ok"},
        {"tickets_look": "ok"},
        {"counts": {**FACTS.counts, "down": 1}},
        {"tickets": frozenset()},
        {"tickets_count": 0},
    ):
        assert list(of_home(FACTS, replace(HOME_PAGE, **changed)))
    assert list(of_list(FACTS, FACTS.counts, {**FACTS.healths, "3": "down"}))
    assert list(of_list(FACTS, {**FACTS.counts, "ok": 2}, FACTS.healths))
    for number in ("1", "2"):
        assert list(of_number(FACTS, number, "degraded"))
        # All agree with each other and contradict the ticket.
        assert list(of_number(FALSE, number, "ok"))
    assert len(list(of_list(FALSE, FALSE.counts, FALSE.healths))) == 2
    assert list(of_tickets(FACTS, set()))
    assert list(of_tickets(FACTS, {"NW-1", "NW-2"}))
