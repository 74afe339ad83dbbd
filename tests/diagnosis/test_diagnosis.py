"""Verdicts: the first conclusive cause, whose job it is, and what it rests on."""

import msgspec
import pytest

from agent.diagnosis import diagnose_number, exit_code
from agent.model import Balance, Listing
from agent.states import BindingState, Capability, NumberState, PollFailure
from tests.account_facts import (
    B1,
    NOW,
    ROUTING,
    changed,
    make_snapshot,
    number,
    polled,
    rebound,
)
from tests.diagnosis.verdicts import CALLER, NIGHT, ONE, bound, known, polled_at, routed, verdict_on


def test_a_number_that_works_is_healthy():
    verdict = verdict_on(make_snapshot())
    assert (verdict.cause, verdict.party, exit_code(verdict)) == ("healthy", "none", 0)
    assert verdict.confidence > 0.9
    assert verdict.findings == ()
    assert {fact.fact for fact in verdict.evidence} >= {"number_state", "binding b1"}


@pytest.mark.parametrize(
    ("state", "cause", "party"),
    [
        ("suspended_arrears", "number_suspended_arrears", "finance"),
        ("suspended_violation", "number_suspended_violation", "provider"),
        ("suspended_requested", "number_suspended_requested", "admin"),
        ("frozen", "number_frozen", "finance"),
        ("expired", "number_expired", "admin"),
        ("reclaimed", "number_reclaimed", "provider"),
        ("cancelled", "number_reclaimed", "provider"),
        ("review", "number_in_review", "provider"),
        ("open_unfunded", "number_in_review", "finance"),
    ],
)
def test_the_numbers_own_state_comes_first(state, cause, party):
    broke = Balance(1.0, "CNY")
    before = make_snapshot()
    moved = (NumberState.ACTIVE, NumberState(state), NOW - 30)
    snapshot = bound("arrears", "arrears", balance=broke, previous_states={ONE: moved})
    snapshot = changed(snapshot, listing=Listing((number(state=state),)))
    verdict = verdict_on(snapshot, before=before)
    assert (verdict.cause, verdict.party, exit_code(verdict)) == (cause, party, 1)
    assert verdict.since == NOW - 30
    assert verdict.evidence[0].value == state
    assert verdict.evidence[0].source == "north/hq numbers"
    assert verdict.evidence[0].age_seconds == 0


def test_every_state_out_of_service_has_a_cause():
    for state in NumberState:
        verdict = verdict_on(make_snapshot(number(state=state)))
        expected = {"active": 0, "low_balance": 0, "unknown": 3}.get(state, 1)
        assert exit_code(verdict) == expected, state


def test_numbers_in_the_same_plight_are_mentioned():
    listed = [number(f"400622000{n}", state="suspended_violation") for n in range(1, 4)]
    verdict = verdict_on(make_snapshot(*listed))
    assert any("2 more numbers of north/hq" in finding for finding in verdict.findings)


@pytest.mark.parametrize(
    ("balance", "cause"),
    [
        (Balance(14.99, "CNY"), "balance_exhausted"),
        (Balance(500.0, "CNY", month_spend=100.0, spend_cap=100.0), "spend_cap_reached"),
        (Balance(15.0, "CNY"), "healthy"),
        (Balance(1.0, "USD"), "healthy"),
    ],
)
def test_money_is_a_cause_below_the_stop_line_and_at_the_cap(balance, cause):
    assert verdict_on(make_snapshot(balance=balance)).cause == cause


def test_money_that_runs_out_is_a_warning():
    balance = Balance(30.0, "CNY", daily_spend=5.0, month_spend=95.0, spend_cap=100.0)
    verdict = verdict_on(make_snapshot(balance=balance))
    assert verdict.cause == "healthy"
    assert len(verdict.findings) == 3


def test_a_balance_that_is_stale_says_nothing():
    polls = {**polled_at(NOW), Capability.BALANCE: polled(NOW - 999)}
    assert verdict_on(make_snapshot(balance=Balance(1.0, "CNY"), polls=polls)).cause == "healthy"


def test_a_network_that_contradicts_is_the_providers_job():
    verdict = verdict_on(make_snapshot(number(network="unloaded")))
    assert (verdict.cause, verdict.party) == ("network_state_mismatch", "provider")
    assert verdict_on(make_snapshot(number(network="unknown"))).cause == "healthy"


