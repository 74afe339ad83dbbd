"""Listings that are whole, and every way of not being so."""

import asyncio
import json

import pytest
from aiohttp import web

from agent.net.decode import MAX_CONTAINERS
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.net.reading import INLINE_RECORDS, read_in_thread
from agent.providers.profile import operation
from agent.providers.profile.page_shape import PageShape
from agent.states import PollFailure
from tests.net.http_bench import serving


def row(index, **changed):
    return {
        "number": f"400{index:07}",
        "state": "active",
        "network_state": "active",
        "reason": "",
        "company": f"company {index % 7}",
        "grade": "A",
        "carrier": "unicom",
        "contract_end": "2027-03-01",
        "reclaim_at": None,
        "realname_ok": True,
        **changed,
    }


def envelope(items, total, **more):
    return {"code": 0, "message": "ok", "data": {"total": total, "items": items, **more}}


class Listing:
    """A server of numbers in pages; ``spoil`` may change each answer."""

    def __init__(self, rows, size=10, spoil=None):
        self.rows, self.size, self.spoil = rows, size, spoil
        self.pages = []

    async def __call__(self, request):
        page = int(request.query["page"])
        self.pages.append(page)
        start = (page - 1) * self.size
        tree = envelope(self.rows[start : start + self.size], len(self.rows))
        if self.spoil:
            tree = self.spoil(page, tree, len(self.pages)) or tree
        return web.Response(text=json.dumps(tree), content_type="application/json")


async def listed(bench, listing, **limits):
    async with serving(listing) as server:
        return await bench.provider(server.url, **limits).numbers()


async def failing(bench, listing, **limits) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await listed(bench, listing, **limits)
    return caught.value


