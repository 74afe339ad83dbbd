"""Every real edit is drift of its section, and nothing else is."""

import random

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.baselines.baseline import Baseline
from agent.baselines.canonical import SECTION_FIELDS
from agent.baselines.drift import compare, differences, sections_of
from agent.model import Binding, Extension, Lines, MenuKey, Routing, SpecialDays, Window
from agent.states import BindingKind, BindingState, ConfigSection, Strategy
from tests.account_facts import B1, B2, ROUTING

FEW = settings(max_examples=25, deadline=None)
"""Whole configurations are slow to draw; a wrong field shows in nearly every one of them."""

ids = st.sampled_from(["b1", "b2", "b3", "b4"])
entries = st.lists(st.sampled_from(["010", "022", "138", "13900001111"]), unique=True).map(tuple)
known_kinds = st.sampled_from([kind for kind in BindingKind if kind is not BindingKind.UNKNOWN])
ordered = st.sampled_from([Strategy.SEQUENTIAL, Strategy.CYCLIC])
unordered = st.sampled_from([Strategy.RANDOM, Strategy.WEIGHTED, Strategy.SIMULTANEOUS])
windows = st.builds(
    Window,
    days=st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple),
    start_minute=st.integers(0, 700),
    end_minute=st.integers(701, 1440),
    bindings=st.lists(ids, unique=True).map(tuple),
)
special_days = st.integers(739000, 739400).map(
    lambda day: SpecialDays(day, day + 2, ((510, 720), (780, 900)), ("b1", "b2"))
)
bindings = st.lists(
    st.builds(
        Binding,
        id=ids,
        phone=st.integers(13000000000, 13999999999).map(str),
        kind=known_kinds,
        position=st.integers(1, 9),
        state=st.sampled_from(BindingState),
        areas=entries,
        wait_seconds=st.floats(5, 60),
        weight=st.floats(1, 100),
        filed=st.booleans(),
        lines=st.builds(Lines, declared=st.integers(1, 9), paid=st.integers(1, 9)),
    ),
    unique_by=lambda each: each.id,
    min_size=1,
).map(tuple)


def routings(strategies):
    return st.builds(
        Routing,
        strategy=strategies,
        wait_seconds=st.floats(1, 90),
        schedule=st.lists(windows, max_size=4).map(tuple),
        region_allow=entries,
        region_deny=entries,
        blacklist=entries,
        whitelist_enabled=st.booleans(),
        whitelist=entries,
        concurrency_limit=st.integers(1, 30),
        voicemail=st.booleans(),
        binding_order=st.lists(ids, unique=True).map(tuple),
        special_days=st.lists(special_days, max_size=2).map(tuple),
        national_calendar=st.booleans(),
        menu=st.sets(st.sampled_from("123"), min_size=1).map(
            lambda keys: tuple(MenuKey("top", key, "queue") for key in sorted(keys))
        ),
        pin=st.booleans(),
        overflow=ids,
        voicemail_recipient=st.just("王"),
        recording=st.booleans(),
        recording_notice=st.booleans(),
        recording_export=st.booleans(),
        retention_days=st.floats(1, 90),
        landing_forwarded=st.booleans(),
        trunk=st.just("t"),
        trunk_capacity=st.integers(1, 30),
        trunk_peak=st.integers(0, 30),
        extensions=st.just((Extension("800", balance=5.0), Extension("801"))),
    )


def shuffled(items, seed):
    mixed = list(items)
    random.Random(seed).shuffle(mixed)
    return tuple(mixed)


def drifted(was, now):
    drift = compare(Baseline(*was, taken_at=0.0), *now)
    assert drift.known == 0xFF
    return set(sections_of(drift.drifted))


