"""The world lives on by its clock: money, debts, contracts, calls, the timeline."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.simulator.world import World
from agent.simulator.worldfile import WorldFileError
from tests.simulator.worlds import NOON

DAY = 86400.0


def _world(account="", numbers="", timeline="[]", top=""):
    return World.parse(
        f"""
seed: 3
{top}
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {{key: k, secret: s}}
        {account}
        numbers:
          - {{number: "4006220001"}}
          - {{number: "4006220002", state: suspended_requested}}
          {numbers}
timeline: {timeline}
"""
    )


def _begun(clock, *args, speed=1.0, **more):
    world = _world(*args, **more)
    world.begin(clock, speed)
    return world


def _states(world):
    world.advance()
    return [number.state.value for number in world.accounts["north/hq"].numbers]


def _kinds(world):
    return [event.kind for event in world.events.after()]


def test_money_runs_low_then_out_and_only_numbers_in_service_are_suspended(clock):
    world = _begun(clock, "{}".format("balance: 45\n        daily_spend: 10"))
    account = world.accounts["north/hq"]
    clock.now += DAY / 2
    assert _states(world) == ["active", "suspended_requested"]
    assert account.balance == pytest.approx(40)
    clock.now += DAY * 0.6
    assert _states(world) == ["low_balance", "suspended_requested"]
    clock.now += DAY * 1.8
    assert _states(world) == ["low_balance", "suspended_requested"]
    clock.now += DAY * 0.2
    assert _states(world) == ["suspended_arrears", "suspended_requested"]
    clock.now += DAY
    world.advance()
    assert account.balance == pytest.approx(14.99)
    assert account.month_spend == pytest.approx(30.01)


def test_the_states_change_at_the_moment_the_line_is_crossed(clock):
    world = _begun(clock, "balance: 45\n        daily_spend: 10")
    clock.now += 10 * DAY
    world.advance()
    moments = {event.text.split(":")[0]: event.at for event in world.events.after()}
    assert moments["low_balance"] == pytest.approx(DAY, abs=1)
    assert moments["suspended_arrears"] == pytest.approx(3.001 * DAY, abs=1)


def test_a_top_up_restores_what_was_suspended_for_arrears(clock):
    world = _begun(clock)
    world.apply_text("{account: north/hq, set: {balance: 9.8}}")
    assert _states(world) == ["suspended_arrears", "suspended_requested"]
    world.apply_text("{account: north/hq, set: {balance: 14.99}}")  # the control: still below
    assert _states(world) == ["suspended_arrears", "suspended_requested"]
    world.apply_text("{account: north/hq, set: {balance: 30}}")
    assert _states(world) == ["low_balance", "suspended_requested"]
    world.apply_text("{account: north/hq, set: {balance: 300}}")
    assert _states(world) == ["active", "suspended_requested"]


def test_looks_at_the_money_planned_before_a_change_are_dropped(clock):
    world = _begun(clock, "balance: 45\n        daily_spend: 10")
    for _ in range(30):
        world.apply_text("{account: north/hq, set: {balance: 45}}")
    clock.now += 1.5 * DAY
    world.advance()
    planned = len(world.event_queue)
    clock.now += 1.0 * DAY
    world.advance()
    assert len(world.event_queue) == planned <= 3
    assert [event.at for event in world.events.after() if event.kind == "money"] == [DAY]


def test_what_stays_unpaid_is_reclaimed_for_good(clock):
    world = _begun(clock, "balance: 10\n        reclaim_after: 3d")
    clock.now += 3 * DAY - 1
    assert _states(world)[0] == "suspended_arrears"
    clock.now += 2
    assert _states(world)[0] == "reclaimed"
    world.apply_text("{account: north/hq, set: {balance: 300}}")
    assert _states(world)[0] == "reclaimed"


def test_a_top_up_in_time_keeps_the_number(clock):
    world = _begun(clock, "balance: 10\n        reclaim_after: 3d")
    clock.now += 2 * DAY
    world.apply_text("{account: north/hq, set: {balance: 300}}")
    clock.now += 2 * DAY
    assert _states(world)[0] == "active"
    world.apply_text('{number: "4006220001", set: {state: suspended_arrears}}')
    clock.now += 2 * DAY
    assert _states(world)[0] == "suspended_arrears"
    clock.now += 1.1 * DAY
    assert _states(world)[0] == "reclaimed"


async def test_a_reclaim_date_is_in_wall_time(serve, clock):
    client = await serve(
        """
