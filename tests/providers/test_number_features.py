"""What a number has besides plain routing: from the world file through the API to the model."""

from datetime import date

import pytest

from agent.model import Extension, Lines, MenuKey, Number, Routing, SpecialDays
from agent.simulator.server import start
from agent.simulator.world import World
from agent.simulator.worldfile import WorldFileError, parse_world
from agent.states import NumberState

WORLD = """
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: demo-secret}
        numbers:
          - number: "4006220001"
            licence_end: 2027-05-01
            identity_end: 2027-06-01
            registered_use: 售后服务
            actual_use: 营销
            recording_oldest: 2026-11-01
            recordings_pending: 3
            voicemail_unread: 0
            colour_ring: false
            routing:
              special_days:
                - {from: 2026-10-01, to: 2026-10-07}
                - {from: 2026-10-10, hours: [{from: "09:00", to: "12:00"}], bindings: [b1]}
              national_calendar: true
              menu: [{menu: main, key: "1", target: "binding:b1"}, {menu: main, key: "2"}]
              pin: false
              overflow: ""
              voicemail_recipient: ""
              recording: true
              recording_notice: false
              recording_export: false
              retention_days: 30
              landing_forwarded: false
              trunk: T7
              trunk_capacity: 30
              trunk_peak: 25
              extensions: [{id: "801", balance: 3.5, minimum: 5}]
            bindings:
              - {id: b1, phone: "13800000001", position: 1, wait_seconds: 25, weight: 60,
                 carrier: mobile, area: "010", areas: ["010"], holder: A, filed: true}
              - {id: b2, phone: "02287654321", kind: pbx, position: 2,
                 lines: {declared: 20, paid: 10}}
          - number: "4006220002"
            bindings: [{id: b1, phone: "13800000002"}]
"""


@pytest.fixture
async def provider(bench):
    async with await start(World.parse(WORLD)) as running:
        yield bench.provider(running.base_url("north"))


async def test_a_number_tells_its_papers_and_its_use(provider):
    listing = await provider.numbers()
    full, silent = listing.numbers
    assert listing.invalid_records == 0
    assert (full.registered_use, full.actual_use) == ("售后服务", "营销")
    assert (full.recordings_pending, full.voicemail_unread, full.colour_ring) == (3, 0, False)
    assert full.licence_end - full.recording_oldest_at == 181 * 86400
    assert full.identity_end - full.licence_end == 31 * 86400
    assert silent == Number(
        "4006220002",
        NumberState.ACTIVE,
        silent.network_state,
        "active",
        realname_ok=True,
    )


async def test_routing_tells_its_features(provider):
    numbers = ["4006220001", "4006220002"]
    routings = await provider.routing(numbers)
    full = routings[numbers[0]]
    october = date(2026, 10, 1).toordinal()
    assert full.special_days == (
        SpecialDays(october, october + 6),
        SpecialDays(october + 9, october + 9, ((540, 720),), ("b1",)),
    )
    assert full.menu == (MenuKey("main", "1", "binding:b1"), MenuKey("main", "2"))
    assert full.extensions == (Extension("801", 3.5, 5.0),)
    assert (full.national_calendar, full.pin, full.landing_forwarded) == (True, False, False)
    assert (full.overflow, full.voicemail_recipient) == ("", "")
    assert (full.recording, full.recording_notice, full.recording_export) == (True, False, False)
    assert (full.retention_days, full.trunk, full.trunk_capacity, full.trunk_peak) == (
        30,
        "T7",
        30,
        25,
    )


async def test_what_a_provider_does_not_tell_is_unknown(provider):
    silent = (await provider.routing(["4006220002"]))["4006220002"]
    plain = Routing()
    absent = set(Routing.__struct_fields__) - {
        "strategy",
        "wait_seconds",
        "concurrency_limit",
        "voicemail",
        "binding_order",
    }
    assert {name: getattr(silent, name) for name in absent} == {
        name: getattr(plain, name) for name in absent
    }


async def test_phones_tell_theirs(provider):
    found = await provider.reachability(["4006220001", "4006220002"])
    first, second = found["4006220001"]
    assert (first.wait_seconds, first.weight, first.carrier) == (25, 60, "mobile")
    assert (first.area, first.areas, first.holder, first.filed) == ("010", ("010",), "A", True)
    assert (first.lines, second.lines) == (None, Lines(declared=20, paid=10))
    (silent,) = found["4006220002"]
    assert (silent.wait_seconds, silent.filed, silent.areas) == (None, None, ())


def test_special_days_that_end_before_they_begin_are_refused():
    with pytest.raises(WorldFileError, match="ends before it begins"):
        parse_world(WORLD.replace("to: 2026-10-07", "to: 2026-09-07"))