@FEW
@given(routings(ordered | unordered), bindings, st.integers(), st.data())
def test_writing_the_same_in_another_order_is_no_drift(routing, bound, seed, data):
    same = msgspec.structs.replace(
        routing,
        schedule=shuffled(
            (
                msgspec.structs.replace(
                    each, days=shuffled(each.days, seed), bindings=shuffled(each.bindings, seed)
                )
                for each in routing.schedule
            ),
            seed,
        ),
        region_allow=shuffled(routing.region_allow, seed),
        region_deny=shuffled(routing.region_deny, seed),
        blacklist=shuffled(routing.blacklist, seed),
        whitelist=shuffled(routing.whitelist, seed),
        special_days=shuffled(
            (
                msgspec.structs.replace(each, hours=shuffled(each.hours, seed))
                for each in routing.special_days
            ),
            seed,
        ),
        menu=shuffled(routing.menu, seed),
        trunk_peak=data.draw(st.integers(0, 30)),
        extensions=shuffled(
            (msgspec.structs.replace(each, balance=1.0) for each in routing.extensions), seed
        ),
    )
    states = [
        msgspec.structs.replace(each, state=data.draw(st.sampled_from(BindingState)))
        for each in bound
    ]
    assert drifted((routing, bound), (same, shuffled(states, seed))) == set()


@FEW
@given(routings(unordered), bindings, st.integers())
def test_order_of_phones_has_no_meaning_unless_they_ring_in_order(routing, bound, seed):
    mixed = msgspec.structs.replace(routing, binding_order=shuffled(routing.binding_order, seed))
    moved = tuple(msgspec.structs.replace(each, position=9 - each.position) for each in bound)
    assert drifted((routing, bound), (mixed, moved)) == set()


@FEW
@given(routings(ordered), bindings)
def test_a_window_split_by_days_is_the_same_schedule(routing, bound):
    split = msgspec.structs.replace(
        routing,
        schedule=tuple(
            msgspec.structs.replace(each, days=(day,))
            for each in routing.schedule
            for day in each.days
        ),
    )
    assert drifted((routing, bound), (split, bound)) == set()


ROUTING_EDITS = {
    "strategy": (ConfigSection.STRATEGY, lambda _: Strategy.RANDOM),
    "wait_seconds": (ConfigSection.WAIT, lambda wait: wait + 1),
    "region_allow": (ConfigSection.REGION, lambda areas: (*areas, "0755")),
    "region_deny": (ConfigSection.REGION, lambda areas: (*areas, "0755")),
    "blacklist": (ConfigSection.LISTS, lambda listed: (*listed, "170")),
    "whitelist": (ConfigSection.LISTS, lambda listed: (*listed, "170")),
    "whitelist_enabled": (ConfigSection.LISTS, lambda on: not on),
    "concurrency_limit": (ConfigSection.FEATURES, lambda limit: limit + 1),
    "voicemail": (ConfigSection.FEATURES, lambda on: not on),
    "binding_order": (ConfigSection.BINDINGS, lambda order: (*order, "b9")),
    "special_days": (ConfigSection.SCHEDULE, lambda days: (*days, SpecialDays(740000, 740003))),
    "national_calendar": (ConfigSection.SCHEDULE, lambda on: not on),
    "menu": (ConfigSection.IVR, lambda keys: (*keys, MenuKey("top", "9", "hangup"))),
    "pin": (ConfigSection.IVR, lambda on: not on),
    "overflow": (ConfigSection.FEATURES, lambda phone: phone + "x"),
    "voicemail_recipient": (ConfigSection.FEATURES, lambda who: "李" + who),
    "recording": (ConfigSection.FEATURES, lambda on: not on),
    "recording_notice": (ConfigSection.FEATURES, lambda on: not on),
    "recording_export": (ConfigSection.FEATURES, lambda on: not on),
    "retention_days": (ConfigSection.FEATURES, lambda days: days / 2),
    "landing_forwarded": (ConfigSection.FEATURES, lambda on: not on),
    "trunk": (ConfigSection.FEATURES, lambda name: name + "2"),
    "trunk_capacity": (ConfigSection.FEATURES, lambda calls: calls - 1),
    "extensions": (ConfigSection.FEATURES, lambda stored: (*stored, Extension("802"))),
    "schedule": (
        ConfigSection.SCHEDULE,
        lambda stored: (*stored, Window((5,), 700, 703, ("b7",))),
    ),
}


