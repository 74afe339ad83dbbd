"""Finds what is wrong with the operations that are merged into another."""

from collections.abc import Iterator

from agent.providers.profile.merge_target import KEYS, keys_of
from agent.providers.profile.operation import NUMBER_NAMES
from agent.providers.profile.request_template import RequestTemplate
from agent.providers.profile.schema import MergedOperation, Operation
from agent.providers.profile.targets import Target
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem


def check_merges(operation: Operation, name: str, target: Target) -> Iterator[Problem]:
    """Every mistake in what is merged into the operation ``name`` beside its request and fields."""
    if operation.merge and name not in KEYS:
        yield Problem((name, "merge"), f"is not for {name}, expected it in {', '.join(KEYS)}")
        return
    for index, merged in enumerate(operation.merge):
        at = (name, "merge", index)
        if merged.merge:
            yield Problem((*at, "merge"), "does not nest, expected it in the first operation")
        yield from _keys(operation, merged, name, target, at)


def _keys(
    operation: Operation, merged: MergedOperation, name: str, target: Target, at: KeyPath
) -> Iterator[Problem]:
    fields = [field.name for field in target.fields]
    keys = keys_of(name, merged)
    per_number = not NUMBER_NAMES.isdisjoint(RequestTemplate(operation, {}).names)
    if not keys and name != "balance":
        yield Problem((*at, "by"), "is empty, expected the fields that say which belong together")
    if keys and name == "balance":
        yield Problem((*at, "by"), "is of no use, as a balance is one record; remove it")
    for position, key in enumerate(keys):
        where = (*at, "by", position)
        if key not in fields:
            yield Problem(where, f"is not a field, expected one of {', '.join(fields)}")
        elif key not in operation.fields and not (key == "number" and per_number):
            yield Problem(where, f"is not read by {name}, expected {key} among its fields")
    if set(merged.fields) <= set(keys):
        yield Problem((*at, "fields"), "adds nothing, expected fields beside those it is merged by")
