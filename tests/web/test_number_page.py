"""A number's page: its week, what its configuration gets wrong, and what differs."""

import re

import msgspec
import pytest

from tests.web.facts import HEALTHY, WEAK


async def get(client, path, status=200, **headers):
    answer = await client.get(path, headers=headers)
    assert answer.status == status
    return await answer.text()


async def test_the_page_shows_the_week_and_the_findings(client):
    page = await get(client, f"/numbers/{HEALTHY}", **{"Accept-Language": "en"})
    assert HEALTHY in page
    assert len(re.findall(r"\d{4}-\d\d-\d\d  [█▒·]{48}", page)) == 7
    assert "Nothing is known to go wrong." in page
    assert "nobody to call at the provider" in page
    assert "13800000001" not in page


async def test_it_speaks_chinese(client):
    page = await get(client, f"/numbers/{HEALTHY}?lang=zh-CN")
    assert "一周振铃时段" in page
    assert "未配置服务商联系人" in page


async def test_a_number_nobody_has_is_not_found(client):
    await get(client, "/numbers/4009999999", status=404)


async def test_the_status_page_leads_to_it(client):
    assert f'href="/numbers/{WEAK}?' in await get(client, "/")


async def test_the_api_tells_the_same(client):
    document = await (await client.get(f"/api/numbers/{HEALTHY}")).json()
    assert document["configured"]["lints"] == []
    assert [it["lint"] for it in document["configured"]["account_lints"]] == ["L31", "L40"]
    assert len(document["configured"]["week"]) == 7
    assert document["configured"]["effects"] == []


async def test_a_difference_is_told_with_its_effect(client, facts):
    snapshot = facts.results["north", "hq"].snapshot
    shorter = msgspec.structs.replace(snapshot.routings[HEALTHY], wait_seconds=5.0)
    changed = msgspec.structs.replace(
        snapshot, revision=snapshot.revision + 1, routings={**snapshot.routings, HEALTHY: shorter}
    )
    facts.show(changed)
    page = await get(client, f"/numbers/{HEALTHY}", **{"Accept-Language": "en"})
    assert "phones ring for 5 s, not 20" in page
    assert "L06" in page
    assert "L42" in page
    report = await (await client.get(f"/api/numbers/{HEALTHY}/baseline")).json()
    assert "phones ring for 5 s, not 20" in [it["en"] for it in report["effects"]]
    assert "振铃时长为 5 秒，而不是 20 秒" in [it["zh"] for it in report["effects"]]


@pytest.mark.parametrize("query", ["?limit=1", "?lang=xx"])
async def test_other_parameters_are_refused(client, query):
    await get(client, f"/numbers/{HEALTHY}{query}", status=400)
