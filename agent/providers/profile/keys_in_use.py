"""The keys of an answer that a profile reads: evidence keeps the values of no others."""

from collections.abc import Iterator
from typing import Final

from agent.providers.profile.json_path import path_of
from agent.providers.profile.paths_in_use import item_paths, record_levels, rule_paths
from agent.providers.profile.schema import Envelope, Operation

_WHOLE: Final = frozenset({"schedule", "special_days", "menu", "extensions", "lines"})
"""Fields that read sections of a shape of their own, whatever is in them."""


def keys_in_use(operation: Operation, envelope: Envelope | None) -> frozenset[str] | None:
    """The keys on the paths of ``operation``; ``None`` where it reads whole sections."""
    rules = operation.fields.items()
    if any(name in _WHOLE or rule.convert in _WHOLE for name, rule in rules):
        return None
    return frozenset(_keys(operation, envelope))


def _keys(operation: Operation, envelope: Envelope | None) -> Iterator[str]:
    for rule in operation.fields.values():
        for path in (*rule_paths(rule), *item_paths(rule)):
            yield from path
    paging = operation.paging
    texts = [*operation.keep, *operation.skip]
    texts += [paging.total or "", paging.total_pages or "", paging.more or "", paging.next or ""]
    texts += [envelope.code, envelope.message or ""] if envelope else []
    for level in record_levels(operation):
        texts += level.all_paths
    for text in texts:
        yield from path_of(text)
