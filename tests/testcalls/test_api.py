"""Test calls through the agent's HTTP API: placed, streamed, refused, listed, heard."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient

from agent.probing.engine import client as engine_client
from agent.store.schema import audit
from agent.testcalls import under_way
from tests.app.conftest import until
from tests.testcalls.conftest import (
    ANSWERS,
    BUSY,
    CLOSED,
    CONTROL,
    NORTH,
    STRANGER,
    SUSPENDED,
    CallScene,
    served,
)
from tests.testcalls.served_calls import asking, authorized, call

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def api(scene: CallScene) -> AsyncIterator[TestClient]:
    """The agent's API, with its token."""
    async with asking(scene) as client:
        yield client


async def get(api: TestClient, path: str) -> Any:
    async with api.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_a_call_is_streamed_step_by_step_and_listed(
    scene: CallScene, api: TestClient
) -> None:
    status, lines = await call(api, ANSWERS, reason="after 13800001111 complained")
    steps, last = [it["step"] for it in lines[:-1]], lines[-1]
    assert status == 200
    assert (steps[0], steps[-1]) == ("calling", "answered")
    assert "ringing" in steps
    shown = last["call"]
    assert (shown["outcome"], shown["says"], shown["files"]) == ("answered", "got_through", [])
    assert last["report"]["calls_left_today"] > 0
    page = await get(api, f"/api/test-calls?number={ANSWERS}")
    assert (page["total"], page["items"]) == (1, [shown])
    assert await get(api, f"/api/test-calls/{shown['id']}") == shown
    assert (await get(api, f"/api/test-calls?number={BUSY}"))["total"] == 0
    (entry,) = await entries(scene, "test_call_requested")
    assert ANSWERS in entry["subject"]
    assert entry["reason"] == "after 138****1111 complained"


async def entries(scene: CallScene, what: str) -> list[dict[str, Any]]:
    """The entries of the audit log."""
    async with scene.agent.database.reading() as connection:
        rows = await connection.execute(audit.select().where(audit.c.what == what))
        return [dict(row) for row in rows.mappings()]


async def test_a_call_that_fails_is_followed_by_the_control_number_and_can_be_heard(
    scene: CallScene, api: TestClient
) -> None:
    scene.behave(BUSY, "busy_tone")
    _, lines = await call(api, BUSY)
    assert next(it["step"] for it in lines if it.get("of_control")) == "control"
    shown, report = lines[-1]["call"], lines[-1]["report"]
    assert (shown["says"], shown["control"]) == ("failed", "passed")
    assert (report["line_at_fault"], report["control"]["outcome"]) == (False, "answered")
    assert set(shown["files"]) == {"recording", "trace"}
    async with api.get(f"/api/test-calls/{shown['id']}/recording") as heard:
        assert heard.content_type == "audio/wav"
        assert heard.headers["Cache-Control"] == "no-store"
        assert (await heard.read()).startswith(b"RIFF")
    trace = await get(api, f"/api/test-calls/{shown['id']}/trace")
    assert any(it["message"].startswith("INVITE ") for it in trace["items"])
    assert len(await entries(scene, "test_call_heard")) == 1
    assert len(await entries(scene, "test_call_trace_read")) == 1


async def test_phones_in_a_trace_are_masked_and_the_number_is_not(
    scene: CallScene, api: TestClient
) -> None:
    user = "13800001111"
    await scene.change(lambda it: it["dial"]["callers"][0].update(user=user))
    _, lines = await call(api, BUSY)
    trace = await get(api, f"/api/test-calls/{lines[-1]['call']['id']}/trace")
    text = json.dumps(trace)
    assert BUSY in text
    stored = await scene.calls.ledger.file(lines[-1]["call"]["id"], "trace.json")
    assert user.encode() in (stored or b""), "the control: the caller's own phone is in it"
    assert user not in text


async def test_a_part_of_a_recording_is_answered_and_written_down(
    scene: CallScene, api: TestClient
) -> None:
    _, lines = await call(api, ANSWERS, keep_recording=True)
    path = f"/api/test-calls/{lines[-1]['call']['id']}/recording"
    async with api.get(path) as answer:
        whole, total = await answer.read(), answer.content_length
        assert (answer.status, answer.headers["Accept-Ranges"]) == (200, "bytes")
    for wanted, first, behind in (("0-", 0, total), ("40-99", 40, 100), ("-20", total - 20, total)):
        async with api.get(path, headers={"Range": f"bytes={wanted}"}) as answer:
            assert (answer.status, await answer.read()) == (206, whole[first:behind]), wanted
            shown = answer.headers["Content-Range"]
            assert shown == f"bytes {first}-{behind - 1}/{total}"
    async with api.get(path, headers={"Range": f"bytes={total}-"}) as answer:
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{total}")
    for unread in ("bytes=9-2", "seconds=1-2", "bytes=0-1,4-5"):
        async with api.get(path, headers={"Range": unread}) as answer:
            assert (answer.status, await answer.read()) == (200, whole), unread
    assert len(await entries(scene, "test_call_heard")) == 8


async def test_a_recording_of_a_call_that_gets_through_is_stored_where_it_is_asked_for(
    api: TestClient,
) -> None:
    _, lines = await call(api, ANSWERS, keep_recording=True)
    assert "recording" in lines[-1]["call"]["files"]


