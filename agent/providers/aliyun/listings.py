"""The numbers that products list: virtual numbers with their phones, and those of a call centre."""

from collections import defaultdict
from operator import attrgetter
from typing import Final

from agent.model import Number
from agent.providers.aliyun.api import Api
from agent.providers.aliyun.operations import (
    CCC_NUMBERS,
    SUSPENDED,
    VIRTUAL_NUMBERS,
    VirtualRelation,
)
from agent.providers.aliyun.products import Product
from agent.providers.invalid_records import check_records
from agent.providers.profile.operation import OperationReader
from agent.providers.profile.paging import Collected
from agent.states import Capability, NumberState

_BEST_FIRST: Final = (NumberState.ACTIVE, NumberState.UNKNOWN, SUSPENDED, NumberState.CANCELLED)
"""A number with several phones is as its best relation; what is not known may be in service."""


class Listings:
    """Lists the numbers of an account's products."""

    def __init__(self, api: Api) -> None:
        options = api.account.options
        products = options["products"]
        has_virtual = Product.DYVMS in products and options["virtual_numbers"]
        self._virtual = api.reader(VIRTUAL_NUMBERS) if has_virtual else None
        self._ccc = api.reader(CCC_NUMBERS) if Product.CCC in products else None
        self._reports = api.account.reports
        self.phones: dict[str, tuple[str, ...]] = {}
        """The phones behind each virtual number, as listed last."""
        self.of_ccc: frozenset[str] = frozenset()
        """The numbers of the call centre, as listed last."""

    async def read(self) -> tuple[list[Number], int]:
        """Every number that is listed, and how many records had to be skipped.

        Raises:
            ProviderError: when a listing is not complete.
        """
        numbers: dict[str, Number] = {}
        invalid = 0
        if self._virtual is not None:
            relations = await self._virtual.read_listing({}, attrgetter("number", "phone"))
            invalid += self.check(self._virtual, relations)
            numbers.update(self._virtual_numbers(relations.facts))
        if self._ccc is not None:
            listed = await self._ccc.read_listing({}, attrgetter("number"))
            invalid += self.check(self._ccc, listed)
            numbers.update((number.number, number) for number in listed.facts)
            self.of_ccc = frozenset(number.number for number in listed.facts)
        return list(numbers.values()), invalid

    def _virtual_numbers(self, relations: list[VirtualRelation]) -> dict[str, Number]:
        grouped: defaultdict[str, list[VirtualRelation]] = defaultdict(list)
        for relation in relations:
            grouped[relation.number].append(relation)
        self.phones = {
            number: tuple(
                it.phone for it in group if it.phone and it.state is not NumberState.CANCELLED
            )
            for number, group in grouped.items()
        }
        best = {
            number: min(group, key=lambda it: _BEST_FIRST.index(it.state))
            for number, group in grouped.items()
        }
        return {
            number: Number(number, relation.state, native_status=_status_of(relation))
            for number, relation in best.items()
        }

    def check(
        self,
        reader: OperationReader,
        collected: Collected,
        capability: Capability = Capability.NUMBERS,
    ) -> int:
        """Report invalid records and return how many there are.

        Raises:
            ProviderError: ``schema`` when they are more than a fifth.
        """
        check_records(self._reports, capability, reader.label, collected)
        return collected.invalid


def _status_of(relation: VirtualRelation) -> str:
    """The provider's word for the state, in place of a code that does not say why."""
    return "inactive" if relation.state is SUSPENDED else relation.native_status