providers:
  - name: north
    dialect: generic
    accounts:
      - {id: hq, credentials: {key: demo, secret: demo-secret}, balance: 1, reclaim_after: 100s,
         numbers: [{number: "4006220001"}]}
""",
        speed=10,
    )
    item = (await client.data("/v1/numbers"))["items"][0]
    assert item["state"] == "suspended_arrears"
    assert item["reclaim_at"] == "2026-11-18T12:00:10.000+08:00"
    clock.now += 10
    item = (await client.data("/v1/numbers"))["items"][0]
    assert (item["state"], item["reclaim_at"]) == ("reclaimed", None)


def test_a_contract_ends_with_its_last_day_in_china(clock):
    more = '- {number: "4006220003", contract_end: 2026-11-18}'
    world = _begun(clock, numbers=more)
    clock.now += DAY / 2 - 1
    assert _states(world)[2] == "active"
    clock.now += 2
    assert _states(world)[2] == "expired"


def test_a_renewed_contract_does_not_end_on_its_old_day(clock):
    world = _begun(clock, numbers='- {number: "4006220003", contract_end: 2026-11-18}')
    world.apply_text('{number: "4006220003", set: {contract_end: 2026-12-18}}')
    clock.now += 2 * DAY
    assert _states(world)[2] == "active"
    clock.now += 30 * DAY
    assert _states(world)[2] == "expired"


def test_a_month_counts_its_spend_anew_and_a_cap_stops_spending(clock):
    spending = "balance: 900\n        daily_spend: 10\n        spend_cap: 50"
    world = _begun(clock, spending)
    account = world.accounts["north/hq"]
    clock.now += 10 * DAY
    world.advance()
    assert account.month_spend == pytest.approx(50.01)
    clock.now += 3.5 * DAY  # 2026-12-02 00:00
    world.advance()
    assert account.month_spend == pytest.approx(10, abs=0.01)


def test_speed_runs_the_world_faster(clock):
    world = _begun(
        clock, timeline='[{at: 100s, number: "4006220001", set: {state: frozen}}]', speed=10
    )
    clock.now += 9.9
    assert _states(world)[0] == "active"
    clock.now += 0.2
    assert _states(world)[0] == "frozen"


def test_the_timeline_happens_in_its_order_with_world_times(clock):
    world = _begun(
        clock,
        timeline="""
  - {at: 2m, account: north/hq, numbers: all, set: {state: suspended_violation}}
  - {at: 30s, number: "4006220001", set: {routing.wait_seconds: 5, routing.blacklist: ["139"]}}
  - {at: 3m, account: north/hq, numbers: ["4006220002"], set: {state: active}}
  - {at: 1m, provider: north, fault: {kind: hang, for: 60s}}
  - {at: 40s, complaint: {number: "4006220001", caller: "13900001111", prompt: "忙"}}
""",
    )
    clock.now += 1000
    assert _states(world) == ["suspended_violation", "active"]
    events = [(event.at, event.kind) for event in world.events.after()]
    assert events == [
        (30, "set"),
        (40, "complaint"),
        (60, "fault_began"),
        (120, "set"),
        (120, "set"),
        (120, "fault_ended"),
        (180, "set"),
    ]
    assert world.complaints[0]["caller"] == "139****1111"
    assert "13900001111" not in str(world.events.after())
    routing = world.accounts["north/hq"].numbers[0].routing
    assert (routing.wait_seconds, routing.blacklist, routing.strategy) == (
        5,
        ("139",),
        "sequential",
    )


def test_an_entry_with_a_mistake_changes_nothing(clock):
    world = _begun(clock)
    before = copy.deepcopy(world.accounts["north/hq"].numbers)
    with pytest.raises(WorldFileError, match="4006229999"):
        world.apply_text(
            '{account: north/hq, numbers: ["4006220001", "4006229999"], set: {state: frozen}}'
        )
    assert world.accounts["north/hq"].numbers == before
    assert _kinds(world) == []


def test_one_plan_makes_worlds_that_share_nothing(clock):
    first = _world()
    second = World(first.plan)
    first.begin(clock)
    second.begin(clock)
    first.apply_text('{number: "4006220001", set: {state: frozen}}')
    assert _states(second)[0] == "active"


CALLS = """
          - number: "4006220003"
            bindings: [{id: b1, phone: "13800000001"}]
            calls: {per_hour: 60, results: {answered: 0.9, no_answer: 0.1}}
