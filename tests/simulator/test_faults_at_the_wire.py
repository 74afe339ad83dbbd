"""Every fault kind, as a client meets it at the wire; each with the healthy answer as control."""

import asyncio
import json
import time
import tracemalloc
import zlib
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from agent.simulator import responses
from agent.simulator.actions import PAGE_FAULTS, FaultKind
from tests.simulator.worlds import SID

TWILIO = f"/global/2010-04-01/Accounts/{SID}"


def _begin(client, kind, provider="north", **more):
    client.running.apply({"provider": provider, "fault": {"kind": kind, **more}})


async def _status(client, path="/v1/numbers"):
    async with client.get(path) as answer:
        return answer.status


async def test_http_500(client):
    _begin(client, "http_500")
    assert await _status(client) == 500


async def test_http_429_says_when_to_come_again(client):
    _begin(client, "http_429", retry_after=7)
    async with client.get("/v1/numbers") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        assert (await answer.json())["code"] == 42900
    _begin(client, "http_429", provider="global")
    async with client.twilio(f"{TWILIO}.json") as answer:
        assert (answer.status, (await answer.json())["code"]) == (429, 20429)


async def test_auth_refuses_a_good_signature(client):
    assert await _status(client) == 200
    _begin(client, "auth")
    assert await _status(client) == 401


async def test_error_200_says_so_only_in_the_body(client):
    _begin(client, "error_200")
    async with client.get("/v1/numbers") as answer:
        assert (answer.status, (await answer.json())["code"]) == (200, 50001)
    _begin(client, "error_200", provider="global")
    async with client.twilio(f"{TWILIO}.json") as answer:
        assert (answer.status, (await answer.json())["code"]) == (200, 20500)


async def test_redirect_leads_to_another_origin_that_notices(client):
    _begin(client, "redirect")
    async with client.get("/v1/numbers") as answer:
        assert answer.status == 302
        target = answer.headers["Location"]
    assert target.startswith("http://localhost:")
    assert (await client.world())["redirects_followed"] == 0
    async with client.session.get(target.replace("localhost", "127.0.0.1")):
        pass
    assert (await client.world())["redirects_followed"] == 1


async def _held(client, patience=0.15):
    """How far a request comes before its client gives up."""
    came = "nothing"
    try:
        async with asyncio.timeout(patience), client.get("/v1/numbers") as answer:
            came = "headers"
            await answer.read()
    except TimeoutError:
        return came
    return "everything"


async def test_hang_holds_before_and_after_the_headers(client):
    _begin(client, "hang")
    assert {await _held(client) for _ in range(12)} == {"nothing", "headers"}
    client.running.apply({"provider": "north", "clear": "hang"})
    assert await _held(client, patience=20) == "everything"


async def test_hanging_connections_do_not_hold_up_the_end(serve, clock):
    client = await serve()
    _begin(client, "hang")
    waiting = asyncio.create_task(_status(client))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.3)
    started = time.monotonic()
    await client.running.stop()
    assert time.monotonic() - started < 5
    with pytest.raises(aiohttp.ClientError):
        await waiting


async def test_drip_sends_a_byte_every_half_second(client):
    _begin(client, "drip")
    started = time.monotonic()
    async with client.get("/v1/balance") as answer:
        assert int(answer.headers["Content-Length"]) > 100
        got = [await answer.content.readexactly(1) for _ in range(4)]
    assert b"".join(got) == b'{"co'
    assert 1.4 < time.monotonic() - started < 4


