"""What was pushed for one account, over what was polled: pure functions of both and their times.

A state that was pushed holds until a poll that began after it says otherwise, so pushes and polls
give the same facts in whatever order they come. A poll that tells no state at all, as of an account
whose numbers only the configuration knows, says nothing against a push.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum, unique
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec

from agent.model import Binding, Listing, Number
from agent.polling.per_number import PerNumberResult
from agent.providers.pushed import PushedNumber, PushedPhone
from agent.states import BindingState, NumberState

MAX_NUMBERS = 20_000
"""Numbers with a pushed state that are remembered per account; the oldest are dropped."""
MAX_PHONES = 50_000
"""Bound phones with a pushed state that are remembered per account."""

NEVER = float("-inf")
PhoneKey = tuple[str, tuple[str, str]]
"""Number, and which of its phones."""


@unique
class PushOutcome(StrEnum):
    """What one pushed fact has changed, as metrics count it."""

    APPLIED = "applied"
    LATE = "late"
    """A poll that began later, or a newer push, has told already."""
    REPEATED = "repeated"
    """The same is known from an earlier push."""
    UNLISTED = "unlisted"
    """The account does not list the number, or the number not the phone."""


# No repr: it would put every number, and people's phones, into a traceback or a log line.
@dataclass(frozen=True, repr=False)
class Pushed:
    """The newest pushed states, and the beginning of the polls that told states."""

    numbers: Mapping[str, PushedNumber] = field(default_factory=dict)
    phones: Mapping[PhoneKey, PushedPhone] = field(default_factory=dict)
    listed_at: float = NEVER
    """When the newest listing that told states began."""
    phones_at: float = NEVER
    """When the newest poll of all numbers' phones that told states began."""
    phones_of_at: Mapping[str, float] = field(default_factory=dict)
    """By number, when a later poll of some numbers' phones began."""

    def restated(self, step: float) -> "Pushed":
        """The same after the agent's clock was set by ``step`` seconds."""
        return Pushed(
            {key: _moved(fact, step) for key, fact in self.numbers.items()},
            {key: _moved(fact, step) for key, fact in self.phones.items()},
            self.listed_at + step,
            self.phones_at + step,
            {number: at + step for number, at in self.phones_of_at.items()},
        )

    def without(self, numbers: Iterable[str]) -> "Pushed":
        """The same without what was pushed about ``numbers``, which have another holder now."""
        gone = frozenset(numbers)
        if not gone:
            return self
        return replace(
            self,
            numbers={key: it for key, it in self.numbers.items() if key not in gone},
            phones={key: it for key, it in self.phones.items() if key[0] not in gone},
        )

    def phones_known_at(self, number: str) -> float:
        """When the newest poll that told the states of the number's phones began."""
        return max(self.phones_at, self.phones_of_at.get(number, NEVER))

    def with_number(self, fact: PushedNumber) -> tuple["Pushed", PushOutcome]:
        """The same with ``fact``, unless something newer is known."""
        outcome = _outcome(fact, self.numbers.get(fact.number), self.listed_at)
        if outcome is not PushOutcome.APPLIED:
            return self, outcome
        newest = _bounded({**self.numbers, fact.number: fact}, MAX_NUMBERS)
        return replace(self, numbers=newest), outcome

    def with_phone(self, fact: PushedPhone) -> tuple["Pushed", PushOutcome]:
        """The same with ``fact``, unless something newer is known."""
        key = fact.number, fact.key
        outcome = _outcome(fact, self.phones.get(key), self.phones_known_at(fact.number))
        if outcome is not PushOutcome.APPLIED:
            return self, outcome
        return replace(self, phones=_bounded({**self.phones, key: fact}, MAX_PHONES)), outcome

    def after_listing(self, polled: Listing, began: float) -> "Pushed":
        """The same after a listing that began at ``began``: what it tells ends older pushes."""
        if not any(map(_tells_number, polled.numbers)) or began <= self.listed_at:
            return self
        newer = {key: it for key, it in self.numbers.items() if _at(it) > began}
        return replace(self, listed_at=began, numbers=newer)

    def after_phones(self, polled: PerNumberResult, began: float) -> "Pushed":
        """The same after a poll of bound phones that began at ``began``."""
        lists = (phones for phones in polled.facts.values() if isinstance(phones, tuple))
        if not any(map(_tells_phone, chain.from_iterable(lists))):
            return self
        if polled.of_all_numbers:
            if began <= self.phones_at:
                return self
            after = replace(self, phones_at=began, phones_of_at={})
        else:
            times = {**self.phones_of_at, **dict.fromkeys(polled.requested, began)}
            after = replace(self, phones_of_at=times)
        newer = {
            key: it for key, it in self.phones.items() if _at(it) > after.phones_known_at(key[0])
        }
        return replace(after, phones=newer)


