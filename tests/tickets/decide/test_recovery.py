"""Evidence of recovery by symptom: good is seen, never inferred."""

from collections.abc import Callable

import msgspec
import pytest

from agent.model import Number, PollStatus, Routing
from agent.states import (
    BindingState,
    Capability,
    NetworkState,
    NumberState,
    PollFailure,
    Scope,
)
from agent.tickets.decide.decision import Assessment, Finding
from agent.tickets.decide.recovery_facts import _TABLE
from agent.tickets.ticket import Subject
from tests.tickets.scene import NUMBER, START, Scene

DAY = 86400.0
GOOD, BAD, UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN
Edit = Callable[[Scene], None]


def subject(symptom: str, scope: Scope = Scope.NUMBER) -> Subject:
    identity = {"provider": "north", "account": "hq", "number": NUMBER, "binding": "b1"}
    identifying = {
        Scope.PROVIDER: ("provider",),
        Scope.ACCOUNT: ("provider", "account"),
        Scope.NUMBER: ("provider", "account", "number"),
        Scope.BINDING: tuple(identity),
        Scope.AGENT: (),
    }[scope]
    return Subject(scope, symptom, **{name: identity[name] for name in identifying})


def look(scene: Scene, about: Subject, now: float = START + 10) -> Assessment | None:
    return scene.recovery(about, scene.fleet, now)


def number(**facts: object) -> Edit:
    """Change the polled number's own facts."""

    def edit(scene: Scene) -> None:
        scene.poll(START)
        snapshot = scene.fleet.get("north", "hq")
        assert snapshot is not None
        assert snapshot.listing is not None
        (listed,) = snapshot.listing.numbers
        changed: Number = msgspec.structs.replace(listed, **facts)
        listing = msgspec.structs.replace(snapshot.listing, numbers=(changed,))
        scene.fleet.swap(msgspec.structs.replace(snapshot, listing=listing))

    return edit


def phones(**states: BindingState) -> Edit:
    def edit(scene: Scene) -> None:
        scene.phones = dict(states)
        scene.poll(START)

    return edit


def balance(**facts: object) -> Edit:
    def edit(scene: Scene) -> None:
        scene.poll(START)
        snapshot = scene.fleet.get("north", "hq")
        assert snapshot is not None
        assert snapshot.balance is not None
        changed = msgspec.structs.replace(snapshot.balance, **facts)
        scene.fleet.swap(msgspec.structs.replace(snapshot, balance=changed))

    return edit


OK, ARREARS, NOBODY_KNOWS = BindingState.OK, BindingState.ARREARS, BindingState.UNKNOWN
ACCOUNT, BINDING = Scope.ACCOUNT, Scope.BINDING

CASES: tuple[tuple[str, Scope, Edit, Finding], ...] = (
    ("number_down", Scope.NUMBER, number(), GOOD),
    ("number_down", Scope.NUMBER, number(state=NumberState.LOW_BALANCE), GOOD),
    ("number_down", Scope.NUMBER, number(state=NumberState.FROZEN), BAD),
    ("number_down", Scope.NUMBER, number(state=NumberState.UNKNOWN), UNKNOWN),
    ("number_down", Scope.NUMBER, number(number="4009999999"), Finding.GONE),
    ("network_mismatch", Scope.NUMBER, number(), GOOD),
    ("network_mismatch", Scope.NUMBER, number(network_state=NetworkState.DELETED), BAD),
    ("network_mismatch", Scope.NUMBER, number(network_state=NetworkState.UNKNOWN), UNKNOWN),
    ("network_mismatch", Scope.NUMBER, number(state=NumberState.UNKNOWN), UNKNOWN),
    ("contract", Scope.NUMBER, number(contract_end=START + 400 * DAY), GOOD),
    ("contract", Scope.NUMBER, number(contract_end=START + 20 * DAY), BAD),
    ("contract", Scope.NUMBER, number(contract_end=None), UNKNOWN),
    ("reclaim", Scope.NUMBER, number(), GOOD),
    ("reclaim", Scope.NUMBER, number(state=NumberState.FROZEN, reclaim_at=START + DAY / 2), BAD),
    ("reclaim", Scope.NUMBER, number(state=NumberState.FROZEN, reclaim_at=START + 9 * DAY), GOOD),
    ("reclaim", Scope.NUMBER, number(state=NumberState.FROZEN), UNKNOWN),
    ("reclaim", Scope.NUMBER, number(state=NumberState.RECLAIMED), Finding.GONE),
    ("realname", Scope.NUMBER, number(realname_ok=True), GOOD),
    ("realname", Scope.NUMBER, number(realname_ok=False), BAD),
    ("realname", Scope.NUMBER, number(realname_ok=None), UNKNOWN),
    ("binding_down", BINDING, phones(b1=OK, b2=ARREARS), GOOD),
    ("binding_down", BINDING, phones(b1=BindingState.BUSY), GOOD),
    ("binding_down", BINDING, phones(b1=ARREARS, b2=OK), BAD),
    ("binding_down", BINDING, phones(b1=NOBODY_KNOWS, b2=OK), UNKNOWN),
    ("binding_down", BINDING, phones(b2=OK), GOOD),
    ("binding_down", Scope.NUMBER, phones(b1=ARREARS, b2=OK), GOOD),
    ("binding_down", Scope.NUMBER, phones(b1=ARREARS, b2=ARREARS), BAD),
    ("binding_down", Scope.NUMBER, phones(b1=ARREARS, b2=NOBODY_KNOWS), UNKNOWN),
    ("binding_down", Scope.NUMBER, phones(), UNKNOWN),
    ("redundancy", Scope.NUMBER, phones(b1=OK, b2=OK), GOOD),
    ("redundancy", Scope.NUMBER, phones(b1=OK), GOOD),
    ("redundancy", Scope.NUMBER, phones(b1=OK, b2=ARREARS), BAD),
    ("redundancy", Scope.NUMBER, phones(b1=OK, b2=NOBODY_KNOWS), UNKNOWN),
    ("balance", ACCOUNT, balance(amount=500.0), GOOD),
    ("balance", ACCOUNT, balance(amount=35.0), BAD),
    ("balance", ACCOUNT, balance(amount=9.8), BAD),
    ("balance", ACCOUNT, balance(amount=100.0, daily_spend=50.0), BAD),
    ("spend_cap", ACCOUNT, balance(month_spend=10.0, spend_cap=100.0), GOOD),
    ("spend_cap", ACCOUNT, balance(month_spend=95.0, spend_cap=100.0), BAD),
    ("spend_cap", ACCOUNT, balance(month_spend=None, spend_cap=100.0), UNKNOWN),
    ("spend_cap", ACCOUNT, balance(spend_cap=None), GOOD),
    ("provider_api", Scope.PROVIDER, number(), GOOD),
    ("poll_stale", ACCOUNT, number(), GOOD),
    ("somebodys_own", Scope.NUMBER, number(), GOOD),
)


