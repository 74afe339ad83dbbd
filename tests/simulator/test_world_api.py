"""``/world``: how it stands, what happened, and playing with it; complaints on their way out."""

import asyncio
import contextlib
import math

import pytest
from aiohttp import web

from agent.simulator.server import start
from agent.simulator.world import World
from tests.simulator.worlds import SMALL


async def _post(client, **entry):
    async with client.session.post(f"{client.running.url}/world", json=entry) as answer:
        return answer.status, await answer.json()


async def test_the_world_as_it_stands(client, clock):
    client.running.apply({"provider": "north", "fault": {"kind": "hang", "for": "1m"}})
    clock.now += 30
    world = await client.world()
    assert (world["elapsed_seconds"], world["speed"]) == (30, 1)
    assert world["time"] == "2026-11-18T12:00:30.000+08:00"
    north, twilio = world["providers"]
    assert (north["dialect"], twilio["dialect"]) == ("generic", "twilio")
    account = north["accounts"][0]
    assert (account["balance"], account["states"]) == (120.5, {"active": 10})
    assert [number["number"] for number in account["numbers"]] == ["4006220001"]
    assert account["numbers"][0]["bindings"][1] == {
        "id": "b1",
        "phone": "138****0001",
        "state": "off",
    }
    assert (world["faults"][0]["kind"], world["faults"][0]["ends"]) == ("hang", 60)


async def test_generated_numbers_are_shown_when_faulty_or_requested(client):
    shown = {"state": "frozen"}
    client.running.apply({"number": "4008000003", "set": shown})
    account = (await client.world())["providers"][0]["accounts"][0]
    assert [one["number"] for one in account["numbers"]] == ["4006220001", "4008000003"]
    async with client.session.get(f"{client.running.url}/world?all=1") as answer:
        account = (await answer.json())["providers"][0]["accounts"][0]
    assert len(account["numbers"]) == 10


async def test_an_entry_is_applied_at_once(client):
    assert (await _post(client, number="4006220001", set={"state": "frozen"}))[0] == 200
    page = await client.data("/v1/numbers")
    assert page["items"][0]["state"] == "frozen"


async def test_a_number_taken_out_of_the_listing_is_gone_without_a_word(client):
    await _post(client, account="north/hq", numbers=["4008000000"], set={"listed": False})
    page = await client.data("/v1/numbers")
    assert page["total"] == 9
    assert (await client.data("/v1/bindings"))["total"] == 18
    async with client.get("/v1/numbers/4008000000/routing") as answer:
        assert (await answer.json())["code"] == 40401


async def test_a_bad_entry_is_refused_with_its_reasons(client):
    status, body = await _post(client, number="4006220001", set={"state": "ill", "mood": "bad"})
    assert status == 400
    assert len(body["errors"]) == 2
    assert "set.state: is not one of the known values, got ill" in body["errors"][0]
    status, body = await _post(client, at="30s", number="4006220001", set={"state": "idle"})
    assert (status, "at once" in body["errors"][0]) == (400, True)
    async with client.session.post(f"{client.running.url}/world", data="{nonsense") as answer:
        assert answer.status == 400
    async with client.session.post(f"{client.running.url}/world", data=b"\xff\xfe") as answer:
        assert answer.status == 400


async def test_events_are_listed_after_a_number(client):
    for state in ("frozen", "active"):
        await _post(client, number="4006220001", set={"state": state})
    async with client.session.get(f"{client.running.url}/world/events?after=1") as answer:
        (event,) = await answer.json()
    assert (event["seq"], event["kind"], event["text"]) == (2, "set", "state = active")
    assert (event["provider"], event["account"]) == ("north", "hq")
    async with client.session.get(f"{client.running.url}/world/events?after=x") as answer:
        assert answer.status == 400


async def test_phones_are_masked_in_events(client):
    client.running.apply({"number": "4006220001", "binding": "b1", "set": {"phone": "13812345678"}})
    client.running.apply({"complaint": {"number": "4006220001", "caller": "13812345678"}})
    async with client.session.get(f"{client.running.url}/world/events") as answer:
        assert "13812345678" not in await answer.text()
    assert "13812345678" not in str(await client.world())


async def test_events_are_followed_as_they_happen(client):
    seen = []

    async def follow():
        async for event in client.running.events.follow():
            seen.append(event.text)
            if len(seen) == 2:
                return

    client.running.apply({"number": "4006220001", "set": {"state": "frozen"}})
    following = asyncio.create_task(follow())
    await asyncio.sleep(0)
    client.running.apply({"number": "4006220001", "set": {"state": "active"}})
    await asyncio.wait_for(following, 5)
    assert seen == ["state = frozen", "state = active"]
    assert not client.running.events.followers


async def test_world_time_passes_when_nobody_asks():
    text = SMALL + 'timeline: [{at: 100s, number: "4006220001", set: {state: frozen}}]\n'
    running = await start(World.parse(text), speed=1000)
    async with running, asyncio.timeout(10):
        async for event in running.events.follow():
            assert (event.at, event.text) == (100, "state = frozen")
            break


async def test_complaints_are_posted_where_somebody_listens(serve):
    received = asyncio.Queue()
    complaint = {"number": "4006220001", "caller": "13900001111", "prompt": "忙"}

    async def receive(request):
        body = await request.json()
        received.put_nowait(
            (request.headers["webhook-id"], {name: body[name] for name in complaint})
        )
        raise web.HTTPServiceUnavailable if received.qsize() == 1 else web.HTTPAccepted

    app = web.Application()
    app.router.add_post("/hooks/complaints", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/complaints"
    client = await serve(complaints_url=url)
    client.running.apply({"complaint": complaint})
    async with asyncio.timeout(10):
        first, second = [await received.get() for _ in range(2)]
    assert first == second, "the same delivery again"
    assert first[1] == complaint
    assert (await client.world())["complaints"][0]["caller"] == "139****1111"
    await client.running.stop()
    await runner.cleanup()


async def test_the_simulator_stops_with_complaints_still_to_post(serve):
    client = await serve(complaints_url="http://127.0.0.1:9/nobody")
    client.running.apply({"complaint": {"number": "4006220001"}})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await client.running.stop()
            return
    raise AssertionError("the simulator did not stop")


async def test_world_time_goes_on_for_as_long_as_it_is_told_to(client, clock):
    world, go = client.running.world, f"{client.running.url}/world/go?seconds="
    passed = []
    for seconds in ("0", "60", "5"):
        before = world.advance()
        async with client.session.post(f"{go}{seconds}") as answer:
            assert (await answer.json())["elapsed_seconds"] == pytest.approx(before, abs=1e-3)
        # What is planned next is so far off that nobody waits for it while time stands still.
        assert seconds != "0" or world.next_due() in (None, math.inf)
        clock.now += 10
        passed.append(world.advance() - before)
    assert passed == pytest.approx([0, 10, 5])
    for wrong in ("-1", "61", "x", "nan", ""):
        async with client.session.post(f"{go}{wrong}") as answer:
            assert answer.status == 400
