"""Verdicts on other scopes than a number, and their texts."""

import json

import msgspec
import pytest

from agent.diagnosis import diagnose_number, diagnose_scope
from agent.diagnosis.report import render, render_json
from agent.diagnosis.words import Words, questions, steps
from agent.model import Balance
from agent.states import PARTY_OF_CAUSE, Capability, Cause, NumberState, PollFailure
from tests.account_facts import (
    B1,
    B2,
    NOW,
    ROUTING,
    make_settings,
    make_snapshot,
    number,
    polled,
    rebound,
)
from tests.diagnosis.verdicts import CALLER, ONE, bound, known, polled_at, routed, verdict_on


@pytest.mark.parametrize(
    ("symptom", "snapshot", "cause"),
    [
        ("drift", routed(concurrency_limit=11), "config_changed"),
        ("redundancy", bound("arrears", "ok"), "binding_arrears"),
        ("contract", make_snapshot(number(contract_end=NOW + 86400)), "number_expired"),
        ("realname", make_snapshot(number(realname_ok=False)), "number_in_review"),
        ("reclaim", make_snapshot(number(reclaim_at=NOW + 3600)), "number_reclaimed"),
        (
            "illegal_transition",
            make_snapshot(
                previous_states={ONE: (NumberState.RECLAIMED, NumberState.ACTIVE, NOW - 9)}
            ),
            "unknown",
        ),
    ],
)
def test_an_alert_gets_a_verdict_on_what_it_is_about(symptom, snapshot, cause):
    context = known(snapshot, before=make_snapshot())
    labels = {"provider": "north", "account": "hq", "number": ONE, "symptom": symptom}
    assert diagnose_scope("number", labels, context).cause == cause
    assert diagnose_number(ONE, context).cause == "healthy"


def test_a_phone_in_scope_is_diagnosed_alone():
    labels = {"provider": "north", "account": "hq", "number": ONE, "binding": "b1"}
    context = known(bound("arrears", "ok"))
    assert diagnose_scope("binding", labels, context).cause == "binding_arrears"
    assert diagnose_scope("binding", {**labels, "binding": "b2"}, context).cause == "healthy"


LABELS = {"provider": "north", "account": "hq"}
SILENT = {each: polled(NOW, failure=PollFailure.HTTP_5XX) for each in Capability}
LOCKED = {each: polled(NOW, failure=PollFailure.AUTH) for each in Capability}
CALLS_STALE = {**polled_at(NOW), Capability.CALLS: polled(NOW - 999)}
SOUTH = {"provider": "south", "account": "shop"}


@pytest.mark.parametrize(
    ("scope", "snapshots", "cause"),
    [
        ("account", [make_snapshot()], "healthy"),
        ("account", [make_snapshot(balance=Balance(20.0, "CNY"))], "balance_exhausted"),
        ("account", [make_snapshot(polls=SILENT)], "monitoring_blind"),
        ("account", [make_snapshot(polls=LOCKED)], "monitoring_blind"),
        ("provider", [make_snapshot(polls=SILENT)], "monitoring_blind"),
        ("provider", [make_snapshot(polls=SILENT), make_snapshot(**SOUTH)], "monitoring_blind"),
        (
            "provider",
            [make_snapshot(polls=SILENT), make_snapshot(**SOUTH, polls=SILENT)],
            "monitoring_blind",
        ),
        ("provider", [make_snapshot()], "healthy"),
        ("agent", [make_snapshot()], "monitoring_blind"),
        ("account", [make_snapshot(polls=CALLS_STALE)], "monitoring_blind"),
        (
            "account",
            [make_snapshot(balance=Balance(9.0, "CNY", stop_threshold=15.0), polls=CALLS_STALE)],
            "balance_exhausted",
        ),
    ],
)
def test_wider_scopes(scope, snapshots, cause):
    labels = {**LABELS, "symptom": "balance" if cause.startswith("balance") else "x"}
    verdict = diagnose_scope(scope, labels, known(*snapshots))
    assert verdict.cause == cause
    assert verdict.party == PARTY_OF_CAUSE[Cause(cause)]


def test_an_interface_that_fails_says_nothing_of_the_numbers():
    verdict = diagnose_scope("provider", LABELS, known(make_snapshot(polls=SILENT)))
    assert verdict.party == "monitoring"
    assert any("north" in text and "interface" in text for text in verdict.findings)
    assert [it.cause for it in verdict.considered] == ["provider_outage"]


def test_numbers_of_one_account_that_are_down_count_though_another_account_is_silent():
    listed = [number(f"400622000{n}", network="deleted") for n in range(1, 5)]
    silent = make_snapshot(number("4006220009"), account="branch", polls=SILENT)
    context = known(make_snapshot(*listed), silent)
    verdict = diagnose_scope("provider", {"provider": "north"}, context)
    assert verdict.cause == "provider_outage"


