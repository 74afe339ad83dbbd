"""Generated fleets: the same from the same seed, everywhere, and large ones served in pages."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from agent.simulator.plan import Generate, generate
from agent.simulator.world import World
from agent.states import BindingState, NetworkState, NumberState

PLANS = st.builds(
    Generate,
    count=st.integers(1, 300),
    first=st.sampled_from(["4008000000", "+85230000000", "4000000001"]),
    bindings=st.integers(0, 5),
    unhealthy=st.floats(0, 1),
)


def _well(number):
    return (
        number.state == NumberState.ACTIVE
        and number.network_state == NetworkState.ACTIVE
        and all(binding.state == BindingState.OK for binding in number.bindings)
    )


@given(PLANS, st.text(max_size=5))
def test_the_same_seed_gives_the_same_numbers(plan, seed):
    made = list(generate(plan, seed))
    assert made == list(generate(plan, seed))
    assert len({number.number for number in made}) == plan.count
    assert all(len(number.number) == len(plan.first) for number in made)
    assert all(len(number.bindings) == plan.bindings for number in made)


@given(PLANS, st.integers(1, 300))
def test_fewer_numbers_are_the_first_of_the_same(plan, count):
    fewer = dataclasses.replace(plan, count=min(count, plan.count))
    assert list(generate(fewer, "s")) == list(generate(plan, "s"))[: fewer.count]


def test_the_unhealthy_share_holds_and_another_seed_picks_others():
    plan = Generate(count=20_000, first="4008000000", bindings=2, unhealthy=0.01)
    ill = {n.number for n in generate(plan, "a") if not _well(n)}
    others = {n.number for n in generate(plan, "b") if not _well(n)}
    assert 140 < len(ill) < 260
    assert ill != others
    assert all(map(_well, generate(dataclasses.replace(plan, unhealthy=0.0), "a")))


def test_a_large_account_is_cut_into_pages_without_walking_it_all():
    world = World.parse(
        """
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: k, secret: s}
        numbers: [{number: "4006220001", bindings: [{id: b1, phone: "13800000001"}]}]
        generate:
          - {count: 100000, first: "4008000000", bindings: 2, unhealthy: 0.01}
          - {count: 10, first: "4009000000", bindings: 0}
"""
    )
    account = world.accounts["north/hq"]
    assert (len(account.listed()), account.binding_count()) == (100_011, 200_001)
    every = [(number.number, b.id) for number in account.numbers for b in number.bindings]
    for start in (0, 1, 99, 100_000, 199_999):
        page = [(number.number, b.id) for number, b in account.bindings(start, start + 100)]
        assert page == every[start : start + 100]


@given(st.integers(0, 40), st.integers(1, 7), st.lists(st.integers(0, 4), min_size=1, max_size=9))
def test_pages_of_bindings_are_the_bindings_cut(start, size, counts):
    numbers = "".join(
        f'\n          - {{number: "40060000{place:02d}", bindings: ['
        + ", ".join(f'{{id: b{n}, phone: "13800000001"}}' for n in range(count))
        + "]}"
        for place, count in enumerate(counts)
    )
    account = World.parse(
        "providers:\n  - name: n\n    dialect: generic\n    accounts:\n      - id: a\n"
        f"        credentials: {{key: k, secret: s}}\n        numbers:{numbers}\n"
    ).accounts["n/a"]
    every = [(n.number, b.id) for n in account.numbers for b in n.bindings]
    assert account.binding_count() == len(every)
    page = [(n.number, b.id) for n, b in account.bindings(start, min(start + size, len(every)))]
    assert page == every[start : start + size]
