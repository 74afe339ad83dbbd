"""The aliyun adapter against a world in its dialect, which checks every signature."""

import pytest

from agent.net.exchange import ProviderError
from agent.simulator.server import start
from agent.simulator.world import World
from agent.states import BindingState, CallResult, Capability, PollFailure, Strategy
from tests.providers.aliyun_bench import (
    CREDENTIALS,
    HOTLINE,
    LANDLINE,
    OPTIONS,
    SECOND,
    VIRTUAL,
    WORLD,
    adapter,
)


@pytest.fixture
async def world():
    async with await start(World.parse(WORLD)) as running:
        yield running


@pytest.fixture
def ali(bench, world):
    return adapter(bench, world.base_url("ali"))


async def test_numbers_of_the_inventory_and_of_two_products(ali):
    listing = await ali.numbers()
    states = {number.number: str(number.state) for number in listing.numbers}
    assert states == {
        # In the listing of the call centre, as in that of any other provider.
        HOTLINE: "active",
        SECOND: "suspended_requested",
        VIRTUAL: "active",
        "95013100002": "suspended_requested",
        "95013100003": "cancelled",
        LANDLINE: "active",
        "057188880002": "suspended_requested",
    }
    words = {number.number: number.native_status for number in listing.numbers}
    assert (words[VIRTUAL], words["95013100003"]) == ("1", "-1")
    assert words[LANDLINE] == "true"


async def test_a_400_number_that_no_product_lists_exists_and_is_unknown(bench, world):
    options = {"products": "dyvms"}
    listing = await adapter(bench, world.base_url("ali"), options=options).numbers()
    hotlines = {it.number: it for it in listing.numbers if it.number.startswith("400")}
    assert [str(it.state) for it in hotlines.values()] == ["unknown", "unknown"]
    assert hotlines[SECOND].company == "第二公司"


async def test_routing_in_both_spellings_of_its_time_and_in_any_order(ali):
    routings = await ali.routing([HOTLINE, SECOND, VIRTUAL])
    assert routings.keys() == {HOTLINE, SECOND}
    first, second = routings[HOTLINE], routings[SECOND]
    assert (first.strategy, first.wait_seconds) == (Strategy.RANDOM, 25.0)
    assert (second.strategy, second.wait_seconds) == (Strategy.CYCLIC, 30.0)
    for _ in range(5):
        assert await ali.routing([HOTLINE, SECOND]) == routings


async def test_phones_come_in_one_order_with_what_the_inventory_knows(ali):
    bindings = await ali.reachability([HOTLINE, SECOND, VIRTUAL, LANDLINE])
    assert [it.id for it in bindings[HOTLINE]] == [
        "desk",
        "02287654321",
        "13300000003",
        "13800000002",
    ]
    assert LANDLINE not in bindings
    assert all(
        [(await ali.reachability([HOTLINE]))[HOTLINE] == bindings[HOTLINE] for _ in range(5)]
    )


async def test_the_states_that_were_paid_for(ali):
    await ali.numbers()
    bindings = await ali.reachability([HOTLINE, SECOND, VIRTUAL])
    found = {it.phone: (it.state, it.native_status) for them in bindings.values() for it in them}
    assert found == {
        "13800000001": (BindingState.OK, "NORMAL CMCC"),
        "13800000002": (BindingState.OFF, "POWER_OFF CMCC"),
        "13300000003": (BindingState.UNKNOWN, "NORMAL CTCC, which may be off"),
        "02287654321": (BindingState.UNKNOWN, ""),
        "13800000009": (BindingState.ARREARS, "SHUTDOWN CMCC"),
        "13800000005": (BindingState.NONEXISTENT, "NOT_EXIST CMCC"),
    }
    carriers = {it.phone: it.carrier for them in bindings.values() for it in them}
    assert carriers["13300000003"] == "telecom"


async def test_the_balance_is_read_with_its_commas_and_its_sign(ali, world):
    balance = await ali.balance()
    assert (balance.amount, balance.currency) == (12345.5, "CNY")
    world.apply({"account": "ali/hq", "set": {"balance": -1234.25}})
    assert (await ali.balance()).amount == -1234.25


