"""Common causes on the side of the bound phones, and limits joined with busy calls."""

import msgspec
import pytest

from agent.diagnosis import diagnose_number
from agent.model import Binding, CallOutcome, Lines
from agent.states import BindingKind, BindingState, CallResult
from tests.account_facts import NOW, ROUTING, make_snapshot, number
from tests.diagnosis.verdicts import ONE, known, verdict_on


def phone(index, state, carrier, name="b1"):
    return Binding(
        name, f"138000000{index:02d}", BindingKind.MOBILE, 1, BindingState(state), carrier=carrier
    )


def fleet(failing="mobile", state="out_of_area", count=4):
    """Numbers with one phone each: half of them of the carrier whose phones fail."""
    listed = [number(f"400622{index:04d}") for index in range(1, 2 * count + 1)]
    bindings = {
        it.number: (
            phone(index, state, failing) if index < count else phone(index, "ok", "unicom"),
        )
        for index, it in enumerate(listed)
    }
    return make_snapshot(*listed, bindings=bindings)


@pytest.mark.parametrize("state", ["out_of_area", "off", "barred"])
def test_phones_of_one_carrier_that_fail_together_are_that_carriers(state):
    verdict = verdict_on(fleet(state=state))
    assert verdict.party == "binding_carrier"
    assert verdict.cause == f"binding_{state}"
    assert any(fact.fact == "common phones of carrier" for fact in verdict.evidence)
    assert any("4 of 4 fail" in fact.value for fact in verdict.evidence)
    assert any("mobile" in text.lower() for text in verdict.findings)


@pytest.mark.parametrize(
    "snapshot",
    [
        # Too few; phones of other carriers fail as well; the carrier is not known.
        fleet(count=2),
        fleet(failing=""),
        make_snapshot(
            *(number(f"400622000{n}") for n in range(1, 9)),
            bindings={
                f"400622000{n}": (phone(n, "off", "mobile" if n % 2 else "unicom"),)
                for n in range(1, 9)
            },
        ),
    ],
)
def test_otherwise_it_is_the_holders(snapshot):
    assert verdict_on(snapshot).party == "holder"


def test_a_phone_alone_in_its_state_is_its_holders():
    """The others of the carrier work."""
    several = fleet()
    bindings = {
        name: tuple(
            msgspec.structs.replace(it, state=BindingState.OK) if name != ONE else it
            for it in phones
        )
        for name, phones in several.bindings.items()
    }
    one_off = msgspec.structs.replace(several, bindings=bindings)
    assert diagnose_number(ONE, known(one_off)).party == "holder"


BUSY = tuple(
    CallOutcome(NOW - 600 + index, CallResult.BUSY if index % 2 else CallResult.ANSWERED)
    for index in range(60)
)


@pytest.mark.parametrize(
    ("routing", "lines", "limit"),
    [
        ({"landing_forwarded": True, "concurrency_limit": None}, None, "1"),
        ({"concurrency_limit": None, "trunk_capacity": 2, "trunk_peak": 2}, None, "2"),
        ({"concurrency_limit": None}, Lines(paid=2, peak=2), "2"),
    ],
)
def test_busy_calls_at_a_configured_limit_are_too_many_at_once(routing, lines, limit):
    bound = (
        Binding("b1", "02287654321", BindingKind.PBX, 1, BindingState.OK, lines=lines),
        Binding("b2", "02287654322", BindingKind.LANDLINE, 2, BindingState.OK),
    )
    snapshot = make_snapshot(
        bindings={ONE: bound},
        routings={ONE: msgspec.structs.replace(ROUTING, **routing)},
        recent_calls={ONE: BUSY},
    )
    verdict = verdict_on(snapshot)
    assert (verdict.cause, verdict.party) == ("capacity_exceeded", "admin")
    assert any((fact.fact, fact.value) == ("concurrency_limit", limit) for fact in verdict.evidence)


def test_busy_calls_without_a_limit_are_the_phones():
    routing = msgspec.structs.replace(ROUTING, concurrency_limit=None)
    snapshot = make_snapshot(routings={ONE: routing}, recent_calls={ONE: BUSY})
    assert verdict_on(snapshot).cause == "binding_busy"


def test_a_limit_far_above_the_peak_is_not_to_blame():
    routing = msgspec.structs.replace(
        ROUTING, concurrency_limit=None, trunk_capacity=30, trunk_peak=4
    )
    snapshot = make_snapshot(routings={ONE: routing}, recent_calls={ONE: BUSY})
    assert verdict_on(snapshot).cause == "binding_busy"
