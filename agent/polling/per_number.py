"""Facts polled per number (routing, bound phones): the result of a poll, merged with the old."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from agent.event_loop import chunks
from agent.model import Binding, Routing
from agent.net.exchange import ProviderError

MAX_UNLISTED = 200_000
"""Numbers not listed by the account whose phones are remembered."""

Fact = TypeVar("Fact", Routing, tuple[Binding, ...])


# No repr: it would put every number, and people's phones, into a traceback or a log line.
@dataclass(frozen=True, repr=False)
class PerNumberResult:
    """The facts that a poll returned for the numbers it requested.

    A requested number that is not in ``facts`` is not known to the provider. With an ``error``
    the poll failed halfway; the facts received until then are valid.
    """

    requested: Sequence[str]
    facts: Mapping[str, Routing | tuple[Binding, ...]] = field(default_factory=dict)
    error: ProviderError | None = None
    under_way: bool = False
    """Whether the poll goes on and this is a part of its result."""
    of_all_numbers: bool = False
    """Whether all listed numbers were requested at once: what else ``facts`` has is not listed."""
    of_some_numbers: bool = False
    """Whether ``error`` is about single numbers only: they are not known, all others are."""


def merge_per_number_result(old: Mapping[str, Fact], result: PerNumberResult) -> Mapping[str, Fact]:
    """``old`` with the facts of ``result``; the very same mapping when nothing changed.

    Equal facts stay the same objects. Keys are the strings of ``result.requested``, so that all
    mappings of an account share one string per number.
    """
    changed: dict[str, Fact | None] = {}
    facts: Mapping[str, Fact] = result.facts  # type: ignore[assignment]  # of one capability
    for chunk in chunks(len(result.requested)):
        numbers = result.requested[chunk]
        new_facts, old_facts = list(map(facts.get, numbers)), list(map(old.get, numbers))
        if new_facts != old_facts:
            changed.update(_differences(numbers, old_facts, new_facts))
    if not changed:
        return old
    merged = dict(old)
    for number, fact in changed.items():
        if fact is None:
            del merged[number]
        else:
            merged[number] = fact
    return merged


def unlisted_bindings(
    result: PerNumberResult, old: Mapping[str, tuple[Binding, ...]], gone: Collection[str]
) -> Mapping[str, tuple[Binding, ...]]:
    """The phones in ``result`` under numbers that are neither listed nor gone.

    Returns ``old`` itself when they are the same.
    """
    if not result.of_all_numbers:
        return old
    listed = set(result.requested)
    others = (
        (number, phones)
        for number, phones in result.facts.items()
        if number not in listed and number not in gone and isinstance(phones, tuple) and phones
    )
    unlisted = dict(islice(others, MAX_UNLISTED))
    return old if unlisted == old else unlisted


def in_doubt(result: PerNumberResult) -> PerNumberResult:
    """``result`` without the numbers that have no phone.

    While some phones are under numbers that are not listed, one of them may be theirs.
    """
    return replace(result, facts={number: fact for number, fact in result.facts.items() if fact})


def silent_on_missing(result: PerNumberResult, missing: Collection[str]) -> PerNumberResult:
    """``result`` without a word on the numbers in ``missing`` of which it has nothing.

    A number that the newest listing lacks is not listed with its phones either; that it has none
    is not said.
    """
    absent = {number for number in missing if not result.facts.get(number)}
    if not absent:
        return result
    return replace(result, requested=[it for it in result.requested if it not in absent])


def without(facts: Mapping[str, Fact], numbers: Iterable[str]) -> Mapping[str, Fact]:
    """``facts`` without those of ``numbers``; the very same mapping when it had none of them."""
    dropped = [number for number in numbers if number in facts]
    if not dropped:
        return facts
    remaining = dict(facts)
    for number in dropped:
        del remaining[number]
    return remaining


def _differences(
    numbers: Sequence[str], old_facts: Sequence[Fact | None], new_facts: Sequence[Fact | None]
) -> dict[str, Fact | None]:
    return {
        number: _with_shared_phones(old, new)
        for number, old, new in zip(numbers, old_facts, new_facts, strict=True)
        if new != old
    }


def _with_shared_phones(old: Fact | None, new: Fact | None) -> Fact | None:
    """``new``, with those bound phones that did not change taken from ``old``."""
    if not isinstance(old, tuple) or not isinstance(new, tuple):
        return new
    former = {binding.id: binding for binding in old}
    return tuple(
        same if (same := former.get(binding.id)) == binding and same is not None else binding
        for binding in new
    )
