"""The blocks in the order of the metrics page; unchanged parts are reused as they are."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from exporters.block import Block
from exporters.family import FAMILIES, Family
from exporters.formats import Format, header
from exporters.guard import Guard
from exporters.piece import Joined, Piece, compress, join

Owners = Mapping[str, tuple[Block, ...]]
"""The published blocks by owner; a new mapping at every change."""

Owned = tuple[str, Block]
"""A block and the name of its owner."""

_ORDER = {name: position for position, name in enumerate(FAMILIES)}


class Section(NamedTuple):
    """One family's samples."""

    blocks: tuple[Owned, ...]
    """The blocks that could be rendered."""
    joined: Joined


class Body(NamedTuple):
    """All sections of a page with their headers."""

    owners: Owners
    pieces: tuple[Piece, ...]
    joined: Joined


def _page_position(family: Family) -> tuple[int, str]:
    return _ORDER.get(family.name, len(_ORDER)), family.name


def _by_family(owners: Owners) -> dict[Family, tuple[Owned, ...]]:
    """The blocks that have samples, by family, in the catalogue's order."""
    owned_blocks: dict[Family, list[Owned]] = {}
    for owner, blocks in owners.items():
        for block in blocks:
            if block.size:
                owned_blocks.setdefault(block.family, []).append((owner, block))
    return {
        family: tuple(owned_blocks[family]) for family in sorted(owned_blocks, key=_page_position)
    }


class Assembly:
    """Stores the newest sections and bodies. Use it from one thread at a time."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._owners: Owners = {}
        self._sections: dict[Family, Section] = {}
        self._bodies: dict[Format, Body] = {}

    def body(self, owners: Owners, format_: Format) -> Body:
        """The body of the page; the same object as before while nothing was published."""
        former = self._bodies.get(format_)
        if former is not None and former.owners is owners:
            return former
        self._render_new(owners)
        by_family = _by_family(owners)
        self._sections = {family: self._section(family, by_family[family]) for family in by_family}
        body = Body(
            owners,
            tuple(self._pieces(format_)),
            join(self._joined(format_)),
        )
        if all(self._sections[family].blocks == blocks for family, blocks in by_family.items()):
            self._bodies[format_] = body
        return body

    def _render_new(self, owners: Owners) -> None:
        """Render what was published since the last page, owner by owner.

        Blocks of one owner mostly share their label text, which is then at hand. What fails is
        reported where its section is made.
        """
        for owner, blocks in owners.items():
            if self._owners.get(owner) is not blocks:
                for block in blocks:
                    with suppress(Exception):
                        _ = block.piece if block.size else None
        self._owners = owners

    def _section(self, family: Family, blocks: tuple[Owned, ...]) -> Section:
        former = self._sections.get(family)
        if former is not None and former.blocks == blocks:
            return former
        rendered = tuple(owned for owned in blocks if self._render(*owned) is not None)
        return Section(rendered, join(block.piece for _, block in rendered))

    def _render(self, owner: str, block: Block) -> Piece | None:
        return self._guard.run(f"{block.family.name} of {owner}", lambda: block.piece)

    def _joined(self, format_: Format) -> Iterator[Piece | Joined]:
        for family, section in self._sections.items():
            if section.blocks:
                yield compress((header(family, format_),))
                yield section.joined

    def _pieces(self, format_: Format) -> Iterator[Piece]:
        for family, section in self._sections.items():
            if section.blocks:
                yield compress((header(family, format_),))
                yield from (block.piece for _, block in section.blocks)
