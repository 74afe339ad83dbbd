"""The outcome of a call in full: what is heard and why, when it ends, whether it is certain."""

from datetime import datetime

import msgspec
import pytest

from agent.model import Binding, MenuKey, Routing, Window
from agent.routing.calendar import Calendar, DayKind
from agent.routing.caller import Caller
from agent.routing.evaluate import Call, Setting, evaluate, evaluate_caller
from agent.routing.outcome import Leg, Outcome, Treatment
from agent.states import Cause, Strategy

MONDAY = datetime(2026, 9, 28, 10, 5)  # noqa: DTZ001 - the wall clock of the schedule's zone
NIGHT = MONDAY.replace(hour=22)
OFFICE = Window((0, 1, 2, 3, 4), 510, 1050)
B1, B2, B3 = (Binding(name, "") for name in ("b1", "b2", "b3"))
PLAIN = Routing(Strategy.SEQUENTIAL, 20.0, schedule=(OFFICE,), binding_order=("b1", "b2", "b3"))
BEIJING = Caller.of("01088886666")
MENU = (
    MenuKey("main", "1", "queue"),
    MenuKey("main", "2", "menu:more"),
    MenuKey("main", "3", "voicemail"),
    MenuKey("main", "4", "hangup"),
    MenuKey("main", "5", "binding:b3"),
    MenuKey("more", "1", "binding:b2"),
)


def outcome(bound=(B1, B2), calendar=None, routing=PLAIN, at=MONDAY, caller=None, **edits):
    """The outcome; edits named like a field of the call are the call's, others the routing's."""
    of_call = {name: edits.pop(name) for name in list(edits) if name in Call.__dataclass_fields__}
    setting = Setting(msgspec.structs.replace(routing, **edits), bound, calendar or Calendar())
    return evaluate(setting, Call(at, caller or Caller(), **of_call))


def busy(cause, why, **more):
    return Outcome(Treatment.BUSY, obstacle=cause, why=why, **more)


def test_phones_ring_one_after_the_other_and_then_it_is_busy():
    assert outcome() == Outcome(
        Treatment.RINGING,
        (Leg("b1", 0.0, 20.0), Leg("b2", 20.0, 20.0)),
        at_the_end=Treatment.BUSY,
        gives_up_after=40.0,
        certain=True,
    )
    assert outcome(voicemail=True).at_the_end is Treatment.VOICEMAIL


@pytest.mark.parametrize(
    ("rules", "caller", "expected"),
    [
        (
            {"blacklist": ("139", "1390")},
            "13900001111",
            Outcome(
                Treatment.NO_RIGHT,
                obstacle=Cause.LIST_BLOCKS_CALLER,
                why="blacklist entry of 4 digits",
            ),
        ),
        (
            {"whitelist_enabled": True, "whitelist": ("138", "137")},
            "13900001111",
            Outcome(
                Treatment.NO_RIGHT,
                obstacle=Cause.WHITELIST_BLOCKS_CALLER,
                why="white list on with 2 entries",
            ),
        ),
        (
            {"region_deny": ("01", "010")},
            "01088886666",
            busy(Cause.REGION_BLOCKS_CALLER, "area 010 denied"),
        ),
        (
            {"region_allow": ("022",)},
            "01088886666",
            busy(Cause.REGION_BLOCKS_CALLER, "area not among those allowed"),
        ),
    ],
)
def test_a_caller_is_stopped_by_a_rule_at_any_hour(rules, caller, expected):
    stopped = Caller.of(caller)
    routing = msgspec.structs.replace(PLAIN, **rules)
    assert evaluate_caller(routing, stopped) == expected
    for at in (MONDAY, NIGHT):
        assert outcome(routing=routing, caller=stopped, at=at) == expected
        assert outcome(routing=routing, caller=stopped, at=at, in_progress=9) == expected
    hours_alone = evaluate(Setting(routing, (B1,)), Call(MONDAY, stopped), check_caller=False)
    assert hours_alone.rings


def test_a_code_that_is_not_entered():
    expected = Outcome(
        Treatment.PIN, obstacle=Cause.UNKNOWN, why="a code is asked for and not entered"
    )
    assert outcome(pin=True, pin_entered=False) == expected
    assert outcome(pin=True).rings
    assert outcome(pin_entered=False).rings


