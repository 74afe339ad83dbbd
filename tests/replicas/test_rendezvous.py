"""Who is preferred: the same everywhere, evenly, and little moves when a replica comes or goes.

Negative control: by the remainder of a hash nearly everything moves (:func:`by_remainder`).
"""

from collections import Counter
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from agent.replicas.balance import preferred

NAMES = [f"account:north/{index}" for index in range(600)]
MEMBERS = st.sets(st.text(min_size=1, max_size=12), min_size=2, max_size=8)


def by_remainder(name: str, members: set[str]) -> str:
    digest = int.from_bytes(blake2b(name.encode()).digest())
    return sorted(members)[digest % len(members)]


@given(MEMBERS)
def test_each_has_its_share(members: set[str]) -> None:
    shares = Counter(preferred(name, members) for name in NAMES)
    even = len(NAMES) / len(members)
    assert all(0.5 * even < shares[member] < 1.6 * even for member in members)


@given(MEMBERS, st.data())
def test_who_leaves_moves_only_what_it_had(members: set[str], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(members)))
    before = {name: preferred(name, members) for name in NAMES}
    after = {name: preferred(name, members - {gone}) for name in NAMES}
    assert {name for name in NAMES if before[name] != after[name]} == {
        name for name, member in before.items() if member == gone
    }


@given(MEMBERS, st.text(min_size=13, max_size=20))
def test_who_comes_takes_only_its_own(members: set[str], new: str) -> None:
    before = {name: preferred(name, members) for name in NAMES}
    after = {name: preferred(name, members | {new}) for name in NAMES}
    assert all(after[name] == new for name in NAMES if before[name] != after[name])


def test_by_a_remainder_most_would_move() -> None:
    members = {f"replica-{index}" for index in range(4)}
    before = {name: by_remainder(name, members) for name in NAMES}
    after = {name: by_remainder(name, members | {"replica-4"}) for name in NAMES}
    assert sum(before[name] != after[name] for name in NAMES) > len(NAMES) / 2


@given(MEMBERS)
def test_it_is_the_same_for_whoever_asks(members: set[str]) -> None:
    assert [preferred(it, sorted(members)) for it in NAMES[:50]] == [
        preferred(it, sorted(members, reverse=True)) for it in NAMES[:50]
    ]


def test_without_members_nobody_is_preferred() -> None:
    assert preferred("account:north/hq", ()) is None
