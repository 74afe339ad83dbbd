"""Check results as samples: what is shown, what is left out, what is built again."""

import gc
import weakref

import msgspec
import pytest
from msgspec.structs import replace

from agent.checks.unusual_calls import ComparedCalls, UnusualReason
from agent.masking import mask_phone
from agent.model import Balance, CallOutcome, Listing, Marking, Routing
from agent.series.drift import QUIET_ROWS
from agent.states import (
    CallResult,
    Capability,
    ConfigSection,
    MarkingTag,
    NumberState,
    PollFailure,
)
from tests.account_facts import (
    B1,
    B2,
    NOW,
    ROUTING,
    changed,
    large_snapshot,
    make_snapshot,
    number,
    polled,
    rebound,
)
from tests.series.page import Page, samples

ONE, TWO, THREE = "4006220001", "4006220002", "4006220003"
STALE = NOW + 1000.0


def polled_but(stale):
    """The status of polls that all succeeded now, except those of one capability."""
    return {
        capability: polled(NOW - 999 if capability == stale else NOW) for capability in Capability
    }


@pytest.fixture
def page():
    return Page()


def test_a_number_and_its_phones_are_shown(page):
    snapshot = make_snapshot(
        number(ONE, contract_end=NOW + 5, realname_ok=True),
        number(TWO, state="suspended_arrears", reclaim_at=NOW + 9, network="unknown"),
        number(THREE, state="unknown", network="unknown", realname_ok=False),
        bindings={ONE: (B1, rebound(B2, "arrears")), TWO: (), THREE: (rebound(B1, "unknown"),)},
        call_totals={(ONE, CallResult.ANSWERED): 7},
    )
    shown = {name: samples(block) for name, block in page.show(snapshot).items()}
    number_family = {name.removeprefix("numwatch_number_"): rows for name, rows in shown.items()}
    assert number_family["up"] == {(ONE,): 1, (TWO,): 0}
    assert number_family["state"] == {
        (ONE, "active"): 1,
        (TWO, "suspended_arrears"): 1,
        (THREE, "unknown"): 1,
    }
    assert number_family["network_state"][ONE, "active"] == 1
    assert number_family["info"][ONE, "unicom", "standard"] == 1
    assert number_family["bindings"] == {(ONE,): 2, (TWO,): 0, (THREE,): 1}
    assert number_family["bindings_reachable"] == {(ONE,): 1, (TWO,): 0}
    assert number_family["contract_expiry_timestamp_seconds"] == {(ONE,): NOW + 5}
    assert number_family["reclaim_timestamp_seconds"] == {(TWO,): NOW + 9}
    assert number_family["realname_ok"] == {(ONE,): 1, (THREE,): 0}
    assert number_family["calls_total"] == {(ONE, "answered"): 7}
    assert shown["numwatch_binding_state"] == {
        (ONE, "b1", "ok"): 1,
        (ONE, "b2", "arrears"): 1,
        (THREE, "b1", "unknown"): 1,
    }
    assert shown["numwatch_binding_reachable"] == {(ONE, "b1"): 1, (ONE, "b2"): 0}
    assert sum(shown["numwatch_account_numbers"].values()) == 3
    assert shown["numwatch_account_numbers"]["suspended_arrears",] == 1


def test_marks_are_shown_of_numbers_of_which_they_are_known(page):
    snapshot = make_snapshot(
        number(ONE, marking=Marking(MarkingTag.FRAUD, 12, NOW)),
        number(TWO, marking=Marking(MarkingTag.NONE, 0, NOW)),
        number(THREE, marking=Marking(MarkingTag.ADVERTISING, 0, NOW)),
        number("4006220009"),
    )
    shown = page.show(snapshot)
    assert samples(shown["numwatch_number_marked"]) == {
        (ONE, "fraud"): 12,
        (TWO, "none"): 0,
        (THREE, "advertising"): 1,
    }
    assert "numwatch_number_marked" not in page.show(make_snapshot(number(ONE)))


def test_what_lies_recorded_is_shown_where_it_is_told(page):
    stored = {"recording_oldest_at": NOW - 5 * 86400, "recordings_pending": 4}
    snapshot = make_snapshot(
        number(ONE, **stored, voicemail_unread=0, colour_ring=False),
        number(TWO, recordings_pending=0, recording_oldest_at=NOW),
        number(THREE, recording_oldest_at=NOW),
        routings={it: replace(ROUTING, retention_days=30.0) for it in (ONE, TWO)},
    )
    shown = {name: samples(block) for name, block in page.show(snapshot).items()}
    deletions = shown["numwatch_number_recording_deletion_timestamp_seconds"]
    assert deletions == {(ONE,): NOW + 25 * 86400}
    assert shown["numwatch_number_recordings_pending"] == {(ONE,): 4, (TWO,): 0}
    assert shown["numwatch_number_voicemail_unread"] == {(ONE,): 0}
    assert shown["numwatch_number_colour_ring"] == {(ONE,): 0}
    stale = page.show(snapshot, NOW + 1000)
    assert not [name for name in stale if "record" in name or "voicemail" in name]