def test_without_phones_voicemail_takes_the_call_if_it_is_on():
    assert outcome(bound=()) == busy(Cause.NO_BINDING, "no phone is bound")
    assert outcome(bound=(), voicemail=True) == Outcome(
        Treatment.VOICEMAIL,
        obstacle=Cause.NO_BINDING,
        why="no phone is bound",
        at_the_end=Treatment.VOICEMAIL,
    )


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        ({"concurrency_limit": 3}, 3),
        ({"trunk_capacity": 3}, 3),
        ({"concurrency_limit": 5, "trunk_capacity": 3}, 3),
        ({"landing_forwarded": True}, 1),
        ({"landing_forwarded": True, "concurrency_limit": 5}, 1),
    ],
)
def test_the_least_limit_counts(limits, most):
    assert outcome(in_progress=most - 1, **limits).rings
    why = f"{most} calls in progress, at most {most} at once"
    assert outcome(in_progress=most, **limits) == busy(Cause.CAPACITY_EXCEEDED, why)


def test_the_capacity_is_looked_at_before_the_phones_and_the_code():
    full = {"concurrency_limit": 1, "in_progress": 1, "pin": True, "pin_entered": False}
    assert outcome(bound=(), **full).obstacle is Cause.CAPACITY_EXCEEDED
    assert outcome(bound=(), pin=True, pin_entered=False).obstacle is Cause.NO_BINDING


def test_out_of_hours():
    why = "no window on Mon 22:05"
    assert outcome(at=NIGHT) == Outcome(
        Treatment.CLOSED,
        obstacle=Cause.SCHEDULE_CLOSED,
        why=why,
        at_the_end=Treatment.CLOSED,
    )
    assert outcome(at=NIGHT, voicemail=True) == Outcome(
        Treatment.VOICEMAIL,
        obstacle=Cause.SCHEDULE_CLOSED,
        why=why,
        at_the_end=Treatment.VOICEMAIL,
    )
    unpublished = Calendar(decree=lambda _day: DayKind.UNPUBLISHED)
    closed = outcome(at=NIGHT, national_calendar=True, calendar=unpublished)
    assert (closed.why, closed.certain) == (why, False)


@pytest.mark.parametrize(
    ("pressed", "rung"),
    [("", ("b1", "b2", "b3")), ("1", ("b1", "b2", "b3")), ("5", ("b3",)), ("21", ("b2",))],
)
def test_keys_of_a_menu_lead_to_phones(pressed, rung):
    legs = outcome(bound=(B1, B2, B3), menu=MENU, pressed=pressed).legs
    assert tuple(leg.binding for leg in legs) == rung


@pytest.mark.parametrize(
    ("pressed", "expected"),
    [
        (
            "2",
            Outcome(Treatment.MENU, obstacle=Cause.UNKNOWN, why="the caller is still in a menu"),
        ),
        (
            "3",
            Outcome(
                Treatment.VOICEMAIL,
                obstacle=Cause.NO_BINDING,
                why="the menu leads to voicemail only",
            ),
        ),
        (
            "4",
            Outcome(Treatment.NOTHING, obstacle=Cause.NO_BINDING, why="the key hangs up"),
        ),
        (
            "9",
            Outcome(
                Treatment.NOTHING,
                obstacle=Cause.NO_BINDING,
                why="none of the menu's keys leads to a phone",
            ),
        ),
    ],
)
def test_keys_of_a_menu_that_lead_to_no_phone(pressed, expected):
    assert outcome(bound=(B1, B2, B3), menu=MENU, pressed=pressed) == expected


def test_without_a_key_every_phone_that_some_keys_lead_to_rings():
    legs = outcome(bound=(B1, B2, B3), menu=MENU[1:]).legs
    assert [leg.binding for leg in legs] == ["b2", "b3"]
    assert outcome(bound=(B1,), menu=MENU[2:4]).treatment is Treatment.VOICEMAIL
    assert outcome(bound=(B1,), menu=MENU[3:4]).why == "the key hangs up"


