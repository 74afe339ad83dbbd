"""Pushes and polls give the same facts in whatever order they come."""

from dataclasses import dataclass
from itertools import count

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.settings import Polling
from agent.model import Binding, Listing, Number
from agent.polling.merge import MergeState, merge, new_snapshot
from agent.polling.per_number import PerNumberResult
from agent.polling.push_merge import merge_pushed
from agent.providers.pushed import PushedNumber, PushedPhone
from agent.states import BindingState, Capability, NumberState
from tests.proof_size import size

NAMES = ("4006220001", "4006220002")
STATES = (NumberState.ACTIVE, NumberState.FROZEN, NumberState.EXPIRED)
PHONES = (BindingState.OK, BindingState.OFF, BindingState.ARREARS)


@dataclass(frozen=True)
class Poll:
    """A poll of numbers and phones; without states it tells nothing."""

    began: float
    took: float
    states: tuple[int, ...] | None


def event(at: int) -> st.SearchStrategy[PushedNumber | PushedPhone]:
    name = st.sampled_from(NAMES)
    number = st.builds(PushedNumber, name, st.sampled_from(STATES), at=st.just(float(at)))
    phone = st.builds(
        PushedPhone, name, st.sampled_from(PHONES), id=st.just("b1"), at=st.just(float(at))
    )
    return number | phone


PUSHES = st.lists(st.integers(0, 200), max_size=8).flatmap(
    lambda times: st.tuples(*(event(at) for at in times))
)
POLLS = st.lists(
    st.tuples(
        st.integers(1, 30), st.integers(0, 9), st.none() | st.tuples(*[st.integers(0, 2)] * 2)
    ),
    min_size=1,
    max_size=4,
)


def listing(poll: Poll) -> Listing:
    if poll.states is None:
        return Listing(tuple(Number(name, NumberState.UNKNOWN) for name in NAMES))
    return Listing(
        tuple(Number(name, STATES[it]) for name, it in zip(NAMES, poll.states, strict=True))
    )


def phones(poll: Poll) -> PerNumberResult:
    states = [BindingState.UNKNOWN] * 2 if poll.states is None else [PHONES[i] for i in poll.states]
    facts = {
        name: (Binding("b1", "13800000001", state=state),)
        for name, state in zip(NAMES, states, strict=True)
    }
    return PerNumberResult(NAMES, facts, of_all_numbers=True)


def polled(state: MergeState, poll: Poll) -> MergeState:
    ended = poll.began + poll.took
    state = merge(state, Capability.NUMBERS, listing(poll), ended, took=poll.took)
    return merge(state, Capability.REACHABILITY, phones(poll), ended, took=poll.took)


def shown_by(state: MergeState) -> object:
    """The states that the snapshot shows."""
    assert state.snapshot.listing is not None
    numbers = [(it.number, it.state) for it in state.snapshot.listing.numbers]
    return numbers, {name: it[0].state for name, it in state.snapshot.bindings.items()}


def start() -> MergeState:
    both = frozenset({Capability.NUMBERS, Capability.REACHABILITY})
    return MergeState(new_snapshot("north", "hq", Polling(), both))


@settings(max_examples=size(80, 2000), deadline=None)
@given(PUSHES, POLLS, st.data())
def test_any_order_gives_the_same_facts(pushes, polls, data) -> None:
    began = 0.0
    sequence: list[Poll] = []
    for pause, took, states in polls:
        began += pause + 0.5
        sequence.append(Poll(began, float(took), states))
        began += took
    shown = []
    for _ in range(2):
        slots = [data.draw(st.integers(0, len(sequence))) for _ in pushes]
        order = data.draw(st.permutations(range(len(pushes))))
        state = start()
        for slot in count():
            for index in order:
                if slots[index] == slot:
                    state, _ = merge_pushed(state, [pushes[index]], 500.0)
            if slot == len(sequence):
                break
            state = polled(state, sequence[slot])
        shown.append(shown_by(state))
    assert shown[0] == shown[1]
    expected = model(pushes, sequence)
    assert shown[0] == expected


def model(pushes, sequence):
    """The rule itself: the newest push after the newest poll that told, otherwise the last poll."""
    since = max((it.began for it in sequence if it.states is not None), default=float("-inf"))
    last = sequence[-1]
    numbers = {it.number: it.state for it in listing(last).numbers}
    bound = {name: it[0].state for name, it in phones(last).facts.items()}
    for fact in sorted(pushes, key=lambda it: (it.at, msgspec.json.encode(it))):
        if fact.at > since:
            (numbers if isinstance(fact, PushedNumber) else bound)[fact.number] = fact.state
    return list(numbers.items()), bound
