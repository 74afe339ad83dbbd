"""Reads a listing page by page and makes sure that it is complete.

==========================================================  ==============
the listing has                                             the poll fails
==========================================================  ==============
more pages than allowed, or a total that would need them    ``pagination``
a page whose records were all read before                   ``pagination``
a next link or token that was followed before, or that the
provider itself refuses                                     ``pagination``
the total changed, or a record came twice                   read once more, then ``pagination``
fewer records than the total says, or an empty page with
another behind it                                           ``partial``
records that are not a list, a total that is not a count, a
page without one usable record                              ``schema``
more records than one account may have                      ``too_many``
more pages than the provider gives (``max_pages``), or one
page only although the answer says that there is ``more``   ``partial``
==========================================================  ==============

A number deleted from a page already read and another created at the end leave the total as it
was and one number unread; no reader can notice, so polling takes a number for gone only after
two complete listings without it. Where ``growing`` is set (call records) repeats and a growing
total are expected; repeats are dropped.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final

from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.profile.body_template import CURSOR
from agent.providers.profile.mapping import MappedPage
from agent.providers.profile.misfits import MOST_MISFITS
from agent.providers.profile.page_place import Position
from agent.providers.profile.request_schema import Paging
from agent.states import PollFailure


@dataclass(frozen=True)
class Page:
    """One page, mapped."""

    mapped: MappedPage
    total: int | None
    next: str | None
    """The next page's link or token, where the paging has them."""
    pages: int | None = None
    """How many pages the listing has, where it says so."""
    more: bool | None = None
    """Whether there are more records behind it, where it says so."""


@dataclass(frozen=True)
class PageSource:
    """Fetches a page by its position, or by the URL of a next link."""

    get: Callable[[Position, str | None], Awaitable[Page]]
    identity: Callable[[Any], Hashable]
    """Returns what two facts of the same thing share."""
    label: str
    """Names the listing in errors."""
    max_records: int = 500_000
    """The most records the listing may have."""
    limit_key: str = "max_records"
    """The key of the configuration that sets ``max_records``."""
    former: tuple[list[Any], ...] = ()
    """The pages of the last complete listing: no two of them have a record in common."""


@dataclass(frozen=True)
class Bounds:
    """The largest number of pages, of requests at once, of numbers and of other records."""

    max_pages: int
    concurrency: int
    max_numbers: int = 100_000
    max_records: int = 500_000
    seconds: float = 30.0
    """The longest that a poll may take."""
    rate: float = 50.0
    """Requests a second."""


@dataclass
class Collected:
    """The facts of a listing, and the number of records read and of invalid ones."""

    facts: list[Any] = field(default_factory=list)
    """In the provider's own order."""
    records: int = 0
    parts: int = 0
    """The records that were to be mapped: where they nest, the innermost."""
    invalid: int = 0
    misfits: list[str] = field(default_factory=list)
    """What is wrong with the first of the invalid records."""
    skipped: set[str] = field(default_factory=set)
    """The numbers of records that are no facts; empty text where that cannot be read."""
    pages: tuple[list[Any], ...] = ()
    """The same page by page, where they are exactly what was read: a page that did not change
    since the listing before is the same object as then."""

    def add_misfits(self, texts: Iterable[str]) -> None:
        """Add what is wrong with further records, as far as it is kept."""
        self.misfits.extend(islice(texts, max(0, MOST_MISFITS - len(self.misfits))))


class _ChangedWhileReadError(ProviderError):
    """The listing changed while it was read."""


_ATTEMPTS: Final = 2
_PAGES_AT_ONCE: Final = 16
"""Pages that are compared with others before something else may run."""


async def read_all(paging: Paging, source: PageSource, bounds: Bounds) -> Collected:
    """Every record of the listing.

    Raises:
        ProviderError: when a page fails or the listing is not complete; see above.
    """
    for _attempt in range(_ATTEMPTS - 1):
        try:
            return await _Reader(paging, source, bounds).read()
        except _ChangedWhileReadError:
            continue
    return await _Reader(paging, source, bounds).read()