def test_calls_at_once_are_shown_beside_their_limit(page):
    calls = tuple(CallOutcome(NOW - 60, CallResult.ANSWERED, "b1", 5, 40) for _ in range(3))
    unknown = (CallOutcome(NOW - 60, CallResult.ANSWERED, "b1"),)
    facts = {"recent_calls": {ONE: calls, TWO: unknown, THREE: calls}}
    routed = {ONE: ROUTING, TWO: ROUTING, THREE: Routing()}
    snapshot = make_snapshot(*map(number, (ONE, TWO, THREE)), routings=routed, **facts)
    shown = {name: samples(block) for name, block in page.show(snapshot).items()}
    assert shown["numwatch_number_concurrent_calls"] == {(ONE,): 3}
    assert shown["numwatch_number_concurrent_calls_limit"] == {(ONE,): 10}
    few = Page("abnormal").show(snapshot)
    assert "numwatch_number_concurrent_calls" not in few
    near = {ONE: replace(ROUTING, concurrency_limit=3)}
    few = Page("abnormal").show(make_snapshot(number(ONE), routings=near, **facts))
    assert samples(few["numwatch_number_concurrent_calls"]) == {(ONE,): 3}


def test_calls_are_shown_beside_those_that_are_usual(page):
    unusual, usual = (
        ComparedCalls(UnusualReason.OUT_OF_HOURS, 9, 3),
        ComparedCalls(UnusualReason.CONCURRENCY, 2, 12),
    )
    snapshot = make_snapshot(*map(number, (ONE, TWO)))
    compared = {ONE: (unusual, usual), TWO: (usual,)}
    shown = {name: samples(it) for name, it in page.show(snapshot, compared_calls=compared).items()}
    assert shown["numwatch_number_compared_calls"] == {
        (ONE, "out_of_hours"): 9,
        (ONE, "concurrency"): 2,
        (TWO, "concurrency"): 2,
    }
    assert shown["numwatch_number_compared_calls_limit"][ONE, "out_of_hours"] == 3
    few = Page("abnormal").show(snapshot, compared_calls=compared)
    assert samples(few["numwatch_number_compared_calls"]) == {(ONE, "out_of_hours"): 9}
    stale = make_snapshot(number(ONE), polls=polled_but(Capability.CALLS))
    assert "numwatch_number_compared_calls" not in page.show(stale, compared_calls=compared)
    assert "numwatch_number_compared_calls" not in page.show(snapshot)


def test_calls_are_shown_by_phone_and_by_wait(page):
    phone = "13800000009"
    snapshot = make_snapshot(
        number(ONE),
        bindings={ONE: (B1,)},
        leg_totals={(ONE, "b1", CallResult.BUSY): 2, (ONE, phone, CallResult.ANSWERED): 3},
        call_waits={ONE: (2, 0, 1, 0, 0, 0, 0, 0, 4), TWO: (1, 0, 0, 0, 0, 0, 0, 0, 0)},
    )
    shown = page.show(snapshot)
    assert samples(shown["numwatch_binding_calls_total"]) == {
        (ONE, "b1", "busy"): 2,
        (ONE, mask_phone(phone), "answered"): 3,
    }
    waited = samples(shown["numwatch_account_calls_by_wait_total"])
    assert (waited["5",], waited["10",], waited["15",], waited["+Inf",]) == (3, 3, 4, 8)


def test_two_phones_that_look_alike_in_public_keep_series_of_their_own(page):
    phones = ("13800010009", "13800020009")
    snapshot = make_snapshot(
        number(ONE), leg_totals={(ONE, phone, CallResult.BUSY): 1 for phone in phones}
    )
    assert len(samples(page.show(snapshot)["numwatch_binding_calls_total"])) == len(phones)


def test_an_account_is_shown(page):
    balance = Balance(120.0, "CNY", daily_spend=10.5, month_spend=80.0, spend_cap=100.0)
    shown = {
        name: samples(block) for name, block in page.show(make_snapshot(balance=balance)).items()
    }
    assert shown["numwatch_account_balance"] == {("CNY",): 120}
    assert shown["numwatch_account_balance_threshold"] == {
        ("CNY", "notice"): 35,
        ("CNY", "stop"): 15,
    }
    assert shown["numwatch_account_runway_seconds"] == {(): 10 * 86400}
    assert shown["numwatch_account_month_spend"] == {("CNY",): 80}
    assert shown["numwatch_account_spend_cap"] == {("CNY",): 100}
    assert shown["numwatch_account_numbers_gone"] == {(): 0}
    assert shown["numwatch_provider_up"] == {(): 1}
    assert shown["numwatch_poll_interval_seconds"]["balance",] == 60
    assert shown["numwatch_poll_last_success_timestamp_seconds"]["numbers",] == NOW


