"""The customers behind a ticket over HTTP: page, JSON, CSV, telling; who is shown what."""

import csv
import dataclasses
import io
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import select

from agent.config.settings import Settings
from agent.notices.service import NoticeService
from agent.store.audit import AuditLog
from agent.store.database import Database
from agent.store.retention import RetentionClock
from agent.store.schema import outbox, ticket_notices
from agent.tickets.customers.directory import CustomerBook
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import DOWN, PHONE, Facts
from tests.web.ledger import ticket, write
from tests.web.test_actions import Forms
from tests.web.test_page import read

CONTACT_PHONE = "13700000099"
NUMBERS: list[dict[str, Any]] = [
    {
        "number": DOWN,
        "company": "=甲公司",
        "city": "广州",
        "important": True,
        "contacts": [{"name": "王经理", "phone": CONTACT_PHONE}],
    }
]


def configured(facts: Facts, sinks: list[str]) -> Settings:
    account = {"id": "hq", "inventory": {"numbers": NUMBERS}}
    sms = {
        "key": "k-1234",
        "secret": "s-1234",
        "sign_name": "x",
        "template": "SMS_1",
        "on_call_only": True,
        "receivers": [{"name": "li", "phone": PHONE}],
    }
    return Settings.model_validate(
        {
            "providers": [{"name": "north", "profile": "generic", "accounts": [account]}],
            "sinks": [{"name": "sms", "kind": "aliyun_sms", "aliyun_sms": sms}],
            "customers": {"sinks": sinks},
        }
    )


@pytest.fixture
async def client(
    services: WebServices, database: Database, facts: Facts, aiohttp_client: Any
) -> AsyncIterator[TestClient]:
    facts.settings = configured(facts, ["sms"])
    facts.restate(listing=None)  # the inventory alone knows the company
    notices = NoticeService(
        database,
        facts.fleet,
        CustomerBook(lambda: facts.settings),
        SimpleNamespace(open=()),
        lambda: facts.now,
        lambda: None,
    )
    retention = RetentionClock(database, lambda: facts.now)
    audit = AuditLog(database, retention.now, lambda: facts.settings)
    app = make_app(dataclasses.replace(services, notices=notices, audit=audit))
    return await aiohttp_client(app, headers=AUTHORIZED)


async def rows(database: Database, table: Any) -> list[Any]:
    async with database.reading() as connection:
        return list((await connection.execute(select(table))).mappings())


async def test_the_list_names_company_grade_place_and_contacts_with_masked_phones(
    client: TestClient, database: Database
) -> None:
    await write(database, ticket())
    answer = await client.get("/api/tickets/t-1/customers")
    document = await answer.json()
    (customer,) = document["items"]
    assert (customer["company"], customer["important"]) == ("=甲公司", True)
    assert (customer["cities"], customer["present"]) == (["广州"], 1)
    (contact,) = customer["contacts"]
    assert (contact["name"], contact["phone"]) == ("王经理", "137****0099")


async def test_a_viewer_sees_companies_and_no_persons(
    client: TestClient, database: Database
) -> None:
    await write(database, ticket())
    answer = await client.get("/api/tickets/t-1/customers", headers={"Authorization": ""})
    (customer,) = (await answer.json())["items"]
    assert (customer["contacts"], customer["contacts_total"]) == ([], 1)
    for path in ("/tickets/t-1/customers?lang=en", "/tickets/t-1?lang=zh-CN"):
        text, _ = await read(client, path, Authorization="")
        assert "甲公司" in text
        assert "王经理" not in text
    for method, path in (
        ("GET", "/api/tickets/t-1/customers.csv"),
        ("POST", "/api/tickets/t-1/customers/notices"),
        ("POST", "/tickets/t-1/customers"),
    ):
        refused = await client.request(method, path, headers={"Authorization": ""})
        assert refused.status == 401, path


async def test_the_table_masks_phones_unless_a_reason_is_recorded_and_runs_no_formula(
    client: TestClient, database: Database
) -> None:
    await write(database, ticket())
    answer = await client.get("/api/tickets/t-1/customers.csv")
    masked = list(csv.DictReader(io.StringIO((await answer.text()).removeprefix("\ufeff"))))
    assert masked[0]["company"] == "'=甲公司"
    assert masked[0]["contact_phone"] == "137****0099"
    answer = await client.get("/api/tickets/t-1/customers.csv?reason=to+call+them")
    assert CONTACT_PHONE in await answer.text()
    entries = (await (await client.get("/api/audit")).json())["items"]
    assert [(it["what"], it["subject"], it["reason"]) for it in entries] == [
        ("contacts_exported", "t-1", "to call them")
    ]


async def test_telling_is_queued_once_and_who_told_is_on_the_page(
    client: TestClient, database: Database
) -> None:
    await write(database, ticket())
    body = {"reason": "before they complain", "actor": "Li Wei"}
    first = await client.post("/api/tickets/t-1/customers/notices", json=body)
    assert (await first.json())["queued"] == 1
    second = await client.post("/api/tickets/t-1/customers/notices", json=body)
    again = await second.json()
    assert (again["queued"], again["told_before"]) == (0, 1)
    (row,) = await rows(database, outbox)
    (notice,) = await rows(database, ticket_notices)
    assert row["webhook_id"] == notice["delivery"]
    assert "." not in row["webhook_id"]
    assert CONTACT_PHONE.encode() not in row["payload"]
    text, _ = await read(client, "/tickets/t-1/customers?lang=en")
    for expected in ("customer told of the fault", "王经理", "Li Wei", "queued"):
        assert expected in text
    entries = (await (await client.get("/api/audit")).json())["items"]
    assert {it["what"] for it in entries} == {"customers_told"}


async def test_the_form_tells_and_says_how_many(client: TestClient, database: Database) -> None:
    await write(database, ticket())
    text, _ = await read(client, "/tickets/t-1/customers?lang=en")
    sent = {**Forms(text).forms[""], "actor": "Li Wei", "reason": "before they complain"}
    answer = await client.post("/tickets/t-1/customers?lang=en", data=sent)
    assert "1 is told." in await answer.text()


@pytest.mark.parametrize("body", [{"reason": " "}, {"reason": "x" * 501}])
async def test_nobody_is_told_without_a_reason(
    client: TestClient, database: Database, body: dict[str, str]
) -> None:
    await write(database, ticket())
    answer = await client.post("/api/tickets/t-1/customers/notices", json=body)
    assert answer.status == 400
    assert await rows(database, outbox) == []


async def test_without_a_sink_the_refusal_names_the_key(
    client: TestClient, database: Database, facts: Facts
) -> None:
    facts.settings = configured(facts, [])
    await write(database, ticket())
    answer = await client.post("/api/tickets/t-1/customers/notices", json={"reason": "x"})
    assert answer.status == 409
    assert "customers.sinks" in (await answer.json())["expected"]


async def test_a_ticket_that_does_not_exist_has_no_customers(client: TestClient) -> None:
    for path in ("/api/tickets/none/customers", "/tickets/none/customers"):
        assert (await client.get(path)).status == 404
