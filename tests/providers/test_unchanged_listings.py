"""A listing whose pages are as they were costs nothing for each record, and hides nothing."""

import json

import pytest
from aiohttp import web

from agent.net.exchange import ProviderError
from tests.net.http_bench import serving

SIZE, PHONES = 10, 90


def numbers_row(index, **changed):
    return {"number": f"400{index:07}", "state": "active", **changed}


def phone_row(index, **changed):
    number = f"400{index // 2:07}"
    position = index % 2 + 1
    return {
        "number": number,
        "id": f"b{position}",
        "phone": f"138{index:08}",
        "position": position,
        "state": "ok",
        **changed,
    }


class Pages:
    """A server of the pages in ``pages``."""

    def __init__(self, row):
        rows = [row(index) for index in range(PHONES)]
        self.pages = [rows[start : start + SIZE] for start in range(0, PHONES, SIZE)]

    async def __call__(self, request):
        items = self.pages[int(request.query["page"]) - 1]
        tree = {"code": 0, "data": {"total": PHONES, "items": items}}
        return web.Response(text=json.dumps(tree), content_type="application/json")


NUMBERS = [f"400{index:07}" for index in range(PHONES // 2)]


async def test_numbers_of_unchanged_pages_are_the_same_tuple(bench):
    pages = Pages(numbers_row)
    async with serving(pages) as server:
        provider = bench.provider(server.url)
        first, second = [(await provider.numbers()).numbers for _ in range(2)]
        assert first is second
        pages.pages[4][3] = numbers_row(43, state="frozen")
        third = (await provider.numbers()).numbers
    assert [it.number for it in third if it.state == "frozen"] == ["4000000043"]
    assert len(third) == PHONES


async def test_phones_of_unchanged_pages_are_the_same_mapping(bench):
    pages = Pages(phone_row)
    async with serving(pages) as server:
        provider = bench.provider(server.url)
        first, second = [await provider.reachability(NUMBERS) for _ in range(2)]
        assert first is second
        pages.pages[4][3] = phone_row(43, state="off")
        third = await provider.reachability(NUMBERS)
        fewer = await provider.reachability([*NUMBERS, "4009999999"])
    assert [phone.state for phone in first["4000000021"]] == ["ok", "ok"]
    assert [phone.state for phone in third["4000000021"]] == ["ok", "off"]
    assert fewer["4009999999"] == ()
    assert "4009999999" not in third


async def test_phones_apart_from_each_other_are_in_the_order_of_ringing(bench):
    pages = Pages(phone_row)
    everything = [row for page in pages.pages for row in page][::-1]
    everything[0], everything[60] = everything[60], everything[0]
    pages.pages = [everything[start : start + SIZE] for start in range(0, PHONES, SIZE)]
    async with serving(pages) as server:
        found = await bench.provider(server.url).reachability(NUMBERS)
    assert list(map(len, found.values())) == [2] * len(NUMBERS)
    assert all([phone.id for phone in phones] == ["b1", "b2"] for phones in found.values())


@pytest.mark.parametrize("spoilt", [1, 5, 8])
async def test_a_record_of_an_unchanged_page_that_comes_twice_is_noticed(bench, spoilt):
    pages = Pages(numbers_row)
    async with serving(pages) as server:
        provider = bench.provider(server.url)
        for _ in range(2):
            await provider.numbers()
        before = pages.pages[spoilt][3]
        pages.pages[spoilt][3] = pages.pages[0][2] if spoilt != 1 else pages.pages[8][2]
        with pytest.raises(ProviderError, match="came twice"):
            await provider.numbers()
        pages.pages[spoilt][3] = before
        assert len((await provider.numbers()).numbers) == PHONES


async def test_a_page_in_place_of_another_is_noticed(bench):
    pages = Pages(numbers_row)
    async with serving(pages) as server:
        provider = bench.provider(server.url)
        await provider.numbers()
        pages.pages[6] = pages.pages[2]
        with pytest.raises(ProviderError, match="a page came twice"):
            await provider.numbers()
