"""The generic and Twilio profiles against the simulated world, healthy and with every fault."""

import pytest

from agent.model import Binding, Window
from agent.net.exchange import ProviderError
from agent.simulator.server import start
from agent.simulator.world import World
from agent.states import BindingKind, BindingState, Capability, NetworkState, NumberState, Strategy
from tests.fault_reasons import FAULT_REASONS, HARMLESS_FAULTS

SID = "AC" + "0" * 32

WORLD = f"""
seed: 7
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {{key: demo, secret: demo-secret}}
        balance: 120.5
        currency: CNY
        daily_spend: 12.0
        page_size: 40
        numbers:
          - number: "4006220001"
            state: active
            network_state: active
            company: 示例公司
            grade: AAA
            contract_end: 2027-03-01
            routing:
              strategy: sequential
              wait_seconds: 20
              schedule: [{{days: mon-fri, from: "08:30", to: "17:30", bindings: [b1, b2]}}]
              region_allow: ["010"]
              blacklist: ["139"]
              whitelist: {{enabled: true, entries: ["138"]}}
              concurrency_limit: 10
              voicemail: true
            bindings:
              - {{id: b1, phone: "13800000001", kind: mobile, position: 1, state: ok}}
              - {{id: b2, phone: "02287654321", kind: landline, position: 2, state: arrears}}
            calls: {{per_hour: 3600, results: {{answered: 1.0}}}}
        generate: {{count: 150, first: "4008000000", bindings: 2, unhealthy: 0.01}}
  - name: west
    dialect: twilio
    accounts:
      - id: hq
        credentials: {{sid: {SID}, token: t0ken-of-west}}
        balance: 70.25
        currency: USD
        page_size: 50
        numbers:
          - {{number: "4006220009", state: active, company: West}}
        generate: {{count: 120, first: "4009000000", bindings: 1, unhealthy: 0}}
"""


@pytest.fixture
async def world():
    async with await start(World.parse(WORLD)) as running:
        yield running


def north(bench, world, **limits):
    return bench.provider(world.base_url("north"), **limits)


def west(bench, world, **limits):
    credentials = {"sid": SID, "token": "t0ken-of-west"}
    return bench.provider(world.base_url("west"), "twilio", credentials, **limits)


async def test_generic_numbers(bench, world):
    provider = north(bench, world)
    listing = await provider.numbers()
    assert len(listing.numbers) == 151
    assert listing.invalid_records == 0
    assert [it.number for it in listing.numbers] == sorted(it.number for it in listing.numbers)
    first = listing.numbers[0]
    assert (first.number, first.state, first.network_state) == (
        "4006220001",
        NumberState.ACTIVE,
        NetworkState.ACTIVE,
    )
    assert (first.company, first.grade, first.native_status) == ("示例公司", "AAA", "active")
    assert first.contract_end == 1_803_830_400.0  # 2027-03-01T00:00:00+08:00
    assert provider.capabilities == set(Capability)
    assert provider.fan_out == {Capability.ROUTING}


async def test_generic_bindings_straddle_pages(bench, world):
    found = await north(bench, world).reachability(["4006220001", "4008000149", "4000000000"])
    assert found["4006220001"] == (
        Binding("b1", "13800000001", BindingKind.MOBILE, 1, BindingState.OK, "ok"),
        Binding("b2", "02287654321", BindingKind.LANDLINE, 2, BindingState.ARREARS, "arrears"),
    )
    assert len(found["4008000149"]) == 2
    assert found["4000000000"] == ()


async def test_generic_routing(bench, world):
    found = await north(bench, world).routing(["4006220001", "4000000000"])
    assert set(found) == {"4006220001"}  # a number the provider does not know is left out
    routing = found["4006220001"]
    assert routing.strategy is Strategy.SEQUENTIAL
    assert routing.schedule == (Window((0, 1, 2, 3, 4), 510, 1050, ("b1", "b2")),)
    assert routing.wait_seconds == 20
    assert (routing.region_allow, routing.blacklist) == (("010",), ("139",))
    assert (routing.whitelist_enabled, routing.whitelist) == (True, ("138",))
    assert (routing.concurrency_limit, routing.voicemail) == (10, True)
    assert routing.binding_order == ("b1", "b2")


async def test_generic_balance_and_calls(bench, world):
    provider = north(bench, world)
    balance = await provider.balance()
    assert (round(balance.amount), balance.currency, balance.daily_spend) == (120, "CNY", 12.0)
    assert (balance.notice_threshold, balance.stop_threshold) == (35.0, 15.0)
    calls = await provider.calls(0)
    assert len({call.id for call in calls}) == len(calls)


async def test_a_wrong_key_is_auth(bench, world):
    provider = bench.provider(
        world.base_url("north"), credentials={"key": "demo", "secret": "wrong"}
    )
    with pytest.raises(ProviderError) as caught:
        await provider.numbers()
    assert caught.value.kind == "auth"


async def test_twilio(bench, world):
    provider = west(bench, world)
    listing = await provider.numbers()
    assert len(listing.numbers) == 121
    assert {it.state for it in listing.numbers} == {NumberState.ACTIVE}
    assert listing.account_state is None
    assert listing.numbers[0].number == "4006220009"  # +86 taken off
    balance = await provider.balance()
    assert (balance.amount, balance.currency) == (70.25, "USD")
    found = await provider.reachability(["4006220009"])
    assert found["4006220009"] == (
        Binding("voice.example.com", "voice.example.com", BindingKind.PBX),
    )
    assert bench.counts.unmapped == {}


async def test_a_suspended_twilio_account_suspends_its_numbers(bench, world):
    world.apply({"account": "west/hq", "numbers": "all", "set": {"state": "suspended_arrears"}})
    listing = await west(bench, world).numbers()
    assert listing.account_state is NumberState.SUSPENDED_ARREARS
    assert {it.state for it in listing.numbers} == {NumberState.SUSPENDED_ARREARS}


FAULTS = FAULT_REASONS | dict.fromkeys(HARMLESS_FAULTS)


@pytest.mark.parametrize(("fault", "reason"), FAULTS.items())
@pytest.mark.parametrize("side", [north, west])
async def test_every_fault_has_its_reason(bench, hasty_bench, world, fault, reason, side):
    world.apply({"provider": "north" if side is north else "west", "fault": {"kind": fault}})
    provider = side(hasty_bench if reason == "timeout" else bench, world)
    if reason is None:
        assert len((await provider.numbers()).numbers) > 100
        return
    with pytest.raises(ProviderError) as caught:
        await provider.numbers()
    assert caught.value.kind == reason, caught.value.detail
    assert "secret" not in caught.value.detail.replace("<secret>", "")
    if fault == "http_429":
        assert caught.value.retry_after is not None


async def test_clock_skew_is_noted(bench, world):
    await north(bench, world).balance()
    assert abs(bench.client.skew) < 5
    world.apply({"provider": "north", "fault": {"kind": "clock_skew"}})
    await north(bench, world).balance()
    assert abs(bench.client.skew) > 300
