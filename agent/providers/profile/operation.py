"""One operation of one account: asks, cuts the answer into records, maps them, page by page."""

from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from agent.net.exchange import Answer, ProviderError
from agent.net.urls import next_url
from agent.providers.profile.json_path import MISSING, follow, path_of
from agent.providers.profile.mapping import Mapped, Mapper
from agent.providers.profile.operation_client import OperationClient
from agent.providers.profile.page_cache import PageMemory, mark_of
from agent.providers.profile.paging import Collected, Page, Params, Source, read_all
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import Target
from agent.states import PollFailure

if TYPE_CHECKING:
    from agent.providers.profile.provider import Setup

NUMBER_NAMES: Final = frozenset({"number"})
"""What the templates of an operation asked once for every number may use."""
MOMENT_NAMES: Final = frozenset({"since", "since_ms", "since_iso", "since_date"})
"""What the templates of the calls operation may use."""

_LONGEST_TOKEN: Final = 4096


def moment_values(since: float) -> dict[str, str]:
    """The start of a window of calls, in the ways providers want it."""
    moment = datetime.fromtimestamp(since, UTC)
    return {
        "since": str(int(since)),
        "since_ms": str(int(since * 1000)),
        "since_iso": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "since_date": moment.strftime("%Y-%m-%d"),
    }


class Read:
    """An operation compiled for one account."""

    def __init__(self, field: str, operation: Operation, target: Target, setup: "Setup") -> None:
        self._field = field
        self._reports = setup.reports
        self._memory = PageMemory()
        self._operation = operation
        self._bounds = setup.bounds
        self._base_url = setup.caller.base_url
        self._asker = OperationClient(setup.caller, operation)
        self._mapper = Mapper(target, operation)
        self._records = path_of(operation.records)
        self._total = path_of(operation.paging.total) if operation.paging.total else None
        self._next = path_of(operation.paging.next) if operation.paging.next else None
        self.what = self._asker.label
        self.per_number = not NUMBER_NAMES.isdisjoint(self._asker.names)
        self.told = frozenset(operation.fields)

    async def listing(
        self, values: Mapping[str, str], identity: Callable[[Any], Hashable]
    ) -> Collected:
        """Every record of the listing; ``identity`` tells two facts apart."""

        async def get(params: Params, url: str | None) -> Page:
            answer = await self._asker.ask(values, params, url)
            if self._operation.paging.growing:
                return self._page(await self._asker.read(answer))
            return await self._page_at((params, url), answer)

        self._memory.begin()
        source = Source(get, identity, self.what)
        return await read_all(self._operation.paging, source, self._bounds)

    async def single(self, values: Mapping[str, str]) -> Collected:
        """The records of one answer."""
        answer = await self._asker.ask(values)
        mapped = self._page(await self._asker.read(answer)).mapped
        return Collected(mapped.facts, mapped.records, mapped.invalid)

    async def _page_at(self, place: Hashable, answer: Answer) -> Page:
        """The page in ``answer``, read only if it is not the one that was there before."""
        mark = mark_of(answer)
        page = self._memory.recall(place, mark)
        if page is not None:
            self._tell(page.mapped)
            return page
        page = self._page(await self._asker.read(answer))
        self._memory.keep(place, mark, page)
        return page

    def _tell(self, mapped: Mapped) -> None:
        for name, count in mapped.unmapped:
            self._reports.unmapped(f"{self._field}.{name}", count)

    def _page(self, tree: Any) -> Page:
        mapped = self._mapper.page(self._records_of(tree))
        self._tell(mapped)
        total = None if self._total is None else self._count(follow(tree, self._total))
        link = None if self._next is None else self._link(follow(tree, self._next))
        return Page(mapped, total, link)

    def _records_of(self, tree: Any) -> list[Any]:
        found = follow(tree, self._records)
        if isinstance(found, list):
            return found
        if isinstance(found, dict) and self._operation.paging.kind == "none":
            return [found]
        raise self._misfit("no records", self._operation.records)

    def _count(self, total: Any) -> int:
        if isinstance(total, str) and total.isascii() and total.isdigit() and len(total) < 16:  # noqa: PLR2004 - more digits than any count has
            return int(total)
        if isinstance(total, int) and not isinstance(total, bool) and total >= 0:
            return total
        raise self._misfit("no count", self._operation.paging.total or "")

    def _link(self, link: Any) -> str | None:
        if link is None or link is MISSING or link == "":
            return None
        if not isinstance(link, str) or len(link) > _LONGEST_TOKEN:
            raise self._misfit("no next page", self._operation.paging.next or "")
        if self._operation.paging.kind == "token":
            return link
        return next_url(self._base_url, link, self.what)

    def _misfit(self, why: str, path: str) -> ProviderError:
        return ProviderError(PollFailure.SCHEMA, f"{self.what}: {why} at {path or 'the top'}")
