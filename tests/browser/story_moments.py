"""What a demo's pages say beside what its API says at that moment, and where they contradict it.

By docs/health.md, read as a person reads it and not from the code that implements it.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.integration.processes import get

OVER = frozenset({"restored", "repaired", "testing", "confirmed", "suppressed"})
"""Stages of a ticket whose fault is over, or is another ticket's."""
HEALTHS = ("down", "degraded", "ok", "unknown")
HOME, LIST, TICKETS = "/", "/numbers?limit=200", "/tickets"
_HERO = re.compile(r'<section class="hero (\w+)"')
_TILE = re.compile(r'<a href="/numbers\?(?:[^"]*&amp;)?health=(\w+)[^"]*">([\d,]+)</a>')
_TICKETS_TILE = re.compile(r'<div class="(\w+)"><dt>Open tickets</dt><dd><a [^>]*>([\d,]+)</a>')
_FILTER = re.compile(r'class="badge shaped (\w+)">[^<]*</span> <span class="count">([\d,]+)</span>')
_ROW = re.compile(
    r'class="badge shaped (\w+)">[^<]*</span></td>\s*<td class="main"[^>]*>'
    r'<a class="number" href="[^"]*">([^<]+)</a>'
)
_TICKET = re.compile(r'href="/tickets/(NW-[^"?]+)')
_NOW = re.compile(r'data-now="([\d.]+)"')
_HOME_SECONDS = 30.0


@dataclass(frozen=True)
class Facts:
    """What the API says."""

    tickets: tuple[Mapping[str, Any], ...]
    """The open ones."""
    healths: Mapping[str, str]
    """By number."""

    @property
    def lasting(self) -> tuple[Mapping[str, Any], ...]:
        """The open tickets whose faults are not over."""
        return tuple(it for it in self.tickets if it["stage"] not in OVER)

    @property
    def counts(self) -> dict[str, int]:
        """By health, how many numbers."""
        return {**dict.fromkeys(HEALTHS, 0), **Counter(self.healths.values())}

    @property
    def ids(self) -> set[str]:
        """The open tickets."""
        return {it["id"] for it in self.tickets}


@dataclass(frozen=True)
class Home:
    """What the home page says."""

    looks: str
    """The health that its headline has."""
    counts: Mapping[str, int]
    tickets: frozenset[str]
    tickets_look: str
    tickets_count: int


def read_facts(agent: str) -> Facts:
    """The API's answers now."""
    tickets = json.loads(get(f"{agent}/api/tickets?open=true&limit=100"))["items"]
    numbers = json.loads(get(f"{agent}/api/numbers?limit=1000"))["items"]
    shown = ("id", "title", "symptom", "stage", "severity", "number", "members")
    return Facts(
        tuple({name: it[name] for name in shown} for it in tickets),
        {it["number"]: it["health"] for it in numbers},
    )


def page_of(number: str) -> str:
    """The path of a number's page."""
    return f"/numbers/{quote(number, safe='')}"


def agreed_pages(agent: str, paths: Iterable[str]) -> Iterator[tuple[str, Facts, str]]:
    """Each page before and after which the API says the same, with that; others are left out."""
    before = read_facts(agent)
    for path in paths:
        text = _fresh_home(agent) if path == HOME else _page(agent, path)
        after = read_facts(agent)
        if after == before:
            yield path, before, text
        before = after


def _page(agent: str, path: str) -> str:
    return get(f"{agent}{path}{'&' if '?' in path else '?'}lang=en").decode()


def _fresh_home(agent: str) -> str:
    """The home page made from now on: readers share one for a second."""
    since, page, deadline = time.time(), "", time.monotonic() + _HOME_SECONDS
    while not (made := _NOW.search(page)) or float(made[1]) < since:
        assert time.monotonic() < deadline, "the home page is not made anew"
        page = _page(agent, HOME)
    return page


def contradictions(path: str, facts: Facts, text: str) -> list[str]:
    """Where a page contradicts the API."""
    if path == HOME:
        return list(of_home(facts, home_of(text)))
    if path == LIST:
        counts = {health: _count(count) for health, count in _FILTER.findall(text)}
        return list(of_list(facts, counts, {it: health for health, it in _ROW.findall(text)}))
    if path == TICKETS:
        return list(of_tickets(facts, set(_TICKET.findall(text))))
    number = next(it for it in facts.healths if page_of(it) == path)
    return list(of_number(facts, number, _HERO.findall(text)[0]))


def home_of(text: str) -> Home:
    """What a home page says, by its HTML."""
    counts = {health: _count(count) for health, count in _TILE.findall(text)}
    [(look, tickets)] = _TICKETS_TILE.findall(text)
    ids = frozenset(_TICKET.findall(text))
    return Home(_HERO.findall(text)[0], counts, ids, look, _count(tickets))


def of_home(facts: Facts, home: Home) -> Iterator[str]:
    """What a home page has wrong."""
    shown = {health: home.counts.get(health) for health in HEALTHS}
    if shown != facts.counts:
        yield f"home counts {shown}, the API {facts.counts}"
    if home.tickets != facts.ids or home.tickets_count != len(facts.ids):
        yield f"home has {home.tickets_count} tickets {set(home.tickets)}, the API {facts.ids}"
    if facts.lasting and "ok" in (home.looks, home.tickets_look):
        yield f"home looks ok while tickets are open: {home}"


def of_list(facts: Facts, counts: Mapping[str, int], listed: Mapping[str, str]) -> Iterator[str]:
    """What a list of all numbers has wrong."""
    if listed != facts.healths:
        yield f"the list has {listed}, the API {facts.healths}"
    if any(counts.get(health) != count for health, count in facts.counts.items()):
        yield f"the list counts {counts}, the API {facts.counts}"
    for number, ticket in _concerned(facts.lasting):
        if listed.get(number) == "ok":
            yield f"{number} is listed as ok while {ticket['id']} ({ticket['title']}) is open"


def of_number(facts: Facts, number: str, health: str) -> Iterator[str]:
    """What the page of a number has wrong."""
    if health != facts.healths[number]:
        yield f"{number} is {health} on its page and {facts.healths[number]} by the API"
    for concerned, ticket in _concerned(facts.lasting):
        if concerned == number and health == "ok":
            yield f"{number} is ok on its page while {ticket['id']} ({ticket['title']}) is open"


def of_tickets(facts: Facts, shown: set[str]) -> Iterator[str]:
    """What the page of tickets has wrong."""
    if shown != facts.ids:
        yield f"the page of tickets has {shown}, the API {facts.ids}"


def _count(text: str) -> int:
    return int(text.replace(",", ""))


def _concerned(
    tickets: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each number that a ticket is about now, with the ticket."""
    for ticket in tickets:
        members = (it["number"] for it in ticket["members"] if it["left_at"] is None)
        yield from ((number, ticket) for number in {ticket["number"], *members} if number)
