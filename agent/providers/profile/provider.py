"""A provider that is described by a profile instead of being programmed."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from agent.event_loop import INLINE_ITEMS, release, sorted_in_chunks
from agent.model import Balance, Binding, Call, Listing, Number, Routing
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.base import CallRecords
from agent.providers.cost_budget import Costs
from agent.providers.invalid_records import check_records
from agent.providers.inventory_facts import bindings_of
from agent.providers.profile.calls_reader import CallsReader
from agent.providers.profile.envelope import NotFoundError
from agent.providers.profile.extensions import with_extensions
from agent.providers.profile.fan_out import Pace, Round
from agent.providers.profile.merging import reader_of
from agent.providers.profile.misfits import MOST_MISFITS
from agent.providers.profile.operation import OperationReader, ReadContext
from agent.providers.profile.paging import Bounds, Collected
from agent.providers.profile.phone_reader import PhoneReader
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import ACCOUNT, PHONES, REQUESTED, TARGETS
from agent.providers.profile.unchanged import MadeOfPages
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
        self._calls_reader = (
            CallsReader(calls, _pace(context.bounds, calls))
            if (calls := self._readers.get(Capability.CALLS))
            else None
        )
        self._phones = (
            OperationReader("phones", profile.phones, PHONES, context) if profile.phones else None
        )
        self._phone_reader = self._make_phone_reader(profile.reachability)
        self._listed: Sequence[str] | None = None
        self._numbers: MadeOfPages[tuple[Number, ...]] = MadeOfPages()
        self._grouped: MadeOfPages[Mapping[str, tuple[Binding, ...]]] = MadeOfPages()
        self.capabilities = frozenset(self._readers)
        self.rates = {capability: reader.rate for capability, reader in self._readers.items()}
        self.routing_parts = _routing_parts(profile.routing)
        self.fan_out: frozenset[Capability] = frozenset(
            capability
            for capability, reader in self._readers.items()
            # The calls of each number are read on from where they were read up to.
            if reader.per_number and capability is not Capability.CALLS
        )

    def _make_phone_reader(self, operation: Operation | None) -> PhoneReader | None:
        reader = self._readers.get(Capability.REACHABILITY)
        if operation is None or reader is None or not reader.per_phone:
            return None
        context, paid = self._context, None
        if operation.cost is not None:
            costs = Costs(operation.cost, context.daily_budget, operation.asked_every)
            paid = context.costs.queries("phone_status", costs)
        pace = _pace(context.bounds, reader)
        return PhoneReader(operation, reader, pace, paid, context.inventory)

    async def numbers(self) -> Listing:
        """The complete listing of the account's numbers; see ``Provider``."""
        state = await self._account_state()
        reader = self._readers[Capability.NUMBERS]
        collected = await reader.read_listing({}, attrgetter("number"))
        self._check_share_of_invalid(Capability.NUMBERS, collected)
        grade = None if "grade" in reader.mapped_fields else self._grade
        numbers = self._numbers.get(collected, state, grade)
        if numbers is None:
            overrides = _NumberOverrides(state, grade)
            numbers = await _compute(overrides.apply_and_sort, collected.facts)
            self._numbers.put(numbers, collected.pages, state, grade)
            if self._calls_reader is not None:
                self._listed = tuple([number.number for number in numbers])
        return Listing(numbers, collected.invalid, state)

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """The routing of ``numbers``; see ``Provider``."""
        reader = self._readers[Capability.ROUTING]
        if not reader.per_number:
            collected = await reader.read_listing({}, itemgetter(0))
            self._check_share_of_invalid(Capability.ROUTING, collected)
            wanted = frozenset(numbers)
            return {number: fact for number, fact in collected.facts if number in wanted}
        facts_of = await self._read_per_number(reader, Capability.ROUTING, numbers)
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
        if self._phone_reader is not None:
            return await self._states_of_phones(self._phone_reader, numbers)
        return await self._bindings(reader, numbers)

    async def _states_of_phones(
        self, phone_reader: PhoneReader, numbers: Sequence[str]
    ) -> Mapping[str, tuple[Binding, ...]]:
        """The bound phones, each asked for its state."""
        bindings: Mapping[str, tuple[Binding, ...]]
        if self._phones is None:
            bindings = bindings_of(self._context.inventory, {})
        else:
            bindings = await self._bindings(self._phones, numbers)
        completed, round_ = await phone_reader.complete(bindings, self._context.clock)
        self._report_failures(Capability.REACHABILITY, round_)
        return completed

    def _report_failures(self, capability: Capability, round_: Round) -> None:
        """Report what failed or did not fit for single subjects."""
        texts = [*round_.misfits, *(failure.detail for failure in round_.failures)]
        if texts:
            self._context.reports.invalid(capability, len(texts))
            self._context.reports.misfits(capability, texts[:MOST_MISFITS])

    async def _bindings(
        self, reader: OperationReader, numbers: Sequence[str]
    ) -> Mapping[str, tuple[Binding, ...]]:
        """The phones that ``reader`` lists, for all numbers at once or number by number."""
        if reader.per_number:
            facts_of = await self._read_per_number(reader, Capability.REACHABILITY, numbers)
            return {number: _by_position(facts) for number, facts in facts_of.items()}
        collected = await reader.read_listing({}, _binding_identity)
        self._check_share_of_invalid(Capability.REACHABILITY, collected)
        if reader.lists_extensions:
            # A record that does not fit may be the extension that seems to be absent.
            absent = None if collected.invalid else reader.absent_state
            return with_extensions(collected.facts, self._context.inventory, absent)
        skipped = collected.skipped
        grouped = self._grouped.get(collected, numbers, skipped)
        if grouped is None:
            grouped = await _compute(_group_bindings, collected.facts, numbers, skipped)
            self._grouped.put(grouped, collected.pages, numbers, skipped)
        return grouped

    async def balance(self) -> Balance:
        """The account's balance; see ``Provider``."""
        collected = await self._readers[Capability.BALANCE].read_single({})
        self._check_share_of_invalid(Capability.BALANCE, collected)
        balance: Balance = _single_fact(collected, "balance")
        return balance

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Calls that started at or after ``since``; see ``Provider``."""
        assert self._calls_reader is not None
        now = self._context.clock()
        inventory = self._context.inventory
        numbers = tuple(inventory.own) if self._listed is None else self._listed
        read = await self._calls_reader.read(since, now, numbers)
        self._check_share_of_invalid(Capability.CALLS, read.collected)
        self._report_failures(Capability.CALLS, read.round)
        self._calls_reader.commit(read)
        calls = tuple(read.calls.values())
        return calls if read.complete_until >= now else CallRecords(calls, read.complete_until)

    async def _account_state(self) -> NumberState | None:
        """The state the account forces on its numbers, ``None`` when it forces none."""
        if self._account is None:
            return None
        collected = await self._account.read_single({})
        state: NumberState = _single_fact(collected, "account").state
        return None if state is NumberState.ACTIVE else state

    async def _read_per_number(
        self, reader: OperationReader, capability: Capability, numbers: Sequence[str]
    ) -> dict[str, list[Any]]:
        """The facts of every number the provider knows, with one request each.

        Where records name their number, those of other numbers are left out: not every provider
        heeds the number that it was asked for.
        """
        facts_of: dict[str, list[Any]] = {}
        total = Collected()
        # One iterator for all workers: each takes the next number when it is done with one.
        remaining = iter(numbers)

        async def work() -> None:
            for number in remaining:
                try:
                    values = {"number": number}
                    collected = (
                        await reader.read_listing(values, _binding_identity)
                        if reader.is_paged
                        else await reader.read_single(values)
                    )
                except NotFoundError:
                    continue
                facts = _facts_of(number, collected.facts)
                if facts or not collected.skipped:
                    # A record that does not fit may be a phone of this number.
                    facts_of[number] = facts
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
        label = self._readers[capability].label
        check_records(self._context.reports, capability, label, collected, "do not fit the profile")


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


def _pace(bounds: Bounds, reader: OperationReader) -> Pace:
    return Pace(bounds.concurrency, bounds.seconds, min(bounds.rate, reader.rate))


async def _compute(function: Any, facts: list[Any], *args: Any) -> Any:
    """``function(facts, *args)``, in a thread where there are many facts."""
    if len(facts) < INLINE_ITEMS:
        return function(facts, *args)
    return await asyncio.to_thread(function, facts, *args)


def _facts_of(number: str, facts: list[tuple[str, Any]]) -> list[Any]:
    return [fact for owner, fact in facts if owner in (REQUESTED, number)]


def _binding_identity(fact: tuple[str, Binding]) -> tuple[str, str]:
    return fact[0], fact[1].id


def _group_bindings(
    facts: list[tuple[str, Binding]], numbers: Sequence[str], skipped: Collection[str]
) -> dict[str, tuple[Binding, ...]]:
    """The phones of each number; one that may have some among ``skipped`` records is left out.

    Phones under numbers that were not requested are no less true; polling says so.
    """
    grouped: dict[str, tuple[Binding, ...]] = {}
    # Nearly always the phones of a number come one after the other: no list per number.
    phones: list[Binding] = []
    current = ""
    for number, binding in facts:
        if number != current:
            _add(grouped, current, phones)
            current, phones = number, []
        phones.append(binding)
    _add(grouped, current, phones)
    release(facts)
    may_have_some = frozenset(numbers if "" in skipped else skipped)
    for number in numbers:
        if number not in grouped and number not in may_have_some:
            grouped[number] = ()
    return grouped


def _add(grouped: dict[str, tuple[Binding, ...]], number: str, phones: list[Binding]) -> None:
    if number in grouped:
        phones = [*grouped[number], *phones]
    if phones:
        grouped[number] = _by_position(phones)


def _by_position(bindings: list[Binding]) -> tuple[Binding, ...]:
    before = bindings[0].position if bindings else 0
    for binding in bindings:
        if binding.position < before:
            bindings.sort(key=attrgetter("position"))
            break
        before = binding.position
    return tuple(bindings)


def _single_fact(collected: Collected, label: str) -> Any:
    if len(collected.facts) != 1:
        why = "; ".join(("no usable record in the answer", *collected.misfits[:1]))
        raise ProviderError(PollFailure.SCHEMA, f"{label}: {why}")
    return collected.facts[0]


def _routing_parts(operation: Operation | None) -> frozenset[str]:
    """The fields that the operation, and those merged into it, are mapped to."""
    if operation is None:
        return frozenset()
    return frozenset().union(operation.fields, *(it.fields for it in operation.merge))
