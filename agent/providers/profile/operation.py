"""Reads one operation of one account: requests, records, mapped facts, page by page."""

import asyncio
import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agent.config.inventory.inventory import Inventory
from agent.net.exchange import Answer, ProviderError
from agent.net.large_bodies import body_was_read
from agent.net.reading import INLINE_BYTES, INLINE_RECORDS, read_in_thread
from agent.net.urls import next_url
from agent.providers.base import AdapterReports
from agent.providers.compiled import Compiled
from agent.providers.paid_queries import CostLedger, MemoryPages
from agent.providers.profile.json_path import MISSING, Path, follow, path_of, scalar_text
from agent.providers.profile.mapping import MappedPage, SharedMapper, joined
from agent.providers.profile.misfits import missing_list_text
from agent.providers.profile.operation_client import ApiAccount, OperationClient
from agent.providers.profile.page_cache import PageCache, fingerprint_of
from agent.providers.profile.page_place import Position
from agent.providers.profile.page_shape import Rows
from agent.providers.profile.paging import Bounds, Collected, Page, PageSource, read_all
from agent.providers.profile.record_lists import Entries, NoRecordsError, RecordFinder
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import Target, target_per_number, target_per_phone
from agent.providers.profile.windows import Windows
from agent.states import Capability, PollFailure

NUMBER_NAMES: Final = frozenset({"number"})
"""Names that the templates of an operation requested once per number may use."""
PHONE_NAMES: Final = frozenset({"phone", "phone_id", "extension"})
"""Names that the templates of an operation requested once per bound phone may use."""

_LONGEST_TOKEN: Final = 4096
_SWITCHES: Final = {
    **dict.fromkeys(("true", "1", "y", "yes"), True),
    **dict.fromkeys(("false", "0", "n", "no"), False),
}
"""The words by which providers say whether there is more."""
_INLINE_NESTED: Final = 8 * 1024
"""Bytes of an answer that is mapped on the event loop although a record may hold many facts."""
_PIECE: Final = 2000
"""Records mapped in one piece; at most a few hundredths of a second."""


_TARGETS: Final[Compiled[Target]] = Compiled()


@dataclass(frozen=True)
class ReadContext:
    """The client, bounds and reports that all operations of one account share."""

    api: ApiAccount
    bounds: Bounds
    reports: AdapterReports
    clock: Callable[[], float] = time.time
    """Epoch seconds."""
    inventory: Inventory = field(default_factory=Inventory)
    """What the configuration knows of the account's numbers and phones."""
    costs: CostLedger = field(default_factory=lambda: CostLedger("", MemoryPages()))
    """The budgets of requests that cost money."""
    daily_budget: float = 0.0
    """What they may cost in a day."""