"""


def _calls(world):
    world.advance()
    return world.accounts["north/hq"].calls


def test_calls_come_by_seed_whatever_the_steps_they_are_looked_at_in(clock):
    world = _begun(clock, numbers=CALLS)
    clock.now += 3600
    once = list(_calls(world))
    clock.now = NOON
    again = _begun(clock, numbers=CALLS)
    for _ in range(36):
        clock.now += 100
        _calls(again)
    assert 30 < len(once) < 100
    assert _calls(again) == once
    assert len({call.id for call in once}) == len(once)
    assert [call.started_at for call in once] == sorted(call.started_at for call in once)


def test_calls_end_as_the_number_stands_then(clock):
    world = _begun(
        clock,
        numbers=CALLS,
        timeline="""
  - {at: 1h, number: "4006220003", set: {state: suspended_violation}}
  - {at: 2h, number: "4006220003", set: {state: active}}
  - {at: 2h, number: "4006220003", binding: b1, set: {state: off}}
  - {at: 3h, number: "4006220003", set: {calls: {per_hour: 0}}}
""",
    )
    clock.now += 5 * 3600
    hours = {hour: set() for hour in range(5)}
    for call in _calls(world):
        hours[int((call.started_at - NOON) // 3600)].add(call.result.value)
    assert hours == {
        0: {"answered", "no_answer"},
        1: {"suspended"},
        2: {"off"},
        3: set(),
        4: set(),
    }


def test_calls_cost_money_where_a_price_is_set(clock):
    world = _begun(clock, "balance: 60\n        price_per_minute: 1", numbers=CALLS)
    clock.now += 6 * 3600
    talked = sum(call.talk_seconds for call in _calls(world)) / 60
    assert talked > 20
    assert world.accounts["north/hq"].balance == pytest.approx(60 - talked)
    assert "suspended" in {call.result.value for call in _calls(world)}


async def test_call_records_are_listed_since_a_moment(serve, clock):
    client = await serve(
        """
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: demo-secret}
        numbers:
          - number: "4006220001"
            calls: {per_hour: 600}
            bindings: [{id: b1, phone: "13800000001"}]
"""
    )
    clock.now += 600
    every = await client.data("/v1/calls", since="0", page_size="100")
    assert every["total"] == len(every["items"]) > 50
    late = await client.data("/v1/calls", since=str(NOON + 300), page_size="100")
    assert late["items"] == every["items"][-late["total"] :]
    assert 0 < late["total"] < every["total"]
    call = every["items"][0]
    assert call["started_at"].endswith("+08:00")
    assert (call["binding"], call["result"]) == ("b1", "answered")


@given(st.floats(0, 500), st.floats(0.01, 400), st.lists(st.floats(1, 40 * DAY), max_size=12))
def test_money_does_the_same_in_many_steps_as_in_one(balance, spend, steps):
    text = f"balance: {balance:.2f}\n        daily_spend: {spend:.2f}"
    now = [NOON]
    one, many = _world(text), _world(text)
    one.begin(lambda: now[0])
    many.begin(lambda: now[0])
    for step in steps:
        now[0] += step
        many.advance()
    one.advance()
    first, second = one.accounts["north/hq"], many.accounts["north/hq"]
    assert first.balance == pytest.approx(second.balance, abs=0.01)
    assert [n.state for n in first.numbers] == [n.state for n in second.numbers]
