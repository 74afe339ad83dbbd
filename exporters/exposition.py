"""The metrics page: blocks of all owners and the agent's own metrics, family by family.

Publishing replaces all blocks of an owner at once, so a page shows the old ones or the new
ones, never a mixture. A page is assembled in a thread from compressed pieces; only blocks that
changed since the last page are rendered.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain
from typing import NamedTuple

from exporters.assembly import Assembly, Body
from exporters.block import Block
from exporters.bundle import Owners
from exporters.formats import END, Format, accepts_gzip, choose_format
from exporters.guard import Guard
from exporters.piece import Piece, compress, gzip, join, joined_parts, parts

Own = Callable[[Format], bytes]
"""Renders the agent's own metrics in whole families, without the closing line."""


@dataclass(frozen=True, slots=True)
class Page:
    """One response to a scrape; the same object while a compressed one has not changed."""

    content_type: str
    content_encoding: str | None
    """``gzip``, or ``None`` for plain text."""
    pieces: tuple[Piece, ...] = field(repr=False, default=())
    """The pieces of a plain page, whose text is some twenty times their size."""
    compressed: tuple[bytes, ...] = field(repr=False, default=())
    """The parts of a gzip page, most of them shared with other pages: none is copied for it."""

    @property
    def size(self) -> int | None:
        """The length of the body in bytes, if it is known before all of it is made."""
        return sum(map(len, self.compressed)) if self.content_encoding else None

    def parts(self) -> Iterator[bytes]:
        """The body in parts of about 1 MiB, each made when the iterator reaches it."""
        yield from joined_parts(self.compressed)
        for piece in self.pieces:
            yield from parts(piece)

    @property
    def body(self) -> bytes:
        """The whole body."""
        if self.compressed:
            return b"".join(self.compressed)
        # Not joined from a list: that would be all of the text a second time.
        whole = BytesIO()
        whole.writelines(self.parts())
        return whole.getvalue()


class _CompressedPage(NamedTuple):
    """A compressed page and the parts it was made of."""

    body: Body
    own: bytes
    page: Page


class Exposition:
    """All series that ``/metrics`` shows. Publish and scrape from the event loop.

    Args:
        own: Renders the agent's own metrics, usually :meth:`Telemetry.render`.
        on_error: Called for every part that is left out of a page because it failed.
    """

    def __init__(
        self, own: Own = lambda _: b"", on_error: Callable[[], None] = lambda: None
    ) -> None:
        self._own = own
        self._guard = Guard(on_error)
        self._assembly = Assembly(self._guard)
        self._owners: dict[str, tuple[Block, ...]] = {}
        self._published: Owners | None = None
        self._pages: dict[Format, _CompressedPage] = {}
        self._lock = asyncio.Lock()
        self.before_scrape: Callable[[], None] = lambda: None
        """Called before each page is made."""

    def publish(self, owner: str, blocks: Sequence[Block]) -> None:
        """Replace all blocks of ``owner`` (an account as ``north/hq``, or ``agent``).

        No two owners may publish the same series.
        """
        self._owners[owner] = tuple(blocks)
        self._published = None

    def withdraw(self, owner: str) -> None:
        """Remove all blocks of ``owner`` from the page; an unknown owner is no error."""
        self._owners.pop(owner, None)
        self._published = None

    def blocks_of(self, owner: str) -> tuple[Block, ...]:
        """The blocks of one owner; none where it is unknown."""
        return tuple(self._owners.get(owner, ()))

    def blocks(self) -> tuple[Block, ...]:
        """All blocks published now, for the rule engine; may be called from another thread."""
        # A copy in one step, which no other thread's publishing can come between.
        return tuple(chain.from_iterable(tuple(self._owners.values())))

    def _owners_now(self) -> Owners:
        """All owners; the same object until something is published.

        Copied for a page, not for every publishing: ten thousand accounts publish ten thousand
        times in a round.
        """
        if self._published is None:
            self._published = dict(self._owners)
        return self._published

    async def scrape(self, accept: str = "", accept_encoding: str = "") -> Page:
        """The page for a client that sent these headers, without the parts that fail."""
        async with self._lock:
            self.before_scrape()
            return await asyncio.to_thread(
                self._page, self._owners_now(), choose_format(accept), accepts_gzip(accept_encoding)
            )

    def _page(self, owners: Owners, format_: Format, compressed: bool) -> Page:  # noqa: FBT001
        body = self._assembly.body(owners, format_)
        own = (self._guard.run("own metrics", lambda: self._own(format_)) or b"") + END[format_]
        if not compressed:
            return Page(format_.value, None, (*body.pieces, compress((own,))))
        former = self._pages.get(format_)
        if former is None or former.body is not body or former.own != own:
            whole = gzip(join((body.joined, compress((own,)))))
            former = _CompressedPage(body, own, Page(format_.value, "gzip", compressed=whole))
            self._pages[format_] = former
        return former.page
