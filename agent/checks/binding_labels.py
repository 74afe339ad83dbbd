"""What bound phones are called where anyone may read it (contracts.md, Metrics)."""

from collections.abc import Sequence
from itertools import count

from agent.masking import looks_like_phone, mask_phone
from agent.model import Binding

_SHORTEST_PHONE = 7


def binding_labels(bindings: Sequence[Binding]) -> tuple[str, ...]:
    """One public name per bound phone of a number, each different.

    That is the phone's id; where a provider uses the phone number itself as the id, its masked
    form. No hash is used: with the ends of a phone known, a hash would give the middle away.
    """
    labels = tuple(map(_label, bindings))
    if len(set(labels)) == len(labels):
        return labels
    return _distinct(labels)


def _label(binding: Binding) -> str:
    label = binding.id
    if len(label) < _SHORTEST_PHONE:
        return label
    if looks_like_phone(label) or label == binding.phone:
        return mask_phone(label)
    return label


def _distinct(labels: Sequence[str]) -> tuple[str, ...]:
    used: dict[str, None] = {}
    for label in labels:
        names = (label if order == 1 else f"{label}#{order}" for order in count(1))
        used[next(name for name in names if name not in used)] = None
    return tuple(used)
