"""Series of an account as a whole: polls, balance, numbers by state."""

from collections.abc import Iterator, Sequence
from sys import intern

import numpy as np

from agent.checks.balance import Money
from agent.checks.charges import Charges
from agent.checks.lifecycle import NUMBER_STATES, count_by_state
from agent.model import PollStatus, Snapshot
from agent.series.context import SeriesContext, account_frame, sample_block
from agent.states import Capability, PollFailure
from exporters.block import Block, Frame
from exporters.family import FAMILIES

_NAN = float("nan")
_LISTING_COLUMNS = tuple(state.value for state in NUMBER_STATES)


def account_blocks(context: SeriesContext) -> Iterator[Block]:
    """The account's own blocks; they do not depend on which numbers have series."""
    result, reuse = context.result, context.memo.reuse
    yield from _poll_blocks(context)
    yield from _limit_block(context)
    if context.fresh(Capability.BALANCE) and (money := result.money) is not None:
        yield from reuse("money", (money,), lambda: tuple(_money_blocks(context, money)))
    if (charges := result.charges) is not None:
        yield from reuse("charges", (charges,), lambda: tuple(_charge_blocks(context, charges)))
    if context.fresh(Capability.NUMBERS):
        counted = (result.columns.states, result.listed, len(result.names))
        yield from reuse("counts", counted, lambda: tuple(_listing_blocks(context)))


def provider_up(snapshot: Snapshot) -> float:
    """1 when the newest poll of the account's listing succeeded, 0 when it failed.

    Where the account has no listing its first capability counts. NaN before the first poll.
    """
    status = snapshot.polls.get(Capability.NUMBERS) or next(iter(snapshot.polls.values()), None)
    if status is None or status.last_attempt is None:
        return _NAN
    return float(status.failure is None)


def provider_down_block(snapshot: Snapshot) -> Block:
    """``numwatch_provider_up`` 0, for an account whose facts cannot be processed."""
    frame = account_frame((snapshot.provider, snapshot.account), ())
    return Block(FAMILIES["numwatch_provider_up"], frame, np.zeros(frame.rows))


def _poll_blocks(context: SeriesContext) -> Iterator[Block]:
    polls = context.snapshot.polls
    up = provider_up(context.snapshot)
    yield from _small(context, "numwatch_provider_up", (), (), [up])
    rows = (tuple(capability.value for capability in polls),)
    statuses: Sequence[PollStatus] = tuple(polls.values())
    successes = [status.last_success for status in statuses]
    intervals = [status.interval for status in statuses]
    for family, values in (
        ("numwatch_poll_last_success_timestamp_seconds", successes),
        ("numwatch_poll_interval_seconds", intervals),
    ):
        yield from _small(context, family, ("capability",), rows, values)


def _limit_block(context: SeriesContext) -> Iterator[Block]:
    """1 for every capability whose newest answer was more than the account may have."""
    polls = context.snapshot.polls
    over = tuple(name.value for name, it in polls.items() if it.failure is PollFailure.TOO_MANY)
    if over:
        ones = [1.0] * len(over)
        yield from _small(context, "numwatch_account_over_limit", ("limit",), (over,), ones)


def _money_blocks(context: SeriesContext, money: Money) -> Iterator[Block]:
    balance = money.balance
    currency = ((balance.currency,),)
    for family, value in (
        ("numwatch_account_balance", balance.amount),
        ("numwatch_account_month_spend", balance.month_spend),
        ("numwatch_account_spend_cap", balance.spend_cap),
    ):
        yield from _small(context, family, ("currency",), currency, [value])
    lines = ((balance.currency, balance.currency), ("notice", "stop"))
    family = "numwatch_account_balance_threshold"
    yield from _small(context, family, ("currency", "kind"), lines, [money.notice, money.stop])
    yield from _small(context, "numwatch_account_runway_seconds", (), (), [money.runway])


def _charge_blocks(context: SeriesContext, charges: Charges) -> Iterator[Block]:
    """The spend of the last hour; no blocks before enough hours are known."""
    if charges.explained is not None:
        currency = ((charges.currency,),)
        for family, value in (
            ("numwatch_account_spend_last_hour", charges.spent),
            ("numwatch_account_spend_last_hour_explained", charges.explained),
        ):
            yield from _small(context, family, ("currency",), currency, [value])


def _listing_blocks(context: SeriesContext) -> Iterator[Block]:
    result = context.result
    counts = count_by_state(result.columns.states[: result.listed])
    values = [float(count) for count in counts.values()]
    rows = (_LISTING_COLUMNS,)
    yield from _small(context, "numwatch_account_numbers", ("state",), rows, values)
    gone = [float(len(result.names) - result.listed)]
    yield from _small(context, "numwatch_account_numbers_gone", (), (), gone)


def _small(
    context: SeriesContext,
    family: str,
    labels: Sequence[str],
    columns: Sequence[Sequence[str]],
    values: Sequence[float | None],
) -> Iterator[Block]:
    """One block of a few samples; no block when none of the values is known."""
    # Families with the same labels have the same rows, and so one frame.
    frame = context.frame(" ".join(labels), labels, *columns)
    made = intern("small " + family)  # one text for all accounts
    block = context.memo.of(made, _small_block, family, frame, tuple(values))
    if block.size:
        yield block


def _small_block(family: str, frame: Frame, values: Sequence[float | None]) -> Block:
    return sample_block(family, frame, np.array(values, dtype=np.float64))