def with_pushed_numbers(listing: Listing, pushed: Mapping[str, PushedNumber]) -> Listing:
    """``listing`` with the states that were pushed; no number is added to it."""
    # A state that the whole account forces on its numbers is about more than one of them.
    if not pushed or listing.account_state is not None:
        return listing
    numbers = list(listing.numbers)
    for name, fact in pushed.items():
        index = _index(numbers, name)
        if index is not None:
            numbers[index] = _with_state(numbers[index], fact)
    return Listing(tuple(numbers), listing.invalid_records, listing.account_state)


def with_pushed_phones(
    polled: PerNumberResult, pushed: Mapping[PhoneKey, PushedPhone]
) -> PerNumberResult:
    """``polled`` with the states that were pushed; no phone is added to it."""
    if not pushed:
        return polled
    facts: dict[str, Any] = dict(polled.facts)
    for fact in sorted(pushed.values(), key=_rank):
        phones = facts.get(fact.number)
        if isinstance(phones, tuple):
            facts[fact.number] = tuple(_with_phone_state(phone, fact) for phone in phones)
    return replace(polled, facts=facts)


def has_number(listing: Listing | None, number: str) -> bool:
    """Whether ``listing`` has the number."""
    return listing is not None and _index(listing.numbers, number) is not None


def find_numbers(listing: Listing, names: Iterable[str]) -> list[Number]:
    """Those of ``names`` that ``listing`` has, in the order of ``names``."""
    found = (_index(listing.numbers, name) for name in names)
    return [listing.numbers[index] for index in found if index is not None]


def has_phone(phones: tuple[Binding, ...], fact: PushedPhone) -> bool:
    """Whether ``phones`` have the one that ``fact`` is about."""
    return any(_is_about(fact, phone) for phone in phones)


def _index(numbers: Sequence[Number], name: str) -> int | None:
    index = bisect_left(numbers, name, key=attrgetter("number"))
    return index if index < len(numbers) and numbers[index].number == name else None


def _outcome(
    fact: PushedNumber | PushedPhone, former: PushedNumber | PushedPhone | None, known_at: float
) -> PushOutcome:
    if fact == former:
        return PushOutcome.REPEATED
    if _at(fact) <= known_at or (former is not None and _rank(fact) < _rank(former)):
        return PushOutcome.LATE
    return PushOutcome.APPLIED


def _rank(fact: PushedNumber | PushedPhone) -> tuple[float, bytes]:
    """Which of two is newer; of two of the same time, the order in which they come says nothing."""
    return _at(fact), msgspec.json.encode(fact)


def _bounded(facts: dict[Any, Any], most: int) -> dict[Any, Any]:
    if len(facts) > most:
        del facts[min(facts, key=lambda key: _at(facts[key]))]
    return facts


def _at(fact: PushedNumber | PushedPhone) -> float:
    return NEVER if fact.at is None else fact.at


def _moved(fact: Any, step: float) -> Any:
    return msgspec.structs.replace(fact, at=_at(fact) + step)


def _tells_number(number: Number) -> bool:
    return number.state is not NumberState.UNKNOWN or bool(number.native_status)


def _tells_phone(phone: Binding) -> bool:
    return phone.state is not BindingState.UNKNOWN or bool(phone.native_status)


def _with_state(number: Number, fact: PushedNumber) -> Number:
    # What the network said before the change says nothing about the time after it.
    return msgspec.structs.replace(
        number,
        state=fact.state,
        network_state=fact.network_state,
        native_status=fact.native_status,
        reason=fact.reason,
    )


def _with_phone_state(phone: Binding, fact: PushedPhone) -> Binding:
    if not _is_about(fact, phone):
        return phone
    return msgspec.structs.replace(
        phone, state=fact.state, native_status=fact.native_status, state_at=None
    )


def _is_about(fact: PushedPhone, phone: Binding) -> bool:
    return phone.id == fact.id if fact.id else bool(fact.phone) and phone.phone == fact.phone
