"""What check-config says about an account at Alibaba Cloud, and where its requests go."""

import pytest
from aiohttp import web

from agent.config.settings import Settings
from agent.net.exchange import ProviderError
from agent.providers.aliyun.products import Product, address_of
from agent.providers.registry import problems
from agent.states import PollFailure, Strategy
from tests.net.http_bench import serving
from tests.providers.aliyun_bench import (
    CREDENTIALS,
    HOTLINE,
    OPTIONS,
    SECOND,
    adapter,
    settings_of,
)


def found(**more):
    provider = settings_of(None, **more)
    return {
        ".".join(map(str, problem.path[2:])): problem.text
        for problem in problems(Settings(providers=[provider]))
    }


def test_complete_settings_have_no_problem_and_need_no_address():
    assert found() == {}
    assert found(options={}, credentials={"key": "a", "secret": "b"}, inventory=[]) == {}


def test_every_mistake_is_named_at_once():
    options = {
        "products": "dyvms, sms",
        "site": "moon",
        "virtual_numbers": "perhaps",
        "phone_status_every": "soon",
        "phone_status_cost": "-1",
        "budget": "3",
    }
    named = found(options=options, credentials={"key": "a", "password": "b"})
    assert set(named) == {
        *(f"options.{name}" for name in options),
        "accounts.0.credentials.secret",
        "accounts.0.credentials.password",
    }
    assert "expected some of dyvms, ccc, bss, dytns" in named["options.products"]


@pytest.mark.parametrize(
    ("options", "credentials", "key", "text"),
    [
        ({"products": "ccc"}, {}, "options.ccc_instance", "product ccc needs it"),
        ({"products": "dyvms,dytns"}, {}, "options.phone_status_cost", "product dytns needs it"),
        (
            {"products": "dyvms,dytns", "phone_status_cost": "0.1"},
            {},
            "options.phone_status_daily_budget",
            "no query of 0.1 can be paid",
        ),
        (OPTIONS, {"auth_code": ""}, "accounts.0.credentials.auth_code", "auth_code is missing"),
        ({"products": "dytns"}, {}, "options.products", "not dytns alone"),
    ],
)
def test_what_a_product_needs(options, credentials, key, text):
    given = {**CREDENTIALS, **credentials}
    assert text in found(options=options, credentials=given)[key]


@pytest.mark.parametrize(
    ("product", "options", "address"),
    [
        ("dyvms", {}, "https://dyvmsapi.aliyuncs.com"),
        ("dytns", {}, "https://dytnsapi.aliyuncs.com"),
        ("bss", {"site": "china"}, "https://business.aliyuncs.com"),
        ("bss", {"site": "international"}, "https://business.ap-southeast-1.aliyuncs.com"),
        ("ccc", {"region": "cn-shanghai"}, "https://ccc.cn-shanghai.aliyuncs.com"),
        ("ccc", {"region": "cn-beijing"}, "https://ccc.aliyuncs.com"),
    ],
)
def test_each_product_has_its_own_host(product, options, address):
    assert address_of(Product(product), options, "") == address


def config_server(data, status=200, **members):
    async def handle(_request):
        return web.json_response({"Code": "OK", "Data": data, **members}, status=status)

    return handle


async def routing(bench, handle):
    async with serving(handle) as server:
        ali = adapter(bench, server.url, options={"products": "dyvms"})
        return await ali.routing([HOTLINE]), await ali.reachability([HOTLINE])


@pytest.mark.parametrize("wait", ["30", 30, 30.0])
async def test_the_time_comes_as_text_or_number(bench, wait):
    data = {"CalledRouteMode": "random", "TransferTimeout": wait, "Details": []}
    routings, bindings = await routing(bench, config_server(data))
    assert routings[HOTLINE].wait_seconds == 30.0
    assert bindings == {HOTLINE: ()}


async def test_a_number_without_a_configuration_is_not_a_number_without_phones(bench):
    routings, bindings = await routing(bench, config_server(None))
    assert routings == {}
    # The phone of the inventory, and nothing said of others.
    assert [it.id for it in bindings[HOTLINE]] == ["desk"]


@pytest.mark.parametrize("details", [{}, {"Details": None}, {"Details": {}}])
async def test_a_configuration_that_tells_no_phones_does_not_say_that_there_are_none(
    bench, details
):
    _, bindings = await routing(bench, config_server({"CalledRouteMode": "random", **details}))
    assert [it.id for it in bindings[HOTLINE]] == ["desk"]


