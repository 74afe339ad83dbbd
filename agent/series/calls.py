"""Series of the calls that call records tell of."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from agent.checks.result import CheckResult
from agent.masking import looks_like_phone, mask_phone
from agent.polling.call_ledger import WAIT_LIMITS, CallKey, LegKey, Waits
from agent.series.source import Source, account_frame
from agent.states import Capability
from exporters.block import Block, Frame
from exporters.family import FAMILIES

_NUMBER = "numwatch_number_calls_total"
_BINDING = "numwatch_binding_calls_total"
_WAITED = "numwatch_account_calls_by_wait_total"
_LIMIT_WORDS = (*(f"{limit:g}" for limit in WAIT_LIMITS), "+Inf")

Keys = tuple[Any, ...]


def call_blocks(source: Source) -> Iterator[Block]:
    """Blocks of the call records, where they are fresh."""
    if source.fresh(Capability.CALLS):
        yield _of_numbers(source)
        yield _of_phones(source)
        yield source.memo.of(_WAITED, _waited, source.owner, source.snapshot.call_waits)


def _of_numbers(source: Source) -> Block:
    totals = source.snapshot.call_totals
    keys = source.memo.of("call keys", _keys, totals, _shown(source))
    frame = source.memo.of("call frame", _number_frame, source.owner, keys)
    return source.memo.of(_NUMBER, _counted, _NUMBER, frame, totals, keys)


def _of_phones(source: Source) -> Block:
    totals, checked = source.snapshot.leg_totals, source.checked
    keys = source.memo.of("leg keys", _keys, totals, _shown(source))
    labels = source.memo.of("leg labels", _labels, keys, checked.phones.labels, checked)
    frame = source.memo.of("leg frame", _phone_frame, source.owner, keys, labels)
    return source.memo.of(_BINDING, _counted, _BINDING, frame, totals, keys)


def _shown(source: Source) -> Sequence[str] | None:
    return None if source.picked is None else source.number_names()


def _keys(totals: Mapping[Any, int], shown: Sequence[str] | None) -> Keys:
    if shown is None:
        return tuple(totals)
    numbers = frozenset(shown)
    return tuple(key for key in totals if key[0] in numbers)


def _counted(family: str, frame: Frame, totals: Mapping[Any, int], keys: Keys) -> Block:
    values = np.fromiter(map(totals.__getitem__, keys), dtype=np.float64, count=len(keys))
    return Block(FAMILIES[family], frame, values)


def _number_frame(owner: tuple[str, str], keys: Sequence[CallKey]) -> Frame:
    numbers = [number for number, _ in keys]
    return account_frame(owner, ("number", "result"), numbers, [result.value for _, result in keys])


def _phone_frame(owner: tuple[str, str], keys: Sequence[LegKey], labels: Sequence[str]) -> Frame:
    numbers = [number for number, _, _ in keys]
    results = [result.value for _, _, result in keys]
    return account_frame(owner, ("number", "binding", "result"), numbers, labels, results)


def _labels(keys: Sequence[LegKey], _labels: object, checked: CheckResult) -> tuple[str, ...]:
    """What each key's phone is called in public; two phones never share a name."""
    owners: dict[tuple[str, str], str] = {}
    labels = []
    for number, phone, _ in keys:
        label = _label(checked, number, phone)
        while owners.setdefault((number, label), phone) != phone:
            label += "'"
        labels.append(label)
    return tuple(labels)


def _label(checked: CheckResult, number: str, phone: str) -> str:
    """What the phone is called in public, also once it is bound no longer."""
    known = checked.bindings(number) or {}
    for label, binding in known.items():
        if binding.id == phone:
            return label
    return mask_phone(phone) if looks_like_phone(phone) else phone


def _waited(owner: tuple[str, str], waits: Waits) -> Block:
    """Calls that waited up to each limit, the shorter waits included."""
    if not waits:
        return Block(FAMILIES[_WAITED], account_frame(owner, ("within",), ()), np.empty(0))
    counts = list(accumulate(map(sum, zip(*waits.values(), strict=True))))
    frame = account_frame(owner, ("within",), _LIMIT_WORDS)
    return Block(FAMILIES[_WAITED], frame, np.array(counts, dtype=np.float64))
