"""Looking at an approved configuration, and approving one, over HTTP."""

import msgspec
import pytest

from agent.states import Capability
from agent.store.database import Database
from tests.web.facts import HEALTHY, PHONE, WEAK, routing, snapshot

PATH = f"/api/numbers/{HEALTHY}/baseline"


def edited(**fields):
    changed = msgspec.structs.replace(routing(), **fields)
    return msgspec.structs.replace(snapshot(), routings={HEALTHY: changed})


async def test_a_first_configuration_is_provisional_and_an_edit_is_told(client, facts):
    first = await (await client.get(PATH)).json()
    assert first["baseline"]["origin"] == "provisional"
    assert (first["drifted"], first["differences"]) == ([], [])
    facts.show(edited(wait_seconds=5.0))
    now = await (await client.get(PATH)).json()
    assert now["drifted"] == ["wait"]
    assert now["differences"] == [
        {"section": "wait", "field": "wait_seconds", "was": "20", "now": "5"}
    ]


async def test_approving_makes_it_the_next_version_and_keeps_the_one_before(client, facts):
    facts.show(edited(wait_seconds=5.0))
    answer = await client.post(PATH, json={"by": "Li Wei", "note": "short-staffed"})
    assert answer.status == 200
    facts.show(edited(wait_seconds=5.0))
    report = await (await client.get(PATH)).json()
    assert report["baseline"]["origin"] == "approved"
    assert (report["baseline"]["approved_by"], report["baseline"]["version"]) == ("Li Wei", 1)
    assert report["drifted"] == []
    assert [version["origin"] for version in report["history"]] == ["provisional"]


async def test_what_was_approved_is_there_after_a_restart(client, facts, database: Database):
    facts.show(edited(wait_seconds=5.0))
    await client.post(PATH, json={"by": "Li Wei"})
    pages = dict(await database.pages("baseline/"))
    assert any(b"Li Wei" in page for page in pages.values())


async def test_no_phone_is_shown_whole(client):
    text = await (await client.get(PATH)).text()
    assert PHONE not in text
    assert "138****0001" in text


@pytest.mark.parametrize("body", [b"", b"{}", b'{"by": " "}', b'{"by": "x", "when": 1}', b"[]"])
async def test_an_approval_must_say_who(client, body):
    answer = await client.post(PATH, data=body)
    assert answer.status == 400
    assert (await answer.json())["expected"]


async def test_half_a_configuration_cannot_be_approved(client, facts):
    assert Capability.ROUTING in facts.fleet.snapshots()[0].polls
    answer = await client.post(f"/api/numbers/{WEAK}/baseline", json={"by": "Li Wei"})
    assert answer.status == 409
    assert "routing" in (await answer.json())["error"]


async def test_a_number_that_nobody_has_is_not_found(client):
    assert (await client.get("/api/numbers/4009999999/baseline")).status == 404
    answer = await client.post("/api/numbers/4009999999/baseline", json={"by": "x"})
    assert answer.status == 404
