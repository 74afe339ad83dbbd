"""Which owners are rendered together: each keeps its bundle while the bundle is of a good size."""

from collections.abc import Iterator

from exporters.bundle import BUNDLE_SAMPLES, Bundle, Owners, samples_of
from exporters.guard import Guard

_MOST = 2 * BUNDLE_SAMPLES
"""Samples above which a bundle is divided: accounts have few series before their first poll."""


class Bundles:
    """All owners in bundles. Use it from one thread at a time."""

    def __init__(self) -> None:
        self._bundles: list[Bundle] = []
        self._bundle_of: dict[str, Bundle] = {}

    def __iter__(self) -> Iterator[Bundle]:
        return iter(self._bundles)

    @property
    def is_due(self) -> bool:
        """Whether a block failed when it was rendered last."""
        return any(bundle.is_due for bundle in self._bundles)

    def render(self, owners: Owners, guard: Guard) -> set[str]:
        """Render what differs from the blocks before; returns the names of the families that do."""
        for owner in self._bundle_of.keys() - owners.keys():
            self._bundle_of.pop(owner).remove(owner)
        for owner, bundle in self._bundle_of.items():
            bundle.put(owner, owners[owner])
        new = {owner: it for owner, it in owners.items() if owner not in self._bundle_of}
        changed = self._divide()
        self._add(new)
        for bundle in self._bundles:
            if bundle.is_due:
                changed |= bundle.render(guard)
        return changed

    def _divide(self) -> set[str]:
        """Divide what is too large, drop what is empty; returns the names of their families."""
        changed: set[str] = set()
        remaining: list[Bundle] = []
        for bundle in self._bundles:
            if not bundle.is_due or _is_good(bundle):
                remaining.append(bundle)
                continue
            changed.update(bundle.families)
            for part in packed(bundle.owners):
                self._enter(part)
                remaining.append(part)
        self._bundles = remaining
        return changed

    def _add(self, new: Owners) -> None:
        """Put new owners into the last bundle as long as there is room, then into further ones."""
        last = self._bundles[-1] if self._bundles else None
        room = BUNDLE_SAMPLES - last.samples if last is not None else 0
        left = dict(new)
        for owner, blocks in new.items():
            room -= samples_of(blocks)
            if last is None or room < 0:
                break
            last.put(owner, left.pop(owner))
            self._bundle_of[owner] = last
        for bundle in packed(left):
            self._enter(bundle)
            self._bundles.append(bundle)

    def _enter(self, bundle: Bundle) -> None:
        self._bundle_of.update(dict.fromkeys(bundle.owners, bundle))


def packed(owners: Owners) -> Iterator[Bundle]:
    """Bundles of the owners, in their order."""
    members: list[str] = []
    samples = 0
    for owner, blocks in owners.items():
        size = samples_of(blocks)
        if members and samples + size > BUNDLE_SAMPLES:
            yield Bundle({member: owners[member] for member in members})
            members, samples = [], 0
        members.append(owner)
        samples += size
    if members:
        yield Bundle({member: owners[member] for member in members})


def _is_good(bundle: Bundle) -> bool:
    return len(bundle.owners) == 1 or (bool(bundle.owners) and bundle.samples <= _MOST)
