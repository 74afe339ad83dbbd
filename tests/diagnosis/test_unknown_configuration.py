"""What an adapter does not know of a configuration is unknown: never a number without phones."""

import msgspec
import pytest

from agent.model import MenuKey, Window
from agent.states import BindingKind, BindingState, Capability, Strategy
from tests.account_facts import B1, B2, NOW, ROUTING, make_snapshot
from tests.diagnosis.verdicts import ONE, polled_at, verdict_on

DAILY = (0, 1, 2, 3, 4, 5, 6)


def configured(bound=(B1, B2), **edits):
    polls = {**polled_at(NOW)}
    del polls[Capability.CALLS]
    routing = msgspec.structs.replace(ROUTING, **edits)
    return make_snapshot(bindings={ONE: bound}, routings={ONE: routing}, polls=polls)


def keys(*targets):
    return tuple(MenuKey("main", str(index), target) for index, target in enumerate(targets, 1))


UNKNOWN_PARTS = {
    "a target without a known word": {"menu": keys("skillgroup:7")},
    "a phone of the menu that is not listed": {"menu": keys("binding:b9")},
    "a menu that is not reported": {"menu": keys("menu:sub")},
    "hours of a phone that is not listed": {"schedule": (Window(DAILY, 0, 1440, ("b9",)),)},
}


@pytest.mark.parametrize("part", UNKNOWN_PARTS)
def test_a_part_that_is_not_known_makes_the_verdict_unknown(part):
    verdict = verdict_on(configured(**UNKNOWN_PARTS[part]))
    assert (verdict.cause, verdict.party) == ("unknown", "provider")
    assert verdict.confidence < 0.5
    assert any("not known" in text for text in verdict.findings)
    chinese = next(it for it in verdict.translations if it.locale == "zh-CN")
    assert chinese.findings != verdict.findings


def test_a_phone_that_is_known_beside_it_still_rings():
    verdict = verdict_on(configured(menu=keys("skillgroup:7", "binding:b1")))
    assert verdict.cause == "healthy"
    assert verdict.confidence <= 0.8


@pytest.mark.parametrize(
    ("routing", "bound", "cause"),
    [
        ({"menu": keys("hangup")}, (B1, B2), "no_binding"),
        ({"menu": keys("")}, (B1, B2), "no_binding"),
        ({"menu": keys("voicemail")}, (B1, B2), "no_binding"),
        ({}, (), "no_binding"),
        ({"strategy": Strategy.UNKNOWN}, (B1, B2), "healthy"),
    ],
)
def test_what_is_known_still_decides(routing, bound, cause):
    assert verdict_on(configured(bound, **routing)).cause == cause


def test_a_phone_of_an_unknown_kind_without_a_state_is_not_healthy():
    phone = msgspec.structs.replace(B1, kind=BindingKind.UNKNOWN, state=BindingState.UNKNOWN)
    assert verdict_on(configured((phone,))).cause == "unknown"
