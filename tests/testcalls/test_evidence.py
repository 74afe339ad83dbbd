"""The test calls of a number are in the evidence of its ticket."""

import io
import json
import zipfile
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agent.store.directory import TOKEN_NAME
from agent.testcalls.outcome import CallRequest
from agent.web.app import make_app
from tests.app.conftest import until
from tests.testcalls.conftest import ANSWERS, BUSY, CallScene

pytestmark = pytest.mark.timeout(120)
LINE = "01088887777"


async def test_calls_recordings_and_traces_are_in_the_bundle_of_the_ticket(
    scene: CallScene,
) -> None:
    def own_number(settings: dict[str, Any]) -> None:
        settings["dial"]["callers"][0]["user"] = LINE

    await scene.change(own_number)
    scene.behave(BUSY, "busy_tone")
    await scene.calls.call(CallRequest(ANSWERS))
    call = await scene.calls.call(CallRequest(BUSY))
    scene.world.apply({"number": BUSY, "set": {"state": "suspended_violation"}})
    tickets = scene.agent.tickets
    ticket = await until(
        lambda: next((it for it in tickets.open if it.subject.number == BUSY), None), "a ticket"
    )
    found = await scene.agent.evidence.exporter.bundle(ticket.id)
    assert found is not None
    archive = zipfile.ZipFile(io.BytesIO(found[1]))
    (listed,) = json.loads(archive.read("test-calls/calls.json"))["calls"]
    assert (listed["id"], listed["outcome"]) == (call.id, "busy")
    assert archive.read(f"test-calls/{call.id}-recording.wav").startswith(b"RIFF")
    trace = archive.read(f"test-calls/{call.id}-trace.json").decode()
    assert "INVITE" in trace
    assert BUSY in trace
    assert LINE not in trace


async def test_what_was_heard_is_for_operators_and_audited(scene: CallScene) -> None:
    scene.behave(BUSY, "busy_tone")
    await scene.calls.call(CallRequest(BUSY))
    scene.world.apply({"number": BUSY, "set": {"state": "suspended_violation"}})
    ticket = await until(
        lambda: next((it for it in scene.agent.tickets.open if it.subject.number == BUSY), None),
        "a ticket",
    )
    token = (scene.config.parent / "data" / TOKEN_NAME).read_text().strip()
    path = f"/api/tickets/{ticket.id}/evidence.zip"
    async with TestClient(TestServer(make_app(scene.agent.web_services()))) as client:
        for headers, is_heard in (({}, False), ({"Authorization": f"Bearer {token}"}, True)):
            answer = await client.get(path, headers=headers)
            names = zipfile.ZipFile(io.BytesIO(await answer.read())).namelist()
            assert any(name.endswith("recording.wav") for name in names) is is_heard
            assert any(name.endswith("trace.json") for name in names)
        audit = await client.get("/api/audit", headers={"Authorization": f"Bearer {token}"})
        entries = (await audit.json())["items"]
    assert [it["what"] for it in entries].count("test_call_heard") == 1
