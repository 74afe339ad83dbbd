"""What the listing tells of each number, by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from agent.checks.carriers import carrier_of
from agent.checks.columns import Alignment, Rows, floats, gather
from agent.checks.lifecycle import (
    Codes,
    Flags,
    Floats,
    mismatch_column,
    network_codes,
    state_codes,
    up_column,
)
from agent.model import Number
from agent.states import Grade, NumberState

_STATE = attrgetter("state")
_NETWORK = attrgetter("network_state")
_CONTRACT = attrgetter("contract_end")
_RECLAIM = attrgetter("reclaim_at")
_REALNAME = attrgetter("realname_ok")


@dataclass(frozen=True)
class Standing:
    """What an account lays down for all its numbers."""

    forced: NumberState | None
    """A state the account forces on its numbers."""
    grade: Grade | None
    """The grade of numbers for which the provider tells none."""


@dataclass(frozen=True, eq=False)
class NumberColumns:
    """One entry per number in every column; NaN where the provider tells nothing."""

    states: Codes
    """Codes of ``lifecycle.NUMBER_STATES``."""
    networks: Codes
    """Codes of ``lifecycle.NETWORK_STATES``."""
    up: Floats
    mismatch: Flags
    contract_end: Floats
    reclaim_at: Floats
    realname_ok: Floats
    carriers: list[str]
    grades: list[str]

    @classmethod
    def read(cls, numbers: Sequence[Number], standing: Standing) -> "NumberColumns":
        """The columns of ``numbers``."""
        states = state_codes(map(_STATE, numbers), standing.forced)
        networks = network_codes(map(_NETWORK, numbers))
        return cls(
            states=states,
            networks=networks,
            up=up_column(states, networks),
            mismatch=mismatch_column(states, networks),
            contract_end=floats(numbers, _CONTRACT),
            reclaim_at=floats(numbers, _RECLAIM),
            realname_ok=floats(numbers, _REALNAME),
            carriers=[carrier_of(number.number, number.carrier) for number in numbers],
            grades=[grade_of(number, standing.grade).value for number in numbers],
        )

    def follow(
        self,
        numbers: Sequence[Number],
        standing: Standing,
        alignment: Alignment,
        rows: Rows,
    ) -> "NumberColumns":
        """These columns brought to ``numbers``, of which ``rows`` have changed."""
        if not rows.size and alignment.carry is None:
            return self
        fresh = NumberColumns.read(gather(numbers, rows), standing)
        return NumberColumns(
            states=alignment.patch(self.states, rows, fresh.states),
            networks=alignment.patch(self.networks, rows, fresh.networks),
            up=alignment.patch(self.up, rows, fresh.up),
            mismatch=alignment.patch(self.mismatch, rows, fresh.mismatch),
            contract_end=alignment.patch(self.contract_end, rows, fresh.contract_end),
            reclaim_at=alignment.patch(self.reclaim_at, rows, fresh.reclaim_at),
            realname_ok=alignment.patch(self.realname_ok, rows, fresh.realname_ok),
            carriers=alignment.patch_list(self.carriers, rows, fresh.carriers),
            grades=alignment.patch_list(self.grades, rows, fresh.grades),
        )


def grade_of(number: Number, account_grade: Grade | None) -> Grade:
    """The number's service grade: the provider's word, else the account's."""
    told = number.grade is not Grade.STANDARD
    return number.grade if told or account_grade is None else account_grade
