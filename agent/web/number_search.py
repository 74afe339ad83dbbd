"""Searches, filters, sorts and pages the numbers of the whole fleet, column by column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from aiohttp import web

from agent.checks.lifecycle import NUMBER_CODES, Flags
from agent.health.account import AccountHealth
from agent.health.rule import HEALTH_CODES, HEALTHS, WORST_FIRST
from agent.masking import mask_text
from agent.states import Capability, Grade, Health, NumberState
from agent.web.fleet_index import FleetIndex, FleetIndexes
from agent.web.number_index import MARK_UNKNOWN, MARKED, NOT_MARKED
from agent.web.number_views import age_of
from agent.web.parameters import ACCOUNT, PROVIDER, Parameter

YES, NO, UNKNOWN = "yes", "no", "unknown"
TROUBLE = "trouble"
HEALTH_CHOICES: Mapping[str, tuple[Health, ...]] = {
    "": HEALTHS,
    **{health.value: (health,) for health in WORST_FIRST},
    TROUBLE: (Health.DOWN, Health.UNKNOWN, Health.DEGRADED),
}
MARK_CHOICES = {YES: MARKED, NO: NOT_MARKED, UNKNOWN: MARK_UNKNOWN}
SORTS = ("worst", "number", "company", "seen", "account")
SEARCH = Parameter("q", "Only numbers whose number, company or carrier contains this.", longest=60)
FILTERS = (
    SEARCH,
    PROVIDER,
    ACCOUNT,
    Parameter("state", "Only numbers in this state.", tuple(map(str, NumberState))),
    Parameter(
        "health",
        "Only numbers in this health; trouble is all but ok.",
        tuple(HEALTH_CHOICES)[1:],
    ),
    Parameter("grade", "Only numbers of this grade.", tuple(map(str, Grade))),
    Parameter("carrier", "Only numbers of this base carrier."),
    Parameter("marked", "Only numbers that people have, or have not, marked.", tuple(MARK_CHOICES)),
    Parameter("stale", "Only numbers whose listing is, or is not, too old.", (YES, NO)),
    Parameter("ticket", "Only numbers with, or without, an open ticket.", (YES, NO)),
)

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class NumberFilter:
    """Which numbers to list; an empty value matches all."""

    q: str = ""
    provider: str = ""
    account: str = ""
    state: str = ""
    health: tuple[Health, ...] = HEALTHS
    grade: str = ""
    carrier: str = ""
    marked: str = ""
    stale: str = ""
    ticket: str = ""
    masked: bool = False
    """Whether people's phones in texts are masked for the reader, so that searching finds none."""

    @classmethod
    def of(cls, query: Mapping[str, str], *, masked: bool) -> "NumberFilter":
        """The filter that a query with all of ``FILTERS`` describes."""
        values = {it.name: query[it.name] for it in FILTERS if it.name != "health"}
        return cls(**values, health=HEALTH_CHOICES[query["health"]], masked=masked)


@dataclass(frozen=True, eq=False)
class Selection:
    """The numbers that match, in order; only those of the page are looked up."""

    total: int
    counts: dict[str, int]
    """How many numbers of each health match everything but the filter by health."""
    page: list[tuple[AccountHealth, int]]
    """Account and row of each number of the page."""


class NumberSearch:
    """Searches numbers; keeps an index of them, renewed where an account's numbers change."""

    def __init__(self) -> None:
        self._indexes = FleetIndexes()

    def select(
        self,
        healths: Sequence[AccountHealth],
        filter_: NumberFilter,
        sort: str,
        limit: int,
        offset: int,
        now: float,
    ) -> Selection:
        """The page of numbers from ``offset`` on that match ``filter_``, sorted by ``sort``."""
        fleet = self._indexes.of(healths)
        fits = _fitting(fleet, filter_, now)
        counts = {
            it.value: int(np.count_nonzero(fits & (fleet.codes == code)))
            for code, it in enumerate(HEALTHS)
        }
        if filter_.health != HEALTHS:
            fits &= np.isin(fleet.codes, [HEALTH_CODES[it] for it in filter_.health])
        rows = _ORDERS[sort](fleet, fits, slice(offset, offset + limit), now)
        total = sum(counts[it.value] for it in filter_.health)
        return Selection(total, counts, [fleet.place(row) for row in rows.tolist()])

    def carriers(self, healths: Sequence[AccountHealth]) -> list[str]:
        """The carriers of all numbers, in order."""
        return sorted(self._indexes.of(healths).carriers.texts)


NUMBER_SEARCH: web.AppKey[NumberSearch] = web.AppKey("number_search", NumberSearch)