@pytest.mark.parametrize(("symptom", "scope", "edit", "finding"), CASES)
def test_what_the_facts_say(symptom: str, scope: Scope, edit: Edit, finding: Finding) -> None:
    scene = Scene()
    edit(scene)
    assessment = look(scene, subject(symptom, scope))
    assert assessment is not None
    assert assessment.finding is finding, assessment.reason
    assert assessment.reason


@pytest.mark.parametrize("symptom", [*_TABLE, "somebodys_own"])
@pytest.mark.parametrize("scope", [Scope.PROVIDER, Scope.ACCOUNT, Scope.NUMBER, Scope.BINDING])
def test_stale_facts_are_never_good(symptom: str, scope: Scope) -> None:
    scene = Scene()
    scene.poll(START)
    assessment = look(scene, subject(symptom, scope), START + scene.stale_after + 1)
    assert assessment is not None
    assert assessment.finding is not GOOD


@pytest.mark.parametrize("symptom", ["provider_api", "poll_stale"])
def test_a_failing_poll_is_bad_even_while_its_facts_are_fresh(symptom: str) -> None:
    scene = Scene()
    scene.poll(START)
    scene.poll(START + 5, PollFailure.TIMEOUT)
    assessment = look(scene, subject(symptom, Scope.ACCOUNT))
    assert assessment is not None
    assert assessment.finding is BAD


def test_before_the_first_poll_nothing_is_said() -> None:
    assert look(Scene(), subject("number_down")) is None


def test_what_the_agent_says_of_itself_is_over_with_its_alert() -> None:
    assessment = look(Scene(), subject("config", Scope.AGENT))
    assert assessment is not None
    assert assessment.finding is GOOD


def test_evidence_is_as_old_as_its_oldest_fact() -> None:
    scene = Scene()
    scene.poll(START)
    snapshot = scene.fleet.get("north", "hq")
    assert snapshot is not None
    older = PollStatus(60.0, START - 50, START - 50)
    polls = {**snapshot.polls, Capability.BALANCE: older}
    scene.fleet.swap(msgspec.structs.replace(snapshot, polls=polls))
    everything = look(scene, subject("poll_stale", ACCOUNT))
    listing = look(scene, subject("number_down"))
    assert everything is not None
    assert listing is not None
    assert (everything.seen_at, listing.seen_at) == (START - 50, START)


def test_drift_is_over_when_the_whole_configuration_is_as_approved() -> None:
    scene = Scene()
    scene.poll(START)
    scene.checked_of("north", "hq")
    about = subject("drift")
    assert look(scene, about).finding is GOOD
    scene.phones["b3"] = OK
    scene.poll(START + 1)
    assert look(scene, about).finding is BAD
    del scene.phones["b3"]
    scene.poll(START + 2)
    assert look(scene, about).finding is GOOD
    snapshot = scene.fleet.get("north", "hq")
    polls = {**snapshot.polls, Capability.ROUTING: PollStatus(60.0, START, START)}
    stale = {**snapshot.stale_after, Capability.ROUTING: 180.0}
    other = {"4000000000": Routing()}
    scene.fleet.swap(
        msgspec.structs.replace(snapshot, polls=polls, stale_after=stale, routings=other)
    )
    assert look(scene, about).finding is UNKNOWN
