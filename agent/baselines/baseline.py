"""The approved configuration of every number, and where it is kept.

Until someone approves one, the first complete configuration that was seen is the provisional
baseline, and it says so. Baselines are written in pages, each a name and bytes, so that any
key-value table can hold them.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from agent.model import Binding, Routing, Snapshot
from agent.states import Capability, ConfigSection

_PAGE_DIGITS = 3
Place = str
"""``provider/account/number``."""
PAGE_PREFIX = "baseline/"
"""What the names of all pages begin with."""


class Origin(StrEnum):
    """Where a baseline comes from."""

    PROVISIONAL = "provisional"
    """The first configuration that was seen; nobody looked at it."""
    APPROVED = "approved"
    DECLARED = "declared"
    """Written in the configuration."""


class Baseline(msgspec.Struct, frozen=True, gc=False):
    """The configuration a number is held to."""

    routing: Routing | None
    bindings: tuple[Binding, ...] | None
    """The bound phones; their states are of no account here."""
    taken_at: float
    approved: bool = False
    """Whether a person approved it; otherwise it is the first one seen."""
    approved_by: str = ""
    note: str = ""
    """Why it was approved, in the words of who did."""
    version: int = 1
    """Grows by one with every approval."""
    sections: tuple[ConfigSection, ...] | None = None
    """The sections it speaks of; ``None`` means every one."""
    declared: bool = False

    @property
    def origin(self) -> Origin:
        """Where it comes from."""
        if self.declared:
            return Origin.DECLARED
        return Origin.APPROVED if self.approved else Origin.PROVISIONAL


class Declared(Protocol):
    """A configuration that somebody wrote down (``agent.baselines.declared.Declaration``)."""

    def over(self, kept: Baseline | None) -> Baseline:
        """The baseline that holds: what is declared, and for the rest what is ``kept``."""
        ...


class Baselines(Protocol):
    """Where baselines are looked up and put."""

    revision: int
    """Grows with every :meth:`put`, so that a reader sees when to look again."""

    def get(self, provider: str, account: str, number: str) -> Baseline | None:
        """The number's baseline, or ``None`` before its configuration was ever complete.

        What is declared of the number goes before what was approved.
        """
        ...

    def kept(self, provider: str, account: str, number: str) -> Baseline | None:
        """The approved or provisional baseline alone, whatever is declared."""
        ...

    def put(self, provider: str, account: str, number: str, baseline: Baseline) -> None:
        """Hold the number to ``baseline`` from now on."""
        ...


class BaselineBook:
    """Baselines in memory, with pages to write down and to read back.

    Facts are shared with the snapshots they came from, so an unchanged configuration costs no
    memory twice.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._pages: dict[str, dict[str, Baseline]] = {}
        self._unwritten: dict[str, None] = {}
        self._declared: Mapping[str, Declared] = {}
        self._overlaid: dict[Place, tuple[Baseline | None, Baseline]] = {}

    def declare(self, declared: Mapping[str, Declared]) -> None:
        """Hold numbers to what is declared of them, in place of what was declared before.

        Args:
            declared: By ``number`` or, where several accounts have it, by
                ``provider/account/number``.
        """
        self._declared = declared
        self._overlaid.clear()
        self.revision += 1

    def get(self, provider: str, account: str, number: str) -> Baseline | None:
        """See :class:`Baselines`."""
        kept = self.kept(provider, account, number)
        if not self._declared:
            return kept
        place = f"{provider}/{account}/{number}"
        declared = self._declared.get(place) or self._declared.get(number)
        return kept if declared is None else self._overlay(place, declared, kept)

    def _overlay(self, place: Place, declared: Declared, kept: Baseline | None) -> Baseline:
        # The same object as long as nothing changed: readers compare baselines by identity.
        held = self._overlaid.get(place)
        if held is None or held[0] is not kept:
            held = self._overlaid[place] = (kept, declared.over(kept))
        return held[1]

    def kept(self, provider: str, account: str, number: str) -> Baseline | None:
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
        """Every page that changed since it was last taken: its name and its content."""
        while self._unwritten:
            name = next(iter(self._unwritten))
            del self._unwritten[name]
            yield name, msgspec.msgpack.encode(self._pages[name])

    def mark_unwritten(self, name: str) -> None:
        """Have :meth:`take_unwritten` give this page again, because it could not be written."""
        self._unwritten[name] = None

    def restore(self, pages: Iterable[tuple[str, bytes]]) -> None:
        """Read pages back; a name that is not a baseline page's is passed over.

        Raises:
            ValueError: when a page is not one that :meth:`take_unwritten` made; it names the
                page.
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
    """What ``snapshot`` shows of ``number``, as the version after ``before``.

    Raises:
        LookupError: when the snapshot does not show the number's whole configuration: half of
            one would leave the other half without a watch.
    """
    routing, bindings = snapshot.routings.get(number), snapshot.bindings.get(number)
    untold = [
        capability.value
        for capability, fact in ((Capability.ROUTING, routing), (Capability.REACHABILITY, bindings))
        if capability in snapshot.polls and fact is None
    ]
    if untold or (routing is None and bindings is None):
        what = " and ".join(untold) or "its configuration"
        raise LookupError(
            f"{snapshot.key} has not told {what} of {number}: there is nothing whole to approve;"
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