def test_lines_of_another_currency_are_absent_not_guessed(page):
    shown = page.show(make_snapshot(balance=Balance(5.0, "USD")))
    assert "numwatch_account_balance_threshold" not in shown
    assert "numwatch_account_runway_seconds" not in shown


def test_stale_facts_have_no_samples_but_polls_are_always_shown(page):
    snapshot = make_snapshot(call_totals={(ONE, CallResult.BUSY): 1})
    page.show(snapshot)
    assert set(page.show(snapshot, STALE)) == {
        "numwatch_number_health",
        "numwatch_provider_up",
        "numwatch_poll_last_success_timestamp_seconds",
        "numwatch_poll_interval_seconds",
    }


@pytest.mark.parametrize(
    ("stale", "absent", "present"),
    [
        ("numbers", "numwatch_number_up", "numwatch_binding_state"),
        ("reachability", "numwatch_number_bindings", "numwatch_number_up"),
        ("balance", "numwatch_account_balance", "numwatch_number_up"),
        ("calls", "numwatch_number_calls_total", "numwatch_number_up"),
    ],
)
def test_each_family_grows_stale_with_its_own_capability(page, stale, absent, present):
    polls = {
        capability: polled(NOW - 999 if capability == stale else NOW) for capability in Capability
    }
    shown = page.show(make_snapshot(polls=polls, call_totals={(ONE, CallResult.BUSY): 1}))
    assert absent not in shown
    assert present in shown


def test_stale_routing_hides_drift_but_not_that_of_phones(page):
    polls = {
        capability: polled(NOW - 999 if capability == "routing" else NOW)
        for capability in Capability
    }
    shown = page.show(make_snapshot(polls=polls))
    assert samples(shown["numwatch_number_config_drift"]) == {(ONE, "bindings"): 0}


@pytest.mark.parametrize(
    ("status", "up"),
    [
        (polled(), {(): 1}),
        (polled(failure=PollFailure.TIMEOUT), {(): 0}),
        (
            msgspec.structs.replace(polled(None), last_attempt=NOW, failure=PollFailure.AUTH),
            {(): 0},
        ),
        (polled(None), {}),
    ],
)
def test_a_provider_is_up_when_its_newest_poll_succeeded(page, status, up):
    polls = {Capability.BALANCE: polled(), Capability.NUMBERS: status}
    assert samples(page.show(make_snapshot(polls=polls)).get("numwatch_provider_up")) == up


def test_an_account_without_a_listing_is_up_by_its_first_capability(page):
    polls = {Capability.BALANCE: polled(failure=PollFailure.AUTH), Capability.CALLS: polled()}
    assert samples(page.show(make_snapshot(polls=polls))["numwatch_provider_up"]) == {(): 0}


def test_a_number_that_is_gone_is_down_and_counted(page):
    page.show(make_snapshot(number(ONE), number(TWO)))
    left = make_snapshot(number(ONE), gone=frozenset({TWO}))
    shown = page.show(changed(left))
    assert samples(shown["numwatch_number_up"]) == {(ONE,): 1, (TWO,): 0}
    assert samples(shown["numwatch_number_state"])[TWO, "reclaimed"] == 1
    assert samples(shown["numwatch_account_numbers_gone"]) == {(): 1}
    assert samples(shown["numwatch_account_numbers"])["reclaimed",] == 0


def test_drift_is_shown_by_section(page):
    snapshot = make_snapshot()
    first = samples(page.show(snapshot)["numwatch_number_config_drift"])
    assert len(first) == len(ConfigSection)
    assert set(first.values()) == {0}
    slow = msgspec.structs.replace(ROUTING, wait_seconds=5.0)
    shown = samples(
        page.show(changed(snapshot, routings={ONE: slow}))["numwatch_number_config_drift"]
    )
    assert {key for key, value in shown.items() if value} == {(ONE, "wait")}


def test_a_large_account_shows_drift_only_where_there_was_some(page):
    snapshot = large_snapshot(QUIET_ROWS + 1)
    assert "numwatch_number_config_drift" not in page.show(snapshot)
    name = page.result.names[7]
    slow = {**snapshot.routings, name: msgspec.structs.replace(ROUTING, wait_seconds=1.0)}
    edited = page.show(changed(snapshot, routings=slow))["numwatch_number_config_drift"]
    assert samples(edited) == {(name, "wait"): 1}
    undone = page.show(changed(snapshot))["numwatch_number_config_drift"]
    assert samples(undone) == {(name, "wait"): 0}