async def test_calls_of_400_numbers_have_no_result_and_those_of_the_call_centre_have(bench, world):
    world.apply({"number": HOTLINE, "set": {"calls": {"per_hour": 100000}}})
    await _calls(world, 25)
    only_400 = adapter(bench, world.base_url("ali"), options={"products": "dyvms"})
    calls = await only_400.calls(0.0)
    assert len(calls) >= 25
    assert {call.result for call in calls} == {CallResult.UNKNOWN}
    assert {call.number for call in calls} == {HOTLINE}
    assert {"desk", "02287654321"} & {call.binding for call in calls}
    assert len({call.id for call in calls}) == len(calls)
    options = {"products": "ccc", "ccc_instance": "hotline"}
    centre = adapter(bench, world.base_url("ali"), options=options)
    assert CallResult.ANSWERED in {call.result for call in await centre.calls(0.0)}


async def _calls(world, count):
    account = world.world.providers["ali"].accounts[0]
    while len(account.calls) < count:
        world.world.advance()


async def test_a_state_that_nobody_described_is_unknown_and_counted(bench, world):
    world.apply({"provider": "ali", "fault": {"kind": "new_word"}})
    ali = adapter(bench, world.base_url("ali"), options={"products": "dyvms"})
    states = {it.number: str(it.state) for it in (await ali.numbers()).numbers}
    assert {states[it] for it in states if it.startswith("95")} == {"unknown"}
    assert bench.counts.unmapped["numbers.state"] == 3


async def test_only_reads_are_sent(ali, bench, world):
    seen = set()
    dialect = world.world.providers["ali"].dialect
    inner = dialect.answer

    def note(request, account, pager):
        seen.add(dialect.operation(request))
        return inner(request, account, pager)

    dialect.answer = note
    await ali.numbers()
    await ali.routing([HOTLINE])
    await ali.reachability([HOTLINE])
    await ali.balance()
    await ali.calls(0.0)
    await adapter(bench, world.base_url("ali"), options={"products": "dyvms"}).calls(0.0)
    assert seen <= dialect.reads
    assert len(seen) == 7


@pytest.mark.parametrize("wrong", [{"secret": "wr0ng-secret"}, {"key": "LTAI-nobody"}])
async def test_refused_credentials_are_auth_whatever_the_status(bench, world, wrong):
    ali = adapter(bench, world.base_url("ali"), credentials={**CREDENTIALS, **wrong})
    reads = {
        "QueryVmsVirtualNumberRelationByPage": ali.numbers(),
        "QueryCallInPoolTransferConfig": ali.routing([HOTLINE]),
        "QueryAccountBalance": ali.balance(),
    }
    for action, read in reads.items():
        with pytest.raises(ProviderError) as caught:
            await read
        assert caught.value.kind is PollFailure.AUTH
        assert action in caught.value.detail
        assert not any(text in caught.value.detail for text in wrong.values())


async def test_a_product_that_fails_costs_its_capability_only(bench, world):
    ali = adapter(bench, world.base_url("ali"), options={**OPTIONS, "ccc_instance": "no-such"})
    with pytest.raises(ProviderError) as caught:
        await ali.numbers()
    assert caught.value.detail.startswith("ListPhoneNumbers:")
    assert (await ali.balance()).amount == 12345.5
    assert (await ali.routing([HOTLINE])).keys() == {HOTLINE}
    assert (await ali.reachability([HOTLINE]))[HOTLINE]


async def test_an_approval_that_is_refused_names_the_query(bench, world):
    ali = adapter(bench, world.base_url("ali"), credentials={**CREDENTIALS, "auth_code": "other"})
    with pytest.raises(ProviderError) as caught:
        await ali.reachability([HOTLINE])
    assert caught.value.detail.startswith("PhoneNumberStatusForVoice: code AuthCodeNotExist")
    assert (await ali.routing([HOTLINE])).keys() == {HOTLINE}


@pytest.mark.parametrize(
    ("products", "capabilities"),
    [
        ("bss", {"numbers", "balance", "reachability"}),
        ("dyvms", {"numbers", "routing", "reachability", "calls"}),
        ("ccc", {"numbers", "calls", "reachability"}),
        ("dyvms, bss", {"numbers", "routing", "reachability", "calls", "balance"}),
    ],
)
def test_products_decide_what_is_told(bench, products, capabilities):
    options = {"products": products, "ccc_instance": "hotline"}
    ali = adapter(bench, "http://127.0.0.1:1", options=options)
    assert ali.capabilities == {Capability(name) for name in capabilities}
