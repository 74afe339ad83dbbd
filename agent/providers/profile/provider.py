"""A provider that is described by a profile instead of being programmed."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Any, Final

import msgspec

from agent.event_loop import sorted_in_chunks
from agent.model import Balance, Binding, Call, Listing, Number, Routing
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.base import AdapterReports
from agent.providers.profile.envelope import NotFoundError
from agent.providers.profile.operation import Read, moment_values
from agent.providers.profile.operation_client import Caller
from agent.providers.profile.paging import Bounds, Collected
from agent.providers.profile.targets import ACCOUNT, TARGETS
from agent.states import Capability, Grade, NumberState, PollFailure

_LARGE: Final = 2000
"""From so many facts on, what is made of them is made in a thread."""


@dataclass(frozen=True)
class Setup:
    """What an adapter needs besides the profile."""

    caller: Caller
    bounds: Bounds
    reports: AdapterReports
    grade: Grade | None = None
    """The grade of numbers for which the provider tells none."""


class DeclarativeProvider:
    """One account, read as its profile says."""

    def __init__(self, setup: Setup) -> None:
        profile = setup.caller.profile
        self.name = profile.name
        self._setup = setup
        self._reads = {
            capability: Read(capability.value, operation, TARGETS[capability], setup)
            for capability in Capability
            if (operation := getattr(profile, capability.value)) is not None
        }
        self._account = (
            Read("account", profile.account, ACCOUNT, setup) if profile.account else None
        )
        self.capabilities = frozenset(self._reads)
        self.fan_out = frozenset(it for it, read in self._reads.items() if read.per_number)

    async def numbers(self) -> Listing:
        """The complete listing of the account's numbers; see ``Provider``."""
        state = await self._account_state()
        got = await self._reads[Capability.NUMBERS].listing({}, attrgetter("number"))
        self._vouch(Capability.NUMBERS, got)
        make = _Lister(state, self._setup.grade, "grade" in self._told(Capability.NUMBERS))
        numbers = await _beside(make.numbers, got.facts)
        return Listing(numbers, got.invalid, state)

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """The routing of ``numbers``; see ``Provider``."""
        found = await self._for_each(Capability.ROUTING, numbers)
        return {number: facts[0] for number, facts in found.items() if facts}

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The bound phones of ``numbers``, ``()`` for one without; see ``Provider``."""
        read = self._reads[Capability.REACHABILITY]
        if read.per_number:
            found = await self._for_each(Capability.REACHABILITY, numbers)
            return {number: _ordered([it for _, it in pairs]) for number, pairs in found.items()}
        got = await read.listing({}, _binding_identity)
        self._vouch(Capability.REACHABILITY, got)
        grouped: dict[str, tuple[Binding, ...]] = await _beside(_grouped, got.facts, numbers)
        return grouped

    async def balance(self) -> Balance:
        """What is left on the account; see ``Provider``."""
        got = await self._reads[Capability.BALANCE].single({})
        self._vouch(Capability.BALANCE, got)
        balance: Balance = _only_one(got, "balance")
        return balance

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Calls that started at or after ``since``; see ``Provider``."""
        read = self._reads[Capability.CALLS]
        got = await read.listing(moment_values(since), attrgetter("id"))
        self._vouch(Capability.CALLS, got)
        return tuple(call for call in got.facts if call.started_at >= since)

    async def _account_state(self) -> NumberState | None:
        """The state the account forces on its numbers, ``None`` when it forces none."""
        if self._account is None:
            return None
        got = await self._account.single({})
        state: NumberState = _only_one(got, "account").state
        return None if state is NumberState.ACTIVE else state

    async def _for_each(
        self, capability: Capability, numbers: Sequence[str]
    ) -> dict[str, list[Any]]:
        """The facts of every number the provider knows, one request each."""
        read = self._reads[capability]
        found: dict[str, list[Any]] = {}
        whole = Collected()
        left = iter(numbers)

        async def work() -> None:
            for number in left:
                try:
                    got = await read.single({"number": number})
                except NotFoundError:
                    continue
                found[number] = got.facts
                whole.records += got.records
                whole.invalid += got.invalid

        await run_concurrently(work() for _ in range(self._setup.bounds.concurrency))
        self._vouch(capability, whole)
        return found

    def _vouch(self, capability: Capability, got: Collected) -> None:
        """Count what could not be used; refuse the poll when it is more than a fifth."""
        if got.invalid:
            self._setup.reports.invalid(capability, got.invalid)
        if got.invalid * 5 > got.records:
            raise ProviderError(
                PollFailure.SCHEMA,
                f"{self._reads[capability].what}: {got.invalid} of {got.records} records "
                "do not fit the profile",
            )

    def _told(self, capability: Capability) -> frozenset[str]:
        return self._reads[capability].told


@dataclass(frozen=True)
class _Lister:
    """Turns the numbers as read into the numbers as listed."""

    state: NumberState | None
    grade: Grade | None
    grade_is_told: bool

    def numbers(self, found: list[Number]) -> tuple[Number, ...]:
        changes: dict[str, Any] = {}
        if self.state is not None:
            changes["state"] = self.state
        if self.grade is not None and not self.grade_is_told:
            changes["grade"] = self.grade
        if changes:
            found = [msgspec.structs.replace(number, **changes) for number in found]
        return tuple(sorted_in_chunks(found, attrgetter("number")))


async def _beside(work: Any, facts: list[Any], *more: Any) -> Any:
    if len(facts) < _LARGE:
        return work(facts, *more)
    return await asyncio.to_thread(work, facts, *more)


def _binding_identity(fact: tuple[str, Binding]) -> tuple[str, str]:
    return fact[0], fact[1].id


def _grouped(
    facts: list[tuple[str, Binding]], numbers: Sequence[str]
) -> dict[str, tuple[Binding, ...]]:
    found: defaultdict[str, list[Binding]] = defaultdict(list)
    for number, binding in facts:
        found[number].append(binding)
    _let_go(facts)
    return {number: _ordered(found.pop(number, [])) for number in numbers}


def _let_go(facts: list[Any]) -> None:
    """Empty ``facts`` in pieces: all at once would hold the interpreter for too long."""
    while facts:
        del facts[-_LARGE:]


def _ordered(bindings: list[Binding]) -> tuple[Binding, ...]:
    if any(one.position > following.position for one, following in pairwise(bindings)):
        bindings.sort(key=attrgetter("position"))
    return tuple(bindings)


def _only_one(got: Collected, what: str) -> Any:
    if len(got.facts) != 1:
        raise ProviderError(PollFailure.SCHEMA, f"{what}: no usable record in the answer")
    return got.facts[0]
