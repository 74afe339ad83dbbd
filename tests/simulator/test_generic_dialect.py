"""The generic dialect, endpoint by endpoint, and its signatures with negative controls."""

import pytest


async def test_numbers_are_listed_in_pages_with_every_field(client):
    page = await client.data("/v1/numbers", page="1", page_size="4")
    assert (page["total"], page["page"], page["page_size"], len(page["items"])) == (10, 1, 4, 4)
    assert page["items"][0] == {
        "number": "4006220001",
        "state": "active",
        "network_state": "active",
        "reason": "",
        "company": "示例公司",
        "grade": "AAA",
        "carrier": "",
        "contract_end": "2035-03-01",
        "reclaim_at": None,
        "realname_ok": True,
    }
    pages = [await client.data("/v1/numbers", page=str(n), page_size="4") for n in (1, 2, 3, 4)]
    listed = [item["number"] for one in pages for item in one["items"]]
    assert listed == ["4006220001", *(f"400800000{n}" for n in range(9))]


async def test_the_providers_page_size_is_a_maximum(serve):
    client = await serve(
        """
providers:
  - name: north
    dialect: generic
    accounts:
      - {id: hq, credentials: {key: demo, secret: demo-secret}, page_size: 5,
         generate: {count: 12, first: "4008000000"}}
"""
    )
    page = await client.data("/v1/numbers", page_size="100")
    assert (page["page_size"], len(page["items"])) == (5, 5)


async def test_routing_tells_the_bindings_in_their_order(client):
    routing = await client.data("/v1/numbers/4006220001/routing")
    assert routing == {
        "number": "4006220001",
        "strategy": "sequential",
        "wait_seconds": 20,
        "schedule": [{"days": "mon-fri", "from": "08:30", "to": "17:30", "bindings": ["b1", "b2"]}],
        "region_allow": [],
        "region_deny": [],
        "blacklist": ["1700"],
        "whitelist": {"enabled": False, "entries": []},
        "concurrency_limit": 10,
        "voicemail": True,
        "bindings": ["b1", "b2"],
    }


async def test_an_unknown_number_is_an_error_that_says_200(client):
    async with client.get("/v1/numbers/4009999999/routing") as answer:
        assert answer.status == 200
        assert (await answer.json())["code"] == 40401


async def test_a_numbers_bindings_may_straddle_two_pages(client):
    pages = [await client.data("/v1/bindings", page=str(n), page_size="3") for n in range(1, 8)]
    items = [item for page in pages for item in page["items"]]
    assert pages[0]["total"] == 20 == len(items)
    assert items[1] == {
        "number": "4006220001",
        "id": "b1",
        "phone": "13800000001",
        "kind": "mobile",
        "position": 1,
        "state": "off",
    }
    assert pages[0]["items"][-1]["number"] == pages[1]["items"][0]["number"]


async def test_balance_is_money_in_decimal_text(client):
    assert await client.data("/v1/balance") == {
        "amount": "120.50",
        "currency": "CNY",
        "notice_threshold": "35.00",
        "stop_threshold": "15.00",
        "daily_spend": "12.00",
        "month_spend": "0.00",
        "spend_cap": None,
    }


async def test_an_account_sees_only_its_own_numbers(client):
    client.key, client.secret = "branch", "branch-secret"
    page = await client.data("/v1/numbers")
    assert [item["number"] for item in page["items"]] == ["4006330001"]


@pytest.mark.parametrize(("key", "value"), [("page", "0"), ("page", "x"), ("page_size", "-1")])
async def test_a_page_that_is_none_is_refused(client, key, value):
    async with client.get("/v1/numbers", **{key: value}) as answer:
        assert (await answer.json())["code"] == 40000


async def test_an_unsigned_request_is_refused(client):
    async with client.session.get(client.running.base_url("north") + "/v1/balance") as answer:
        assert answer.status == 401
        assert (await answer.json())["code"] == 40100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Api-Key", "other"),
        ("X-Api-Key", "branch"),
        ("X-Timestamp", "1"),
        ("X-Timestamp", "now"),
        ("X-Nonce", "short"),
        ("X-Nonce", "another-nonce-than-the-signed-one"),
        ("X-Signature", "AAAA"),
    ],
)
async def test_one_changed_header_breaks_the_signature(client, name, value):
    await client.data("/v1/balance")  # the control: unchanged, it is let in
    client.changed = {name: value}
    async with client.get("/v1/balance") as answer:
        assert answer.status == 401


async def test_the_query_and_the_path_are_signed(client):
    signed = client.headers("/north/v1/numbers", {"page": "1"})
    for url in ("/north/v1/numbers?page=2", "/north/v1/bindings?page=1"):
        async with client.session.get(client.running.url + url, headers=signed) as answer:
            assert answer.status == 401
    async with client.session.get(
        f"{client.running.url}/north/v1/numbers?page=1", headers=signed
    ) as answer:
        assert answer.status == 200


async def test_query_values_are_signed_percent_encoded(client):
    page = await client.data("/v1/calls", since="0", note="a b+c/ü&d=~")
    assert page["total"] == 0


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (301, 401), (-299, 200), (-301, 401)])
async def test_a_timestamp_holds_for_five_minutes(client, clock, seconds, status):
    signed = client.headers("/north/v1/balance", {})
    clock.now += seconds
    async with client.session.get(
        f"{client.running.url}/north/v1/balance", headers=signed
    ) as answer:
        assert answer.status == status


async def test_a_nonce_is_used_once_in_ten_minutes(client, clock):
    async def status():
        async with client.get("/v1/balance") as answer:
            return answer.status

    assert [await status(), await status()] == [200, 200]  # the control: fresh nonces
    client.nonce = "one-and-the-same-nonce"
    assert [await status(), await status()] == [200, 401]
    clock.now += 599
    assert await status() == 401
    clock.now += 2
    assert await status() == 200


async def test_a_refused_request_does_not_use_up_its_nonce(client):
    client.nonce = "one-and-the-same-nonce"
    client.changed = {"X-Signature": "AAAA"}
    async with client.get("/v1/balance") as answer:
        assert answer.status == 401
    client.changed = {}
    await client.data("/v1/balance")


async def test_only_reading_is_offered(client):
    headers = client.headers("/north/v1/numbers", {}, "POST")
    async with client.session.post(
        f"{client.running.url}/north/v1/numbers", headers=headers
    ) as answer:
        assert answer.status == 405


async def test_a_provider_that_is_not_there_is_not_found(client):
    async with client.get("/v1/numbers", provider="south") as answer:
        assert answer.status == 404
