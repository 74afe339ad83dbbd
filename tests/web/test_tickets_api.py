"""Tickets through the API, from a real ledger."""

import pytest

from agent.states import Severity, Stage
from tests.web.facts import PHONE
from tests.web.ledger import ticket, write


async def test_an_empty_ledger_is_an_empty_page(client):
    answer = await client.get("/api/tickets")
    assert await answer.json() == {"total": 0, "limit": 100, "offset": 0, "next": None, "items": []}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"t-1", "t-2", "t-3"}),
        ("open=true", {"t-1", "t-2"}),
        ("open=false", {"t-3"}),
        ("severity=warning", {"t-2"}),
        ("stage=closed", {"t-3"}),
        ("symptom=balance", set()),
        ("provider=north&account=hq&number=4006220002", {"t-1", "t-2", "t-3"}),
    ],
)
async def test_filters(client, database, query, expected):
    closed = ticket("t-3", stage=Stage.CLOSED)
    await write(database, ticket(), ticket("t-2", Severity.WARNING), closed)
    page = await (await client.get(f"/api/tickets?{query}")).json()
    assert {item["id"] for item in page["items"]} == expected
    assert page["total"] == len(expected)


async def test_pages(client, database):
    await write(database, *(ticket(f"t-{row}") for row in range(7)))
    names, path = [], "/api/tickets?limit=3&open=true"
    while path:
        page = await (await client.get(path)).json()
        names += [item["id"] for item in page["items"]]
        path = page["next"]
    assert sorted(names) == [f"t-{row}" for row in range(7)]


async def test_one_ticket_with_its_timeline_and_masked_evidence(client, database):
    await write(database, ticket())
    answer = await client.get("/api/tickets/t-1")
    shown = await answer.json()
    assert [line["event"] for line in shown["timeline"]] == ["detected"]
    assert shown["diagnosis"]["cause"] == "number_suspended_arrears"
    assert PHONE not in await answer.text()