def test_an_overflow_phone_rings_when_the_others_rang_in_vain():
    ringing = outcome(bound=(B1, B2, B3), overflow="b1")
    assert ringing.legs == (Leg("b2", 0.0, 20.0), Leg("b3", 20.0, 20.0), Leg("b1", 40.0, 20.0))
    assert ringing.gives_up_after == 60.0
    alone = outcome(bound=(B1,), overflow="b1")
    assert alone.legs == (Leg("b1", 0.0, 20.0),)
    assert outcome(bound=(B1, B2), overflow="b9").legs == outcome().legs
    by_key = outcome(bound=(B1, B2, B3), menu=MENU, pressed="5", overflow="b1")
    assert [leg.binding for leg in by_key.legs] == ["b3", "b1"]


def test_an_unknown_wait_before_or_of_the_overflow_phone_leaves_the_end_open():
    unknown = msgspec.structs.replace(PLAIN, wait_seconds=None)
    known = msgspec.structs.replace(B1, wait_seconds=5.0)
    before = outcome(routing=unknown, bound=(known, B2), overflow="b1")
    assert before.legs == (Leg("b2", 0.0, None), Leg("b1", None, 5.0))
    assert before.gives_up_after is None
    of_it = outcome(routing=unknown, bound=(known, B2), overflow="b2")
    assert of_it.legs == (Leg("b1", 0.0, 5.0), Leg("b2", 5.0, None))
    assert of_it.gives_up_after is None


def test_an_overflow_phone_rings_only_in_its_hours_and_for_its_areas():
    only_b2 = (Window((0,), 0, 1440, ("b2",)),)
    assert [leg.binding for leg in outcome(schedule=only_b2, overflow="b1").legs] == ["b2"]
    local = msgspec.structs.replace(B1, areas=("022",))
    legs = outcome(bound=(local, B2), overflow="b1", caller=BEIJING).legs
    assert [leg.binding for leg in legs] == ["b2"]


def test_a_phone_rings_for_callers_of_its_areas():
    near = msgspec.structs.replace(B1, areas=("010",))
    far = msgspec.structs.replace(B2, areas=("022", "0755"))
    bound = (near, far)
    assert [leg.binding for leg in outcome(bound=bound, caller=BEIJING).legs] == ["b1"]
    unknown = outcome(bound=bound)
    assert [leg.binding for leg in unknown.legs] == ["b1", "b2"]
    assert not unknown.certain
    assert outcome(bound=bound, caller=BEIJING).certain
    assert outcome(bound=(far,), caller=BEIJING) == busy(
        Cause.REGION_BLOCKS_CALLER, "no phone takes calls from the caller's area"
    )


def test_phones_that_are_not_known():
    named = outcome(bound=None)
    assert [leg.binding for leg in named.legs] == ["b1", "b2", "b3"]
    assert not named.certain
    assert outcome(bound=None, binding_order=()) == Outcome(
        Treatment.RINGING, certain=False, why="the bound phones are not known"
    )


def test_a_window_without_any_of_the_phones():
    elsewhere = (Window((0,), 0, 1440, ("b9",)),)
    found = outcome(schedule=elsewhere)
    assert (found.treatment, found.obstacle) == (Treatment.BUSY, Cause.UNKNOWN)
    assert (found.why, found.certain) == ("a phone that the hours name is not known", False)
    taken = outcome(schedule=elsewhere, voicemail=True)
    assert (taken.treatment, taken.certain) == (Treatment.VOICEMAIL, False)
    unpublished = Calendar(decree=lambda _day: DayKind.UNPUBLISHED)
    uncertain = outcome(schedule=elsewhere, national_calendar=True, calendar=unpublished)
    assert not uncertain.certain


def test_an_order_is_certain_with_one_phone_or_a_known_strategy():
    assert not outcome(strategy=Strategy.UNKNOWN).certain
    assert outcome(strategy=Strategy.UNKNOWN, bound=(B1,)).certain
    assert outcome(region_deny=("022",), caller=BEIJING).certain
    assert not outcome(region_deny=("022",)).certain
    assert not outcome(region_allow=("022",)).certain


def test_all_at_once_gives_up_after_the_longest_wait():
    short = msgspec.structs.replace(B1, wait_seconds=5.0)
    together = outcome(bound=(short, B2), strategy=Strategy.SIMULTANEOUS)
    assert together.legs == (Leg("b1", 0.0, 5.0), Leg("b2", 0.0, 20.0))
    assert together.gives_up_after == 20.0
    unknown = outcome(bound=(short, B2), strategy=Strategy.SIMULTANEOUS, wait_seconds=None)
    assert unknown.gives_up_after is None