async def test_refusals_have_a_status_and_a_text_in_both_languages(
    scene: CallScene, api: TestClient
) -> None:
    for number, status, code in (
        (STRANGER, 404, "not_ours"),
        (CLOSED, 409, "number_hours"),
    ):
        got, (refused,) = await call(api, number)
        assert (got, refused["code"]) == (status, code)
        assert refused["error"] == f"{status} {refused['texts']['en']}"
        assert number in refused["texts"]["zh-CN"]
        assert refused["texts"]["zh-CN"] != refused["texts"]["en"]
    assert (await call(api, CLOSED, at_any_time=True))[0] == 200
    assert (await call(api, ANSWERS, caller="nobody"))[0] == 400
    await scene.change(lambda it: it["dial"]["callers"][0].update(daily_budget=1))
    got, (refused,) = await call(api, ANSWERS)
    assert (got, refused["code"]) == (429, "budget")
    await scene.change(lambda it: it["dial"].update(callers=[]))
    got, (refused,) = await call(api, ANSWERS)
    assert (got, refused["code"]) == (503, "no_caller")
    assert [scene.calls_of(it) for it in (STRANGER, CLOSED, ANSWERS)] == [0, 1, 0]


async def test_without_the_engine_it_says_what_is_missing(
    scene: CallScene, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    got, (refused,) = await call(api, ANSWERS)
    assert (got, refused["code"]) == (503, "engine_missing")
    assert "numwatch[dial]" in refused["texts"]["zh-CN"]


async def test_two_calls_to_the_same_phone_are_not_made_at_once(
    scene: CallScene, api: TestClient
) -> None:
    scene.behave(SUSPENDED, "rings")
    first = asyncio.create_task(call(api, SUSPENDED))
    await until(lambda: scene.calls_of(SUSPENDED) == 1, "the first one rings")
    got, (refused,) = await call(api, SUSPENDED)
    assert (got, refused["code"]) == (409, "concurrency")
    first.cancel()


async def test_only_a_few_calls_are_under_way_at_once(
    scene: CallScene, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_way, "MOST_CALLS", 1)
    scene.behave(SUSPENDED, "rings")
    first = asyncio.create_task(call(api, SUSPENDED))
    await until(lambda: scene.calls_of(SUSPENDED) == 1, "the first one rings")
    got, (refused,) = await call(api, ANSWERS)
    assert (got, refused["code"]) == (429, "too_many_calls")
    first.cancel()


@asynccontextmanager
async def served_as_ever(scene: CallScene) -> AsyncIterator[ClientSession]:
    """The agent's own server: it notices only by writing that its client has gone."""
    async with served(scene) as config:
        (at,) = yaml.safe_load(config.read_text())["listen"]
        async with ClientSession(f"http://{at}", headers=authorized(scene)) as client:
            yield client


@pytest.mark.parametrize("serve", [served_as_ever, asking], ids=["own", "one_that_cancels"])
async def test_a_client_that_hangs_up_ends_neither_the_call_nor_its_bookkeeping(
    scene: CallScene, serve: Callable[[CallScene], Any]
) -> None:
    scene.behave(BUSY, "busy_tone")
    async with serve(scene) as client:
        async with client.post(f"/api/numbers/{BUSY}/test-call", json={}) as answer:
            assert b"calling" in await answer.content.readline()
            answer.close()
        await until(lambda: scene.board.of(NORTH).get(BUSY), "the call is stored")
    (stored,) = await scene.calls.ledger.of_number(BUSY)
    assert (stored.outcome, stored.control) == ("busy", "passed"), "both calls went to their end"
    assert set(await scene.calls.ledger.file_names([stored.id])) == {stored.id}
    assert [scene.calls_of(it) for it in (BUSY, CONTROL)] == [1, 1]
    (known,) = scene.calls.under_way._known.values()
    assert (known.is_over, known.error, known.facts) == (True, None, stored)
    assert len(await entries(scene, "test_call_requested")) == 1


async def test_stopping_ends_the_calls_and_leaves_no_engine(
    scene: CallScene, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = []
    create = asyncio.create_subprocess_exec

    async def noted(*arguments: Any, **options: Any) -> Any:
        engines.append(await create(*arguments, **options))
        return engines[-1]

    monkeypatch.setattr(engine_client.asyncio, "create_subprocess_exec", noted)
    scene.behave(ANSWERS, "rings")
    asked = asyncio.create_task(call(api, ANSWERS))
    await until(lambda: scene.calls_of(ANSWERS) == 1, "it rings")
    await asyncio.wait_for(scene.calls.under_way.stop(), 5.0)
    (engine,) = engines
    assert engine.returncode is not None
    (status, lines) = await asked
    assert (status, lines[-1]["code"]) == (200, "stopped")
    await until(lambda: scene.endpoint.calls[-1].ended_by, "the far end knows")
    got, (refused,) = await call(api, BUSY)
    assert (got, refused["code"]) == (429, "too_many_calls"), "none is begun while it stops"


async def test_viewers_read_calls_and_neither_place_nor_hear_them(
    scene: CallScene, api: TestClient
) -> None:
    await call(api, ANSWERS, keep_recording=True)
    (shown,) = (await get(api, "/api/test-calls"))["items"]
    nobody = {"Authorization": ""}
    for path, status in (
        ("/api/test-calls", 200),
        (f"/api/test-calls/{shown['id']}", 200),
        (f"/api/test-calls/{shown['id']}/recording", 401),
        (f"/api/test-calls/{shown['id']}/trace", 401),
        ("/api/test-calls/none", 404),
    ):
        async with api.get(path, headers=nobody) as answer:
            assert answer.status == status, path
    async with api.post(f"/api/numbers/{ANSWERS}/test-call", json={}, headers=nobody) as answer:
        assert answer.status == 401
    for path in ("/api/test-calls", "/test-calls"):
        for guess in ({"caller": "13800001111"}, {"number": "13800001111"}):
            async with api.get(path, params=guess, headers=nobody) as answer:
                assert answer.status == 400, "what is found would tell digits that are masked"
            async with api.get(path, params=guess) as answer:
                assert answer.status == 200
    assert scene.calls_of(CONTROL) == 0
