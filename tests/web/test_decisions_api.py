"""Rejecting drift, waiving lints and withdrawing waivers over the API."""

import pytest
from sqlalchemy import select

from agent.store.database import Database
from agent.store.schema import lint_waivers
from agent.web.waivers import MOST_WAIVERS
from tests.web.facts import HEALTHY
from tests.web.test_number_forms import book, client, polls  # noqa: F401 - fixtures
from tests.web.test_number_page import edited

REJECTIONS = f"/api/numbers/{HEALTHY}/baseline/rejections"
WAIVERS = f"/api/numbers/{HEALTHY}/waivers"
WAIVER = {
    "lint": "L06",
    "by": "Li Wei",
    "reason": "the night desk answers, 138****0001",
    "until": "2026-12-31",
}
SENT = {**WAIVER, "reason": "the night desk answers, 13800000001"}


async def test_drift_is_rejected_once_there_is_some(client, facts):  # noqa: F811
    sent = {"by": "Li Wei", "note": "nobody ordered this; call 13800000001"}
    refused = await client.post(REJECTIONS, json=sent)
    assert refused.status == 409
    assert "nothing differs" in (await refused.json())["error"]
    facts.show(edited(wait_seconds=5.0))
    rejected = await (await client.post(REJECTIONS, json=sent)).json()
    assert (rejected["by"], rejected["sections"]) == ("Li Wei", ["wait"])
    assert rejected["note"] == "nobody ordered this; call 138****0001"
    assert rejected["ended_at"] is None


@pytest.mark.parametrize(
    ("path", "good"), [(REJECTIONS, {"by": "Li", "note": "no"}), (WAIVERS, WAIVER)]
)
async def test_a_body_that_says_too_little_is_refused(client, facts, path, good):  # noqa: F811
    facts.show(edited(wait_seconds=5.0))
    for key in good:
        answer = await client.post(path, json={**good, key: " "})
        assert answer.status == 400, key
        assert (await answer.json())["expected"]
    assert (await client.post(path, data="by=x")).status == 415
    elsewhere = path.replace(HEALTHY, "4009999999")
    assert (await client.post(elsewhere, json=good)).status == 404


async def test_a_waiver_is_written_listed_and_withdrawn(client, database: Database):  # noqa: F811
    written = await (await client.post(WAIVERS, json=SENT)).json()
    assert {name: written[name] for name in WAIVER} == WAIVER
    assert (await (await client.get(WAIVERS)).json())["items"] == [written]
    withdrawal = f"{WAIVERS}/{written['id']}/withdrawal"
    left = await (await client.post(withdrawal, json={"by": "Wang Fang"})).json()
    assert left["items"] == []
    again = await client.post(withdrawal, json={"by": "Wang Fang"})
    assert again.status == 409
    assert "not in force" in (await again.json())["error"]
    async with database.transaction() as connection:
        (row,) = await connection.execute(select(lint_waivers.c.withdrawn_by))
    assert row == ("Wang Fang",)


async def test_a_number_has_no_more_waivers_than_a_person_can_read(client):  # noqa: F811
    for _ in range(MOST_WAIVERS):
        assert (await client.post(WAIVERS, json=WAIVER)).status == 200
    refused = await client.post(WAIVERS, json=WAIVER)
    assert refused.status == 400
    assert f"has {MOST_WAIVERS} waivers" in (await refused.json())["error"]