ROWS = [row(index) for index in range(95)]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95, 100])
async def test_a_whole_listing(bench, count):
    listing = Listing([row(index) for index in reversed(range(count))])
    got = await listed(bench, listing)
    assert [it.number for it in got.numbers] == [f"400{index:07}" for index in range(count)]
    assert len(listing.pages) == max(1, -(-count // 10))


async def test_the_providers_own_page_size_counts_not_the_one_requested(bench):
    listing = Listing(ROWS, size=7)
    assert len((await listed(bench, listing)).numbers) == 95
    assert sorted(listing.pages) == list(range(1, 15))


async def test_a_listing_that_changes_once_is_read_once_more(bench):
    def grow_once(_page, tree, requests):
        tree["data"]["total"] += requests == 4

    listing = Listing(ROWS, spoil=grow_once)
    assert len((await listed(bench, listing)).numbers) == 95
    assert listing.pages.count(1) == 2


async def test_a_listing_that_keeps_changing_is_given_up(bench):
    def grow(_page, tree, requests):
        tree["data"]["total"] += requests

    listing = Listing(ROWS, spoil=grow)
    assert (await failing(bench, listing)).kind == "pagination"
    assert listing.pages.count(1) == 2


async def test_a_page_that_comes_twice(bench):
    def repeat(page, tree, _requests):
        if page == 5:
            tree["data"]["items"] = ROWS[:10]

    error = await failing(bench, Listing(ROWS, spoil=repeat))
    assert (error.kind, "twice" in error.detail) == ("pagination", True)


async def test_a_record_that_comes_twice(bench):
    def repeat(page, tree, _requests):
        if page == 5:
            tree["data"]["items"][0] = ROWS[0]

    assert (await failing(bench, Listing(ROWS, spoil=repeat))).kind == "pagination"


@pytest.mark.parametrize("page", [1, 5, 10])
async def test_an_empty_page(bench, page):
    def empty(requests, tree, _count):
        if requests == page:
            tree["data"]["items"] = []

    assert (await failing(bench, Listing(ROWS, spoil=empty))).kind == "partial"


async def test_a_short_page(bench):
    def shorten(page, tree, _requests):
        if page == 5:
            tree["data"]["items"].pop()

    assert (await failing(bench, Listing(ROWS, spoil=shorten))).kind == "partial"


@pytest.mark.parametrize("total", [10**6, 10**12])
async def test_more_pages_than_allowed_are_not_even_begun(bench, total):
    def boast(_page, tree, _requests):
        tree["data"]["total"] = total

    listing = Listing(ROWS, spoil=boast)
    assert (await failing(bench, listing, max_pages=50)).kind == "pagination"
    assert listing.pages == [1]


@pytest.mark.parametrize("total", [None, "many", -1, 1.5, True, [], "9" * 30])
async def test_a_total_that_is_no_count(bench, total):
    def lie(_page, tree, _requests):
        tree["data"]["total"] = total

    assert (await failing(bench, Listing(ROWS, spoil=lie))).kind == "schema"


@pytest.mark.parametrize("items", [None, {}, "x", 5])
async def test_records_that_are_no_list(bench, items):
    def lie(_page, tree, _requests):
        tree["data"]["items"] = items

    assert (await failing(bench, Listing(ROWS, spoil=lie))).kind == "schema"


async def test_the_first_failure_ends_the_other_pages(bench):
    rows = [row(index) for index in range(1000)]

    async def handler(request):
        if int(request.query["page"]) == 3:
            return web.Response(status=500)
        return await listing(request)

    listing = Listing(rows)
    assert (await failing(bench, handler, concurrency=2)).kind == "http_5xx"
    assert len(listing.pages) < 20


class Linked:
    """Twilio's way: a next link in every page but the last."""

    def __init__(self, links, rows=10):
        self.links, self.rows, self.requests = links, rows, 0

    async def __call__(self, request):
        if request.path.endswith("/Balance.json"):
            return web.json_response({"balance": "1", "currency": "USD"})
        if not request.path.endswith("/IncomingPhoneNumbers.json"):
            return web.json_response({"status": "active"})
        page = self.requests
        self.requests += 1
        rows = [
            {"phone_number": f"+1555{page:03}{at:04}", "status": "in-use"}
            for at in range(self.rows)
        ]
        link = self.links(page) if callable(self.links) else self.links
        return web.json_response({"incoming_phone_numbers": rows, "next_page_uri": link})


async def linked(bench, handler, **limits):
    async with serving(handler) as server:
        provider = bench.provider(
            server.url, "twilio", {"sid": "AC" + "1" * 32, "token": "secret-token"}, **limits
        )
        try:
            return await provider.numbers(), server
        except ProviderError as error:
            return error, server


PATH = "/2010-04-01/Accounts/x/IncomingPhoneNumbers.json"


async def test_links_are_followed_to_the_end(bench):
    links = lambda page: f"{PATH}?Page={page + 1}" if page < 4 else None  # noqa: E731 - a table
    listing, server = await linked(bench, Linked(links))
    assert len(listing.numbers) == 50
    assert all("Authorization" in request.headers for request in server.requests)


async def test_endless_links_end_at_the_cap(bench):
    handler = Linked(lambda page: f"{PATH}?Page={page + 1}")
    error, _ = await linked(bench, handler, max_pages=20)
    assert (error.kind, handler.requests) == ("pagination", 20)


async def test_a_link_to_itself(bench):
    handler = Linked(f"{PATH}?Page=1")
    error, _ = await linked(bench, handler)
    assert (error.kind, handler.requests) == ("pagination", 2)


async def test_an_empty_page_with_a_next_one_behind_it(bench):
    error, _ = await linked(bench, Linked(f"{PATH}?Page=1", rows=0))
    assert error.kind == "partial"


@pytest.mark.parametrize(
    "link",
    [
        "http://evil.example/next",
        "//evil.example/next",
        "https://127.0.0.1:{port}/next",
        "http://127.0.0.1:1/next",
        "http://localhost:{port}/next",
        "http://user@127.0.0.1:{port}/next",
        "\\\\evil.example/next",
        "/next\r\nX-Evil: 1",
        "/next page",
        "http://[::1",
        "/" + "x" * 5000,
        7,
        ["/next"],
        True,
    ],
)
async def test_links_that_lead_away_are_refused(bench, link):
    async with serving(answer := Linked(None)) as server:
        port = server.url.rpartition(":")[2]
        answer.links = link.replace("{port}", port) if isinstance(link, str) else link
        credentials = {"sid": "AC" + "1" * 32, "token": "secret-token"}
        with pytest.raises(ProviderError) as caught:
            await bench.provider(server.url, "twilio", credentials).numbers()
        assert caught.value.kind in {"pagination", "schema"}
        assert answer.requests == 1 or caught.value.kind == "pagination"


async def test_a_link_on_the_same_host_in_full(bench):
    async with serving(answer := Linked(None)) as server:
        answer.links = lambda page: None if page else f"{server.url}{PATH}?Page=1"
        credentials = {"sid": "AC" + "1" * 32, "token": "secret-token"}
        listing = await bench.provider(server.url, "twilio", credentials).numbers()
    assert len(listing.numbers) == 20


async def test_a_page_that_is_the_same_gives_the_same_facts(bench):
    rows = [row(index, state="odd" if index == 3 else "active") for index in range(95)]
    listing = Listing(rows)
    async with serving(listing) as server:
        provider = bench.provider(server.url)
        first = await provider.numbers()
        rows[50] = row(50, state="frozen")
        second = await provider.numbers()
        third = await provider.numbers()
    same = [one is other for one, other in zip(first.numbers, second.numbers, strict=True)]
    assert same == [not 50 <= index < 60 for index in range(95)]  # one page was read anew
    assert second.numbers[50].state == "frozen"
    assert all(one is other for one, other in zip(second.numbers, third.numbers, strict=True))
    assert bench.counts.unmapped == {"numbers.state": 3}  # reported at every poll


async def test_a_page_that_was_right_does_not_hide_that_it_is_wrong_now(bench):
    wrong = False

    def spoil(page, tree, _requests):
        if wrong and page == 5:
            tree["code"] = 50001

    async with serving(Listing(ROWS, spoil=spoil)) as server:
        provider = bench.provider(server.url)
        await provider.numbers()
        wrong = True
        with pytest.raises(ProviderError) as caught:
            await provider.numbers()
        assert caught.value.kind == "api_error"
        wrong = False
        assert len((await provider.numbers()).numbers) == 95


async def test_a_failure_leaves_its_caller_as_it_was():
    async def fail():
        raise ProviderError(PollFailure.CONNECT, "x")

    with pytest.raises(ProviderError):
        await run_concurrently(work() for work in (fail, lambda: asyncio.sleep(60), fail))
    assert asyncio.current_task().cancelling() == 0


async def test_a_cancellation_is_not_lost_to_a_failure_at_the_same_moment():
    started = asyncio.Event()

    async def fail_when_cancelled():
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            raise ProviderError(PollFailure.CONNECT, "x")

    task = asyncio.create_task(run_concurrently([fail_when_cancelled(), asyncio.sleep(60)]))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_records_that_do_not_fit_count_for_the_limit_as_well(bench):
    """Nor does a total that is too small let more of them in."""

    def spoil(_page, tree, _requests):
        tree["data"]["total"] = 27

    rows = [row(index) for index in range(30)]
    for index in range(0, 30, 6):
        del rows[index]["number"]
    assert len((await listed(bench, Listing(rows), max_numbers=30)).numbers) == 25
    listing = Listing(rows, spoil=spoil)
    failure = await failing(bench, listing, max_numbers=27)
    assert failure.kind is PollFailure.TOO_MANY
    assert "30 records or more" in failure.detail


async def test_a_page_of_a_known_shape_has_no_more_values_than_another(bench, monkeypatch):
    is_large, decoded = False, []
    decode = PageShape.decode
    monkeypatch.setattr(PageShape, "decode", lambda *args: decoded.append(1) or decode(*args))

    def spoil(_page, tree, requests):
        tree["data"]["items"][0]["company"] = f"company {requests}"
        if is_large:
            tree["data"]["items"][0]["more"] = [[]] * MAX_CONTAINERS

    async with serving(Listing(ROWS[:5], spoil=spoil)) as server:
        provider = bench.provider(server.url)
        assert len((await provider.numbers()).numbers) == 5
        assert await provider.numbers()
        assert len(decoded) == 1
        is_large = True
        with pytest.raises(ProviderError, match="objects and lists") as caught:
            await provider.numbers()
    assert len(decoded) == 1
    assert caught.value.kind is PollFailure.TOO_MANY


@pytest.fixture
def threads(monkeypatch):
    """The names of the functions that operations have run in threads."""
    names = []

    async def in_thread(function, *args):
        names.append(function.__name__)
        return await read_in_thread(function, *args)

    monkeypatch.setattr(operation, "read_in_thread", in_thread)
    return names


@pytest.mark.parametrize("count", [INLINE_RECORDS, INLINE_RECORDS + 1])
async def test_many_records_are_mapped_in_a_thread(bench, threads, count):
    rows = [row(index) for index in range(count)]
    assert len((await listed(bench, Listing(rows, size=count))).numbers) == count
    assert ("map_page" in threads) is (count > INLINE_RECORDS)


async def test_a_page_with_too_many_records_is_not_mapped(bench, threads):
    rows = [row(index) for index in range(INLINE_RECORDS + 40)]
    listing = Listing(rows, size=len(rows))
    failure = await failing(bench, listing, max_numbers=INLINE_RECORDS + 20)
    assert failure.kind is PollFailure.TOO_MANY
    assert "map_page" not in threads
