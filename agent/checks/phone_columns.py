"""The bound phones of each number, by column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from operator import attrgetter

import numpy as np

from agent.checks.columns import Alignment, Rows, take_rows
from agent.checks.lifecycle import Codes, Floats
from agent.checks.reachability import BINDING_STATES, binding_codes, reachable_counts
from agent.masking import looks_like_phone, mask_phone, mask_text
from agent.model import Binding
from agent.states import BindingState
from exporters.equal_columns import shared

Bound = tuple[Binding, ...] | None
_STATE = attrgetter("state")
_SHORTEST_PHONE = 7
"""Digits; a shorter id is no phone number."""


@dataclass(frozen=True, eq=False)
class PhoneColumns:
    """Phones in the order of their numbers; row ``r`` has ``starts[r]`` to ``starts[r + 1]``."""

    bound: list[Bound]
    """The phones of each number; ``None`` if they are unknown."""
    labels: list[tuple[str, ...]]
    """The public labels of each number's phones."""
    counts: Floats
    """How many phones each number has; NaN if unknown."""
    starts: Rows
    states: Codes
    """Codes of ``reachability.BINDING_STATES``, one for each phone."""
    reachable: Floats
    """How many phones of each number can be reached; NaN if unknown."""

    @classmethod
    def read(cls, bound: list[Bound], labels: list[tuple[str, ...]]) -> "PhoneColumns":
        """Returns the columns of ``bound`` with the given labels."""
        sized = [np.nan if phones is None else len(phones) for phones in bound]
        counts = np.array(sized, dtype=np.float64)
        sizes = np.nan_to_num(counts).astype(np.intp)
        starts = np.concatenate((np.zeros(1, dtype=np.intp), np.cumsum(sizes)))
        states = binding_codes(map(_STATE, chain.from_iterable(filter(None, bound))))
        reachable = reachable_counts(states, counts)
        columns = shared(counts), shared(starts), shared(states), shared(reachable)
        return cls(bound, labels, *columns)

    def follow(self, bound: list[Bound], alignment: Alignment, rows: Rows) -> "PhoneColumns":
        """Returns the columns of ``bound``, recomputed only in the changed ``rows``."""
        if not rows.size and alignment.carry is None:
            return self
        fresh = _labels_of(take_rows(bound, rows))
        labels = alignment.patch_list(self.labels, rows, fresh)
        if labels is not self.labels or self._known_changed(bound, rows):
            return PhoneColumns.read(bound, labels)
        return self._restated(bound, rows)

    def label_columns(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """Returns the number and the label of every phone."""
        owners = chain.from_iterable(
            (name,) * len(labels) for name, labels in zip(names, self.labels, strict=True)
        )
        return list(owners), list(chain.from_iterable(self.labels))

    def state_of(self, row: int, label: str) -> BindingState | None:
        """Returns the state of one phone of ``row``; ``None`` if it has no such phone."""
        try:
            index = self.labels[row].index(label)
        except ValueError:
            return None
        return BINDING_STATES[int(self.states[self.starts[row] + index])]

    def states_of(self, row: int) -> Mapping[str, BindingState]:
        """Returns the states of the phones of ``row``, by label."""
        codes = self.states[self.starts[row] : self.starts[row + 1]].tolist()
        states = map(BINDING_STATES.__getitem__, codes)
        return dict(zip(self.labels[row], states, strict=True))

    def _known_changed(self, bound: list[Bound], rows: Rows) -> bool:
        return any((bound[row] is None) is not (self.bound[row] is None) for row in rows.tolist())

    def _restated(self, bound: list[Bound], rows: Rows) -> "PhoneColumns":
        """Returns the same phones with other states in ``rows``."""
        facts = [bound[row] or () for row in rows.tolist()]
        indexes = np.fromiter(
            chain.from_iterable(
                range(self.starts[row], self.starts[row] + len(phones))
                for row, phones in zip(rows.tolist(), facts, strict=True)
            ),
            dtype=np.intp,
        )
        fresh = binding_codes(map(_STATE, chain.from_iterable(facts)))
        states = Alignment(self.states.size, None).patch(self.states, indexes, fresh)
        counted = self.reachable if states is self.states else reachable_counts(states, self.counts)
        reachable = self.reachable if _same(counted, self.reachable) else shared(counted)
        return PhoneColumns(bound, self.labels, self.counts, self.starts, states, reachable)


def _same(new: Floats, old: Floats) -> bool:
    return new is old or np.array_equal(new, old, equal_nan=True)


def read_phones(bound: list[Bound]) -> PhoneColumns:
    """Returns the columns of ``bound``."""
    return PhoneColumns.read(bound, _labels_of(bound))


def _labels_of(bound: Sequence[Bound]) -> list[tuple[str, ...]]:
    """The labels of each number's phones; equal ones, as of ids 1 and 2, are in memory once."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    labels = (binding_labels(phones or ()) for phones in bound)
    return [known.setdefault(each, each) for each in labels]


def binding_labels(bindings: Sequence[Binding]) -> tuple[str, ...]:
    """Returns one distinct public label for each phone (docs/reference/interface.md, Metrics).

    The label is the phone's id, or its masked form if the provider uses the phone number as the
    id. It is not a hash, because the ends of a phone are shown elsewhere and a hash over the few
    digits that remain is guessed in no time.
    """
    labels = tuple(map(_label, bindings))
    if len(set(labels)) == len(labels):
        return labels
    return _distinct(labels)


def _label(binding: Binding) -> str:
    label = binding.id
    if len(label) < _SHORTEST_PHONE:
        return label
    if looks_like_phone(label) or label == binding.phone:
        return mask_phone(label)
    return mask_text(label)


def _distinct(labels: Sequence[str]) -> tuple[str, ...]:
    used: dict[str, None] = {}
    for label in labels:
        names = (label if order == 1 else f"{label}#{order}" for order in count(1))
        used[next(name for name in names if name not in used)] = None
    return tuple(used)
