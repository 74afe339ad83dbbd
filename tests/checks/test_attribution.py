"""Phones of one account whose states another account, a PBX, reports."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.attribution import NO_ANSWER, Attribution, complete_all
from agent.checks.engine import Checker
from agent.config.settings import Settings
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.diagnose import diagnose_number
from agent.model import Binding, PollStatus, Snapshot
from agent.states import REACHABLE_STATES, BindingState, Capability, Cause, PollFailure
from tests.account_facts import INTERVAL, NOW, make_snapshot, number, polled

NUMBER = "4006220001"
PHONES = Capability.REACHABILITY
STALE = 3 * INTERVAL


def settings(*extensions: str, pbxes: tuple[str, ...] = ("main",)) -> Settings:
    """``north/hq`` lists the number, the PBX accounts know its extensions."""
    phones = [{"extension": it, "position": at} for at, it in enumerate(extensions, 1)]
    inventory = {"numbers": [{"number": NUMBER, "account": "north/hq", "phones": phones}]}
    accounts = [{"id": name, "inventory": inventory} for name in pbxes]
    return Settings.model_validate(
        {
            "providers": [
                {"name": "north", "profile": "generic", "accounts": [{"id": "hq"}]},
                {"name": "pbx", "profile": "static", "accounts": accounts},
            ]
        }
    )


def pbx(at: float = NOW, name: str = "main", failure: PollFailure | None = None, **states: str):
    """What a PBX account answered ``at``; ``x801="ok"`` is the state of extension 801."""
    reported = tuple(
        Binding(key[1:], "", state=BindingState(state), native_status="w")
        for key, state in states.items()
    )
    status = PollStatus(INTERVAL, last_attempt=NOW, last_success=at, failure=failure)
    return Snapshot(
        "pbx",
        name,
        1,
        polls={Capability.NUMBERS: status, PHONES: status},
        stale_after={Capability.NUMBERS: STALE, PHONES: STALE},
        unlisted_bindings={NUMBER: reported},
    )


def carrier(*bound: Binding, at: float = NOW) -> Snapshot:
    """The number's account, which reports the given phones at the given time."""
    polls = {capability: polled() for capability in Capability}
    polls[PHONES] = polled(at)
    return make_snapshot(number(NUMBER), bindings={NUMBER: bound}, polls=polls, routings={})


def without_phones() -> Snapshot:
    """The number's account, which reports no phones at all."""
    polls = {Capability.NUMBERS: polled()}
    stale_after = {Capability.NUMBERS: STALE}
    return make_snapshot(
        number(NUMBER), bindings={}, polls=polls, stale_after=stale_after, routings={}
    )


def completed(configured: Settings, own: Snapshot, *others: Snapshot) -> tuple[Binding, ...] | None:
    first, *_ = complete_all(configured, (own, *others), NOW)
    return first.bindings.get(NUMBER)


def verdict(configured: Settings, own: Snapshot, *others: Snapshot):
    checker = Checker(configured)
    results = {
        (it.provider, it.account): checker.check(it, NOW)
        for it in complete_all(configured, (own, *others), NOW)
    }
    return diagnose_number(NUMBER, DiagnosisContext(configured, NOW, results))


def test_the_pbx_says_the_state_of_a_phone_that_the_provider_does_not_report() -> None:
    configured = settings("801")
    (phone,) = completed(configured, without_phones(), pbx(x801="ok"))
    assert (phone.id, phone.state, phone.source) == ("801", BindingState.OK, "pbx/main")
    found = verdict(configured, without_phones(), pbx(NOW - 30, x801="ok"))
    assert found.cause == Cause.HEALTHY
    (fact,) = [it for it in found.evidence if it.fact == "binding 801"]
    assert (fact.source, fact.age_seconds) == ("pbx/main reachability", 30.0)


def test_a_phone_that_is_not_registered_is_the_cause() -> None:
    found = verdict(settings("801"), without_phones(), pbx(x801="off"))
    assert found.cause == Cause.BINDING_OFF
    assert found.evidence[0].source == "pbx/main reachability"


@pytest.mark.parametrize(
    "answer",
    [(), (pbx(NOW - STALE - 1, x801="ok"),), (pbx(),), (pbx(x801="unknown"),)],
    ids=["never polled", "stale", "says nothing", "says unknown"],
)
def test_without_a_current_answer_the_phone_is_unknown_and_the_number_not_healthy(answer) -> None:
    configured = settings("801")
    (phone,) = completed(configured, without_phones(), *answer)
    assert phone.state is BindingState.UNKNOWN
    assert phone.native_status
    assert verdict(configured, without_phones(), *answer).cause == Cause.UNKNOWN


