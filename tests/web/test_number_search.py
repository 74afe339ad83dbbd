"""The search of numbers: equal to a plain filter over every number, and joined only once."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import msgspec
import numpy as np
import pytest

from agent.baselines.baseline import BaselineBook
from agent.checks.engine import Checker, CheckResult
from agent.health.account import AccountHealth
from agent.health.faults import OpenFault, OpenFaults
from agent.health.fleet import FleetHealth
from agent.health.rule import HEALTHS, WORST_FIRST
from agent.masking import mask_text
from agent.model import Binding, Listing, Marking, Snapshot
from agent.states import BindingState, Capability, Grade, Health, MarkingTag, NumberState
from agent.web import fleet_columns
from agent.web.number_search import FILTERS, NO, SORTS, UNKNOWN, YES, NumberFilter, NumberSearch
from agent.web.number_views import age_of, number_view
from tests.web.facts import NOW, PHONE, SETTINGS, Facts, number, phone, snapshot

DEFAULTS = {it.name: it.default for it in FILTERS}
COMPANIES = ("", "Alpha", "alpha", "Straße 9", "示例公司", "a\nb", f"ask {PHONE}", "Company 4008")
NAMES = [str(4_008_000_000 + it * 7) for it in range(60)]
NAMES += ["95500", "9" * 30, "9" * 31, "400-١٢٣", "4008"]
QUERIES: tuple[str, ...] = (
    "4008",
    "400-800 00",
    "9" * 25,
    "ALPHA",
    "strasse",
    "示例",
    "a\nb",
    "00",
)
QUERIES += ("138", "\0")
QUERIES += ("ask 1", "telecom", "mobile", "9", "nothing", "١", "-")


def made(account: str, chance: random.Random) -> Snapshot:
    """An account of some numbers, among them such as others have too."""
    names = chance.sample(NAMES, chance.choice((0, 1, 30)))
    tags = (None, MarkingTag.NONE, MarkingTag.UNKNOWN, MarkingTag.FRAUD)
    listed = []
    for name in names:
        tag = chance.choice(tags)
        fields: dict[str, Any] = {
            "company": chance.choice(COMPANIES),
            "grade": chance.choice(tuple(Grade)),
            "marking": None if tag is None else Marking(tag, 3, 0.0),
        }
        state = chance.choice((NumberState.ACTIVE, NumberState.FROZEN, NumberState.UNKNOWN))
        listed.append(number(name, state, **fields))
    states = (BindingState.OK, BindingState.OFF, BindingState.UNKNOWN)
    phones: dict[str, tuple[Binding, ...]] = {
        name: (phone("b1", chance.choice(states)),) for name in names
    }
    return snapshot(listed, phones, account=account, seen=NOW - chance.choice((5, 30, 30, 9000)))


def plain(
    healths: Sequence[AccountHealth], filter_: NumberFilter, sort: str
) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """What the search must find, number by number."""
    found = []
    counts = dict.fromkeys(map(str, HEALTHS), 0)
    for health in healths:
        for row in range(len(health.result.names)):
            if fits(health, row, filter_):
                counts[health.health(row).value] += 1
                if health.health(row) in filter_.health:
                    found.append((health, row))

    def key(item: tuple[AccountHealth, int]) -> Any:
        health, row = item
        listed = health.result.numbers[row]
        age = age_of(health.result.snapshot, Capability.NUMBERS, NOW)
        return {
            "worst": WORST_FIRST.index(health.health(row)),
            "number": listed.number.encode()[:24],
            "company": (not listed.company, listed.company.casefold(), listed.company),
            "seen": -(float("inf") if age is None else age),
            "account": 0,
        }[sort]

    found.sort(key=key)
    return counts, [(it.result.snapshot.account, row) for it, row in found]


def fits(health: AccountHealth, row: int, filter_: NumberFilter) -> bool:
    """Whether one number fits all but the filter by health."""
    view, listed = number_view(health, row, NOW), health.result.numbers[row]
    marks = {None: UNKNOWN, "unknown": UNKNOWN, "none": NO}
    wanted = (
        (filter_.provider, view.provider),
        (filter_.account, view.account),
        (filter_.state, view.state),
        (filter_.grade, view.grade),
        (filter_.carrier, view.carrier),
        (filter_.marked, marks.get(view.marked_as, YES)),
        (filter_.stale, YES if view.stale else NO),
        (filter_.ticket, YES if health.faults_of(row) else NO),
    )
    text = filter_.q.strip().casefold()
    shown = mask_text(listed.company) if filter_.masked else listed.company
    texts = text in listed.company.casefold() and text in shown.casefold()
    digits = text.replace(" ", "").replace("-", "")
    of_number = bool(digits) and digits in listed.number.encode()[:24].decode(errors="ignore")
    is_found = not text or texts or text in view.carrier.casefold() or of_number
    return is_found and all(value in ("", have) for value, have in wanted)


def choices() -> list[NumberFilter]:
    """Many filters, single ones and some together."""
    single: list[dict[str, str]] = [{}, *({"q": it} for it in QUERIES)]
    single += [{"account": "a1"}, {"account": "none"}, {"provider": "south"}, {"grade": "AAA"}]
    single += [{"carrier": it} for it in ("telecom", "mobile", "none")]
    single += [{"state": "frozen"}, {"q": "4", "marked": YES, "stale": NO}]
    single += [{name: value} for name, value in product(("stale", "ticket"), (YES, NO))]
    single += [{"marked": it} for it in (YES, NO, UNKNOWN)]
    single += [{"health": it} for it in ("down", "trouble", "ok")]
    return [
        NumberFilter.of({**DEFAULTS, **it}, masked=masked)
        for it in single
        for masked in ((False, True) if "q" in it else (False,))
    ]


@pytest.mark.parametrize("seed", range(2))
def test_a_search_finds_what_a_plain_filter_finds(seed: int) -> None:
    """Before and after polls that change some accounts, with the same search."""
    chance, facts, search = random.Random(seed), Facts(), NumberSearch()
    accounts = [f"a{it}" for it in range(5)]
    facts.show(*(made(it, chance) for it in accounts))
    fault = (OpenFault("NW-1", "number_down", Health.DOWN),)
    faulty = OpenFaults(anywhere=dict.fromkeys(NAMES[::9], fault))
    judge = FleetHealth(lambda: faulty)
    for _ in range(3):
        healths = judge.of_all(list(facts.results.values()), NOW)
        for filter_, sort in chance.sample(list(product(choices(), SORTS)), 90):
            counts, found = plain(healths, filter_, sort)
            for limit, offset in ((7, 0), (5, 3), (200, 0), (10, len(found)), (3, 10**6)):
                page = search.select(healths, filter_, sort, limit, offset, NOW)
                names = [(it.result.snapshot.account, row) for it, row in page.page]
                assert names == found[offset : offset + limit], (filter_, sort, limit, offset)
                assert (page.total, page.counts) == (len(found), counts), filter_
        facts.show(*(made(it, chance) for it in chance.sample(accounts, 2)))


def test_without_accounts_nothing_is_found() -> None:
    everything = NumberFilter.of(DEFAULTS, masked=False)
    for sort, filter_ in product(SORTS, (everything, replace(everything, q="4"))):
        page = NumberSearch().select([], filter_, sort, 10, 0, NOW)
        assert (page.total, page.page) == (0, [])


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was joined, one entry each time."""
    made: list[str] = []
    words, concatenate = fleet_columns.FleetWords.of, np.concatenate

    def of(parts: Any) -> Any:
        made.append("words")
        return words(parts)

    class Counted:
        def __getattr__(self, name: str) -> Any:
            if name == "concatenate":
                made.append(name)
            return concatenate if name == "concatenate" else getattr(np, name)

    monkeypatch.setattr(fleet_columns.FleetWords, "of", of)
    monkeypatch.setattr(fleet_columns, "np", Counted())
    return made


