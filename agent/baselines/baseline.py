"""The approved configuration of every number.

Until a person approves one, the first complete configuration that was polled is the provisional
baseline. Baselines are stored in pages of up to a thousand numbers, each page a name and bytes, so
that a key-value table can hold them.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from agent.model import Binding, Routing, Snapshot
from agent.states import Capability, ConfigSection

_PAGE_DIGITS = 3
NumberKey = str
"""``provider/account/number``."""
PAGE_PREFIX = "baseline/"
"""Prefix of the page names."""


class Origin(StrEnum):
    """Where a baseline comes from."""

    PROVISIONAL = "provisional"
    """The first configuration that was polled; no person has confirmed it."""
    APPROVED = "approved"
    DECLARED = "declared"
    """Declared in a file of ``drift.declared``."""


class Baseline(msgspec.Struct, frozen=True, gc=False):
    """The configuration that a number is compared with."""

    routing: Routing | None
    bindings: tuple[Binding, ...] | None
    """The bound phones; their states are ignored."""
    taken_at: float
    approved: bool = False
    """Whether a person approved it; otherwise it is the first one polled."""
    approved_by: str = ""
    note: str = ""
    """The reason given by whoever approved it."""
    version: int = 1
    """Grows by one with every approval."""
    sections: tuple[ConfigSection, ...] | None = None
    """The sections it covers; ``None`` means all."""
    declared: bool = False

    @property
    def origin(self) -> Origin:
        """Whether it was first polled, approved or declared."""
        if self.declared:
            return Origin.DECLARED
        return Origin.APPROVED if self.approved else Origin.PROVISIONAL


class Declared(Protocol):
    """A declared configuration (``agent.baselines.declared.Declaration``)."""

    def over(self, stored: Baseline | None) -> Baseline:
        """Returns the effective baseline: declared sections, and ``stored`` for the others."""
        ...


class Baselines(Protocol):
    """Read and write access to baselines."""

    revision: int
    """Grows with every change, so that a reader knows when to read again."""

    def get(self, provider: str, account: str, number: str) -> Baseline | None:
        """Returns the effective baseline; ``None`` before a configuration was complete.

        A declared section takes precedence over an approved one.
        """
        ...

    def stored(self, provider: str, account: str, number: str) -> Baseline | None:
        """Returns the approved or provisional baseline, without declared sections."""
        ...

    def put(self, provider: str, account: str, number: str, baseline: Baseline) -> None:
        """Replace the number's approved or provisional baseline."""
        ...


class BaselineBook:
    """Baselines in memory, with the pages to store and to restore.

    Facts are shared with the snapshots they came from, so an unchanged configuration takes no
    memory twice.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._pages: dict[str, dict[str, Baseline]] = {}
        self._unwritten: dict[str, None] = {}
        self._declared: Mapping[str, Declared] = {}
        self._overlaid: dict[NumberKey, tuple[Baseline | None, Baseline]] = {}

    def declare(self, declared: Mapping[str, Declared]) -> None:
        """Replace all declared configurations.

        Args:
            declared: By ``number`` or by ``provider/account/number``.
        """
        self._declared = declared
        self._overlaid.clear()
        self.revision += 1

    def get(self, provider: str, account: str, number: str) -> Baseline | None:
        """See :class:`Baselines`."""
        stored = self.stored(provider, account, number)
        if not self._declared:
            return stored
        key = f"{provider}/{account}/{number}"
        declared = self._declared.get(key) or self._declared.get(number)
        return stored if declared is None else self._overlay(key, declared, stored)

    def _overlay(self, key: NumberKey, declared: Declared, stored: Baseline | None) -> Baseline:
        # Returns the same object while nothing changed, because checks compare by identity.
        overlaid = self._overlaid.get(key)
        if overlaid is None or overlaid[0] is not stored:
            overlaid = self._overlaid[key] = (stored, declared.over(stored))
        return overlaid[1]

    def stored(self, provider: str, account: str, number: str) -> Baseline | None:
        """See :class:`Baselines`."""
        page = self._pages.get(_page_name(provider, account, number))
        return page.get(number) if page else None

    def put(self, provider: str, account: str, number: str, baseline: Baseline) -> None:
        """See :class:`Baselines`."""
        name = _page_name(provider, account, number)
        self._pages.setdefault(name, {})[number] = baseline
        self._unwritten[name] = None
        self.revision += 1

    def take_unwritten(self) -> Iterator[tuple[str, bytes]]:
        """Yields the name and content of every page that changed since the last call."""
        while self._unwritten:
            name = next(iter(self._unwritten))
            del self._unwritten[name]
            yield name, msgspec.msgpack.encode(self._pages[name])

    def mark_unwritten(self, name: str) -> None:
        """Mark a page as changed again, because storing it failed."""
        self._unwritten[name] = None

    def restore(self, pages: Iterable[tuple[str, bytes]]) -> None:
        """Restore stored pages; ignores names that are not pages of baselines.

        Raises:
            ValueError: if a page is damaged; names the page.
        """
        for name, content in pages:
            if name.startswith(PAGE_PREFIX):
                self._pages.setdefault(name, {}).update(_decode(name, content))
                self.revision += 1


def approved(
    snapshot: Snapshot,
    number: str,
    before: Baseline | None,
    now: float,
    by: str = "",
    note: str = "",
) -> Baseline:
    """Returns the configuration in ``snapshot`` as the approved version after ``before``.

    Raises:
        LookupError: if the snapshot lacks part of the number's configuration; approving half of
            it would leave the other half unwatched.
    """
    routing, bindings = snapshot.routings.get(number), snapshot.bindings.get(number)
    missing = [
        capability.value
        for capability, fact in ((Capability.ROUTING, routing), (Capability.REACHABILITY, bindings))
        if capability in snapshot.polls and fact is None
    ]
    if missing or (routing is None and bindings is None):
        what = " and ".join(missing) or "its configuration"
        raise LookupError(
            f"{snapshot.key} has not polled {what} of {number}: the configuration is incomplete;"
            " see numwatch poll for what fails"
        )
    version = before.version + 1 if before is not None and before.approved else 1
    return Baseline(
        routing, bindings, now, approved=True, approved_by=by, note=note, version=version
    )


def _page_name(provider: str, account: str, number: str) -> str:
    return f"{PAGE_PREFIX}{provider}/{account}/{number[:-_PAGE_DIGITS]}"


def _decode(name: str, content: bytes) -> dict[str, Baseline]:
    try:
        return msgspec.msgpack.decode(content, type=dict[str, Baseline])
    except msgspec.MsgspecError as error:
        raise ValueError(f"baseline page {name} cannot be read: {error}") from error