def test_a_pbx_that_fails_counts_until_it_is_stale() -> None:
    failing = pbx(NOW - STALE + 1, failure=PollFailure.CONNECT, x801="ok")
    (phone,) = completed(settings("801"), without_phones(), failing)
    assert phone.state is BindingState.OK


@pytest.mark.parametrize(
    ("own", "own_at", "theirs", "their_at", "expected", "source"),
    [
        ("ok", 0, "off", -10, "ok", ""),
        ("ok", -10, "off", 0, "off", "pbx/main"),
        ("off", 0, "ok", -10, "off", ""),
        ("off", -10, "ok", 0, "ok", "pbx/main"),
        ("unknown", 0, "ok", -10, "ok", "pbx/main"),
        ("ok", -10, "unknown", 0, "ok", ""),
        ("ok", -10, "off", -STALE - 1, "ok", ""),
        ("ok", 0, "off", 0, "ok", ""),
    ],
)
def test_of_two_states_the_newer_that_is_not_unknown_counts(
    own, own_at, theirs, their_at, expected, source
) -> None:
    bound = Binding("b1", "801", state=BindingState(own))
    (phone,) = completed(
        settings("801"), carrier(bound, at=NOW + own_at), pbx(NOW + their_at, x801=theirs)
    )
    assert (phone.id, phone.state, phone.source) == ("b1", expected, source)


def test_of_two_pbxes_the_newer_answer_counts() -> None:
    configured = settings("801", pbxes=("main", "spare"))
    old, new = pbx(NOW - 60, x801="ok"), pbx(NOW - 5, "spare", x801="off")
    (phone,) = completed(configured, without_phones(), old, new)
    assert (phone.state, phone.source) == (BindingState.OFF, "pbx/spare")


def test_a_phone_of_the_pbx_that_the_provider_does_not_report_is_not_bound() -> None:
    bound = Binding("b1", "13800000001", state=BindingState.OK)
    assert completed(settings("801"), carrier(bound), pbx(x801="off")) == (bound,)
    assert completed(settings("801"), carrier(), pbx(x801="ok")) == ()


def test_a_number_that_its_account_does_not_list_gets_no_phones() -> None:
    own = make_snapshot(number("4006220009"), bindings={}, routings={})
    assert completed(settings("801"), own, pbx(x801="ok")) is None


def test_nothing_is_made_anew_while_nothing_changes() -> None:
    attribution = Attribution(settings("801"))
    own, first = without_phones(), pbx(NOW - 10, x801="ok")
    before = attribution.complete(own, {("pbx", "main"): first}.get, NOW)
    assert attribution.complete(own, {("pbx", "main"): first}.get, NOW) is before
    polled_again = pbx(NOW, x801="ok")
    after = attribution.complete(own, {("pbx", "main"): polled_again}.get, NOW)
    assert after.bindings is before.bindings
    stale = attribution.complete(own, {("pbx", "main"): polled_again}.get, NOW + STALE + 1)
    assert stale.bindings[NUMBER][0].native_status == NO_ANSWER
    assert list(attribution.dependents(("pbx", "main"))) == [("north", "hq")]
    assert list(attribution.dependents(("north", "hq"))) == []


_STATES = st.sampled_from([state.value for state in BindingState])
_AGES = st.floats(0, 2 * STALE)


@given(own=_STATES, own_age=_AGES, first=_STATES, first_age=_AGES, second=_STATES, second_age=_AGES)
def test_a_phone_is_reachable_only_if_a_source_that_counts_says_so(
    own, own_age, first, first_age, second, second_age
) -> None:
    """And the newest of what is known and current decides, the provider's own at a draw."""
    bound = Binding("b1", "801", state=BindingState(own))
    answers = (
        pbx(NOW - first_age, x801=first),
        pbx(NOW - second_age, "spare", x801=second),
    )
    configured = settings("801", pbxes=("main", "spare"))
    (phone,) = completed(configured, carrier(bound, at=NOW - own_age), *answers)
    candidates = [(own_age, 0, own)] if own != "unknown" else []
    candidates += [
        (age, rank, state)
        for rank, (age, state) in enumerate(((first_age, first), (second_age, second)), 1)
        if state != "unknown" and NOW - (NOW - age) <= STALE
    ]
    expected = (
        min(candidates, key=lambda it: (-(NOW - it[0]), it[1]))[2] if candidates else "unknown"
    )
    assert phone.state == expected
    said = {state for _age, _rank, state in candidates}
    assert phone.state not in REACHABLE_STATES or phone.state.value in said
    assert msgspec.structs.replace(phone, state=bound.state, native_status="", source="") == bound