class OperationReader:
    """An operation compiled for one account; ``name`` stands before its fields in reports."""

    def __init__(
        self, name: str, operation: Operation, target: Target, context: ReadContext
    ) -> None:
        self._name = name
        self._reports = context.reports
        self._cache = PageCache()
        self._former: tuple[list[Any], ...] = ()
        """The pages of the last complete listing, where they are cached."""
        self._operation = operation
        self._bounds = context.bounds
        self._client = OperationClient(context.api, operation, name)
        self.windows = Windows(operation.window, self._client.names)
        self.names = self._client.names
        """Every name that its templates use."""
        self.per_phone = not PHONE_NAMES.isdisjoint(self.names)
        """Whether it must be requested once for each bound phone, as its templates name one."""
        self.per_number = not self.per_phone and not NUMBER_NAMES.isdisjoint(self.names)
        """Whether it must be requested once for each number, as its templates name one."""
        self.is_paged = operation.paging.kind != "none"
        if self.per_phone:
            target = _TARGETS.of(target_per_phone, target)
        elif self.per_number or operation.extensions:
            target = _TARGETS.of(target_per_number, target, operation.fields)
        self._mapper = SharedMapper(target, operation, context.clock)
        self._mapping = asyncio.Lock()
        self._finder = RecordFinder(operation)
        self._total = path_of(operation.paging.total) if operation.paging.total else None
        self._pages = (
            path_of(operation.paging.total_pages) if operation.paging.total_pages else None
        )
        self._more = path_of(operation.paging.more) if operation.paging.more else None
        self._next = path_of(operation.paging.next) if operation.paging.next else None
        self.label = self._client.label
        sections = (context.api.profile.rate_limit, operation.rate_limit)
        self.rate = min((it.rate for it in sections if it), default=math.inf)
        """Requests a second that the provider takes."""
        self.mapped_fields = frozenset(operation.fields)
        self.lists_extensions = operation.extensions
        """Whether the records are phones of the inventory, and do not say whose."""
        self.absent_state = operation.absent_state
        """The state of a phone that the provider does not know, where the profile says it."""

    async def read_listing(
        self, values: Mapping[str, str], identity: Callable[[Any], Hashable]
    ) -> Collected:
        """Every record of the listing.

        ``values`` fill the templates; ``identity`` returns what two equal records share.
        """
        # The pages of a growing listing move at every poll, so a cache would never match.
        # Where the clock decides, the same bytes may mean something else later.
        is_cached = not (self._operation.paging.growing or self._mapper.use_clock)

        async def get(position: Position, url: str | None) -> Page:
            answer = await self._client.send(values, position, url)
            location = position, url
            page = self._cached_page(location, answer) if is_cached else self._page(answer)
            try:
                return await page
            finally:
                body_was_read()

        self._cache.begin()
        is_numbers = self._name == Capability.NUMBERS.value
        bounds, key = self._bounds, "max_numbers" if is_numbers else "max_records"
        most = bounds.max_numbers if is_numbers else bounds.max_records
        source = PageSource(get, identity, self.label, most, key, self._former)
        collected = await read_all(self._operation.paging, source, self._bounds)
        self._former = collected.pages if is_cached else ()
        return collected

    def check_count(self, records: int) -> None:
        """Require that ``records``, of all answers of a poll, are not too many.

        Raises:
            ProviderError: ``too_many``.
        """
        if records > self._bounds.max_records:
            raise self._too_many(self._bounds.max_records, "max_records")

    async def read_single(self, values: Mapping[str, str]) -> Collected:
        """The records of one answer; ``values`` fill the templates."""
        answer = await self._client.send(values)
        mapped = (await self._page(answer)).mapped
        del answer
        body_was_read()
        return Collected(
            mapped.facts,
            mapped.records,
            mapped.parts,
            mapped.invalid,
            list(mapped.misfits),
            set(mapped.skipped),
        )

    async def _cached_page(self, location: Hashable, answer: Answer) -> Page:
        """The page in ``answer``; the cached one if the last listing had the same bytes there."""
        if len(answer.body) > INLINE_BYTES:
            fingerprint = await read_in_thread(fingerprint_of, answer)
        else:
            fingerprint = fingerprint_of(answer)
        page = self._cache.get(location, fingerprint)
        if page is not None:
            self._report_unmapped(page.mapped)
            return page
        page = await self._page(answer)
        self._cache.put(location, fingerprint, page)
        return page

    def _report_unmapped(self, mapped: MappedPage) -> None:
        for name, count in mapped.unmapped:
            self._reports.unmapped(f"{self._name}.{name}", count)
        for name, words in mapped.words:
            self._reports.words(f"{self._name}.{name}", words)

    async def _page(self, answer: Answer) -> Page:
        tree = await self._client.decode(answer)
        # One page at a time, so that an account's pages wait for each other and not others for it.
        async with self._mapping:
            mapped = await self._map(self._records_of(tree), len(answer.body))
        self._report_unmapped(mapped)
        paging = self._operation.paging
        return Page(
            mapped,
            None if self._total is None else self._total_of(tree, self._total),
            None if self._next is None else self._link(follow(tree, self._next)),
            None if self._pages is None else self._count(tree, self._pages, paging.total_pages),
            None if self._more is None else self._switch(follow(tree, self._more)),
        )

    async def _map(self, records: Sequence[Any], size: int) -> MappedPage:
        """The facts in ``records``, of ``size`` bytes; many are mapped in a thread, in pieces."""
        may_be_many = self._mapper.nests and size > _INLINE_NESTED
        if len(records) <= INLINE_RECORDS and not may_be_many:
            return self._mapper.map_page(records)
        self._check_page(len(records))
        pieces = []
        facts = 0
        for start in range(0, len(records), _PIECE):
            # Each piece is a job of its own: those of other accounts come in between.
            piece = _piece(records, start, start + _PIECE)
            pieces.append(await read_in_thread(self._mapper.map_page, piece))
            facts += len(pieces[-1].facts)
            self._check_page(facts)
        return joined(pieces) if pieces else self._mapper.map_page(records)

    def _check_page(self, count: int) -> None:
        if self._name == Capability.NUMBERS.value:
            if count > self._bounds.max_numbers:
                raise self._too_many(self._bounds.max_numbers, "max_numbers")
        else:
            self.check_count(count)

    def _too_many(self, limit: int, key: str) -> ProviderError:
        return ProviderError(
            PollFailure.TOO_MANY,
            f"{self.label}: more than {limit} records; polling.{key} sets the limit",
        )

    def _records_of(self, tree: Any) -> list[Any]:
        try:
            return self._finder.records(tree)
        except NoRecordsError as missing:
            error = self._schema_error("no records", ".".join(missing.path))
            found = missing_list_text(missing)
            raise ProviderError(PollFailure.SCHEMA, f"{error.detail}; {found}") from None

    def _total_of(self, tree: Any, path: Path) -> int:
        # Where no list means that there are no records, the total may be left out with it; not
        # where being absent from the list says something of each phone.
        may_lack = self.absent_state is None and self._finder.is_absent(tree)
        if may_lack and follow(tree, path) is MISSING:
            return 0
        return self._count(tree, path, self._operation.paging.total)

    def _count(self, tree: Any, path: Path, text: str | None) -> int:
        count = follow(tree, path)
        if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 16:  # noqa: PLR2004 - more digits than any count has
            return int(count)
        if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
            return count
        raise self._schema_error("no count", text or "")

    def _switch(self, more: Any) -> bool | None:
        if more is MISSING or more is None:
            return None
        word = scalar_text(more).lower() if isinstance(more, str | int) else ""
        if word not in _SWITCHES:
            raise self._schema_error("no switch", self._operation.paging.more or "")
        return _SWITCHES[word]

    def _link(self, link: Any) -> str | None:
        if link is None or link is MISSING or link == "":
            return None
        if not isinstance(link, str) or len(link) > _LONGEST_TOKEN:
            raise self._schema_error("no next page", self._operation.paging.next or "")
        if self._operation.paging.kind == "token":
            return link
        return next_url(self._client.base_url, link, self.label)

    def _schema_error(self, why: str, path: str) -> ProviderError:
        return ProviderError(PollFailure.SCHEMA, f"{self.label}: {why} at {path or 'the top'}")


def _piece(records: Sequence[Any], start: int, stop: int) -> Sequence[Any]:
    """Some of ``records``, of the same kind."""
    if isinstance(records, Entries):
        return records.piece(start, stop)
    piece = records[start:stop]
    return records.like(piece) if isinstance(records, Rows) else piece