async def test_a_mode_that_nobody_described_is_unknown_and_counted(bench):
    data = {"CalledRouteMode": "astral", "TransferTimeout": "", "Details": None}
    routings, _ = await routing(bench, config_server(data))
    assert routings[HOTLINE].strategy is Strategy.UNKNOWN
    assert routings[HOTLINE].wait_seconds is None
    assert bench.counts.unmapped["routing.strategy"] >= 1


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ([], "Data is a list of 0"),
        ({"CalledRouteMode": 1}, "Data.CalledRouteMode is a number"),
        ({"CalledRouteMode": "random", "Details": {}}, None),
        ({"CalledRouteMode": "random", "Details": "x"}, "Data.Details is a text of 1"),
        (
            {"CalledRouteMode": "random", "Details": [{"Called": 13800000001}]},
            "Data.Details[0].Called is a number",
        ),
        (
            {"CalledRouteMode": "random", "TransferTimeout": "soon"},
            "Data.TransferTimeout is a text of 4",
        ),
        ({"CalledRouteMode": "random", "TransferTimeout": True}, "Data.TransferTimeout is true"),
    ],
)
async def test_another_shape_names_the_field_and_no_value(bench, data, where):
    if where is None:
        assert (await routing(bench, config_server(data)))[0][HOTLINE].strategy is Strategy.RANDOM
        return
    with pytest.raises(ProviderError) as caught:
        await routing(bench, config_server(data))
    assert caught.value.kind is PollFailure.SCHEMA
    assert f"QueryCallInPoolTransferConfig: {where}" in caught.value.detail
    assert "138" not in caught.value.detail


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "SignatureDoesNotMatch", "auth"),
        (404, "InvalidAccessKeyId.NotFound", "auth"),
        (403, "Forbidden.RAM", "auth"),
        (200, "InvalidAccessKeyId.Inactive", "auth"),
        (400, "Throttling.User", "rate_limited"),
        (503, "Throttling", "rate_limited"),
        (200, "Throttling.Api", "rate_limited"),
        (400, "InvalidVersion", "http_4xx"),
        (500, "InternalError", "http_5xx"),
        (200, "isv.BUSINESS_ERROR", "api_error"),
        (200, "Thrott", "api_error"),
    ],
)
async def test_codes_on_every_status(bench, status, code, kind):
    async def handle(_request):
        body = {"Code": code, "Message": "no 13800000001", "RequestId": "7BF47617"}
        return web.json_response(body, status=status)

    with pytest.raises(ProviderError) as caught:
        await routing(bench, handle)
    assert caught.value.kind == kind
    assert f"code {code}" in caught.value.detail
    assert "13800000001" not in caught.value.detail


async def test_a_number_that_the_account_does_not_have_costs_its_own_facts_only(bench):
    async def handle(request):
        if request.query["PhoneNumber"] == HOTLINE:
            return web.json_response({"Code": "InvalidParameters", "Message": "x"}, status=400)
        data = {"CalledRouteMode": "random", "Details": [], "Total": 0, "Values": []}
        return web.json_response({"Code": "OK", "Data": data})

    async with serving(handle) as server:
        ali = adapter(bench, server.url, options={"products": "dyvms"})
        assert (await ali.routing([HOTLINE, SECOND])).keys() == {SECOND}
        assert (await ali.reachability([SECOND])) == {SECOND: ()}
        assert await ali.calls(0.0) == ()


async def test_what_is_not_mapped_is_not_stored(bench):
    data = {
        "CalledRouteMode": "random",
        "TransferTimeout": "30",
        "Details": [{"Called": "13800000001", "IdCard": "110101199003070000"}],
        "ManagerMobile": "13911112222",
    }
    routings, bindings = await routing(bench, config_server(data))
    stored = f"{routings!r}{bindings!r}"
    assert "110101199003070000" not in stored
    assert "13911112222" not in stored


@pytest.mark.parametrize(
    ("states", "state", "phones"),
    [
        ([1, -1], "active", 1),
        ([-1, 0], "suspended_requested", 1),
        ([-1, -1], "cancelled", 0),
        ([7, -1], "unknown", 1),
        ([0, 1], "active", 2),
    ],
)
async def test_a_virtual_number_is_as_its_best_relation(bench, states, state, phones):
    relations = [
        {"VirtualNumber": "95013100001", "RealNumber": f"1380000000{index}", "State": word}
        for index, word in enumerate(states)
    ]

    async def handle(request):
        if request.headers["x-acs-action"] == "QueryVmsVirtualNumberRelationByPage":
            model = {"Data": relations, "PageNo": 1, "PageSize": 50, "Total": len(relations)}
            return web.json_response({"Code": "OK", "Model": model})
        return web.json_response({"Code": "OK", "Data": None})

    async with serving(handle) as server:
        ali = adapter(bench, server.url, options={"products": "dyvms"}, inventory=[])
        assert [str(it.state) for it in (await ali.numbers()).numbers] == [state]
        assert len((await ali.reachability(["95013100001"]))["95013100001"]) == phones