@pytest.mark.parametrize("edited", ROUTING_EDITS)
@FEW
@given(routings(ordered), bindings)
def test_every_edit_of_the_routing_is_found_in_its_section(edited, routing, bound):
    section, edit = ROUTING_EDITS[edited]
    now = msgspec.structs.replace(routing, **{edited: edit(getattr(routing, edited))})
    found = drifted((routing, bound), (now, bound))
    if edited == "strategy":
        found -= {ConfigSection.BINDINGS}
    assert found == {section}


def test_no_field_of_a_routing_is_without_an_edit():
    reported = {name for names in SECTION_FIELDS.values() for name in names}
    assert reported == set(ROUTING_EDITS)
    measured = {"trunk_peak"}
    assert set(Routing.__struct_fields__) - reported == measured


BINDING_EDITS = {
    "id": lambda each: each + "x",
    "phone": lambda phone: phone[:-1] + ("1" if phone[-1] == "0" else "0"),
    "kind": lambda kind: BindingKind.PBX if kind is not BindingKind.PBX else BindingKind.TRUNK,
    "position": lambda position: position + 10,
    "areas": lambda areas: (*areas, "0755"),
    "wait_seconds": lambda wait: wait + 1,
    "weight": lambda weight: weight / 2,
    "filed": lambda filed: not filed,
    "lines": lambda lines: msgspec.structs.replace(lines, paid=lines.paid - 1),
}


@pytest.mark.parametrize("edited", BINDING_EDITS)
@FEW
@given(routings(ordered), bindings, st.integers(0, 3))
def test_every_edit_of_a_phone_is_found(edited, routing, bound, which):
    which %= len(bound)
    edit = BINDING_EDITS[edited]
    phone = msgspec.structs.replace(bound[which], **{edited: edit(getattr(bound[which], edited))})
    now = (*bound[:which], phone, *bound[which + 1 :])
    assert drifted((routing, bound), (routing, now)) == {ConfigSection.BINDINGS}


@FEW
@given(routings(ordered), bindings)
def test_a_phone_more_or_less_is_found(routing, bound):
    assert drifted((routing, bound), (routing, bound[1:])) == {ConfigSection.BINDINGS}
    assert drifted((routing, bound[1:]), (routing, bound)) == {ConfigSection.BINDINGS}


@FEW
@given(routings(ordered), routings(ordered), bindings, bindings)
def test_the_quick_comparison_agrees_with_the_thorough_one(was, now, bound, rebound_):
    assume(was != now or bound != rebound_)
    baseline = Baseline(was, bound, taken_at=0.0)
    named = {each.section for each in differences(baseline, now, rebound_)}
    assert set(sections_of(compare(baseline, now, rebound_).drifted)) == named


def test_what_a_side_does_not_tell_is_not_drift():
    silent = Routing(whitelist_enabled=False)
    assert ConfigSection.WAIT not in drifted((ROUTING, (B1,)), (silent, (B1,)))
    drift = compare(Baseline(ROUTING, None, taken_at=0.0), ROUTING, (B1,))
    assert ConfigSection.BINDINGS not in sections_of(drift.known)
    assert compare(None, ROUTING, (B1,)).known == 0


def test_differences_read_like_sentences_and_hide_phones():
    new = msgspec.structs.replace(B1, phone="13900000009")
    listed = msgspec.structs.replace(ROUTING, wait_seconds=5.0, blacklist=("13800007777",))
    reported = [str(each) for each in differences(Baseline(ROUTING, (B1, B2), 0.0), listed, (new,))]
    assert reported == [
        "b1 phone: 138****0001 -> 139****0009",
        "b2 bound: yes -> no",
        "wait_seconds: 20 -> 5",
        "blacklist: none -> 138****7777",
    ]
    window = Window((0,), 0, 1440)
    shut = msgspec.structs.replace(ROUTING, schedule=(window,))
    [first, *_] = differences(Baseline(ROUTING, (B1, B2), 0.0), shut, (B1, B2))
    assert str(first) == "mon: 08:30-17:30 (b1+b2) -> all day"
