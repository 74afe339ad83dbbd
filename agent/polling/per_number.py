"""Facts told per number (routing, bound phones): old ones, newly asked ones, merged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from agent.event_loop import chunks
from agent.model import Binding, Routing
from agent.net.exchange import ProviderError

Fact = TypeVar("Fact", Routing, tuple[Binding, ...])


# No repr: it would put every number, and people's phones, into a traceback or a log line.
@dataclass(frozen=True, repr=False)
class PerNumberResult:
    """What a poll was told of the numbers it asked for.

    A number that was asked for and is not in ``found`` is not known to the provider. With an
    ``error`` the poll failed on the way; what it was told until then still holds.
    """

    asked: Sequence[str]
    found: Mapping[str, Routing | tuple[Binding, ...]] = field(default_factory=dict)
    error: ProviderError | None = None
    under_way: bool = False
    """Whether the poll goes on; what it was told until now is taken in already."""


def merge_per_number_result(old: Mapping[str, Fact], told: PerNumberResult) -> Mapping[str, Fact]:
    """``old`` with what was told put in; the very same mapping when nothing changed.

    Equal facts stay the same objects, and keys are the strings that were asked with, so that
    every room shares one string per number.
    """
    changed: dict[str, Fact | None] = {}
    found: Mapping[str, Fact] = told.found  # type: ignore[assignment]  # of one capability
    for chunk in chunks(len(told.asked)):
        asked = told.asked[chunk]
        news, olds = list(map(found.get, asked)), list(map(old.get, asked))
        if news != olds:
            changed.update(_differences(asked, olds, news))
    if not changed:
        return old
    merged = dict(old)
    for number, fact in changed.items():
        if fact is None:
            del merged[number]
        else:
            merged[number] = fact
    return merged


def without(facts: Mapping[str, Fact], numbers: Iterable[str]) -> Mapping[str, Fact]:
    """``facts`` without those of ``numbers``; the very same mapping when it had none of them."""
    dropped = [number for number in numbers if number in facts]
    if not dropped:
        return facts
    kept = dict(facts)
    for number in dropped:
        del kept[number]
    return kept


def _differences(
    asked: Sequence[str], olds: Sequence[Fact | None], news: Sequence[Fact | None]
) -> dict[str, Fact | None]:
    return {
        number: _sharing(old, new)
        for number, old, new in zip(asked, olds, news, strict=True)
        if new != old
    }


def _sharing(old: Fact | None, new: Fact | None) -> Fact | None:
    """``new`` with those bound phones that did not change taken from ``old``."""
    if not isinstance(old, tuple) or not isinstance(new, tuple):
        return new
    former = {binding.id: binding for binding in old}
    return tuple(
        kept if (kept := former.get(binding.id)) == binding and kept is not None else binding
        for binding in new
    )
