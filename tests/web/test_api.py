"""The JSON API over a real server."""

import msgspec
import pytest

from agent.states import BindingState, Capability, NumberState, PollFailure
from agent.web.views import AccountList, NumberDetail, NumberPage
from tests.web.facts import (
    DOWN,
    HEALTHY,
    LANDLINE,
    NOW,
    PHONE,
    SEEN,
    STALE_AFTER,
    WEAK,
    number,
    phone,
    snapshot,
)


async def get(client, path: str, status: int = 200):
    answer = await client.get(path)
    body = await answer.json()
    assert answer.status == status, body
    return body


async def test_numbers_with_health_and_findings(client):
    page = msgspec.convert(await get(client, "/api/numbers"), NumberPage)
    assert [(item.number, item.health) for item in page.items] == [
        (HEALTHY, "ok"),
        (DOWN, "down"),
        (WEAK, "degraded"),
    ]
    assert [finding.detail for finding in page.items[1].findings] == ["suspended_arrears"]
    assert [finding.detail for finding in page.items[2].findings] == ["b1 arrears"]
    assert (page.items[2].bindings, page.items[2].bindings_reachable) == (2, 1)
    assert [(it.marked_as, it.marked_count) for it in page.items[:2]] == [
        (None, None),
        ("fraud", 12),
    ]
    assert (page.total, page.next) == (3, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("healthy=true", [HEALTHY]),
        ("healthy=false", [DOWN, WEAK]),
        ("healthy=unknown", []),
        ("state=suspended_arrears", [DOWN]),
        ("state=active&healthy=false", [WEAK]),
        ("provider=north&account=hq", [HEALTHY, DOWN, WEAK]),
        ("provider=south", []),
        ("account=branch", []),
        ("limit=1&offset=1", [DOWN]),
        ("offset=3", []),
    ],
)
async def test_filters(client, query, expected):
    page = await get(client, f"/api/numbers?{query}")
    assert [item["number"] for item in page["items"]] == expected


async def test_pages_follow_each_other_through_all_accounts(client, facts):
    facts.show(snapshot([number(f"40080000{row:02}") for row in range(25)], {}, account="branch"))
    names, path = [], "/api/numbers?limit=10"
    while path:
        page = await get(client, path)
        names += [item["number"] for item in page["items"]]
        assert page["total"] == 28
        path = page["next"]
    assert len(names) == len(set(names)) == 28


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/numbers?limit=0", "limit= a whole number from 1 to 1000"),
        ("/api/numbers?limit=ten", "limit="),
        ("/api/numbers?limit=٣", "limit="),
        ("/api/numbers?offset=-1", "offset="),
        ("/api/numbers?state=broken", "one of idle, preoccupied"),
        ("/api/numbers?healthy=maybe", "true, false, unknown"),
        ("/api/numbers?colour=red", "only limit, offset"),
        ("/api/tickets?stage=lost", "one of detected"),
        ("/api/tickets?open=1", "true, false"),
        ("/api/accounts?x=1", "no parameters"),
        (f"/api/diagnose/{DOWN}?caller={'1' * 300}", "at most 200 characters"),
    ],
)
async def test_a_bad_parameter_is_told_with_what_was_expected(client, path, named):
    body = await get(client, path, 400)
    assert set(body) == {"error", "expected"}
    assert named in body["expected"]


@pytest.mark.parametrize(
    "path", ["/api/numbers/4009999999", "/api/tickets/none", "/api/diagnose/4009999999", "/api/x"]
)
async def test_what_is_not_there_is_a_404_that_says_where_to_look(client, path):
    body = await get(client, path, 404)
    assert "/api/" in body["expected"]


async def test_a_wrong_method_names_the_right_ones(client):
    answer = await client.post("/api/numbers")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
    assert "GET" in (await answer.json())["expected"]