@pytest.mark.parametrize("state", [state for state in BindingState if state != "unknown"])
def test_a_bad_phone_beside_a_good_one_is_a_warning(state):
    verdict = verdict_on(bound(state, "ok"))
    assert verdict.cause == "healthy"
    assert bool(verdict.findings) is (state not in {"ok", "busy"})


@pytest.mark.parametrize(
    ("first", "second", "cause", "party"),
    [
        ("arrears", "no_answer", "binding_arrears", "binding_carrier"),
        ("no_answer", "barred", "binding_barred", "binding_carrier"),
        ("off", "out_of_area", "binding_off", "holder"),
        ("dnd", "rejected", "binding_dnd", "holder"),
        ("forwarded", "no_answer", "binding_forwarded", "holder"),
        ("unregistered", "off", "binding_unregistered", "admin"),
        ("nonexistent", "nonexistent", "binding_nonexistent", "admin"),
        ("unbound", "unbound", "no_binding", "admin"),
    ],
)
def test_phones_are_the_cause_when_none_can_take_the_call(first, second, cause, party):
    before = bound("ok", "ok")
    after = changed(before, bindings=bound(first, second).bindings)
    verdict = verdict_on(after, before=before)
    assert (verdict.cause, verdict.party, exit_code(verdict)) == (cause, party, 1)
    if cause != "no_binding":
        assert verdict.since == NOW
        assert len(verdict.evidence) == 2


def test_a_phone_that_is_not_rung_now_does_not_help():
    only = msgspec.structs.replace(ROUTING.schedule[0], bindings=("b1",))
    snapshot = changed(bound("arrears", "ok"), routings=routed(schedule=(only,)).routings)
    assert verdict_on(snapshot).cause == "binding_arrears"


@pytest.mark.parametrize("states", [("unknown", "unknown"), ("arrears", "unknown")])
def test_phones_nobody_knows_leave_it_open(states):
    verdict = verdict_on(bound(*states))
    assert (verdict.cause, exit_code(verdict)) == ("unknown", 3)


def test_a_busy_phone_works_but_takes_no_call_now():
    assert verdict_on(bound("busy", "ok")).cause == "healthy"
    assert verdict_on(bound("busy", "ok")).findings == ()
    assert verdict_on(bound("busy", "busy")).cause == "binding_busy"
    mixed = verdict_on(bound("busy", "off"))
    assert (mixed.cause, mixed.confidence) == ("binding_off", 0.6)


def test_no_phones_bound():
    verdict = verdict_on(make_snapshot(bindings={ONE: ()}))
    assert (verdict.cause, verdict.party) == ("no_binding", "admin")


def test_unreported_phones_are_not_no_phones():
    assert verdict_on(make_snapshot(bindings={})).cause == "unknown"
    silent = {Capability.NUMBERS: polled()}
    verdict = verdict_on(make_snapshot(bindings={}, routings={}, polls=silent))
    assert verdict.cause == "healthy"
    assert verdict.confidence < 0.7


@pytest.mark.parametrize(
    ("edits", "effect"),
    [
        ({"schedule": (msgspec.structs.replace(ROUTING.schedule[0], end_minute=600),)}, "schedule"),
        ({"whitelist_enabled": True, "whitelist": ("138",)}, "whitelist"),
        ({"wait_seconds": 5.0}, "wait_too_short"),
    ],
)
def test_a_change_that_explains_why_calls_fail_is_the_cause(edits, effect):
    verdict = verdict_on(routed(**edits), before=make_snapshot())
    assert (verdict.cause, verdict.party, verdict.since) == ("config_changed", "admin", NOW)
    assert effect in verdict.evidence[0].value
    assert any(fact.fact == "baseline" and "provisional" in fact.value for fact in verdict.evidence)


def test_phones_taken_away_are_a_change_too():
    verdict = verdict_on(make_snapshot(bindings={ONE: ()}), before=make_snapshot())
    assert verdict.cause == "config_changed"
    assert "no_binding" in verdict.evidence[0].value


def test_a_phone_exchanged_for_a_bad_one_is_a_change():
    wrong = msgspec.structs.replace(rebound(B1, "nonexistent"), phone="13899999999")
    before = make_snapshot(bindings={ONE: (B1,)})
    verdict = verdict_on(make_snapshot(bindings={ONE: (wrong,)}), before=before)
    assert verdict.cause == "config_changed"
    same = make_snapshot(bindings={ONE: (rebound(B1, "nonexistent"),)})
    assert verdict_on(same, before=before).cause == "binding_nonexistent"


