"""Reads an action of the contact centre page by page, and maps its records."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agent.net.exchange import ProviderError
from agent.net.reading import INLINE_RECORDS, read_in_thread
from agent.providers.adapter import AdapterAccount
from agent.providers.invalid_records import ReadRecords, check_records
from agent.providers.profile.mapping import MappedPage, RecordMapper
from agent.providers.profile.misfits import keys_at
from agent.providers.profile.page_place import Position
from agent.providers.profile.paging import Bounds, Collected, Page, PageSource, read_all
from agent.providers.profile.request_schema import Paging
from agent.providers.tencent_ccc.api import CONTACT_CENTRE, TencentApi
from agent.providers.tencent_ccc.records import mapper
from agent.states import Capability, PollFailure

PAGE_SIZE: Final = 100
"""Records of a page: the most that call records are given in."""


@dataclass(frozen=True)
class PagedAction:
    """An action that answers page by page, the pages counted from 0."""

    capability: Capability
    name: str
    records: str
    """The key of the records in the answer."""
    total: str
    growing: bool = False
    """Whether records are added while they are read."""

    @property
    def paging(self) -> Paging:
        """How its pages are asked for."""
        return Paging(kind="page", size=PAGE_SIZE, first=0, growing=self.growing)


class ListingReader:
    """The listings of one account; what does not fit is reported, and a large share fails."""

    def __init__(self, api: TencentApi, account: AdapterAccount) -> None:
        self._api = api
        self._account = account
        self._mappers: dict[Capability, RecordMapper] = {
            capability: mapper(capability)
            for capability in Capability
            if capability is not Capability.ROUTING
        }

    async def read(
        self,
        action: PagedAction,
        params: Mapping[str, Any],
        identity: Callable[[Any], Hashable],
        prepare: Callable[[Any], Any] | None = None,
    ) -> Collected:
        """Every record of the listing; ``prepare`` is applied to each before it is mapped.

        Raises:
            ProviderError: when a page fails, or the listing is not complete.
        """

        async def get(position: Position, _url: str | None) -> Page:
            page = {"PageNumber": dict(position)["page"], "PageSize": PAGE_SIZE}
            response = await self._api.call(CONTACT_CENTRE, action.name, {**params, **page})
            total = _count(response, action)
            records = _records(response, action, total)
            if prepare is not None:
                records = list(map(prepare, records))
            mapped = await self._map(action.capability, records)
            return Page(mapped, total, None)

        limits = self._account.limits
        bounds = Bounds(
            limits.max_pages, limits.concurrency, limits.max_numbers, limits.max_records
        )
        is_numbers = action.capability is Capability.NUMBERS
        most = bounds.max_numbers if is_numbers else bounds.max_records
        key = "max_numbers" if is_numbers else "max_records"
        source = PageSource(get, identity, action.name, most, key)
        collected = await read_all(action.paging, source, bounds)
        self._check_share(action.capability, action.name, collected)
        return collected

    async def read_one(self, capability: Capability, label: str, record: Any) -> Any:
        """The fact in the one record of an answer.

        Raises:
            ProviderError: ``schema`` when it does not fit.
        """
        mapped = await self._map(capability, [record])
        self._check_share(capability, label, mapped)
        return mapped.facts[0]

    async def _map(self, capability: Capability, records: Sequence[Any]) -> MappedPage:
        record_mapper = self._mappers[capability]
        if len(records) > INLINE_RECORDS:
            mapped: MappedPage = await read_in_thread(record_mapper.map_page, records)
        else:
            mapped = record_mapper.map_page(records)
        reports = self._account.reports
        for field, count in mapped.unmapped:
            reports.unmapped(f"{capability}.{field}", count)
        for field, words in mapped.words:
            reports.words(f"{capability}.{field}", words)
        return mapped

    def _check_share(self, capability: Capability, label: str, read: ReadRecords) -> None:
        what = "are not as described"
        check_records(self._account.reports, capability, label, read, what)


def _count(response: Mapping[str, Any], action: PagedAction) -> int:
    total = response.get(action.total)
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        raise _schema(action.name, f"no count at {action.total}; {keys_at(response, ())}")
    return total


def _records(response: Mapping[str, Any], action: PagedAction, total: int) -> list[Any]:
    records = response.get(action.records)
    if records is None and not total:
        return []
    if not isinstance(records, list):
        raise _schema(action.name, f"no records at {action.records}; {keys_at(response, ())}")
    return records


def _schema(label: str, why: str) -> ProviderError:
    return ProviderError(PollFailure.SCHEMA, f"{label}: {why}")
