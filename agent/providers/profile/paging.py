"""Reads a listing page by page and vouches for its completeness.

==========================================================  ==============
what is found                                               the poll fails
==========================================================  ==============
more pages than allowed, or a total that would need them    ``pagination``
a page whose records were all seen before                   ``pagination``
a next link or token that was followed before, or that the
provider itself refuses                                     ``pagination``
the total changed, or a record came twice                   read once more, then ``pagination``
fewer records than the total says, or an empty page with
another behind it                                           ``partial``
records that are no list, a total that is no count, a page
without one usable record                                   ``schema``
==========================================================  ==============

A number deleted from a page already read and another created at the end leave the total as it
was and one number unseen; no reader can tell, so polling takes a number for gone only after two
complete listings without it. Where ``growing`` is set (call records) repeats and a growing total
are expected: repeats are dropped.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.profile.mapping import Mapped
from agent.providers.profile.schema import Paging
from agent.states import PollFailure

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    """One page, mapped."""

    mapped: Mapped
    total: int | None
    next: str | None
    """The next page's link or token, where the paging has them."""


@dataclass(frozen=True)
class Source:
    """How to get a page: by query parameters, or by the address of a next link."""

    get: Callable[[Params, str | None], Awaitable[Page]]
    identity: Callable[[Any], Hashable]
    """What makes a fact the same as another."""
    what: str


@dataclass(frozen=True)
class Bounds:
    """How far a listing may go."""

    max_pages: int
    concurrency: int


@dataclass
class Collected:
    """What was read so far."""

    facts: list[Any] = field(default_factory=list)
    """In the provider's own order."""
    records: int = 0
    invalid: int = 0


class _MovedError(ProviderError):
    """The listing changed while it was read."""


_ATTEMPTS: Final = 2


async def read_all(paging: Paging, source: Source, bounds: Bounds) -> Collected:
    """Every record of the listing.

    Raises:
        ProviderError: when a page fails or the listing is not complete; see above.
    """
    for _attempt in range(_ATTEMPTS - 1):
        try:
            return await _Reader(paging, source, bounds).read()
        except _MovedError:
            continue
    return await _Reader(paging, source, bounds).read()


class _Reader:
    def __init__(self, paging: Paging, source: Source, bounds: Bounds) -> None:
        self._paging = paging
        self._source = source
        self._bounds = bounds
        self._seen: set[int] = set()
        self._got = Collected()
        self._pages: dict[int, list[Any]] = {}
        """Facts by the place of their page: pages come in any order."""
        self._total: int | None = None

    async def read(self) -> Collected:
        first = await self._source.get(self._numbered(0, 0), None)
        self._take(0, first)
        if self._paging.kind in ("next", "token"):
            await self._follow(first)
        elif self._paging.kind != "none":
            await self._count_up(first)
        self._check_whole()
        self._got.facts = list(self._read())
        return self._got

    def _read(self) -> Iterator[Any]:
        return chain.from_iterable(map(self._pages.__getitem__, sorted(self._pages)))

    async def _follow(self, page: Page) -> None:
        followed: set[str] = set()
        while page.next:
            if page.next in followed:
                raise self._astray("the same next page came twice")
            if len(followed) + 1 >= self._bounds.max_pages:
                raise self._too_many()
            if not page.mapped.records:
                raise self._partial("an empty page in the middle")
            followed.add(page.next)
            page = await self._behind(page.next)
            self._take(len(followed), page)

    async def _behind(self, link: str) -> Page:
        """The page behind a next link or token, which is the provider's own to get right."""
        try:
            if self._paging.kind == "token":
                return await self._source.get((*self._sized(), (self._paging.param, link)), None)
            return await self._source.get((), link)
        except ProviderError as error:
            if error.kind is not PollFailure.HTTP_4XX:
                raise
            raise ProviderError(
                PollFailure.PAGINATION, f"{error.detail}, for its own next page"
            ) from error

    async def _count_up(self, first: Page) -> None:
        size = first.mapped.records
        if first.total is None:
            await self._until_short(size)
        elif size and first.total > size:
            pages = -(-first.total // size)
            if pages > self._bounds.max_pages:
                raise self._too_many()
            await self._side_by_side(iter(range(1, pages)), size)

    async def _until_short(self, size: int) -> None:
        index, page_size = 1, size
        while size and size == page_size and (index > 1 or size >= self._paging.size):
            if index >= self._bounds.max_pages:
                raise self._too_many()
            page = await self._source.get(self._numbered(index, page_size), None)
            self._take(index, page)
            size, index = page.mapped.records, index + 1

    async def _side_by_side(self, indexes: Iterator[int], size: int) -> None:
        async def work() -> None:
            for index in indexes:
                self._take(index, await self._source.get(self._numbered(index, size), None))

        await run_concurrently(work() for _ in range(self._bounds.concurrency))

    def _take(self, index: int, page: Page) -> None:
        """Add one page's facts at their place.

        Raises:
            ProviderError: when the page shows that the listing goes in circles or moves.
        """
        mapped, got = page.mapped, self._got
        if 0 < mapped.records <= mapped.invalid:
            raise self._failure(PollFailure.SCHEMA, "no record of a page fits the profile")
        if self._total is None:
            self._total = page.total
        elif page.total != self._total and not self._paging.growing:
            raise self._moved("the total changed while the pages were read")
        self._pages[index] = self._unseen(mapped.facts)
        got.records += mapped.records
        got.invalid += mapped.invalid

    def _unseen(self, facts: list[Any]) -> list[Any]:
        """The facts that were not read before; usually all of them.

        Raises:
            ProviderError: when repeats are a fault.
        """
        # Hashes, not the identities: 200,000 tuples less for the collector to visit and to free.
        ids = list(map(hash, map(self._source.identity, facts)))
        before = len(self._seen)
        self._seen.update(ids)
        new = len(self._seen) - before
        if new == len(ids):
            return facts
        if not new:
            raise self._astray("a page came twice")
        if not self._paging.growing:
            raise self._moved("a record came twice")
        return self._not_held(facts)

    def _not_held(self, facts: list[Any]) -> list[Any]:
        """The first of each of ``facts`` that is not among those held already."""
        identity = self._source.identity
        held = set(map(identity, self._read()))
        return list(
            {identity(it): it for it in reversed(facts) if identity(it) not in held}.values()
        )

    def _check_whole(self) -> None:
        total, records = self._total, self._got.records
        if total is None or records == total:
            return
        if records < total:
            raise self._partial(f"{records} records of {total}")
        if not self._paging.growing:
            raise self._moved(f"{records} records of {total}")

    def _numbered(self, index: int, size: int) -> Params:
        """The parameters of the page at ``index``, counted from 0."""
        if self._paging.kind == "page":
            return (*self._sized(), (self._paging.param, str(self._paging.first + index)))
        if self._paging.kind == "offset":
            return (*self._sized(), (self._paging.param, str(index * size)))
        return self._sized()

    def _sized(self) -> Params:
        name = self._paging.size_param
        return ((name, str(self._paging.size)),) if name else ()

    def _too_many(self) -> ProviderError:
        return self._astray(f"more than {self._bounds.max_pages} pages")

    def _astray(self, why: str) -> ProviderError:
        return self._failure(PollFailure.PAGINATION, why)

    def _failure(self, kind: PollFailure, why: str) -> ProviderError:
        return ProviderError(kind, f"{self._source.what}: {why}")

    def _partial(self, why: str) -> ProviderError:
        return self._failure(PollFailure.PARTIAL, why)

    def _moved(self, why: str) -> ProviderError:
        return _MovedError(PollFailure.PAGINATION, f"{self._source.what}: {why}")
