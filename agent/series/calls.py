"""Series of the calls in the call records, and of the calls that are usual at this hour."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from agent.checks.habits import Usual
from agent.checks.result import CheckResult
from agent.masking import looks_like_phone, mask_phone, mask_text
from agent.polling.call_ledger import WAIT_LIMITS, CallKey, LegKey, Waits
from agent.series.context import SeriesContext, account_frame
from agent.states import Capability
from exporters.block import Block, Frame
from exporters.family import FAMILIES

_NUMBER = "numwatch_number_calls_total"
_BINDING = "numwatch_binding_calls_total"
_BY_WAIT = "numwatch_account_calls_by_wait_total"
_LIMIT_TEXTS = (*(f"{limit:g}" for limit in WAIT_LIMITS), "+Inf")

Keys = tuple[Any, ...]


def call_blocks(context: SeriesContext) -> Iterator[Block]:
    """The blocks of the call records; none when the records are stale.

    Records that are only pushed cannot become stale unless the configuration says when: what was
    counted is true, and nothing is concluded from it.
    """
    snapshot = context.snapshot
    are_pushed = Capability.CALLS not in snapshot.polls and bool(snapshot.call_totals)
    if are_pushed or context.fresh(Capability.CALLS):
        yield _number_calls(context)
        yield _phone_calls(context)
        yield context.memo.of(_BY_WAIT, _wait_block, context.owner, context.snapshot.call_waits)


def _number_calls(context: SeriesContext) -> Block:
    totals = context.snapshot.call_totals
    keys = context.memo.of("call keys", _keys, totals, _shown_numbers(context))
    frame = context.memo.of("call frame", _number_frame, context.owner, keys)
    return context.memo.of(_NUMBER, _count_block, _NUMBER, frame, totals, keys)


def _phone_calls(context: SeriesContext) -> Block:
    totals, result = context.snapshot.leg_totals, context.result
    keys = context.memo.of("leg keys", _keys, totals, _shown_numbers(context))
    labels = context.memo.of("leg labels", _labels, keys, result.phones.labels, result)
    frame = context.memo.of("leg frame", _phone_frame, context.owner, keys, labels)
    return context.memo.of(_BINDING, _count_block, _BINDING, frame, totals, keys)


def _shown_numbers(context: SeriesContext) -> Sequence[str] | None:
    return None if context.number_rows is None else context.number_names()


def _keys(totals: Mapping[Any, int], shown: Sequence[str] | None) -> Keys:
    if shown is None:
        return tuple(totals)
    numbers = frozenset(shown)
    return tuple(key for key in totals if key[0] in numbers)


def _count_block(family: str, frame: Frame, totals: Mapping[Any, int], keys: Keys) -> Block:
    values = np.fromiter(map(totals.__getitem__, keys), dtype=np.float64, count=len(keys))
    return Block(FAMILIES[family], frame, values)


def _number_frame(owner: tuple[str, str], keys: Sequence[CallKey]) -> Frame:
    numbers = [number for number, _ in keys]
    return account_frame(owner, ("number", "result"), numbers, [result.value for _, result in keys])


def _phone_frame(owner: tuple[str, str], keys: Sequence[LegKey], labels: Sequence[str]) -> Frame:
    numbers = [number for number, _, _ in keys]
    results = [result.value for _, _, result in keys]
    return account_frame(owner, ("number", "binding", "result"), numbers, labels, results)


def _labels(keys: Sequence[LegKey], _labels: object, result: CheckResult) -> tuple[str, ...]:
    """The public label of each key's phone; two phones of a number never share one."""
    owners: dict[tuple[str, str], str] = {}
    labels = []
    for number, phone, _ in keys:
        label = _label(result, number, phone)
        while owners.setdefault((number, label), phone) != phone:
            label += "'"
        labels.append(label)
    return tuple(labels)


def _label(result: CheckResult, number: str, phone: str) -> str:
    """The public label of a phone, which may be no longer bound."""
    known = result.bindings(number) or {}
    for label, binding in known.items():
        if binding.id == phone:
            return label
    return mask_phone(phone) if looks_like_phone(phone) else mask_text(phone)


def _wait_block(owner: tuple[str, str], waits: Waits) -> Block:
    """Calls that waited up to each limit: cumulative, as histogram buckets are."""
    if not waits:
        return Block(FAMILIES[_BY_WAIT], account_frame(owner, ("within",), ()), np.empty(0))
    counts = list(accumulate(map(sum, zip(*waits.values(), strict=True))))
    frame = account_frame(owner, ("within",), _LIMIT_TEXTS)
    return Block(FAMILIES[_BY_WAIT], frame, np.array(counts, dtype=np.float64))


MIN_EXPECTED_CALLS = 5.0
"""Expected calls in the hour below which a number has no such series: at so few calls, an hour
without any means nothing."""
_CALLS = "numwatch_number_calls_last_hour"
_EXPECTED = "numwatch_number_calls_expected"


def habit_blocks(owner: tuple[str, str], habits: Sequence[Usual]) -> tuple[Block, ...]:
    """Calls and expected calls of the newest whole hour; no blocks before anything is usual."""
    shown = [habit for habit in habits if habit.expected >= MIN_EXPECTED_CALLS]
    if not shown:
        return ()
    frame = account_frame(owner, ("number",), [habit.number for habit in shown])
    return (
        Block(FAMILIES[_CALLS], frame, np.array([habit.calls for habit in shown], dtype=float)),
        Block(FAMILIES[_EXPECTED], frame, np.array([habit.expected for habit in shown])),
    )
