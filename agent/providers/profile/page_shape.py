"""Decodes pages of one shape into fixed rows, without a dictionary per record.

The first page of a listing, decoded strictly, defines its shape: the keys of the envelope and the
keys that all its records have in common. A later page is decoded by that shape, and the result is
used only where strict decoding is proven to give the same; any other page is decoded strictly:

* every key of the shape must be present and no other may be, or the decoder refuses;
* the text is proven to have no more keys than the shape has, so none occurs twice
  (see :mod:`agent.net.decode`);
* every value of a record, and of the envelope beside the path to the records, must be a text, a
  number, a boolean or null, or the decoder refuses.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import msgspec
from msgspec.structs import astuple

from agent.net.decode import has_no_more_keys
from agent.providers.profile.json_path import MISSING, Path

_Scalar = str | int | float | bool | None

ABSENT: Final[Sequence[Any]] = (MISSING,)
"""The column of a key that no record of a page has."""

_MAX_KEYS: Final = 64
"""Records with more keys are decoded strictly."""


class Rows(list[Any]):
    """The records of one page, as fixed rows."""

    def __init__(self, rows: Sequence[Any], keys: tuple[str, ...]) -> None:
        super().__init__(rows)
        self._keys = keys

    def columns(self, keys: tuple[str, ...]) -> dict[str, Sequence[Any]]:
        """The values at each of ``keys``, by key; ``ABSENT`` for a key that no row has."""
        values = dict(zip(self._keys, zip(*map(astuple, self), strict=True), strict=True))
        return {key: values.get(key, ABSENT) for key in keys}

    def like(self, rows: Sequence[Any]) -> "Rows":
        """Some ``rows`` of these as rows of their own."""
        return Rows(rows, self._keys)

    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self._keys, astuple(row), strict=True)) for row in self]


class PageShape:
    """The shape of a listing's pages; made by :meth:`of`."""

    def __init__(
        self, levels: Sequence[tuple[str, ...]], path: Path, keys: tuple[str, ...]
    ) -> None:
        self._levels = levels
        self._path = path
        self._keys = keys
        kind: Any = list[_struct(keys, {})]  # type: ignore[misc]
        for level, step in zip(reversed(levels), reversed(path), strict=True):
            kind = _struct(level, {step: kind})
        self._decoder = msgspec.json.Decoder(kind)

    @classmethod
    def of(cls, tree: Any, path: Path) -> Self | None:
        """The shape of a page with records at ``path``; ``None`` where they are not all alike."""
        levels: list[tuple[str, ...]] = []
        for step in path:
            if not isinstance(tree, dict) or step not in tree or _nests(tree, step):
                return None
            levels.append(tuple(tree))
            tree = tree[step]
        if not path or not isinstance(tree, list) or not tree or type(tree[0]) is not dict:
            return None
        keys = tuple(tree[0])
        alike = all(type(record) is dict and record.keys() == tree[0].keys() for record in tree)
        # The decoder would refuse every page whose records hold lists.
        if _nests(tree[0]) or not alike or not 0 < len(keys) <= _MAX_KEYS:
            return None
        try:
            return cls(levels, path, keys)
        except ValueError:
            return None  # a key that msgspec cannot have as a field

    def decode(self, body: bytes) -> Any | None:
        """The page in ``body``, with its records as :class:`Rows`.

        Returns ``None`` where it must be decoded strictly.
        """
        try:
            top = self._decoder.decode(body)
        except (ValueError, RecursionError):
            return None
        tree, rows = self._unfold(top)
        keys = sum(map(len, self._levels)) + len(rows) * len(self._keys)
        return tree if has_no_more_keys(body, keys) else None

    def _unfold(self, node: Any) -> tuple[dict[str, Any], Rows]:
        """The envelope as plain objects around the rows."""
        tree: dict[str, Any] = {}
        inner = tree
        for level, step in zip(self._levels, self._path, strict=True):
            for index, key in enumerate(level):
                inner[key] = getattr(node, _field(index))
            node = inner[step]
            inner[step] = {}
            outer, inner = inner, inner[step]
        rows = outer[self._path[-1]] = Rows(node, self._keys)
        return tree, rows


def _nests(level: Mapping[str, Any], step: str | None = None) -> bool:
    """Whether a value other than that at ``step`` holds others."""
    return any(isinstance(value, dict | list) for key, value in level.items() if key != step)


def _field(index: int) -> str:
    return f"f{index}"


def _struct(keys: tuple[str, ...], kinds: Mapping[str, Any]) -> type[msgspec.Struct]:
    """A class with one field per key; the keys of JSON need not be names of Python."""
    fields = [(_field(index), kinds.get(key, _Scalar)) for index, key in enumerate(keys)]
    names = {_field(index): key for index, key in enumerate(keys)}
    return msgspec.defstruct("Row", fields, rename=names, forbid_unknown_fields=True, gc=False)