def test_numbers_down_long_ago_are_no_outage_of_now():
    stale = {**polled_at(NOW - 9999)}
    listed = [number(f"400622000{n}", network="deleted") for n in range(1, 5)]
    context = known(make_snapshot(*listed, polls=stale))
    for scope, labels in (
        ("provider", LABELS),
        ("account", LABELS),
        ("carrier", {**LABELS, "carrier": "unicom"}),
    ):
        assert diagnose_scope(scope, labels, context).cause in ("monitoring_blind", "unknown"), (
            scope
        )


def test_many_numbers_down_are_one_fault_of_provider_and_carrier():
    listed = [number(f"400622000{n}", network="deleted") for n in range(1, 5)]
    context = known(make_snapshot(*listed))
    assert diagnose_scope("provider", LABELS, context).cause == "provider_outage"
    carrier = diagnose_scope("carrier", {"carrier": "unicom"}, context)
    assert (carrier.cause, carrier.party) == ("carrier_outage", "base_carrier")
    assert diagnose_scope("carrier", {"carrier": "mobile"}, context).cause == "unknown"


def test_the_account_has_the_state_its_numbers_share():
    listed = [number(f"400622000{n}", state="suspended_violation") for n in range(1, 5)]
    verdict = diagnose_scope("account", LABELS, known(make_snapshot(*listed)))
    assert verdict.cause == "number_suspended_violation"
    assert verdict.evidence[0].value == "4 of 4 suspended_violation"


@pytest.mark.parametrize(
    ("scope", "labels", "cause", "party"),
    [
        ("account", {"symptom": "phones_off"}, "binding_off", "holder"),
        ("account", {"symptom": "numbers_drift"}, "config_changed", "admin"),
        ("account", {"symptom": "numbers_busy_rate"}, "unknown", "provider"),
        ("trunk", {"binding": "138****0001 0a1b2c3d"}, "binding_off", "holder"),
        ("trunk", {"binding": "139****9999 0a1b2c3d"}, "unknown", "provider"),
        ("trunk", {"binding": "trunk T1"}, "provider_outage", "provider"),
    ],
)
def test_what_several_numbers_share_has_a_verdict(scope, labels, cause, party):
    listed = [number(f"400622000{n}") for n in range(1, 4)]
    off = {each.number: (rebound(B1, "off"), B2) for each in listed}
    routing = msgspec.structs.replace(ROUTING, trunk="T1")
    trunks = dict.fromkeys((each.number for each in listed), routing)
    snapshot = make_snapshot(*listed, bindings=off, routings=trunks)
    verdict = diagnose_scope(scope, {**LABELS, **labels}, known(snapshot))
    assert (verdict.cause, verdict.party) == (cause, party)
    if cause in ("binding_off", "provider_outage"):
        assert "4006220001" in verdict.evidence[0].value


def test_an_outage_names_the_numbers_for_and_against():
    dead = [number(f"400622000{n}", network="deactivated") for n in range(1, 5)]
    well = [number(f"400811000{n}") for n in range(1, 4)]
    verdict = diagnose_scope("provider", LABELS, known(make_snapshot(*dead, *well)))
    values = [fact.value for fact in verdict.evidence if fact.fact == "common carrier"]
    assert any("4 of 4 fail; for: 4006220001" in value for value in values)
    provider = next(fact for fact in verdict.evidence if fact.fact == "common provider")
    assert "4 of 7 fail" in provider.value
    assert "against: 4008110001" in provider.value


def test_the_json_document_is_the_contracts_own():
    document = json.loads(render_json(verdict_on(bound("arrears", "off"))))
    assert list(document) == [
        "number",
        "cause",
        "party",
        "contact",
        "confidence",
        "since",
        "evidence",
        "findings",
        "next_steps",
        "questions",
        "considered",
        "translations",
    ]
    assert set(document["evidence"][0]) == {"fact", "value", "source", "age_seconds"}
    assert set(document["considered"][0]) == {"cause", "for", "against"}


def test_no_verdict_shows_a_full_phone():
    for snapshot in (bound("arrears", "off"), bound("ok", "ok"), routed(blacklist=("139",))):
        document = render_json(verdict_on(snapshot, before=make_snapshot(), caller=CALLER))
        assert not any(phone in document for phone in (B1.phone, B2.phone, CALLER))


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_every_cause_has_words_in_every_language(locale):
    words = Words(locale)
    for cause in Cause:
        assert words.title(cause)
        assert cause is Cause.HEALTHY or steps(cause, {})
        assert cause is Cause.HEALTHY or questions(cause, {})
    assert (Words("en").title(Cause.HEALTHY) == words.title(Cause.HEALTHY)) is (locale == "en")


def test_the_reader_gets_the_verdict_in_their_language():
    settings = make_settings(locale="zh-CN")
    snapshot = make_snapshot(number(state="suspended_arrears"))
    verdict = diagnose_number(ONE, known(snapshot, locale="zh-CN"))
    shown = "\n".join(line.plain for line in render(verdict, settings, "zh-CN", 120))
    assert "号码欠费停机" in shown
    assert "充值" in shown
    assert ONE in shown
