"""What an operation that is merged into another gives: its keys, then the fields it has."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from agent.providers.profile.json_path import MISSING
from agent.providers.profile.schema import MergedOperation, Operation
from agent.providers.profile.targets import Need, Target, TargetField

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "numbers": ("number",),
    "routing": ("number",),
    "reachability": ("number", "id"),
    "balance": (),
}
"""The operations that others may be merged into, and the fields by which they are."""


def keys_of(name: str, partner: MergedOperation) -> tuple[str, ...]:
    """The fields by which ``partner`` is merged into the operation ``name``."""
    return KEYS[name] if partner.by is None else tuple(partner.by)


def merge_target(
    name: str, target: Target, operation: Operation, partner: MergedOperation
) -> Target:
    """The target of ``partner``: rows of the keys, then of what it has beside them.

    A field that it says nothing about is ``MISSING``.
    """
    keys = keys_of(name, partner)
    fields = {field.name: field for field in target.fields}
    own = [field for field in partner.fields if field in fields and field not in keys]
    mapped = {*operation.fields, *own}
    if "state" in own and "state" not in operation.fields and "native_status" in {*fields} - mapped:
        own.append("native_status")
    return Target(
        _row,
        (
            *(replace(fields[key], need=Need.IDENTITY) for key in keys if key in fields),
            *(_laid_over(fields[field], operation) for field in own),
        ),
    )


def completed_target(target: Target, operation: Operation) -> Target:
    """``target`` where fields may come from what is merged into ``operation`` alone."""
    later = {field for partner in operation.merge for field in partner.fields}
    later -= set(operation.fields)
    fields = (
        replace(field, need=Need.OPTIONAL)
        if field.name in later and field.need is Need.EXPECTED
        else field
        for field in target.fields
    )
    return replace(target, fields=tuple(fields))


def _row(*values: Any) -> tuple[Any, ...]:
    return values


def _laid_over(field: TargetField, operation: Operation) -> TargetField:
    is_overlay = field.name in operation.fields
    return replace(field, need=Need.OPTIONAL, default=MISSING, is_overlay=is_overlay)