async def test_a_number_with_everything_known(client):
    detail = msgspec.convert(await get(client, f"/api/numbers/{HEALTHY}"), NumberDetail)
    assert [(phone_view.binding, phone_view.phone) for phone_view in detail.phones] == [
        ("b1", "138****0001"),
        ("b2", "022****4321"),
    ]
    assert detail.routing.blacklist == ("139****1111",)
    assert (detail.routing.schedule[0].start, detail.routing.schedule[0].end) == ("08:30", "17:30")
    assert {poll.capability for poll in detail.polls} == set(map(str, Capability)) - {"calls"}
    assert (detail.stale, detail.age_seconds) == (False, NOW - SEEN)


async def test_a_number_at_two_accounts(client, facts):
    facts.show(snapshot([number(HEALTHY, NumberState.FROZEN)], {}, account="branch"))
    first = await get(client, f"/api/numbers/{HEALTHY}")
    assert (first["account"], first["also_at"]) == ("hq", ["north/branch"])
    second = await get(client, f"/api/numbers/{HEALTHY}?account=branch")
    assert (second["account"], second["state"]) == ("branch", "frozen")


async def test_stale_facts_are_shown_as_stale_and_never_as_health(client, facts):
    facts.now = NOW + STALE_AFTER
    page = await get(client, "/api/numbers")
    assert {item["health"] for item in page["items"]} == {"unknown"}
    assert all(item["stale"] and item["age_seconds"] > STALE_AFTER for item in page["items"])
    assert page["items"][1]["state"] == "suspended_arrears"
    assert page["items"][1]["bindings_reachable"] is None


async def test_a_number_without_a_reachable_phone_is_down(client, facts):
    bound = {HEALTHY: (phone("b1", BindingState.OFF),), DOWN: (), WEAK: ()}
    facts.restate(bindings=bound)
    page = await get(client, "/api/numbers?healthy=false")
    assert [item["health"] for item in page["items"]] == ["down"] * 3
    assert page["items"][2]["findings"] == [{"code": "no_binding", "detail": ""}]


async def test_accounts(client, facts):
    facts.restate(
        polls={
            **facts.results["north", "hq"].snapshot.polls,
            Capability.BALANCE: facts.results["north", "hq"]
            .snapshot.polls[Capability.BALANCE]
            .__class__(60.0, NOW, SEEN, PollFailure.AUTH, f"401 for {PHONE}"),
        }
    )
    items = msgspec.convert(await get(client, "/api/accounts"), AccountList).items
    assert [(item.account, item.polled, item.up) for item in items] == [
        ("hq", True, False),
        ("branch", False, False),
    ]
    hq = items[0]
    assert hq.health == {"ok": 1, "degraded": 1, "down": 1, "unknown": 0, "not_opened": 0}
    assert (hq.money.amount, hq.money.low) == (9.8, True)
    failed = [poll for poll in hq.polls if poll.failure]
    assert [(poll.capability, poll.failure, poll.detail) for poll in failed] == [
        ("balance", "auth", "401 for 138****0001")
    ]


async def test_diagnose_passes_the_caller_on(client, facts):
    verdict = await get(client, f"/api/diagnose/{DOWN}?caller=13900001111")
    assert (verdict["cause"], verdict["party"]) == ("number_suspended_arrears", "finance")
    await get(client, f"/api/diagnose/{DOWN}")
    assert facts.diagnoses == [(DOWN, "13900001111"), (DOWN, None)]


async def test_no_answer_shows_a_persons_phone(client):
    paths = (
        "/api/numbers",
        f"/api/numbers/{HEALTHY}",
        f"/api/numbers/{DOWN}",
        "/api/accounts",
        "/",
    )
    for path in paths:
        text = await (await client.get(path)).text()
        for secret in (PHONE, LANDLINE, "13900001111"):
            assert secret not in text, path


async def test_text_without_a_utf8_form_is_still_an_answer(client, facts):
    facts.restate(listing=snapshot([number(HEALTHY, company="half \ud83d pair")]).listing)
    answer = await client.get("/api/numbers")
    assert answer.status == 200
    assert "\\ud83d" in await answer.text()


async def test_dead_letters_are_queued_again_only_by_a_post(client):
    answer = await client.post("/api/tickets/replay")
    assert (answer.status, await answer.json()) == (200, {"replayed": 0})
    answer = await client.get("/api/tickets/replay")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
