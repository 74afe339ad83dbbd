"""Whatever an API does wrong costs only its own capability, is named, and passes."""

import re

import pytest

from agent.states import Capability
from tests.proof_size import is_full
from tests.providers.contract.contract_bench import ContractBench, contract_bench
from tests.providers.contract.subject import FAULTS, Subject

SLOW = {"hang": 1.0, "drip": 1.0}
"""Faults that only a timeout ends, with the seconds that a request is given."""
NAMED = re.compile(
    r"record \d+: |no (?:count|records?|next page) at |[\w\[\]]+\.[\w.\[\]]+ is |\w+ is no "
    r"|whose \w+ is "
)
"""What the text of a wrong shape says beside the operation."""


def victims(subject: Subject, fault: str) -> list[Capability]:
    """The capabilities that meet ``fault``: in turn, all of them at full size."""
    without = {*subject.served_with, *(() if subject.sends_for_numbers else (Capability.NUMBERS,))}
    own = [it for it in subject.capabilities if it not in without]
    if is_full():
        return own
    if fault in SLOW:
        return [own[-1 if fault == "drip" else 0]]
    return list(dict.fromkeys((own[0], own[FAULTS.index(fault) % len(own)])))


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_costs_its_capability_only_and_is_named(subject: Subject, fault: str) -> None:
    limits = {"request_timeout": SLOW[fault]} if fault in SLOW else {}
    async with contract_bench(subject, **limits) as bench:
        before = await bench.polled_well()
        for capability in victims(subject, fault):
            bench.begin(fault, capability, retry_after=0)
            await check(bench, fault, capability)
            bench.end()
        after = await bench.polled_well()
        assert after.listing == before.listing


async def check(bench: ContractBench, fault: str, victim: Capability) -> None:
    """Poll under ``fault`` and compare how each capability ended."""
    outcomes = await bench.poll()
    served_with = bench.subject.served_with
    expected = {
        it: bench.subject.reason(fault, it) if victim in (it, served_with.get(it)) else None
        for it in bench.subject.capabilities
    }
    ended = {it.capability: it.failure for it in outcomes.values()}
    if fault in SLOW:
        # On a busy machine a good answer may be late as well.
        late = {it for it, failure in ended.items() if failure == "timeout"}
        expected |= dict.fromkeys(late - {victim}, "timeout")
    details = "; ".join(it.detail for it in outcomes.values() if it.failure)
    assert ended == expected, details
    if expected[victim] is None:
        return
    assert bench.status(victim).detail == outcomes[victim].detail
    assert bench.count("poll_failures", capability=victim, reason=expected[victim]) > 0
    if fault == "wrong_type":
        assert NAMED.search(details), details


async def test_under_a_fault_the_facts_stay_as_they_were(subject: Subject) -> None:
    async with contract_bench(subject) as bench:
        before = await bench.polled_well()
        for fault in ("http_500", "bad_json", "wrong_type"):
            bench.begin(fault)
            await bench.poll()
            bench.end()
        after = bench.snapshot
        assert after.listing is before.listing
        assert (after.bindings, after.routings, after.balance) == (
            before.bindings,
            before.routings,
            before.balance,
        )
