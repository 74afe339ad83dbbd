"""A healthy provider: the listing is complete, and the facts are those that its page names."""

import pytest

from agent.simulator.responses import NEW_NUMBER, NEW_WORD
from agent.states import CallResult, Capability, NumberState
from tests.providers.contract.contract_bench import KEY, ContractBench
from tests.providers.contract.facts import FACTS, truths
from tests.providers.contract.subjects import LISTING, SUBJECTS
from tests.providers.contract.world import LISTED

UNKNOWN_FIELDS = {
    Capability.NUMBERS: lambda snapshot: {it.state for it in snapshot.listing.numbers},
    Capability.ROUTING: lambda snapshot: {it.strategy for it in snapshot.routings.values()},
    Capability.REACHABILITY: lambda snapshot: {
        phone.state for phones in snapshot.bindings.values() for phone in phones
    },
    Capability.CALLS: lambda snapshot: {result for _, result in snapshot.call_totals},
}


@pytest.mark.parametrize("subject", LISTING, ids=lambda it: it.name, indirect=True)
async def test_the_listing_is_complete_and_sorted(bench: ContractBench) -> None:
    snapshot = await bench.polled_well()
    names = [number.number for number in snapshot.listing.numbers]
    assert names == sorted(number.number for number in bench.account.numbers)
    assert len(names) == LISTED
    assert snapshot.listing.invalid_records == 0
    assert snapshot.polls.keys() == set(bench.subject.capabilities)


async def test_the_facts_are_those_of_the_page_and_true(bench: ContractBench) -> None:
    snapshot = await bench.polled_well()
    known = {name: value for name, read in FACTS.items() if (value := read(snapshot)) is not None}
    assert known.keys() == bench.subject.facts
    truth = truths(bench)
    exact = known.keys() - bench.subject.approximate
    assert {name: known[name] for name in exact} == {name: truth[name] for name in exact}


async def test_known_words_are_all_mapped(bench: ContractBench) -> None:
    outcomes = await bench.poll()
    assert {it.capability: it.unmapped_words for it in outcomes.values() if it.unmapped_words} == {}
    assert bench.count("values_unmapped") == 0


async def test_a_new_word_is_unknown_counted_and_shown(bench: ContractBench) -> None:
    bench.begin("new_word")
    outcomes = await bench.poll()
    assert {it.capability: it.detail for it in outcomes.values() if it.failure} == {}
    for field in bench.subject.unmapped:
        capability = Capability(field.partition(".")[0])
        words = outcomes[capability].unmapped_words[field]
        assert words.keys() <= {NEW_WORD, str(NEW_NUMBER)}, field
        assert bench.count("values_unmapped", field=field) == sum(words.values()) > 0, field
        assert UNKNOWN_FIELDS[capability](bench.snapshot) == {"unknown"}, field


@pytest.mark.parametrize(
    "subject",
    [it for it in SUBJECTS if "numbers.state" in it.unmapped],
    ids=lambda it: it.name,
    indirect=True,
)
async def test_a_number_whose_word_is_new_was_not_healthy_before_and_is_not_now(
    bench: ContractBench,
) -> None:
    await bench.polled_well()
    bench.begin("new_word", Capability.NUMBERS)
    await bench.poll()
    states = {number.state for number in bench.snapshot.listing.numbers}
    assert states == {NumberState.UNKNOWN}
    bench.end()
    await bench.polled_well()
    assert CallResult.UNKNOWN not in {result for _, result in bench.snapshot.call_totals}


@pytest.mark.parametrize("subject", LISTING, ids=lambda it: it.name, indirect=True)
async def test_every_page_of_the_listing_is_kept_as_evidence(bench: ContractBench) -> None:
    """Requests that differ in their body alone are different requests."""
    snapshot = await bench.polled_well()
    bodies = b"\n".join(answer.body for answer in bench.recorder.answers(KEY))
    names = [number.number for number in snapshot.listing.numbers]
    assert [name for name in names if name.encode() not in bodies] == []