def test_illegal_moves_carry_when_they_were_seen(page):
    moves = {ONE: (NumberState.RECLAIMED, NumberState.ACTIVE, NOW - 3)}
    shown = page.show(make_snapshot(previous_states=moves))
    family = "numwatch_number_illegal_transition_timestamp_seconds"
    assert samples(shown[family]) == {(ONE, "reclaimed", "active"): NOW - 3}


def test_a_provider_that_reports_no_network_states_has_no_such_family(page):
    assert "numwatch_number_network_state" not in page.show(
        make_snapshot(number(network="unknown"))
    )


def test_no_label_holds_a_full_phone(page):
    phones = tuple(msgspec.structs.replace(phone, id=phone.phone) for phone in (B1, B2))
    for block in page.show(make_snapshot(bindings={ONE: phones})).values():
        for column in block.frame.columns:
            assert not {B1.phone, B2.phone}.intersection(column)


def test_families_over_the_same_rows_share_one_frame(page):
    shown = page.show(make_snapshot(number(ONE, contract_end=5.0), number(TWO)))
    frames = {
        id(shown[f"numwatch_number_{name}"].frame)
        for name in ("up", "bindings", "bindings_reachable", "contract_expiry_timestamp_seconds")
    }
    assert len(frames) == 1


def test_a_poll_that_changed_nothing_hands_out_the_same_blocks(page):
    snapshot = make_snapshot(number(ONE), number(TWO), call_totals={(ONE, CallResult.BUSY): 1})
    first = page.show(snapshot)
    second = page.show(changed(snapshot), NOW + 1)
    assert all(second[name] is block for name, block in first.items())


def test_a_poll_that_changed_values_keeps_the_labels(page):
    snapshot = make_snapshot(number(ONE), number(TWO), call_totals={(ONE, CallResult.BUSY): 1})
    first = page.show(snapshot)
    down = (number(ONE, state="expired"), snapshot.listing.numbers[1])
    now = changed(
        snapshot, listing=Listing(down), call_totals={(ONE, CallResult.BUSY): 2}, balance=None
    )
    second = page.show(now)
    renewed = {name for name, block in second.items() if first[name] is not block}
    assert renewed == {
        "numwatch_number_up",
        "numwatch_number_health",
        "numwatch_number_state",
        "numwatch_account_numbers",
        "numwatch_number_calls_total",
    }
    for name in ("numwatch_number_up", "numwatch_number_calls_total"):
        assert second[name].frame is first[name].frame
    assert samples(second["numwatch_number_calls_total"]) == {(ONE, "busy"): 2}


def test_abnormal_detail_shows_only_numbers_that_are_not_healthy():
    page = Page("abnormal")
    listed = (number(ONE), number(TWO, state="expired"), number(THREE))
    snapshot = make_snapshot(
        *listed, call_totals={(ONE, CallResult.BUSY): 1, (TWO, CallResult.BUSY): 2}
    )
    shown = page.show(snapshot)
    assert samples(shown["numwatch_number_up"]) == {(TWO,): 0}
    assert samples(shown["numwatch_number_info"]) == {(TWO, "unicom", "standard"): 1}
    assert set(samples(shown["numwatch_binding_reachable"])) == {(TWO, "b1"), (TWO, "b2")}
    assert samples(shown["numwatch_number_calls_total"]) == {(TWO, "busy"): 2}
    assert len(samples(shown["numwatch_number_config_drift"])) == len(ConfigSection)
    assert samples(shown["numwatch_account_numbers"])["active",] == 2
    again = page.show(changed(snapshot), NOW + 1)
    assert again["numwatch_number_up"] is shown["numwatch_number_up"]
    bad = {**snapshot.bindings, THREE: (rebound(B1, "off"), B2)}
    wider = page.show(changed(snapshot, bindings=bad))
    assert samples(wider["numwatch_number_up"]) == {(TWO,): 0, (THREE,): 1}
    assert samples(wider["numwatch_binding_reachable"])[THREE, "b1"] == 0


def test_abnormal_detail_of_a_healthy_account_leaves_the_aggregates():
    shown = Page("abnormal").show(make_snapshot())
    assert not [name for name in shown if name.startswith(("numwatch_number", "numwatch_binding"))]
    assert "numwatch_account_numbers" in shown


def test_a_forgotten_account_leaves_nothing_behind():
    page = Page()
    frame = weakref.ref(page.show(make_snapshot())["numwatch_number_up"].frame)
    page.series.forget("north", "hq")
    gc.collect()
    assert frame() is None
