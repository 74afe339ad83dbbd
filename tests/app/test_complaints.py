"""Complaints from the hook to the desk: to the ticket there is, or to one of their own."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agent.web.app import make_app
from agent.web.services import ReloadOutcome
from tests.app.conftest import Scene, until

BROKEN, WELL, LONE = "4006220001", "4006220002", "4008110001"


@pytest.fixture
async def client(scene: Scene) -> AsyncIterator[TestClient[Any, Any]]:
    client = TestClient(TestServer(make_app(scene.agent.web_services())), headers=scene.authorized)
    await client.start_server()
    yield client
    await client.close()


async def complain(
    client: TestClient[Any, Any], number: str, caller: str, prompt: str = "您拨打的电话正忙"
) -> dict[str, Any]:
    body = {"number": number, "caller": caller, "prompt": prompt, "channel": "hotline"}
    async with client.post("/hooks/complaints", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())


def of(scene: Scene, number: str, symptom: str) -> list[dict[str, Any]]:
    return [t for t in scene.desk() if (t["number"], t["symptom"]) == (number, symptom)]


def counted(scene: Scene, number: str) -> float:
    samples = scene.agent.telemetry.complaints.collect()[0].samples
    return sum(
        sample.value
        for sample in samples
        if sample.labels["number"] == number and sample.name.endswith("total")
    )


async def test_a_complaint_is_put_to_the_ticket_of_its_number(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    await until(lambda: of(scene, BROKEN, "number_down"), "the number has its ticket")
    await complain(client, BROKEN, "+86 139 0000 1111")
    await complain(client, BROKEN, "13900001111", "您拨打的号码是空号")
    await complain(client, BROKEN, "13900002222")
    await until(
        lambda: len(of(scene, BROKEN, "number_down")[0]["complaints"]) == 3, "they are in it"
    )
    (ticket,) = of(scene, BROKEN, "number_down")
    assert ticket["sample_callers"] == ["139****1111", "139****2222"]
    assert ticket["prompt_heard"] == "您拨打的电话正忙；您拨打的号码是空号"
    assert counted(scene, BROKEN) == 2, "a caller counts once"
    assert not of(scene, BROKEN, "complaint")
    assert "13900001111" not in str(scene.desk())
    assert not [m for m in ticket["members"] if m["symptom"] == "complaint"]


async def test_one_that_comes_in_while_another_is_put_to_the_ticket_is_put_there_too(
    scene: Scene, client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: of(scene, BROKEN, "number_down"), "the number has its ticket")
    attach_complaints = scene.agent.tickets.attach_complaints
    late = [f"1390000333{last}" for last in range(4)]

    async def meanwhile(complaints: Any, now: float) -> dict[str, str]:
        ids = await attach_complaints(complaints, now)
        if late:
            await complain(client, BROKEN, late.pop())
        return ids

    monkeypatch.setattr(scene.agent.tickets, "attach_complaints", meanwhile)
    await complain(client, BROKEN, "13900001111")
    await until(
        lambda: len(of(scene, BROKEN, "number_down")[0]["complaints"]) == 5, "all are in it"
    )
    (ticket,) = of(scene, BROKEN, "number_down")
    assert not of(scene, BROKEN, "complaint")
    assert not [m for m in ticket["members"] if m["symptom"] == "complaint"]


async def test_without_an_alarm_it_opens_a_ticket_that_says_so_and_stays(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    await complain(client, WELL, "13900001111")
    await until(lambda: of(scene, WELL, "complaint"), "it has its ticket")
    (ticket,) = of(scene, WELL, "complaint")
    assert "monitoring missed it" in ticket["description"]
    assert ticket["reporter"] == "callers"
    await until(lambda: of(scene, WELL, "complaint")[0]["complaints"], "the complaint is in it")
    (complaint,) = of(scene, WELL, "complaint")[0]["complaints"]
    assert [owed["step"] for owed in complaint["deadlines"]] == ["reply", "verify", "solve"]
    await asyncio.sleep(2)
    assert of(scene, WELL, "complaint")[0]["stage"] != "closed", "good facts answer nobody"


async def test_an_alarm_after_the_complaint_takes_it_over(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    await complain(client, WELL, "13900001111")
    await until(lambda: of(scene, WELL, "complaint"), "it has its ticket")
    scene.world.apply({"number": WELL, "set": {"state": "suspended_violation"}})
    await until(
        lambda: [t for t in of(scene, WELL, "number_down") if t["complaints"]],
        "the fault's ticket has it too",
    )
    await until(
        lambda: of(scene, WELL, "complaint")[0]["stage"] == "suppressed", "the first one steps back"
    )
    scene.world.apply({"number": WELL, "set": {"state": "active"}})
    await until(
        lambda: {t["stage"] for t in scene.desk() if t["number"] == WELL} == {"closed"},
        "both are closed with the repair",
    )
    await until(lambda: not scene.agent.webhooks.complaints.waiting, "nobody waits any more")


async def test_a_complaint_after_the_repair_reopens_the_ticket(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    scene.write(lambda config: config.update({"intake": {"complaints": {"stands": 2}}}))
    assert await scene.agent.reload() == ReloadOutcome()
    await until(lambda: of(scene, BROKEN, "number_down"), "the number has its ticket")
    scene.world.apply({"number": BROKEN, "set": {"state": "active"}})
    await until(lambda: of(scene, BROKEN, "number_down")[0]["stage"] == "closed", "it is repaired")
    await complain(client, BROKEN, "13900001111")
    ticket = await until(
        lambda: [
            t
            for t in of(scene, BROKEN, "number_down")
            if "ticket.reopened" in [d["type"] for d in t["deliveries"]]
        ],
        "it is open again",
    )
    assert ticket[0]["episode"] == 1
    await until(
        lambda: of(scene, BROKEN, "number_down")[0]["stage"] == "closed",
        "when nobody complains any more the facts close it",
    )
    assert of(scene, BROKEN, "number_down")[0]["complaints"]
    assert not of(scene, BROKEN, "complaint")


async def firing(client: TestClient[Any, Any]) -> set[tuple[str, str]]:
    async with client.get("/api/v1/alerts") as answer:
        alerts = (await answer.json())["data"]["alerts"]
    labels = [it["labels"] for it in alerts if it["state"] == "firing"]
    return {(it["alertname"], it.get("number", "")) for it in labels}


async def test_three_callers_make_it_critical(scene: Scene, client: TestClient[Any, Any]) -> None:
    for caller in ("13900001111", "13900001111", "13900002222"):
        await complain(client, WELL, caller)
    await until(lambda: of(scene, WELL, "complaint"), "it has its ticket")
    assert of(scene, WELL, "complaint")[0]["severity"] == "warning"
    await complain(client, WELL, "13900003333")
    await until(lambda: of(scene, WELL, "complaint")[0]["severity"] == "critical", "three are many")
    assert counted(scene, WELL) == 3
    async with asyncio.timeout(30):
        while ("ComplaintSurge", WELL) not in await firing(client):  # noqa: ASYNC110 - an answer has no event
            await asyncio.sleep(0.1)
    assert not of(scene, WELL, "complaint_surge"), "it only pages"


async def test_a_number_nobody_has_is_said_at_once(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    # While a listing is stale nobody can say so, and it is better to keep the complaint.
    async with asyncio.timeout(30):
        for number in range(4009999000, 4009999999):
            body = {"number": str(number)}
            async with client.post("/hooks/complaints", json=body) as answer:
                if answer.status == 422:
                    break
            await asyncio.sleep(0.1)
    assert answer.status == 422


async def act(client: TestClient[Any, Any], complaint: str, **action: Any) -> tuple[int, Any]:
    address = f"/api/complaints/{complaint}/actions"
    async with client.post(address, json={"actor": "李伟", "text": "已处理"} | action) as answer:
        return answer.status, await answer.json()


async def test_what_is_done_about_a_complaint_is_filed_and_shown_in_the_ticket(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    name = (await complain(client, WELL, "13900001111"))["id"]
    await until(lambda: of(scene, WELL, "complaint"), "it has its ticket")
    assert (await act(client, name, action="survey", fields={"satisfied": "no"}))[0] == 409
    assert (await act(client, name, action="regulator_filed"))[0] == 409
    for step in ("reply", "verify", "solve"):
        assert (await act(client, name, action=step))[0] == 200
    assert (await act(client, name, action="reply"))[0] == 409, "a step is done once"
    status, complaint = await act(client, name, action="survey", fields={"satisfied": "no"})
    assert (status, complaint["deadlines"][-1]["step"]) == (200, "rectify")
    assert (await act(client, name, action="appeal", fields={"handler": "李伟"}))[0] == 409
    assert (await act(client, name, action="appeal", fields={"handler": "王芳"}))[0] == 200
    status, complaint = await act(client, name, action="regulator_filed")
    assert status == 200
    assert set(complaint["regulator"]) >= {"eligible_from", "decides_by", "answers_by"}
    await until(
        lambda: (
            of(scene, WELL, "complaint")[0]["complaints"][0]["filed"][-1:]
            and of(scene, WELL, "complaint")[0]["complaints"][0]["filed"][-1]["event"]
            == "regulator_filed"
        ),
        "the desk has all of it",
    )
    async with client.get("/api/complaints", params={"number": WELL}) as answer:
        (listed,) = (await answer.json())["items"]
    assert listed["handler"] == "王芳"
    assert "13900001111" not in str(listed)
    async with client.get("/api/complaints/unheard-of") as answer:
        assert answer.status == 404


async def test_what_callers_heard_is_in_the_diagnosis_of_the_ticket_and_of_the_number(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    for last in range(3):
        await complain(client, LONE, f"1390000111{last}", "您拨打的号码已停机")
    await until(lambda: of(scene, LONE, "complaint"), "it has a ticket")
    async with client.get(f"/api/diagnose/{LONE}") as answer:
        verdict = await answer.json()
    assert (verdict["cause"], verdict["party"]) == ("binding_arrears", "binding_carrier")
    assert {"fact": "heard suspended", "value": "3 callers"}.items() <= verdict["evidence"][
        0
    ].items()

    def revised() -> bool:
        tickets = (it for it in scene.agent.tickets.open if it.subject.number == LONE)
        return any(it.diagnosis and it.diagnosis.cause == "binding_arrears" for it in tickets)

    await until(revised, "its ticket says so")
    assert "13900001110" not in str(verdict)


async def test_a_complaint_of_someone_on_the_black_list_leads_to_the_black_list(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    scene.world.apply({"number": LONE, "set": {"routing.blacklist": ["13900001111"]}})

    def listed() -> bool:
        result = scene.agent.checked("south", "hq")
        routing = None if result is None else result.snapshot.routings.get(LONE)
        return routing is not None and bool(routing.blacklist)

    await until(listed, "the list is known")
    await complain(client, LONE, "+86 139 0000 1111", "无权拨打")
    await until(lambda: of(scene, LONE, "complaint"), "it has a ticket")
    async with client.get(f"/api/diagnose/{LONE}") as answer:
        verdict = await answer.json()
    assert (verdict["cause"], verdict["party"]) == ("list_blocks_caller", "admin")
