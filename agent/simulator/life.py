"""What happens to accounts and numbers: money runs out, contracts end, someone sets a value."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from agent.simulator import changes, money
from agent.simulator.account import Account
from agent.simulator.agenda import Agenda
from agent.simulator.clock import CHINA, WorldClock
from agent.simulator.entities import Number
from agent.simulator.traffic import Traffic
from agent.states import IN_SERVICE_STATES, NumberState

Note = Callable[..., None]
Values = tuple[tuple[str, object], ...]

_TOLD = 5
"""Numbers named one by one in an event; more are told by their count."""
_MIDNIGHT_PASSED = 1.0
"""Seconds after midnight, so that rounding never finds the day before."""
_MONEY_KEYS = frozenset({"balance", "notice", "stop"})


class Life:
    """Moves accounts and numbers of one world along, and notes what happens to them."""

    def __init__(self, agenda: Agenda, clock: WorldClock, note: Note, seed: int) -> None:
        self._agenda = agenda
        self._clock = clock
        self._note = note
        self._traffic = Traffic(seed, agenda, clock, self._settle)

    def begin(self, account: Account) -> None:
        """Starts an account: its calls, contracts, debts and spending."""
        for number in account.numbers:
            if number.calls:
                self._traffic.begin(account, number)
            if number.contract_end:
                self._plan_contract_end(account, number)
        owing = [n for n in account.numbers if n.state == NumberState.SUSPENDED_ARREARS]
        self._owe(account, owing)
        self._settle(account)
        self._plan_new_month(account)

    def set_account(self, account: Account, values: Values) -> None:
        """Sets values of an account; a new balance may suspend or restore its numbers."""
        money.accrue(account, self._agenda.now)
        for key, value in values:
            changes.set_account(account, key, value)
        self._note("set", _told(values), provider=account.provider, account=account.id)
        self._settle(account, topped_up=bool(_MONEY_KEYS & {key for key, _ in values}))

    def set_numbers(
        self, account: Account, numbers: Sequence[Number], binding: str | None, values: Values
    ) -> None:
        """Sets values of numbers, or of one binding of theirs."""
        for number in numbers:
            for key, value in values:
                if binding is not None:
                    changes.set_binding(number, binding, key, value)
                else:
                    self._set_number(account, number, key, value)
        if any(key == "listed" for key, _ in values):
            account.listing_changed()
        told = f"{f'binding {binding}: ' if binding else ''}{_told(values)}"
        self._tell("set", told, account, numbers)

    def _set_number(self, account: Account, number: Number, key: str, value: object) -> None:
        if key == "state":
            self._move(account, [number], NumberState(str(value)))
            return
        changes.set_number(number, key, value)
        if key == "calls":
            self._traffic.begin(account, number)
        elif key == "contract_end" and value is not None:
            self._plan_contract_end(account, number)

    def _move(self, account: Account, numbers: Sequence[Number], state: NumberState) -> None:
        owing = state == NumberState.SUSPENDED_ARREARS
        account.version += 1
        for number in numbers:
            number.state = state
            if not owing:
                number.arrears_since = None
        if owing:
            self._owe(account, numbers)

    def _owe(self, account: Account, numbers: Sequence[Number]) -> None:
        """Notes since when numbers are unpaid and plans that they are reclaimed."""
        now = self._agenda.now
        fresh = [number for number in numbers if number.arrears_since is None]
        for number in fresh:
            number.arrears_since = now
        if fresh:
            self._agenda.plan(
                now + account.reclaim_after, partial(self._reclaim, account, fresh, now)
            )

    def _reclaim(
        self, account: Account, numbers: Sequence[Number], since: float, at: float
    ) -> None:
        owing = [number for number in numbers if number.arrears_since == since]
        due = since + account.reclaim_after
        if owing and at < due:
            self._agenda.plan(due, partial(self._reclaim, account, owing, since))
        elif owing:
            self._move(account, owing, NumberState.RECLAIMED)
            self._tell("state", "reclaimed, unpaid for too long", account, owing)

    def _settle(self, account: Account, *, topped_up: bool = False) -> None:
        """Brings the numbers into the state the money gives them and plans the next look."""
        now = self._agenda.now
        money.accrue(account, now)
        account.money_round += 1
        due: dict[NumberState, list[Number]] = {}
        for number, state in money.due_states(account, topped_up=topped_up):
            due.setdefault(state, []).append(number)
        for state, numbers in due.items():
            self._move(account, numbers, state)
            told = f"{state}: the balance is {account.balance:.2f} {account.currency}"
            self._tell("money", told, account, numbers)
        seconds = money.next_crossing(account)
        if seconds is not None:
            self._agenda.plan(
                now + seconds, partial(self._look_again, account, account.money_round)
            )

    def _look_again(self, account: Account, planned: int, _at: float) -> None:
        if planned == account.money_round:
            self._settle(account)

    def _plan_new_month(self, account: Account) -> None:
        """The monthly spend is counted anew from the first of the month in China."""
        local = datetime.fromtimestamp(self._clock.wall_at(self._agenda.now), CHINA)
        first = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=CHINA)
        at = self._clock.world_at(first.timestamp() + _MIDNIGHT_PASSED)
        self._agenda.plan(at, partial(self._new_month, account))

    def _new_month(self, account: Account, at: float) -> None:
        money.accrue(account, at)
        account.month_spend = 0.0
        self._settle(account)
        self._plan_new_month(account)

    def _plan_contract_end(self, account: Account, number: Number) -> None:
        """A contract runs to the end of its last day in China."""
        assert number.contract_end is not None
        midnight = datetime.combine(
            number.contract_end + timedelta(days=1), datetime.min.time(), CHINA
        )
        at = self._clock.world_at(midnight.timestamp())
        self._agenda.plan(at, partial(self._end_contract, account, number, number.contract_end))

    def _end_contract(self, account: Account, number: Number, day: object, _at: float) -> None:
        if number.contract_end == day and number.state in IN_SERVICE_STATES:
            self._move(account, [number], NumberState.EXPIRED)
            self._tell("state", f"expired, the contract ended on {day}", account, [number])

    def _tell(self, kind: str, told: str, account: Account, numbers: Sequence[Number]) -> None:
        where = {"provider": account.provider, "account": account.id}
        if len(numbers) > _TOLD:
            self._note(kind, f"{len(numbers)} numbers: {told}", **where)
            return
        for number in numbers:
            self._note(kind, told, number=number.number, **where)


def _told(values: Iterable[tuple[str, object]]) -> str:
    """Settings in words; a phone or a list of callers is personal and only its key is told."""
    return ", ".join(f"{key}{_shown(key, value)}" for key, value in values)


def _shown(key: str, value: object) -> str:
    if isinstance(value, str | float | int) and key != "phone":
        return f" = {value:g}" if isinstance(value, float) else f" = {value}"
    return " changed"
