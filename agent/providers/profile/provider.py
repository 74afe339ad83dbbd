"""A provider that is described by a profile instead of being programmed."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from agent.event_loop import INLINE_ITEMS, release, sorted_in_chunks
from agent.model import Balance, Binding, Call, Listing, Number, Routing
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.profile.envelope import NotFoundError
from agent.providers.profile.merging import reader_of
from agent.providers.profile.operation import OperationReader, ReadContext
from agent.providers.profile.paging import Collected
from agent.providers.profile.targets import ACCOUNT, REQUESTED, TARGETS
from agent.states import Capability, Grade, NumberState, PollFailure


class DeclarativeProvider:
    """One account, read as its profile says.

    ``grade`` is the grade of numbers for which the profile maps none.
    """

    def __init__(self, context: ReadContext, grade: Grade | None = None) -> None:
        profile = context.api.profile
        self.name = profile.name
        self._context = context
        self._grade = grade
        self._readers = {
            capability: reader_of(capability.value, operation, TARGETS[capability], context)
            for capability in Capability
            if (operation := getattr(profile, capability.value)) is not None
        }
        self._account = (
            OperationReader("account", profile.account, ACCOUNT, context)
            if profile.account
            else None
        )
        self.capabilities = frozenset(self._readers)
        self.rates = {capability: reader.rate for capability, reader in self._readers.items()}
        self.fan_out = frozenset(
            capability for capability, reader in self._readers.items() if reader.per_number
        )

    async def numbers(self) -> Listing:
        """The complete listing of the account's numbers; see ``Provider``."""
        state = await self._account_state()
        reader = self._readers[Capability.NUMBERS]
        collected = await reader.read_listing({}, attrgetter("number"))
        self._check_share_of_invalid(Capability.NUMBERS, collected)
        grade = None if "grade" in reader.mapped_fields else self._grade
        overrides = _NumberOverrides(state, grade)
        numbers = await _compute(overrides.apply_and_sort, collected.facts)
        return Listing(numbers, collected.invalid, state)

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """The routing of ``numbers``; see ``Provider``."""
        reader = self._readers[Capability.ROUTING]
        if not reader.per_number:
            collected = await reader.read_listing({}, itemgetter(0))
            self._check_share_of_invalid(Capability.ROUTING, collected)
            wanted = frozenset(numbers)
            return {number: fact for number, fact in collected.facts if number in wanted}
        facts_of = await self._read_per_number(Capability.ROUTING, numbers)
        return {number: self._only(reader, facts) for number, facts in facts_of.items() if facts}

    @staticmethod
    def _only(reader: OperationReader, facts: list[Any]) -> Any:
        """The one of ``facts``, which are all of one number.

        Raises:
            ProviderError: ``schema`` when there are several: which of them holds is not known.
        """
        if len(facts) > 1:
            raise ProviderError(
                PollFailure.SCHEMA,
                f"{reader.label}: {len(facts)} records for one number, expected one, or number: "
                "PATH among the fields where they are of several",
            )
        return facts[0]

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The bound phones of ``numbers``, ``()`` for one without; see ``Provider``."""
        reader = self._readers[Capability.REACHABILITY]
        if reader.per_number:
            facts_of = await self._read_per_number(Capability.REACHABILITY, numbers)
            return {number: _by_position(facts) for number, facts in facts_of.items()}
        collected = await reader.read_listing({}, _binding_identity)
        self._check_share_of_invalid(Capability.REACHABILITY, collected)
        grouped: dict[str, tuple[Binding, ...]] = await _compute(
            _group_bindings, collected.facts, numbers
        )
        return grouped

    async def balance(self) -> Balance:
        """The account's balance; see ``Provider``."""
        collected = await self._readers[Capability.BALANCE].read_single({})
        self._check_share_of_invalid(Capability.BALANCE, collected)
        balance: Balance = _single_fact(collected, "balance")
        return balance

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Calls that started at or after ``since``; see ``Provider``."""
        reader = self._readers[Capability.CALLS]
        facts: list[Call] = []
        for window in reader.windows.split(since, self._context.clock()):
            values = reader.windows.values(window)
            collected = await reader.read_listing(values, attrgetter("id"))
            self._check_share_of_invalid(Capability.CALLS, collected)
            facts += collected.facts
            reader.check_count(len(facts))
        # Some APIs filter by whole days only, so older records may come along.
        recent: tuple[Call, ...] = await _compute(_calls_since, facts, since)
        return recent

    async def _account_state(self) -> NumberState | None:
        """The state the account forces on its numbers, ``None`` when it forces none."""
        if self._account is None:
            return None
        collected = await self._account.read_single({})
        state: NumberState = _single_fact(collected, "account").state
        return None if state is NumberState.ACTIVE else state

    async def _read_per_number(
        self, capability: Capability, numbers: Sequence[str]
    ) -> dict[str, list[Any]]:
        """The facts of every number the provider knows, with one request each.

        Where records name their number, those of other numbers are left out: not every provider
        heeds the number that it was asked for.
        """
        reader = self._readers[capability]
        facts_of: dict[str, list[Any]] = {}
        total = Collected()
        # One iterator for all workers: each takes the next number when it is done with one.
        remaining = iter(numbers)

        async def work() -> None:
            for number in remaining:
                try:
                    collected = await reader.read_single({"number": number})
                except NotFoundError:
                    continue
                facts_of[number] = _facts_of(number, collected.facts)
                total.records += collected.records
                total.parts += collected.parts
                reader.check_count(total.records)
                total.invalid += collected.invalid
                total.add_misfits(collected.misfits)

        await run_concurrently(work() for _ in range(self._context.bounds.concurrency))
        self._check_share_of_invalid(capability, total)
        return facts_of

    def _check_share_of_invalid(self, capability: Capability, collected: Collected) -> None:
        """Report invalid records.

        Raises:
            ProviderError: ``schema`` when more than a fifth of the records are invalid.
        """
        if collected.invalid:
            self._context.reports.invalid(capability, collected.invalid)
            self._context.reports.misfits(capability, collected.misfits)
        if collected.invalid * 5 > collected.parts:
            counts = f"{collected.invalid} of {collected.parts} records do not fit the profile"
            why = "; ".join((counts, *collected.misfits[:1]))
            raise ProviderError(PollFailure.SCHEMA, f"{self._readers[capability].label}: {why}")


@dataclass(frozen=True)
class _NumberOverrides:
    """State and grade that replace those of every number, where they are given."""

    state: NumberState | None
    grade: Grade | None

    def apply_and_sort(self, numbers: list[Number]) -> tuple[Number, ...]:
        changes: dict[str, Any] = {}
        if self.state is not None:
            changes["state"] = self.state
        if self.grade is not None:
            changes["grade"] = self.grade
        if changes:
            numbers = [msgspec.structs.replace(number, **changes) for number in numbers]
        return tuple(sorted_in_chunks(numbers, attrgetter("number")))


async def _compute(function: Any, facts: list[Any], *args: Any) -> Any:
    """``function(facts, *args)``, in a thread where there are many facts."""
    if len(facts) < INLINE_ITEMS:
        return function(facts, *args)
    return await asyncio.to_thread(function, facts, *args)


def _calls_since(facts: list[Call], since: float) -> tuple[Call, ...]:
    # By id: windows overlap.
    recent = {call.id: call for call in facts if call.started_at >= since}
    return tuple(recent.values())


def _facts_of(number: str, facts: list[tuple[str, Any]]) -> list[Any]:
    return [fact for owner, fact in facts if owner in (REQUESTED, number)]


def _binding_identity(fact: tuple[str, Binding]) -> tuple[str, str]:
    return fact[0], fact[1].id


def _group_bindings(
    facts: list[tuple[str, Binding]], numbers: Sequence[str]
) -> dict[str, tuple[Binding, ...]]:
    bindings_of: defaultdict[str, list[Binding]] = defaultdict(list)
    for number, binding in facts:
        bindings_of[number].append(binding)
    release(facts)
    grouped = {number: _by_position(bindings_of.pop(number, [])) for number in numbers}
    # Phones under numbers that were not requested are no less true; polling says so.
    grouped.update((number, _by_position(phones)) for number, phones in bindings_of.items())
    return grouped


def _by_position(bindings: list[Binding]) -> tuple[Binding, ...]:
    if any(first.position > second.position for first, second in pairwise(bindings)):
        bindings.sort(key=attrgetter("position"))
    return tuple(bindings)


def _single_fact(collected: Collected, label: str) -> Any:
    if len(collected.facts) != 1:
        why = "; ".join(("no usable record in the answer", *collected.misfits[:1]))
        raise ProviderError(PollFailure.SCHEMA, f"{label}: {why}")
    return collected.facts[0]
