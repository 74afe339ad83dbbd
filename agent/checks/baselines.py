"""The approved configuration of every number, and where it is kept.

Until someone approves one, the first complete configuration that was seen is the provisional
baseline, and it says so. Baselines are written in pages, each a name and bytes, so that any
key-value table can hold them.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from agent.model import Binding, Routing, Snapshot

_PAGE_DIGITS = 3
PAGE_PREFIX = "baseline/"
"""What the names of all pages begin with."""


class Baseline(msgspec.Struct, frozen=True, gc=False):
    """The configuration a number is held to."""

    routing: Routing | None
    bindings: tuple[Binding, ...] | None
    """The bound phones; their states are of no account here."""
    taken_at: float
    approved: bool = False
    """Whether a person approved it; otherwise it is the first one seen."""


class Baselines(Protocol):
    """Where baselines are looked up and put."""

    revision: int
    """Grows with every :meth:`put`, so that a reader sees when to look again."""

    def get(self, provider: str, account: str, number: str) -> Baseline | None:
        """The number's baseline, or ``None`` before its configuration was ever complete."""
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

    def get(self, provider: str, account: str, number: str) -> Baseline | None:
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


def approve(
    baselines: Baselines,
    snapshot: Snapshot,
    number: str,
    now: float,
) -> Baseline:
    """Make what ``snapshot`` shows of ``number`` its approved configuration.

    Raises:
        LookupError: when the snapshot shows neither routing nor bound phones of the number.
    """
    routing, bindings = snapshot.routings.get(number), snapshot.bindings.get(number)
    if routing is None and bindings is None:
        raise LookupError(f"{snapshot.key} tells no configuration of {number}: nothing to approve")
    baseline = Baseline(routing, bindings, taken_at=now, approved=True)
    baselines.put(snapshot.provider, snapshot.account, number, baseline)
    return baseline


def _page_name(provider: str, account: str, number: str) -> str:
    return f"{PAGE_PREFIX}{provider}/{account}/{number[:-_PAGE_DIGITS]}"


def _decode(name: str, content: bytes) -> dict[str, Baseline]:
    try:
        return msgspec.msgpack.decode(content, type=dict[str, Baseline])
    except msgspec.MsgspecError as error:
        raise ValueError(f"baseline page {name} cannot be read: {error}") from error
