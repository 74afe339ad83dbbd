"""The phones bound behind each number, by column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

import numpy as np

from agent.checks.binding_labels import binding_labels
from agent.checks.columns import Alignment, Rows, gather
from agent.checks.lifecycle import Codes, Floats
from agent.checks.reachability import BINDING_STATES, binding_codes, reachable_counts
from agent.model import Binding
from agent.states import BindingState

Bound = tuple[Binding, ...] | None
_STATE = attrgetter("state")


@dataclass(frozen=True, eq=False)
class PhoneColumns:
    """Phones number by number: those of row ``r`` are ``starts[r]`` to ``starts[r + 1]``."""

    bound: list[Bound]
    """The facts themselves, per number; ``None`` where the provider has not told them."""
    labels: list[tuple[str, ...]]
    """What each number's phones are called in public."""
    counts: Floats
    """How many phones each number has; NaN where that is not known."""
    starts: Rows
    states: Codes
    """Codes of ``reachability.BINDING_STATES``, one per phone."""
    reachable: Floats
    """How many of each number's phones can be reached; NaN where that is not known."""

    @classmethod
    def read(cls, bound: list[Bound], labels: list[tuple[str, ...]]) -> "PhoneColumns":
        """The columns of ``bound``, whose phones are called ``labels``."""
        sized = [np.nan if each is None else len(each) for each in bound]
        counts = np.array(sized, dtype=np.float64)
        sizes = np.nan_to_num(counts).astype(np.intp)
        starts = np.concatenate((np.zeros(1, dtype=np.intp), np.cumsum(sizes)))
        states = binding_codes(map(_STATE, chain.from_iterable(filter(None, bound))))
        return cls(bound, labels, counts, starts, states, reachable_counts(states, counts))

    def follow(self, bound: list[Bound], alignment: Alignment, rows: Rows) -> "PhoneColumns":
        """These columns brought to ``bound``, of which ``rows`` have changed."""
        if not rows.size and alignment.carry is None:
            return self
        fresh = [binding_labels(each or ()) for each in gather(bound, rows)]
        labels = alignment.patch_list(self.labels, rows, fresh)
        if labels is not self.labels or self._known_changed(bound, rows):
            return PhoneColumns.read(bound, labels)
        return self._restated(bound, rows)

    def label_columns(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """The number and the phone's label of every phone."""
        owners = chain.from_iterable(
            (name,) * len(labels) for name, labels in zip(names, self.labels, strict=True)
        )
        return list(owners), list(chain.from_iterable(self.labels))

    def state_of(self, row: int, label: str) -> BindingState | None:
        """The state of one phone of the number in ``row``; ``None`` when it has no such phone."""
        try:
            place = self.labels[row].index(label)
        except ValueError:
            return None
        return BINDING_STATES[int(self.states[self.starts[row] + place])]

    def states_of(self, row: int) -> Mapping[str, BindingState]:
        """The states of the phones of the number in ``row``, by label."""
        codes = self.states[self.starts[row] : self.starts[row + 1]].tolist()
        states = map(BINDING_STATES.__getitem__, codes)
        return dict(zip(self.labels[row], states, strict=True))

    def _known_changed(self, bound: list[Bound], rows: Rows) -> bool:
        return any((bound[row] is None) is not (self.bound[row] is None) for row in rows.tolist())

    def _restated(self, bound: list[Bound], rows: Rows) -> "PhoneColumns":
        """The same phones of the same numbers, some of them in another state."""
        facts = [bound[row] or () for row in rows.tolist()]
        places = np.fromiter(
            chain.from_iterable(
                range(self.starts[row], self.starts[row] + len(phones))
                for row, phones in zip(rows.tolist(), facts, strict=True)
            ),
            dtype=np.intp,
        )
        fresh = binding_codes(map(_STATE, chain.from_iterable(facts)))
        states = Alignment(self.states.size, None).patch(self.states, places, fresh)
        counted = self.reachable if states is self.states else reachable_counts(states, self.counts)
        reachable = self.reachable if _same(counted, self.reachable) else counted
        return PhoneColumns(bound, self.labels, self.counts, self.starts, states, reachable)


def _same(new: Floats, old: Floats) -> bool:
    return new is old or np.array_equal(new, old, equal_nan=True)


def read_phones(bound: list[Bound]) -> PhoneColumns:
    """The columns of ``bound``."""
    return PhoneColumns.read(bound, [binding_labels(each or ()) for each in bound])
