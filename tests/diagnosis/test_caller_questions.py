"""The diagnosis for one caller: who that is, and which phones ring for them."""

import msgspec
import pytest

from agent.diagnosis import diagnose_number
from agent.model import MenuKey
from tests.account_facts import B1, B2, NOW, ROUTING, make_snapshot, rebound
from tests.diagnosis.verdicts import CALLER, ONE, known, routed, verdict_on

TIANJIN = "02288881111"
TIANJIN_SPELLINGS = (
    TIANJIN,
    "022-88881111",
    "(022) 8888 1111",
    "+862288881111",
    "+86 22 8888 1111",
    "0086-22-88881111",
    "862288881111",
    "+86 (0)22 88881111",
    "+8602288881111",
    "tel:+86-22-8888-1111",
    "０２２－８８８８１１１１",
)
MOBILE_SPELLINGS = (
    CALLER,
    "013900001111",
    "+86 139 0000 1111",
    "86-13900001111",
    "0086013900001111",
)


@pytest.mark.parametrize("spelling", TIANJIN_SPELLINGS)
def test_every_spelling_of_a_landline_is_the_same_caller(spelling):
    denied = routed(region_deny=("022",))
    assert verdict_on(denied, caller=spelling).cause == "region_blocks_caller"
    assert verdict_on(routed(blacklist=(TIANJIN,)), caller=spelling).cause == "list_blocks_caller"
    # The control: a rule about another area stops none of them.
    assert verdict_on(routed(region_deny=("021",)), caller=spelling).cause == "healthy"


@pytest.mark.parametrize("spelling", MOBILE_SPELLINGS)
def test_every_spelling_of_a_mobile_is_the_same_caller(spelling):
    assert verdict_on(routed(blacklist=(CALLER,)), caller=spelling).cause == "list_blocks_caller"
    assert verdict_on(routed(blacklist=("138",)), caller=spelling).cause == "healthy"


def phones_by_area(first: str, second: str):
    """Two phones: the first rings for Tianjin, the second for Shanghai."""
    tianjin = msgspec.structs.replace(rebound(B1, first), areas=("022",))
    shanghai = msgspec.structs.replace(rebound(B2, second), areas=("021",))
    return make_snapshot(bindings={ONE: (tianjin, shanghai)})


def test_a_phone_that_does_not_ring_for_the_caller_cannot_take_the_call():
    snapshot = phones_by_area("arrears", "ok")
    assert verdict_on(snapshot, caller=TIANJIN).cause == "binding_arrears"
    assert verdict_on(snapshot, caller="02188881111").cause == "healthy"


def test_a_phone_of_another_area_does_not_answer_for_one_in_an_unknown_state():
    assert verdict_on(phones_by_area("unknown", "ok"), caller=TIANJIN).cause == "unknown"


def test_the_area_of_a_mobile_is_asked_for_where_phones_depend_on_it():
    verdict = verdict_on(phones_by_area("arrears", "ok"), caller="19900001111")
    assert verdict.confidence < 0.8
    assert any("caller_area" in finding for finding in verdict.findings)


def test_a_phone_that_the_menu_leads_nowhere_near_cannot_take_the_call():
    routing = msgspec.structs.replace(ROUTING, menu=(MenuKey("main", "1", "binding:b1"),))
    snapshot = make_snapshot(bindings={ONE: (rebound(B1, "arrears"), B2)}, routings={ONE: routing})
    assert verdict_on(snapshot).cause == "binding_arrears"


@pytest.mark.parametrize(
    ("caller", "word"),
    [
        ("+85291234567", "abroad"),
        ("0085291234567", "abroad"),
        ("+1 212 555 0100", "abroad"),
        ("4008110001", "400"),
        ("8008110001", "400"),
    ],
)
def test_a_caller_who_cannot_dial_a_400_number_gets_a_word(caller, word):
    context = known(make_snapshot(), now=NOW)
    verdict = diagnose_number(ONE, context, caller=caller)
    assert (verdict.cause, verdict.party) == ("unknown", "caller")
    assert any(word in finding for finding in verdict.findings)
    chinese = next(it for it in verdict.translations if it.locale == "zh-CN")
    assert any("400" in finding for finding in chinese.findings)
    # The control: an ordinary caller gets none.
    assert diagnose_number(ONE, context, caller=CALLER).cause == "healthy"