def test_a_change_that_does_no_harm_now_is_a_warning():
    verdict = verdict_on(routed(concurrency_limit=11), before=make_snapshot())
    assert verdict.cause == "healthy"
    assert verdict.findings == (
        "changed from the first configuration read: calls at once: 10 → 11",
    )


def test_a_change_is_not_blamed_for_what_the_baseline_does_too():
    edited = routed(concurrency_limit=11, polls=polled_at(NIGHT))
    verdict = verdict_on(edited, before=make_snapshot(), now=NIGHT, caller=CALLER)
    assert verdict.cause == "schedule_closed"


def test_what_was_configured_all_along_is_no_change():
    verdict = verdict_on(routed(wait_seconds=5.0))
    assert (verdict.cause, verdict.confidence) == ("wait_too_short", 0.6)
    verdict = verdict_on(routed(wait_seconds=12.0))
    assert verdict.cause == "healthy"
    assert "12 s is short" in verdict.findings[0]


def test_closed_at_night_is_what_a_person_hears_and_no_news_to_an_alert():
    snapshot = make_snapshot(polls=polled_at(NIGHT))
    verdict = verdict_on(snapshot, now=NIGHT, symptom="number_down")
    assert verdict.cause == "healthy"
    assert "closed now" in verdict.findings[0]
    assert verdict_on(snapshot, now=NIGHT).cause == "schedule_closed"
    verdict = verdict_on(snapshot, now=NIGHT, caller=CALLER)
    assert verdict.cause == "schedule_closed"
    assert verdict.confidence > verdict_on(snapshot, now=NIGHT).confidence


@pytest.mark.parametrize(
    ("edits", "caller", "cause"),
    [
        ({"blacklist": ("139",)}, "+86 139-0000-1111", "list_blocks_caller"),
        ({"blacklist": ("139",)}, "13800001111", "healthy"),
        ({"whitelist_enabled": True, "whitelist": ("138",)}, CALLER, "whitelist_blocks_caller"),
        ({"region_deny": ("022",)}, "022-1111-2222", "region_blocks_caller"),
    ],
)
def test_lists_and_regions_stop_particular_callers(edits, caller, cause):
    assert verdict_on(routed(**edits), caller=caller).cause == cause


def test_without_fresh_data_nothing_is_said_of_the_number():
    failing = {
        capability: polled(NOW - 999, failure=PollFailure.TIMEOUT) for capability in Capability
    }
    down = make_snapshot(number(state="suspended_arrears"), polls=failing)
    verdict = verdict_on(down)
    assert (verdict.cause, verdict.party, exit_code(verdict)) == (
        "monitoring_blind",
        "monitoring",
        3,
    )
    assert verdict.since == NOW - 999
    assert verdict.evidence[0].value == "timeout"
    assert [each.cause for each in verdict.considered] == ["provider_outage"]


def test_stale_reachability_is_unknown_not_healthy():
    polls = {**polled_at(NOW), Capability.REACHABILITY: polled(NOW - 999)}
    verdict = verdict_on(make_snapshot(polls=polls))
    assert verdict.cause == "unknown"
    assert any(fact.fact == "poll reachability" for fact in verdict.evidence)


def test_a_number_nobody_has_is_unknown_or_unseen():
    verdict = diagnose_number("400-999-0009", known(make_snapshot()))
    assert (verdict.number, verdict.cause, exit_code(verdict)) == ("4009990009", "unknown", 3)
    assert "not in the listing" in verdict.findings[0]
    unseen = diagnose_number("4009990009", known(make_snapshot(polls=polled_at(NOW - 999))))
    assert (unseen.cause, unseen.findings) == ("monitoring_blind", ())
    assert diagnose_number("4009990009", known()).cause == "monitoring_blind"


def test_instants_are_shown_in_the_schedules_zone():
    verdict = verdict_on(make_snapshot(number(state="frozen", reclaim_at=NOW)))
    assert verdict.evidence[-1].value == "2027-01-15 16:00+08:00"


def test_contacts_are_the_accounts_then_the_providers_then_the_general_ones():
    arrears = verdict_on(make_snapshot(number(state="suspended_arrears")))
    violation = verdict_on(make_snapshot(number(state="suspended_violation")))
    expired = verdict_on(make_snapshot(number(state="expired")))
    holder = verdict_on(bound("off", "off"))
    assert arrears.contact == "hq finance 1001"
    assert violation.contact == "north desk 7x24"
    assert expired.contact == "Ada 1002 ada@example.com"
    assert holder.contact == ""