async def _raw(client, path="/v1/balance"):
    """The bytes of one answer, up to the end of the connection, and how it ended."""
    host, port = client.running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    headers = client.headers(f"/north{path}", {})
    lines = [f"GET /north{path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    try:
        return await asyncio.wait_for(reader.read(), 5), ""
    except ConnectionResetError:
        return b"", "reset"
    finally:
        writer.close()


async def test_reset_is_a_real_rst(client):
    body, end = await _raw(client)
    assert (body[:15], end) == (b"HTTP/1.1 200 OK", "")
    _begin(client, "reset")
    assert await _raw(client) == (b"", "reset")


async def test_truncate_promises_more_than_it_sends(client):
    _begin(client, "truncate")
    answer, end = await _raw(client)
    head, _, body = answer.partition(b"\r\n\r\n")
    promised = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
    assert end == ""
    assert 0 < len(body) < int(promised.split(b":")[1])
    with pytest.raises(aiohttp.ClientPayloadError):
        await _status_and_body(client)


async def _status_and_body(client):
    async with client.get("/v1/balance") as answer:
        return await answer.read()


async def test_bad_json_is_whole_at_the_wire_and_no_json(client):
    _begin(client, "bad_json")
    async with client.get("/v1/numbers") as answer:
        body = await answer.read()
        assert len(body) == int(answer.headers["Content-Length"])
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/v1/numbers", lambda data: {data["total"], data["items"][0]} == {"many", "object"}),
        ("/v1/bindings", lambda data: data["items"][0] == "object"),
        ("/v1/balance", lambda data: data["amount"] == "many"),
        (
            "/v1/numbers/4006220001/routing",
            lambda data: (data["wait_seconds"], data["whitelist"]) == ("many", "object"),
        ),
    ],
)
async def test_wrong_type_gives_text_for_numbers_and_objects(client, path, wrong):
    _begin(client, "wrong_type")
    async with client.get(path) as answer:
        body = await answer.json()
    assert body["code"] == 0
    assert wrong(body["data"])


async def test_wrong_type_in_twilios_list(client):
    _begin(client, "wrong_type", provider="global")
    async with client.twilio(f"{TWILIO}/IncomingPhoneNumbers.json") as answer:
        assert (await answer.json())["incoming_phone_numbers"] == ["object", "object"]


async def test_an_empty_page_in_the_middle(client):
    _begin(client, "empty_page")
    pages = [await client.data("/v1/numbers", page=str(n), page_size="4") for n in (1, 2, 3)]
    assert [len(page["items"]) for page in pages] == [4, 0, 2]
    assert {page["total"] for page in pages} == {10}


async def test_endless_pages_repeat_neither_page_nor_number(client):
    _begin(client, "endless_pages")
    pages = [await client.data("/v1/numbers", page=str(n), page_size="5") for n in range(1, 40)]
    numbers = [item["number"] for page in pages for item in page["items"]]
    assert len(set(numbers)) == len(numbers) == 39 * 5
    assert [page["page"] for page in pages] == list(range(1, 40))
    assert all(page["total"] > page["page"] * 5 for page in pages)


async def test_endless_pages_at_twilio_always_have_a_next_one(client):
    _begin(client, "endless_pages", provider="global")
    path, sids = f"{TWILIO}/IncomingPhoneNumbers.json?PageSize=2", []
    for _ in range(20):
        async with client.twilio(path) as answer:
            page = await answer.json()
        sids += [one["sid"] for one in page["incoming_phone_numbers"]]
        path = page["next_page_uri"]
    assert path
    assert len(set(sids)) == len(sids) == 40


async def test_duplicate_page_gives_the_first_one_again(client):
    _begin(client, "duplicate_page")
    pages = [await client.data("/v1/numbers", page=str(n), page_size="4") for n in (1, 2, 3)]
    assert pages[0] == pages[1] == pages[2]
    assert pages[0]["page"] == 1


async def test_a_gzip_bomb_is_small_at_the_wire_and_half_a_gibibyte_inside(client):
    _begin(client, "gzip_bomb")
    async with client.session.get(
        f"{client.running.url}/north/v1/balance",
        headers=client.headers("/north/v1/balance", {}),
    ) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) < 1 << 20
    assert responses.GZIP_BOMB_SIZE >= 512 << 20


