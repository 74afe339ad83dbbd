"""An account of Vonage that has no numbers is answered with an empty object."""

import pytest

from agent.net.exchange import ProviderError
from tests.providers.answers import numbers_of, reading
from tests.providers.contract.contract_bench import contract_bench
from tests.providers.contract.subjects import SUBJECTS

SUBJECT = next(it for it in SUBJECTS if it.name == "vonage")
PAGED = {
    "paging": {"kind": "page", "param": "index", "size": 100, "total": "count"},
    "fields": {"number": "msisdn", "state": {"const": "unknown"}},
}
EMPTY = {"path": "numbers", "empty_when_absent": True}


async def test_the_last_number_that_is_given_back_is_gone() -> None:
    async with contract_bench(SUBJECT) as bench:
        before = await bench.polled_well()
        names = {number.number for number in before.listing.numbers}
        for name in names:
            bench.server.apply({"number": name, "set": {"listed": False}})
        # A listing that shrinks to nothing is not believed at once.
        for _ in range(5):
            await bench.poll()
        after = await bench.polled_well()
        assert after.listing.numbers == ()
        assert after.gone == names


async def test_a_total_may_be_missing_only_with_the_list_itself(bench, tmp_path) -> None:
    assert await numbers_of(bench, tmp_path, {}, records=EMPTY, **PAGED) == ()
    for answer, records in (
        ({}, "numbers"),
        ({"numbers": []}, EMPTY),
        ({"numbers": [{"msisdn": "447700900000"}]}, EMPTY),
    ):
        async with reading(
            bench, tmp_path, answer, numbers={"path": "/numbers", "records": records, **PAGED}
        ) as provider:
            with pytest.raises(ProviderError, match=r"no (count|records) at"):
                await provider.numbers()
