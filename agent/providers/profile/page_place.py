"""Where the number, offset or token of a page goes in a request."""

from collections.abc import Collection, Mapping
from typing import Final

from agent.providers.profile.body_template import CURSOR
from agent.providers.profile.request_schema import Paging
from agent.providers.profile.request_template import Extra

Position = tuple[tuple[str, str | int], ...]
"""Which page: the name by which templates have it, and its value."""

SIZE: Final = "size"
NAMES_OF_KIND: Final[Mapping[str, frozenset[str]]] = {
    "none": frozenset(),
    "page": frozenset({"page", SIZE}),
    "offset": frozenset({"offset", SIZE}),
    "next": frozenset({SIZE}),
    "token": frozenset({CURSOR, SIZE}),
}
"""The names that templates may use, by the kind of paging."""


class PagePlace:
    """Places of one operation; ``used`` are the names in its templates."""

    def __init__(self, paging: Paging, used: Collection[str]) -> None:
        places = dict.fromkeys(NAMES_OF_KIND[paging.kind], paging.param)
        places[SIZE] = paging.size_param or ""
        self._params = {name: at for name, at in places.items() if at and name not in used}
        self._size: Position = () if paging.kind == "none" else ((SIZE, paging.size),)
        # What the templates use must have a value on the first page too.
        self._first = {CURSOR: paging.first_token or ""} if paging.kind == "token" else {}

    def names(self, position: Position) -> dict[str, str]:
        """The values of the names in templates for the page at ``position``."""
        return {**self._first, **{name: str(value) for name, value in (*self._size, *position)}}

    def additions(self, position: Position) -> Extra:
        """The parameters that the templates do not place."""
        return tuple(
            [
                (self._params[name], value)
                for name, value in (*self._size, *position)
                if name in self._params
            ]
        )