def test_the_bomb_is_made_without_memory_and_is_valid_gzip():
    tracemalloc.start()
    made = responses.make_gzip_bomb()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert b"".join(responses.chunks(made)) == made
    assert _inflated(made) == responses.GZIP_BOMB_SIZE


def test_the_bombs_checksum_is_right():
    made = responses.make_gzip_bomb(3)
    assert _inflated(made) == 3 << 20
    spoiled = made[:-8] + bytes([made[-8] ^ 1]) + made[-7:]
    with pytest.raises(zlib.error, match="incorrect data check"):  # the control
        _inflated(spoiled)


def _inflated(packed: bytes) -> int:
    inflate, total = zlib.decompressobj(31), 0
    while packed:
        total += len(inflate.decompress(packed, 1 << 20))
        packed = inflate.unconsumed_tail
    assert inflate.eof
    return total


async def test_clock_skew_is_fifteen_minutes_of_date(client, clock):
    async with client.get("/v1/balance") as answer:
        true = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert true == clock.now
    _begin(client, "clock_skew")
    async with client.get("/v1/balance") as answer:
        assert (await answer.json())["code"] == 0
        skewed = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert skewed - clock.now == 900


async def test_gbk_comes_with_and_without_saying_so(client):
    _begin(client, "gbk")
    charsets = set()
    for _ in range(20):
        async with client.get("/v1/numbers") as answer:
            body = await answer.read()
            charsets.add(answer.charset)
        with pytest.raises(UnicodeDecodeError):
            body.decode("utf-8")
        assert json.loads(body.decode("gbk"))["data"]["items"][0]["company"] == "示例公司"
    assert charsets == {"gbk", None}


async def test_a_share_hits_some_and_the_same_ones_by_seed(serve):
    async def hits():
        client = await serve()
        _begin(client, "http_500", share=0.3)
        return [await _status(client) for _ in range(60)]

    first, second = await hits(), await hits()
    assert first == second
    assert 5 < first.count(500) < 35


async def test_a_fault_lasts_as_long_as_its_plan_says(client, clock):
    _begin(client, "http_500", **{"for": "30s"})
    clock.now += 29.9
    assert await _status(client) == 500
    clock.now += 0.2
    assert await _status(client) == 200


async def test_a_fault_is_cleared_by_kind_or_altogether(client):
    for kind in ("http_500", "auth"):
        _begin(client, kind)
    client.running.apply({"provider": "north", "clear": "http_500"})
    assert await _status(client) == 401
    client.running.apply({"provider": "north", "clear": "all"})
    assert await _status(client) == 200


async def test_a_fault_is_limited_to_a_capability(client):
    _begin(client, "http_500", capability="balance")
    assert await _status(client, "/v1/balance") == 500
    assert await _status(client, "/v1/numbers") == 200
    assert await _status(client, "/v1/bindings") == 200
    assert await _status(client, "/v1/numbers/4006220001/routing") == 200


async def test_a_fault_is_limited_to_an_account(client):
    _begin(client, "http_500", account="branch")
    assert await _status(client) == 200
    client.key, client.secret = "branch", "branch-secret"
    assert await _status(client) == 500


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - {FaultKind.HANG, FaultKind.DRIP}))
async def test_every_kind_goes_at_both_dialects_and_the_next_request_is_well(client, kind):
    for provider, get in (
        ("north", lambda: client.get("/v1/numbers")),
        ("global", lambda: client.twilio(f"{TWILIO}/IncomingPhoneNumbers.json")),
    ):
        _begin(client, kind, provider)
        for _ in range(2):
            try:
                async with get() as answer:
                    await answer.content.readany()
            except aiohttp.ClientError:
                assert kind in {"reset", "truncate"}
        client.running.apply({"provider": provider, "clear": "all"})
        async with get() as answer:
            assert answer.status == 200
            await answer.json()


def test_every_kind_has_its_way_of_going_wrong():
    assert set(responses.HANDLERS) | PAGE_FAULTS == set(FaultKind)
