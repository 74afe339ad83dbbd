"""Facts that are nested in few records count for an account's limits."""

import pytest
from aiohttp import web

from agent.net.exchange import ProviderError
from agent.states import PollFailure
from tests.net.http_bench import serving
from tests.providers.answers import answer, profile_file

STATE = {"const": "active"}


def nested(first, count):
    return {"apps": [{"phones": [{"n": str(4_000_000_000 + first + i)} for i in range(count)]}]}


NESTED = {"records": "apps", "each": "phones", "fields": {"number": "n", "state": STATE}}


@pytest.mark.parametrize("limit", [500, 300])
async def test_facts_of_one_record_are_limited_page_by_page(bench, tmp_path, limit):
    file = profile_file(tmp_path, numbers={"path": "/numbers", **NESTED})
    async with serving(answer(nested(0, 500))) as server:
        provider = bench.provider(server.url, file, {"key": "demo"}, max_numbers=limit)
        if limit == 500:
            assert len((await provider.numbers()).numbers) == 500
            return
        with pytest.raises(ProviderError, match=f"more than {limit} records") as caught:
            await provider.numbers()
    assert caught.value.kind is PollFailure.TOO_MANY


async def test_facts_of_all_pages_are_limited(bench, tmp_path):
    async def pages(request):
        return web.json_response(nested(200 * int(request.query["page"]), 200))

    paging = {"kind": "page", "param": "page", "size": 1}
    file = profile_file(tmp_path, numbers={"path": "/numbers", "paging": paging, **NESTED})
    async with serving(pages) as server:
        provider = bench.provider(server.url, file, {"key": "demo"}, max_numbers=300)
        with pytest.raises(ProviderError, match="400 records or more") as caught:
            await provider.numbers()
    assert caught.value.kind is PollFailure.TOO_MANY
