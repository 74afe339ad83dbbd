"""Series of test calls: what the newest of each caller to each number showed.

There is none of a number that was not called for so long that its calls say nothing any more
(``dial.stale_after``), and none but the time of the newest call while no call is judged.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from agent.masking import mask_text
from agent.probing import signs
from agent.probing.facts import CallsByNumber, ProbeCall, by_caller, failed_in_a_row, judged
from agent.series.context import SeriesContext, account_frame
from exporters.block import Block
from exporters.family import FAMILIES

_Rows = list[tuple[tuple[str, ...], float]]
"""Label values, and the value."""
_PREFIX = "numwatch_probe_"
_FURTHER_LABELS: Mapping[str, tuple[str, ...]] = {
    "outcome": ("outcome",),
    "prompt_repeats": ("prompt",),
}


def probe_blocks(context: SeriesContext) -> Iterator[Block]:
    """The blocks of test calls; the same objects until there is a new call.

    Numbers that are called for tests have them whatever ``metrics.detail`` says: an alert about
    one caller needs those that get through beside it.
    """
    yield from context.memo.of("probes", _blocks, context.owner, context.result.probes)


def _blocks(owner: tuple[str, str], probes: CallsByNumber) -> tuple[Block, ...]:
    rows: dict[str, _Rows] = {}
    for number, calls in sorted(probes.items()):
        for caller, own in sorted(by_caller(calls).items()):
            for name, labels, value in _samples(own):
                rows.setdefault(name, []).append(((number, mask_text(caller), *labels), value))
    return tuple(_block(name, owner, found) for name, found in rows.items())


def _samples(calls: Sequence[ProbeCall]) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """The samples of one caller's calls to one number, newest first: name, labels and value."""
    yield "last_call_timestamp_seconds", (), calls[0].at
    failures, unheard = failed_in_a_row(calls), signs.unheard_in_a_row(calls)
    if failures is None or unheard is None:
        return
    yield "failures", (), failures
    yield "unheard_calls", (), unheard
    newest = judged(calls)
    yield "outcome", (newest[0].outcome.value,), 1.0
    prompt, repeats = signs.prompt_repeats(calls)
    if prompt:
        yield "prompt_repeats", (mask_text(prompt),), repeats
    yield from _measured(calls, newest)


def _measured(
    calls: Sequence[ProbeCall], newest: Sequence[ProbeCall]
) -> Iterator[tuple[str, tuple[str, ...], float]]:
    setups = signs.setups(calls)
    if setups:
        yield "last_setup_seconds", (), setups[0]
    if len(setups) > 1:
        yield "shorter_setup_seconds", (), min(setups[:2])
    score = next((call.mos for call in newest if call.mos is not None), None)
    if score is not None:
        yield "mos", (), score


def _block(name: str, owner: tuple[str, str], rows: _Rows) -> Block:
    labels = ("number", "caller", *_FURTHER_LABELS.get(name, ()))
    columns = zip(*(values for values, _ in rows), strict=True)
    values = np.array([value for _, value in rows], dtype=np.float64)
    return Block(FAMILIES[_PREFIX + name], account_frame(owner, labels, *columns), values)
