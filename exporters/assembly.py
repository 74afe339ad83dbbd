"""The blocks in the order of the metrics page; unchanged parts are reused as they are."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from exporters.bundle import Owners, Rendered
from exporters.bundles import Bundles
from exporters.family import FAMILIES, Family
from exporters.formats import Format, header
from exporters.guard import Guard
from exporters.piece import Joined, Piece, compress, join

_ORDER = {name: position for position, name in enumerate(FAMILIES)}


class Section(NamedTuple):
    """One family's samples."""

    family: Family
    pieces: tuple[Piece, ...]
    joined: Joined


class Body(NamedTuple):
    """All sections of a page with their headers."""

    pieces: tuple[Piece, ...]
    joined: Joined


def _page_position(name: str) -> tuple[int, str]:
    return _ORDER.get(name, len(_ORDER)), name


@lru_cache(maxsize=1024)
def _header(family: Family, format_: Format) -> Piece:
    return compress((header(family, format_),))


class Assembly:
    """Stores the newest sections and bodies. Use it from one thread at a time."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._owners: Owners = {}
        self._bundles = Bundles()
        self._sections: dict[str, Section] = {}
        """By the family's name."""
        self._bodies: dict[Format, Body] = {}

    def body(self, owners: Owners, format_: Format) -> Body:
        """The body of the page; the same object as before while no block is another one."""
        if owners is not self._owners or self._bundles.is_due:
            changed = self._bundles.render(owners, self._guard)
            self._owners = owners
            if changed:
                self._sections = dict(self._joined_again(changed))
                self._bodies.clear()
        if format_ not in self._bodies:
            self._bodies[format_] = Body(tuple(self._pieces(format_)), join(self._joined(format_)))
        return self._bodies[format_]

    def _joined_again(self, changed: set[str]) -> Iterator[tuple[str, Section]]:
        """All sections in the catalogue's order, those of ``changed`` joined anew."""
        rendered: dict[str, list[Rendered]] = {name: [] for name in changed}
        for bundle in self._bundles:
            for name in changed & bundle.families.keys():
                rendered[name].append(bundle.families[name])
        for name in sorted({*self._sections, *changed}, key=_page_position):
            if name not in changed:
                yield name, self._sections[name]
            elif pieces := tuple(chain.from_iterable(it.pieces for it in rendered[name])):
                yield name, Section(rendered[name][0].family, pieces, join(pieces))

    def _joined(self, format_: Format) -> Iterator[Piece | Joined]:
        for section in self._sections.values():
            yield _header(section.family, format_)
            yield section.joined

    def _pieces(self, format_: Format) -> Iterator[Piece]:
        for section in self._sections.values():
            yield _header(section.family, format_)
            yield from section.pieces
