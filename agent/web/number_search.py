"""Searches, filters, sorts and pages the numbers of the whole fleet, column by column."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from aiohttp import web

from agent.checks.lifecycle import NUMBER_CODES, Flags
from agent.health.account import AccountHealth
from agent.health.rule import HEALTHS, WORST_FIRST
from agent.masking import mask_text
from agent.model import AccountKey, Snapshot
from agent.states import Capability, Grade, Health, NumberState
from agent.web.number_index import MARK_UNKNOWN, MARKED, NOT_MARKED, AccountIndex, Words
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
_RANK = np.array([WORST_FIRST.index(health) for health in HEALTHS], dtype=np.int8)


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


@dataclass(frozen=True, eq=False)
class _Matches:
    health: AccountHealth
    index: AccountIndex
    rows: Rows


class NumberSearch:
    """Searches numbers; keeps an index of each account, renewed when its numbers change."""

    def __init__(self) -> None:
        self._indexes: dict[AccountKey, AccountIndex] = {}
        self._companies = _CompanyOrder()

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
        counts: Counter[str] = Counter(dict.fromkeys(map(str, HEALTHS), 0))
        matches: list[_Matches] = []
        for health in healths:
            if not _is_of_account(health, filter_, now):
                continue
            index = self._index(health)
            fits = _fitting(health, index, filter_)
            by_code = np.bincount(health.codes[fits], minlength=len(HEALTHS)).tolist()
            counts.update({it.value: n for it, n in zip(HEALTHS, by_code, strict=True)})
            wanted = [code for code, it in enumerate(HEALTHS) if it in filter_.health]
            fits &= np.isin(health.codes, wanted)
            matches.append(_Matches(health, index, np.flatnonzero(fits)))
        total = sum(it.rows.size for it in matches)
        return Selection(total, dict(counts), self._page(matches, sort, limit, offset, now))

    def carriers(self, healths: Sequence[AccountHealth]) -> list[str]:
        """The carriers of all numbers, in order."""
        return sorted({text for it in healths for text in self._index(it).carriers.texts})

    def _page(
        self, matches: Sequence[_Matches], sort: str, limit: int, offset: int, now: float
    ) -> list[tuple[AccountHealth, int]]:
        ends = np.cumsum([it.rows.size for it in matches])
        total = int(ends[-1]) if matches else 0
        places = np.arange(offset, min(offset + limit, total))
        if total and sort != SORTS[-1]:
            key = self._sort_key(matches, sort, now)
            places = np.argsort(key, kind="stable")[offset : offset + limit]
        page = []
        for place in places.tolist():
            which = int(np.searchsorted(ends, place, side="right"))
            match = matches[which]
            begin = int(ends[which]) - match.rows.size
            page.append((match.health, int(match.rows[place - begin])))
        return page

    def _sort_key(
        self, matches: Sequence[_Matches], sort: str, now: float
    ) -> npt.NDArray[np.generic]:
        """What numbers are sorted by, the smallest first."""
        if sort == "company":
            return self._companies.key(matches)
        return _SORT_KEYS[sort](matches, now)

    def _index(self, health: AccountHealth) -> AccountIndex:
        key = _key(health.result.snapshot)
        before, result = self._indexes.get(key), health.result
        is_same = before is not None and before.numbers is result.numbers
        columns = result.columns
        if (
            before is not None
            and is_same
            and before.names is result.names
            and before.carrier_column is columns.carriers
            and before.grade_column is columns.grades
        ):
            return before
        index = self._indexes[key] = AccountIndex.of(result, before)
        return index


def _key(snapshot: Snapshot) -> AccountKey:
    return snapshot.provider, snapshot.account


NUMBER_SEARCH: web.AppKey[NumberSearch] = web.AppKey("number_search", NumberSearch)


def _is_of_account(health: AccountHealth, filter_: NumberFilter, now: float) -> bool:
    snapshot = health.result.snapshot
    if filter_.provider not in ("", snapshot.provider):
        return False
    if filter_.account not in ("", snapshot.account):
        return False
    is_stale = not snapshot.is_fresh(Capability.NUMBERS, now)
    return filter_.stale in ("", YES if is_stale else NO)


def _fitting(health: AccountHealth, index: AccountIndex, filter_: NumberFilter) -> Flags:
    """By row, whether the number fits the filter but for its health."""
    fits = np.ones(len(index.names), dtype=np.bool_)
    if filter_.state:
        fits &= health.result.columns.states == NUMBER_CODES[NumberState(filter_.state)]
    for wanted, words in ((filter_.grade, index.grades), (filter_.carrier, index.carriers)):
        if wanted:
            fits &= words.rows_where(wanted.__eq__)
    if filter_.marked:
        fits &= index.marks == MARK_CHOICES[filter_.marked]
    if filter_.ticket:
        fits &= _with_ticket(health) == (filter_.ticket == YES)
    if filter_.q.strip():
        fits &= _found(index, filter_)
    return fits


def _with_ticket(health: AccountHealth) -> Flags:
    rows = (health.result.number_row(number) for number in health.faults)
    flags = np.zeros(len(health.result.names), dtype=np.bool_)
    flags[[row for row in rows if row is not None]] = True
    return flags


def _found(index: AccountIndex, filter_: NumberFilter) -> Flags:
    text = filter_.q.strip().casefold()
    found = index.companies.rows_containing(text, _sees(text, masked=filter_.masked))
    found |= index.carriers.rows_containing(text, _sees(text, masked=False))
    # As people write numbers: 400-622-0001.
    number = text.replace(" ", "").replace("-", "")
    return found | index.contains(number) if number else found


def _sees(text: str, *, masked: bool) -> Callable[[str], bool]:
    """Whether a reader of a text that contains ``text`` sees it; masked phones are not seen."""
    if not masked:
        return lambda _shown: True
    return lambda shown: text in mask_text(shown).casefold()


def _by_health(matches: Sequence[_Matches], _now: float) -> npt.NDArray[np.int8]:
    return np.concatenate([_RANK[it.health.codes[it.rows]] for it in matches])


def _by_number(matches: Sequence[_Matches], _now: float) -> npt.NDArray[np.bytes_]:
    return np.concatenate([it.index.encoded[it.rows] for it in matches])


class _CompanyOrder:
    """The companies of the whole fleet in order; sorted again only when there are others."""

    def __init__(self) -> None:
        # The columns with their ranks, so that no id is that of another column meanwhile.
        self._ranked: tuple[list[Words], dict[int, npt.NDArray[np.int32]]] = ([], {})

    def key(self, matches: Sequence[_Matches]) -> npt.NDArray[np.int32]:
        """By matching number, the place of its company in the order."""
        columns = [it.index.companies for it in matches]
        _, ranks = self._ranked
        if any(id(it) not in ranks for it in columns):
            ranks = _company_ranks(columns)
            self._ranked = columns, ranks
        pairs = zip(matches, columns, strict=True)
        return np.concatenate([ranks[id(column)][column.codes[it.rows]] for it, column in pairs])


def _company_ranks(columns: Sequence[Words]) -> dict[int, npt.NDArray[np.int32]]:
    texts = sorted({text for it in columns for text in it.texts}, key=_last_if_none)
    rank = {text: place for place, text in enumerate(texts)}
    return {id(it): np.array([rank[text] for text in it.texts], dtype=np.int32) for it in columns}


def _last_if_none(company: str) -> tuple[bool, str, str]:
    return not company, company.casefold(), company


def _by_age(matches: Sequence[_Matches], now: float) -> npt.NDArray[np.int16]:
    """The account that was not seen for longest first."""
    ages = [age_of(it.health.result.snapshot, Capability.NUMBERS, now) for it in matches]
    known = [float("inf") if age is None else age for age in ages]
    order = sorted(range(len(known)), key=known.__getitem__, reverse=True)
    ranks = {which: rank for rank, which in enumerate(order)}
    sizes = [it.rows.size for it in matches]
    return np.repeat(np.array([ranks[it] for it in range(len(ages))], dtype=np.int16), sizes)


_SORT_KEYS: Mapping[str, Callable[[Sequence[_Matches], float], npt.NDArray[np.generic]]] = {
    "worst": _by_health,
    "number": _by_number,
    "seen": _by_age,
}
"""By order, what numbers are sorted by, the smallest first."""