def _fitting(fleet: FleetIndex, filter_: NumberFilter, now: float) -> Flags:
    """By row, whether the number fits the filter but for its health."""
    fits = np.ones(fleet.size, dtype=np.bool_)
    if filter_.provider or filter_.account or filter_.stale:
        of_account = [_is_of_account(it, filter_, now) for it in fleet.healths]
        fits &= np.repeat(np.array(of_account, dtype=np.bool_), fleet.sizes)
    if filter_.state:
        fits &= fleet.states == NUMBER_CODES[NumberState(filter_.state)]
    if filter_.grade:
        fits &= fleet.grades.rows_of(filter_.grade)
    if filter_.carrier:
        fits &= fleet.carriers.rows_of(filter_.carrier)
    if filter_.marked:
        fits &= fleet.marks == MARK_CHOICES[filter_.marked]
    if filter_.ticket:
        fits &= _with_ticket(fleet) == (filter_.ticket == YES)
    if filter_.q.strip():
        fits &= _found(fleet, filter_)
    return fits


def _is_of_account(health: AccountHealth, filter_: NumberFilter, now: float) -> bool:
    snapshot = health.result.snapshot
    if filter_.provider not in ("", snapshot.provider):
        return False
    if filter_.account not in ("", snapshot.account):
        return False
    is_stale = not snapshot.is_fresh(Capability.NUMBERS, now)
    return filter_.stale in ("", YES if is_stale else NO)


def _with_ticket(fleet: FleetIndex) -> Flags:
    flags = np.zeros(fleet.size, dtype=np.bool_)
    for health, begin in zip(fleet.healths, fleet.begins.tolist(), strict=True):
        rows = (health.result.number_row(number) for number in health.faults)
        flags[[begin + row for row in rows if row is not None]] = True
    return flags


def _found(fleet: FleetIndex, filter_: NumberFilter) -> Flags:
    text = filter_.q.strip().casefold()
    found = fleet.companies.rows_containing(text, _sees(text, masked=filter_.masked))
    found |= fleet.carriers.rows_containing(text, _sees(text, masked=False))
    # As people write numbers: 400-622-0001.
    number = text.replace(" ", "").replace("-", "")
    return found | fleet.numbers.containing(number) if number else found


def _sees(text: str, *, masked: bool) -> Callable[[str], bool]:
    """Whether a reader of a text that contains ``text`` sees it; masked phones are not seen."""
    if not masked:
        return lambda _shown: True
    return lambda shown: text in mask_text(shown).casefold()


def _by_account(_fleet: FleetIndex, fits: Flags, part: slice, _now: float) -> Rows:
    return np.flatnonzero(fits)[part]


def _by_health(fleet: FleetIndex, fits: Flags, part: slice, _now: float) -> Rows:
    """The worst first; rows of better healths than the page shows are only counted."""
    found: list[Rows] = []
    before = 0
    for health in WORST_FIRST:
        rows = np.flatnonzero(fits & (fleet.codes == HEALTH_CODES[health]))
        found.append(rows[max(part.start - before, 0) : max(part.stop - before, 0)])
        before += rows.size
        if before >= part.stop:
            break
    return np.concatenate(found)


def _by_number(fleet: FleetIndex, fits: Flags, part: slice, _now: float) -> Rows:
    return _in_order(fleet.numbers.order, fits, part)


def _by_company(fleet: FleetIndex, fits: Flags, part: slice, _now: float) -> Rows:
    return _in_order(fleet.companies.order, fits, part)


def _in_order(order: Rows, fits: Flags, part: slice) -> Rows:
    return order[part] if fits.all() else order[fits[order]][part]


def _by_age(fleet: FleetIndex, fits: Flags, part: slice, now: float) -> Rows:
    """The account that was not seen for longest first."""
    ages = [age_of(it.result.snapshot, Capability.NUMBERS, now) for it in fleet.healths]
    known = [float("inf") if age is None else age for age in ages]
    order = sorted(range(len(known)), key=known.__getitem__, reverse=True)
    found: list[Rows] = [np.zeros(0, dtype=np.intp)]
    rows = np.flatnonzero(fits)
    bounds = np.searchsorted(rows, [*fleet.begins.tolist(), fleet.size]).tolist()
    before = 0
    for which in order:
        begin, end = bounds[which], bounds[which + 1]
        first, last = part.start - before, min(part.stop - before, end - begin)
        if last > max(first, 0):
            found.append(rows[begin + max(first, 0) : begin + last])
        before += end - begin
        if before >= part.stop:
            break
    return np.concatenate(found)


_ORDERS: Mapping[str, Callable[[FleetIndex, Flags, slice, float], Rows]] = {
    "worst": _by_health,
    "number": _by_number,
    "company": _by_company,
    "seen": _by_age,
    "account": _by_account,
}
"""By order, the rows of a page of those that fit."""
