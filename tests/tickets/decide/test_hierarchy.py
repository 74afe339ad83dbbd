"""Which fault explains which, every pair of the hierarchy (docs/reference/domain.md §5)."""

from itertools import permutations

import pytest

from agent.states import NumberState, Scope
from agent.tickets.decide.correlation import Roots
from agent.tickets.decide.faults import Fault, Traits, faults_of
from agent.tickets.decide.hierarchy import ROOTS, roots_above
from agent.tickets.key import key_of
from tests.tickets.scene import START, alert
from tests.tickets.stories import KINDS as STORY_KINDS

SUSPENDED = Traits(NumberState.SUSPENDED_VIOLATION, "unicom")
UNPAID = Traits(NumberState.SUSPENDED_ARREARS, "unicom")
HOURS = 3 * 3600.0

KINDS = {
    **{name: kind for name, kind in STORY_KINDS.items() if name not in ("stop", "low")},
    "balance": STORY_KINDS["stop"],
    "marked": ("NumberMarked", "number", "marked", "info"),
    "complaint": ("ComplaintWithoutAlarm", "number", "complaint", "warning"),
}
CALLED = "calls some prompt slow mute"
"""What test calls show; a provider's API that is silent explains none of it."""
EXPLAINED = {
    "api": "balance cap down mismatch move phones phone redundancy busy capacity answers reclaim"
    " contract realname drift lint marked unusual",
    "carrier": f"down mismatch move busy capacity answers {CALLED}",
    "provider": f"down mismatch move busy capacity answers {CALLED}",
    "down": f"mismatch move phones phone redundancy busy capacity answers complaint {CALLED}",
    "mismatch": f"move phones phone redundancy busy capacity answers complaint {CALLED}",
    "phones": f"phone redundancy busy capacity answers complaint {CALLED}",
    "calls": "some prompt slow mute busy capacity answers complaint",
    "some": "prompt slow mute",
    "phone": "redundancy",
    "busy": "capacity answers",
    "capacity": "answers",
}
"""Of a number that was suspended for a violation: everything that the row's fault explains."""
OF_MONEY = {"balance": "down mismatch reclaim"}
"""And what an empty account explains, of a number that is suspended for arrears."""
PAIRS = list(permutations(KINDS, 2))


def fault(kind: str, since: float = START) -> Fault:
    labels = {"carrier": "unicom"} if kind == "carrier" else {}
    (made,) = faults_of(
        [alert(*KINDS[kind], at=since, **labels)], ["critical", "warning", "info"]
    ).values()
    return made


def explains(wide: Fault, narrow: Fault, traits: Traits) -> bool:
    faults = {wide.key: wide, narrow.key: narrow}
    numbers = {key: traits for key, it in faults.items() if it.subject.number}
    cause = Roots(faults, {}, numbers).of(narrow.key, narrow.subject, narrow.since)
    return cause is not None and cause.key == wide.key


@pytest.mark.parametrize(("wide", "narrow"), PAIRS)
def test_every_pair_is_one_fault_or_two(wide: str, narrow: str) -> None:
    expected = narrow in EXPLAINED.get(wide, "").split()
    assert explains(fault(wide), fault(narrow), SUSPENDED) is expected


@pytest.mark.parametrize("narrow", [kind for kind in KINDS if kind != "balance"])
def test_an_empty_account_explains_what_is_out_of_money(narrow: str) -> None:
    expected = narrow in OF_MONEY["balance"].split()
    assert explains(fault("balance"), fault(narrow), UNPAID) is expected
    assert not explains(fault("balance"), fault(narrow), SUSPENDED)


def test_no_two_faults_explain_each_other() -> None:
    for wide, narrow in PAIRS:
        for traits in (SUSPENDED, UNPAID):
            both = explains(fault(wide), fault(narrow), traits) and explains(
                fault(narrow), fault(wide), traits
            )
            assert not both, (wide, narrow)


@pytest.mark.parametrize("wide", ["carrier", "provider"])
@pytest.mark.parametrize(("earlier", "expected"), [(540.0, True), (1200.0, False)])
def test_an_outage_takes_only_what_broke_with_it(wide: str, earlier: float, expected: bool) -> None:
    broken = fault("down", START - earlier)
    assert explains(fault(wide), broken, SUSPENDED) is expected


@pytest.mark.parametrize(("earlier", "expected"), [(1500.0, True), (HOURS, False)])
def test_a_suspension_takes_only_what_broke_with_it(earlier: float, expected: bool) -> None:
    assert explains(fault("down"), fault("phones", START - earlier), SUSPENDED) is expected


def test_an_outage_is_not_what_a_number_without_money_has() -> None:
    assert not explains(fault("provider"), fault("down"), UNPAID)


@pytest.mark.parametrize("narrow", KINDS)
def test_the_keys_above_are_those_of_the_table(narrow: str) -> None:
    about = fault(narrow).subject
    rows = {
        fault(kind).key: kind
        for kind in KINDS
        if any(
            (root.scope, root.symptom) == (fault(kind).subject.scope, KINDS[kind][2])
            and root.is_about(about)
            for root in ROOTS
        )
        and kind != "carrier"
    }
    assert set(roots_above(about)) == set(rows)
    assert key_of(about) not in rows


def numbers_down(count: int, *, carrier: str, first: int = 1) -> dict[str, tuple[Fault, Traits]]:
    made = {}
    for row in range(first, first + count):
        (it,) = faults_of([alert(number=f"40062200{row:02}")], ["critical"]).values()
        made[it.key] = (it, Traits(NumberState.ACTIVE, carrier))
    return made


@pytest.mark.parametrize(
    ("others", "scope"), [(0, Scope.CARRIER), (2, Scope.CARRIER), (3, Scope.PROVIDER)]
)
def test_a_carriers_outage_is_no_outage_of_each_provider(others: int, scope: Scope) -> None:
    """Unless what is down at the provider on other carriers is an outage by itself."""
    numbers = {
        **numbers_down(4, carrier="unicom"),
        **numbers_down(others, carrier="telecom", first=50),
    }
    wide, outage = fault("carrier"), fault("provider")
    faults = {wide.key: wide, outage.key: outage} | {key: it for key, (it, _) in numbers.items()}
    roots = Roots(faults, {}, {key: traits for key, (_, traits) in numbers.items()})
    cause = roots.of(outage.key, outage.subject, outage.since)
    assert (cause.subject.scope if cause else Scope.PROVIDER) is scope
    on_other = [it for it, traits in numbers.values() if traits.carrier == "telecom"]
    for it in on_other:
        own = roots.of(it.key, it.subject, it.since)
        assert (own.subject.scope if own else None) is (
            Scope.PROVIDER if scope is Scope.PROVIDER else None
        )


def test_without_numbers_of_the_carrier_both_stand() -> None:
    wide, outage = fault("carrier"), fault("provider")
    roots = Roots({wide.key: wide, outage.key: outage}, {}, {})
    assert roots.of(outage.key, outage.subject, outage.since) is None
