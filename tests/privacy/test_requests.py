"""The doors to one person's data: the API, the page and the commands, each with its entry."""

import asyncio
import dataclasses
import json
import time
import zlib
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from aiohttp.test_utils import TestClient

from agent.cli.privacy import Person, check, delete, export
from agent.config.settings import Settings
from agent.masking import mask_phone
from agent.store.audit import AuditLog
from agent.store.database import Database
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.privacy.planted_person import DAY, NOW, PHONE, PlantedLedger, service
from tests.web.conftest import OWN_TOKEN, facts, services
from tests.web.facts import Facts
from tests.web.test_roles import WEB, login

__all__ = ["facts", "services"]
BODY = {"phone": "139-1234 5678", "reason": "asked by mail"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def web(
    services: WebServices,
    facts: Facts,
    database: Database,
    aiohttp_client,
) -> TestClient:
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "web": WEB})

    async def now() -> float:
        return NOW

    audit = AuditLog(database, now, lambda: facts.settings)
    known = dataclasses.replace(services, audit=audit, privacy=service(database))
    ledger = await PlantedLedger.open(database)
    await ledger.everything(NOW - DAY)
    return await aiohttp_client(make_app(known))


async def audited(client: TestClient) -> list[tuple[str, str, str]]:
    answer = await client.get("/api/audit", headers=login("the administrator"))
    return [(it["what"], it["subject"], it["reason"]) for it in (await answer.json())["items"]]


async def test_an_administrator_exports_and_deletes_one_person(web: TestClient) -> None:
    administrator = login("the administrator")
    answer = await web.post("/api/privacy/export", json=BODY, headers=administrator)
    assert answer.status == 200, await answer.text()
    found = await answer.json()
    assert {it["table"] for it in found["places"]} >= {"complaints", "tickets", "evidence"}
    assert found["person"] == mask_phone(PHONE)
    answer = await web.post("/api/privacy/delete", json=BODY, headers=administrator)
    left = await answer.json()
    assert (left["deleted"] > 4, {it["stays_for"] for it in left["places"]}) == (True, {"audit"})
    view = await (await web.get("/api/privacy", headers=administrator)).json()
    assert view["records"][0]["request"] == left["request"]
    assert left["request"].isalpha(), "digits might be taken for a phone, and masked"
    assert await audited(web) == [
        ("person_deleted", mask_phone(PHONE), BODY["reason"]),
        ("person_exported", mask_phone(PHONE), BODY["reason"]),
    ]


async def test_a_phone_in_the_trace_of_a_test_call_is_found_and_deleted(
    web: TestClient, database: Database
) -> None:
    administrator = login("the administrator")
    ledger = await PlantedLedger.open(database)
    await ledger.test_call("c-1", "test_call_files", NOW - DAY)
    answer = await web.post("/api/privacy/export", json=BODY, headers=administrator)
    assert "test_call_files" in {it["table"] for it in (await answer.json())["places"]}
    await web.post("/api/privacy/delete", json=BODY, headers=administrator)
    trace, erasure = (await ledger.rows())["test_call_files"]
    content = zlib.decompress(trace["content"])
    assert PHONE.encode() not in content
    assert sha256(content).hexdigest() == trace["sha256"]
    assert (erasure["call"], erasure["name"]) == ("c-1", "erasures.json")
    assert trace["sha256"].encode() in zlib.decompress(erasure["content"])


async def test_nobody_else_does_and_nothing_goes_without_a_reason(web: TestClient) -> None:
    for path in ("/api/privacy/export", "/api/privacy/delete"):
        for user in ("the operator", "the viewer"):
            answer = await web.post(path, json=BODY, headers=login(user))
            assert answer.status == 401
        for wrong in ({"reason": " "}, {"phone": "12"}, {"phone": "4006220001"}, {"phone": ""}):
            headers = login("the administrator")
            answer = await web.post(path, json={**BODY, **wrong}, headers=headers)
            assert answer.status == 400, wrong
    assert await audited(web) == []


async def test_the_page_shows_periods_and_its_forms_do_the_same(web: TestClient) -> None:
    own = login("", OWN_TOKEN)
    for lang, word in (("en", "Too old and still there"), ("zh-CN", "逾期未清除")):
        text = await (await web.get("/privacy", params={"lang": lang}, headers=own)).text()
        assert word in text
    (token,) = {it.split('"')[0] for it in text.split('name="csrf_token" value="')[1:]} or {""}
    sent = {**BODY, "csrf_token": token}
    shown = await web.post("/privacy/export", data=sent, headers=own)
    assert "139 1234 5678" in await shown.text()
    left = await (await web.post("/privacy/delete", data=sent, headers=own)).text()
    assert "139 1234 5678" not in left
    assert "the audit log must show" in left


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    providers = [{"name": "north", "profile": "generic", "accounts": [{"id": "hq"}]}]
    providers[0]["accounts"] = [{"id": "hq", "credentials": {"key": "k", "secret": "secret-1"}}]
    providers[0]["base_url"] = "http://127.0.0.1:1"
    file.write_text(yaml.safe_dump({"data_dir": "data", "providers": providers}))
    return file


def test_the_commands_work_on_the_store_of_a_stopped_agent(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def plant() -> None:
        database = await Database.open(config.parent / "data")
        ledger = await PlantedLedger.open(database)
        await ledger.everything(time.time() - DAY)
        await database.close()

    asyncio.run(plant())
    assert check(config) == 0
    out = config.parent / "person.json"
    assert export(config, Person("+8613912345678", "", "asked"), out) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert {it["table"] for it in json.loads(out.read_text())["places"]} >= {"complaints", "outbox"}
    assert export(config, Person(PHONE, "", "asked"), out) == 1, "nothing is overwritten"
    assert delete(config, Person(PHONE, "", "asked"), as_json=True) == 1
    left = json.loads(capsys.readouterr().out.partition("{")[2].join(["{", ""]))
    assert {it["table"] for it in left["places"]} == {"audit"}
    assert delete(config, Person("abc", "", "asked")) == 2
    assert PHONE.encode() not in (config.parent / "data" / "ledger.db").read_bytes()


def test_check_says_what_is_too_old(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def plant() -> None:
        database = await Database.open(config.parent / "data")
        ledger = await PlantedLedger.open(database)
        await ledger.everything(time.time() - 5000 * DAY)
        await database.close()

    asyncio.run(plant())
    assert check(config) == 1
    out = capsys.readouterr().out
    assert "Numbers of callers in full: 1 row older than privacy.callers" in out