def test_columns_are_joined_again_only_where_a_poll_changed_them(joins: list[str]) -> None:
    chance, search = random.Random(1), NumberSearch()
    checker, judge = Checker(SETTINGS, BaselineBook()), FleetHealth()
    polled = {it: made(it, chance) for it in ("a0", "a1", "a2")} | {"b": snapshot(account="b")}
    filter_ = NumberFilter.of({**DEFAULTS, "q": "4", "state": "active"}, masked=False)
    results: dict[str, CheckResult] = {}

    def look() -> list[str]:
        """What is joined for a search of what was polled."""
        joins.clear()
        for name, facts in polled.items():
            results[name] = checker.check(facts, NOW, results.get(name))
        healths = judge.of_all(results.values(), NOW)
        for sort in SORTS:
            search.select(healths, filter_, sort, 10, 0, NOW)
        search.carriers(healths)
        return list(joins)

    assert look().count("words") == 2, "companies and carriers are joined once"
    assert look() == [], "everything was polled again, and nothing changed"
    listing = polled["b"].listing
    assert listing is not None
    first, *others = listing.numbers
    for changes, words in (
        ({"marking": Marking(MarkingTag.FRAUD, 1, 0.0)}, 0),
        ({"company": "New"}, 1),
    ):
        first = msgspec.structs.replace(first, **changes)
        polled["b"] = msgspec.structs.replace(polled["b"], listing=Listing((first, *others)))
        assert look().count("words") == words, changes
