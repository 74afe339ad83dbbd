"""Series of single numbers: what the listing shows, and planned changes."""

from collections.abc import Iterator, Mapping, Sequence
from sys import intern

import numpy as np

from agent.baselines.planned import PlannedPeriod, under_way
from agent.checks.columns import Rows, take_rows
from agent.checks.lifecycle import NETWORK_CODES, NETWORK_STATES, NUMBER_STATES, Codes
from agent.checks.number_columns import Change
from agent.series.context import SeriesContext, account_frame, decode, with_label
from agent.states import Capability, NetworkState
from exporters.block import Block, Frame
from exporters.family import FAMILIES
from exporters.ones import ones as all_ones

_UNKNOWN_NETWORK = NETWORK_CODES[NetworkState.UNKNOWN]
_NUMBER_STATE_NAMES = tuple(state.value for state in NUMBER_STATES)
_NETWORK_STATE_NAMES = tuple(state.value for state in NETWORK_STATES)
_ILLEGAL = "numwatch_number_illegal_transition_timestamp_seconds"


def number_blocks(context: SeriesContext) -> Iterator[Block]:
    """The blocks of the listing; none when the listing is stale."""
    if context.fresh(Capability.NUMBERS):
        yield from _listing_blocks(context)


def _listing_blocks(context: SeriesContext) -> Iterator[Block]:
    columns, frame, memo = context.result.columns, context.number_frame(), context.memo
    inputs = (frame, columns.carriers, columns.grades, context.number_rows)
    info = memo.of("info frame", _info_frame, *inputs)
    yield memo.of("numwatch_number_info", ones, "numwatch_number_info", info)
    for family, column in (
        ("numwatch_number_up", columns.up),
        ("numwatch_number_realname_ok", columns.realname_ok),
        ("numwatch_number_contract_expiry_timestamp_seconds", columns.contract_end),
        ("numwatch_number_reclaim_timestamp_seconds", columns.reclaim_at),
    ):
        yield context.column(family, frame, column)
    yield _state_block(context, "numwatch_number_state", columns.states, _NUMBER_STATE_NAMES)
    # A provider that reports no network states gets no family full of "unknown".
    if (columns.networks != _UNKNOWN_NETWORK).any():
        family = "numwatch_number_network_state"
        yield _state_block(context, family, columns.networks, _NETWORK_STATE_NAMES)
    if context.result.illegal:
        yield memo.of(_ILLEGAL, _illegal_block, context.owner, context.result.illegal)


def _state_block(context: SeriesContext, family: str, codes: Codes, names: Sequence[str]) -> Block:
    inputs = (context.number_frame(), codes, names, context.number_rows)
    frame = context.memo.of(intern("frame " + family), state_frame, *inputs)
    return context.memo.of(family, ones, family, frame)


def state_frame(frame: Frame, codes: Codes, names: Sequence[str], rows: Rows | None) -> Frame:
    """``frame`` with the label ``state``: the name of each code in ``rows``."""
    shown = codes if rows is None else codes[rows]
    return with_label(frame, "state", decode(names, shown))


def ones(family: str, frame: Frame) -> Block:
    """A block that is 1 for every row of ``frame``."""
    return Block(FAMILIES[family], frame, all_ones(frame.rows))


def _info_frame(
    frame: Frame, carriers: Sequence[str], grades: Sequence[str], rows: Rows | None
) -> Frame:
    if rows is not None:
        carriers, grades = take_rows(carriers, rows), take_rows(grades, rows)
    return with_label(with_label(frame, "carrier", carriers), "grade", grades)


def _illegal_block(owner: tuple[str, str], illegal: Mapping[str, Change]) -> Block:
    names = sorted(illegal)
    changes = [illegal[name] for name in names]
    columns = (
        names,
        [before.value for before, _, _ in changes],
        [after.value for _, after, _ in changes],
    )
    frame = account_frame(owner, ("number", "from", "to"), *columns)
    return Block(FAMILIES[_ILLEGAL], frame, np.array([at for _, _, at in changes], dtype=float))


_FAMILY = "numwatch_number_change_planned"


def planned_blocks(context: SeriesContext, plans: Sequence[PlannedPeriod]) -> Iterator[Block]:
    """The block of the numbers in a planned change now; none while no change is planned."""
    current = under_way(plans, context.now)
    if current:
        names = context.memo.of(
            "planned", _numbers_to_change, context.owner, context.number_names(), current
        )
        yield context.memo.of(_FAMILY, ones, _FAMILY, context.frame("planned", ("number",), names))


def _numbers_to_change(
    owner: tuple[str, str], names: Sequence[str], plans: Sequence[PlannedPeriod]
) -> tuple[str, ...]:
    return tuple(name for name in names if any(plan.concerns(*owner, name) for plan in plans))