class _Reader:
    def __init__(self, paging: Paging, source: PageSource, bounds: Bounds) -> None:
        self._paging = paging
        self._source = source
        self._bounds = bounds
        self._identities: set[int] = set()
        self._unchanged: list[list[Any]] = []
        """Pages as they were at the same index in the listing before, which share no record with
        each other: they are compared with the other pages only, at the end."""
        self._collected = Collected()
        self._pages: dict[int, list[Any]] = {}
        """Facts by the index of their page: pages arrive in any order."""
        self._total: int | None = None
        self._page_count: int | None = None
        self._fact_count = 0
        self._max_pages = min(bounds.max_pages, paging.max_pages or bounds.max_pages)

    async def read(self) -> Collected:
        first = await self._source.get(self._first_position(), None)
        self._take(0, first)
        if self._paging.kind in ("next", "token"):
            await self._follow(first)
        elif self._paging.kind != "none":
            await self._read_numbered(first)
        elif first.more:
            raise self._partial_error("the listing is truncated: its answer says there is more")
        self._check_complete()
        await self._check_unchanged()
        self._collected.facts = list(self._facts())
        self._collected.pages = tuple(map(self._pages.__getitem__, sorted(self._pages)))
        return self._collected

    def _facts(self) -> Iterator[Any]:
        return chain.from_iterable(map(self._pages.__getitem__, sorted(self._pages)))

    async def _follow(self, page: Page) -> None:
        followed: set[str] = set()
        while page.next and page.more is not False:
            if page.next in followed:
                raise self._pagination_error("the same next page came twice")
            if len(followed) + 1 >= self._max_pages:
                raise self._too_many_pages()
            if not page.mapped.records:
                raise self._partial_error("an empty page in the middle")
            followed.add(page.next)
            page = await self._next_page(page.next)
            self._take(len(followed), page)
        if page.more:
            raise self._partial_error("the listing is truncated: there is more, but no next page")

    async def _next_page(self, link: str) -> Page:
        """The page of a next link or token.

        A client error there is ``pagination``: the provider made the link itself.
        """
        try:
            if self._paging.kind == "token":
                return await self._source.get(((CURSOR, link),), None)
            return await self._source.get((), link)
        except ProviderError as error:
            if error.kind is not PollFailure.HTTP_4XX:
                raise
            raise ProviderError(
                PollFailure.PAGINATION, f"{error.detail}, for its own next page"
            ) from error

    async def _read_numbered(self, first: Page) -> None:
        size = first.mapped.records
        pages = first.pages
        if pages is None and first.total is not None:
            pages = -(-first.total // size) if size else 1
        if pages is None:
            await self._read_one_by_one(first)
        elif pages > 1:
            if pages > self._max_pages:
                raise self._too_many_pages()
            self._check_count(first.total or 0)
            await self._read_concurrently(iter(range(1, pages)), size)

    async def _read_one_by_one(self, first: Page) -> None:
        """Read on while the answers say that there is more; without that, while pages are full."""
        index, size, page = 1, first.mapped.records, first
        while self._has_more(page, size, index):
            if index >= self._max_pages:
                raise self._too_many_pages()
            if not page.mapped.records:
                raise self._partial_error("an empty page in the middle")
            page = await self._source.get(self._position(index, size), None)
            self._take(index, page)
            index += 1

    def _has_more(self, page: Page, size: int, index: int) -> bool:
        if page.more is not None:
            return page.more
        is_full = bool(size) and page.mapped.records == size
        return is_full and (index > 1 or size >= self._paging.size)

    async def _read_concurrently(self, indexes: Iterator[int], size: int) -> None:
        async def work() -> None:
            for index in indexes:
                self._take(index, await self._source.get(self._position(index, size), None))

        await run_concurrently(work() for _ in range(self._bounds.concurrency))

    def _take(self, index: int, page: Page) -> None:
        """Add the facts of the page at ``index``.

        Raises:
            ProviderError: when the page repeats another, or shows that the listing changed.
        """
        mapped, collected = page.mapped, self._collected
        if 0 < mapped.parts <= mapped.invalid:
            why = "; ".join(("no record of a page fits the profile", *mapped.misfits[:1]))
            raise self._failure(PollFailure.SCHEMA, why)
        collected.add_misfits(mapped.misfits)
        collected.skipped |= mapped.skipped
        if self._total is None:
            self._total = page.total
        elif page.total != self._total and not self._paging.growing:
            raise self._changed_error("the total changed while the pages were read")
        if self._page_count is None:
            self._page_count = page.pages
        elif page.pages != self._page_count and not self._paging.growing:
            raise self._changed_error("the number of pages changed while they were read")
        # Before the facts are stored: a page that goes beyond the limit ends the reading.
        self._check_count(collected.records + mapped.records)
        self._check_count(self._fact_count + len(mapped.facts))
        self._pages[index] = self._unrepeated(index, mapped.facts)
        self._fact_count += len(mapped.facts)
        collected.records += mapped.records
        collected.parts += mapped.parts
        collected.invalid += mapped.invalid

    def _check_count(self, count: int) -> None:
        source = self._source
        if count > source.max_records:
            raise self._failure(
                PollFailure.TOO_MANY,
                f"{count} records or more, at most {source.max_records} are read;"
                f" polling.{source.limit_key} sets the limit",
            )

    def _unrepeated(self, index: int, facts: list[Any]) -> list[Any]:
        """The facts of the page at ``index`` that were not read before."""
        former = self._source.former
        if index < len(former) and former[index] is facts:
            self._unchanged.append(facts)
            return facts
        return self._without_repeats(facts)

    async def _check_unchanged(self) -> None:
        """Require that no other page has a record of those that are as they were."""
        if not self._identities:
            return
        for place, facts in enumerate(self._unchanged):
            if place % _PAGES_AT_ONCE == 0:
                await asyncio.sleep(0)
            hashes = set(map(hash, map(self._source.identity, facts)))
            if not self._identities.isdisjoint(hashes):
                raise self._repeated_error(len(hashes - self._identities))

    def _without_repeats(self, facts: list[Any]) -> list[Any]:
        """The facts that were not read before; usually all of them.

        Raises:
            ProviderError: when facts repeat although the listing is not ``growing``.
        """
        # Hashes, not the identities: 200,000 tuples less for the garbage collector to visit.
        hashes = list(map(hash, map(self._source.identity, facts)))
        before = len(self._identities)
        self._identities.update(hashes)
        new = len(self._identities) - before
        if new == len(hashes):
            return facts
        if not new or not self._paging.growing:
            raise self._repeated_error(new)
        return self._new_facts(facts)

    def _repeated_error(self, new: int) -> ProviderError:
        """The failure where a page has ``new`` records beside those of others."""
        if not new:
            return self._pagination_error("a page came twice")
        return self._changed_error("a record came twice")

    def _new_facts(self, facts: list[Any]) -> list[Any]:
        """Those of ``facts`` that no page before contained, each identity once."""
        identity = self._source.identity
        known = set(map(identity, self._facts()))
        # Reversed, so that the first of several equal identities is the one that stays.
        return list(
            {
                identity(fact): fact for fact in reversed(facts) if identity(fact) not in known
            }.values()
        )

    def _check_complete(self) -> None:
        total, records = self._total, self._collected.records
        if total is None or records == total:
            return
        if records < total:
            raise self._partial_error(f"{records} records of {total}")
        if not self._paging.growing:
            raise self._changed_error(f"{records} records of {total}")

    def _first_position(self) -> Position:
        first = self._paging.first_token
        if self._paging.kind == "token":
            return ((CURSOR, first),) if first else ()
        return self._position(0, 0)

    def _position(self, index: int, size: int) -> Position:
        """The page at ``index``, counted from 0, of pages of ``size``."""
        first = self._paging.first
        if self._paging.kind == "page":
            return (("page", first + index),)
        if self._paging.kind == "offset":
            # A first of 1 is the usual one of pages; here it counts only where it is written.
            start = first if "first" in self._paging.model_fields_set else 0
            return (("offset", start + index * size),)
        return ()

    def _too_many_pages(self) -> ProviderError:
        if self._max_pages < self._bounds.max_pages:
            return self._partial_error(
                f"the listing is truncated: the provider gives {self._max_pages} pages at most"
            )
        return self._pagination_error(f"more than {self._bounds.max_pages} pages")

    def _pagination_error(self, why: str) -> ProviderError:
        return self._failure(PollFailure.PAGINATION, why)

    def _failure(self, kind: PollFailure, why: str) -> ProviderError:
        return ProviderError(kind, f"{self._source.label}: {why}")

    def _partial_error(self, why: str) -> ProviderError:
        return self._failure(PollFailure.PARTIAL, why)

    def _changed_error(self, why: str) -> ProviderError:
        return _ChangedWhileReadError(PollFailure.PAGINATION, f"{self._source.label}: {why}")
