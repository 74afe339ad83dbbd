"""A JSON body whose texts are templates; numbers, switches and null are sent as written."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agent.providers.profile.filters import NUMBER_FILTER
from agent.providers.profile.template import Template
from agent.yamlfile.paths import KeyPath

CURSOR: Final = "cursor"
"""The name of the next page's token; what holds it is left out where there is none yet."""


class BodyTemplate:
    """The tree of a body, parsed once."""

    def __init__(self, tree: Any) -> None:
        self._tree = _parsed(tree)
        self.names: frozenset[str] = frozenset().union(
            *(Template(text).names for _, text in texts_of(tree))
        )
        """Every name that the templates use."""

    def fill(self, names: Mapping[str, str]) -> Any:
        """A tree of plain values.

        Raises:
            ValueError: when a filter cannot take a value.
        """
        return _filled(self._tree, names)


def texts_of(tree: Any, at: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every text in ``tree``, with the keys that lead to it from ``at``."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from texts_of(value, (*at, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from texts_of(value, (*at, index))
    elif isinstance(tree, str):
        yield at, tree


def is_left_out(template: Template, names: Mapping[str, str]) -> bool:
    """Whether what ``template`` fills is not sent: it holds the token of a page that has none."""
    return CURSOR in template.names and not names.get(CURSOR)


def with_member(tree: Any, path: tuple[str, ...], value: Any) -> Any:
    """``tree`` with ``value`` at ``path``, whose objects are made as needed."""
    key, *rest = path
    inner = with_member(tree.get(key, {}), tuple(rest), value) if rest else value
    return {**tree, key: inner}


def _parsed(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _parsed(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_parsed(value) for value in tree]
    return Template(tree) if isinstance(tree, str) else tree


def _filled(tree: Any, names: Mapping[str, str]) -> Any:
    if isinstance(tree, Template):
        text = tree.fill(names)
        return json.loads(text) if tree.last_filter == NUMBER_FILTER else text
    if isinstance(tree, dict):
        return {key: _filled(it, names) for key, it in tree.items() if not _is_absent(it, names)}
    if isinstance(tree, list):
        return [_filled(it, names) for it in tree if not _is_absent(it, names)]
    return tree


def _is_absent(tree: Any, names: Mapping[str, str]) -> bool:
    return isinstance(tree, Template) and is_left_out(tree, names)
