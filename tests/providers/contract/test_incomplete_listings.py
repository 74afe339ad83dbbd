"""A listing that is cut is truncated: no number is gone for it. Only complete listings say so."""

import pytest

from agent.states import Capability
from tests.providers.contract.contract_bench import ContractBench
from tests.providers.contract.subject import PAGING_FAULTS
from tests.providers.contract.subjects import LISTING
from tests.providers.contract.world import ARREARS, LISTED, ONE

INCOMPLETE = {"partial", "pagination"}


@pytest.mark.parametrize("subject", LISTING, ids=lambda it: it.name, indirect=True)
@pytest.mark.parametrize("fault", PAGING_FAULTS)
async def test_no_number_is_gone_for_a_truncated_listing(bench: ContractBench, fault: str) -> None:
    # A listing that is not paged has no pages that could be wrong.
    expected = INCOMPLETE if Capability.NUMBERS in bench.subject.paged else {None}
    before = await bench.polled_well()
    bench.begin(fault, Capability.NUMBERS)
    for _ in range(4):
        outcomes = await bench.poll()
        assert outcomes[Capability.NUMBERS].failure in expected
    assert bench.snapshot.listing == before.listing
    assert bench.snapshot.gone == frozenset()


@pytest.mark.parametrize("subject", LISTING, ids=lambda it: it.name, indirect=True)
async def test_a_number_missing_from_two_complete_listings_is_gone(bench: ContractBench) -> None:
    await bench.polled_well()
    bench.server.apply({"number": ARREARS, "set": {"listed": False}})
    assert (await bench.polled_well()).gone == frozenset()
    assert (await bench.polled_well()).gone == {ARREARS}
    assert len(bench.snapshot.listing.numbers) == LISTED - 1


@pytest.mark.parametrize("subject", LISTING, ids=lambda it: it.name, indirect=True)
async def test_a_number_that_is_missing_once_does_not_lose_its_phones(bench: ContractBench) -> None:
    """Listings of phones leave it out too, which does not say that it has none."""
    before = await bench.polled_well()
    bench.server.apply({"number": ONE, "set": {"listed": False}})
    after = await bench.polled_well()
    assert after.bindings.get(ONE) == before.bindings.get(ONE)
    assert (await bench.polled_well()).gone == {ONE}
