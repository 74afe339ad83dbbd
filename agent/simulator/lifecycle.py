"""The changes of accounts and numbers over time: balances, contracts, values set from outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from agent.simulator.account import Account
from agent.simulator.calls import CallGenerator
from agent.simulator.entities import Binding, Number
from agent.simulator.world_time import CHINA, EventQueue, WorldClock
from agent.states import IN_SERVICE_STATES, NumberState

Note = Callable[..., None]
Values = tuple[tuple[str, object], ...]

_MAX_NAMED = 5
"""Up to so many numbers get an event each; of more, one event gives the count."""
_MIDNIGHT_PASSED = 1.0
"""Seconds after midnight, so that rounding never finds the day before."""
_MONEY_KEYS = frozenset({"balance", "notice", "stop"})


class Lifecycle:
    """Changes the accounts and numbers of one world over time, and logs every change."""

    def __init__(self, event_queue: EventQueue, clock: WorldClock, note: Note, seed: int) -> None:
        self._event_queue = event_queue
        self._clock = clock
        self._note = note
        self._calls = CallGenerator(seed, event_queue, clock, self._apply_balance)

    def begin(self, account: Account) -> None:
        """Start an account: its calls, contracts, arrears and spending."""
        for number in account.numbers:
            if number.calls:
                self._calls.begin(account, number)
            if number.contract_end:
                self._plan_contract_end(account, number)
        in_arrears = [n for n in account.numbers if n.state == NumberState.SUSPENDED_ARREARS]
        self._start_arrears(account, in_arrears)
        self._apply_balance(account)
        self._plan_new_month(account)

    def set_account(self, account: Account, values: Values) -> None:
        """Sets values of an account; a new balance may suspend or restore its numbers."""
        account.accrue(self._event_queue.now)
        for key, value in values:
            setattr(account, key, value)
        self._note(
            "set",
            _values_text(values),
            _values_shown(values),
            provider=account.provider,
            account=account.id,
        )
        self._apply_balance(account, topped_up=bool(_MONEY_KEYS & {key for key, _ in values}))

    def set_numbers(
        self, account: Account, numbers: Sequence[Number], binding: str | None, values: Values
    ) -> None:
        """Sets values of numbers, or of one binding of theirs."""
        for number in numbers:
            for key, value in values:
                if binding is not None:
                    _assign_binding(number, binding, key, value)
                else:
                    self._set_number(account, number, key, value)
        if any(key == "listed" for key, _ in values):
            account.listing_changed()
        text = f"{f'binding {binding}: ' if binding else ''}{_values_text(values)}"
        phone = {} if binding is None else {"binding": binding}
        self._note_numbers("set", text, account, numbers, {**phone, **_values_shown(values)})

    def _set_number(self, account: Account, number: Number, key: str, value: object) -> None:
        if key == "state":
            self._set_state(account, [number], NumberState(str(value)))
            return
        _assign_number(number, key, value)
        if key == "calls":
            self._calls.begin(account, number)
        elif key == "contract_end" and value is not None:
            self._plan_contract_end(account, number)

    def _set_state(self, account: Account, numbers: Sequence[Number], state: NumberState) -> None:
        in_arrears = state == NumberState.SUSPENDED_ARREARS
        account.version += 1
        for number in numbers:
            number.state = state
            if not in_arrears:
                number.arrears_since = None
        if in_arrears:
            self._start_arrears(account, numbers)

    def _start_arrears(self, account: Account, numbers: Sequence[Number]) -> None:
        """Record since when numbers are unpaid, and schedule their reclaim."""
        now = self._event_queue.now
        fresh = [number for number in numbers if number.arrears_since is None]
        for number in fresh:
            number.arrears_since = now
        if fresh:
            self._event_queue.schedule(
                now + account.reclaim_after, partial(self._reclaim, account, fresh, now)
            )

    def _reclaim(
        self, account: Account, numbers: Sequence[Number], since: float, at: float
    ) -> None:
        in_arrears = [number for number in numbers if number.arrears_since == since]
        due = since + account.reclaim_after
        if in_arrears and at < due:
            self._event_queue.schedule(due, partial(self._reclaim, account, in_arrears, since))
        elif in_arrears:
            self._set_state(account, in_arrears, NumberState.RECLAIMED)
            self._note_numbers("state", "reclaimed, unpaid for too long", account, in_arrears)

    def _apply_balance(self, account: Account, *, topped_up: bool = False) -> None:
        """Set the states that follow from the balance, and schedule the next line crossing."""
        now = self._event_queue.now
        account.accrue(now)
        account.money_round += 1
        due: dict[NumberState, list[Number]] = {}
        for number, state in account.due_states(topped_up=topped_up):
            due.setdefault(state, []).append(number)
        for state, numbers in due.items():
            self._set_state(account, numbers, state)
            text = f"{state}: the balance is {account.balance:.2f} {account.currency}"
            money = {"balance": f"{account.balance:.2f}", "currency": account.currency}
            self._note_numbers("money", text, account, numbers, {"state": str(state), **money})
        seconds = account.next_crossing()
        if seconds is not None:
            self._event_queue.schedule(
                now + seconds, partial(self._reapply_balance, account, account.money_round)
            )

    def _reapply_balance(self, account: Account, planned: int, _at: float) -> None:
        if planned == account.money_round:
            self._apply_balance(account)

    def _plan_new_month(self, account: Account) -> None:
        """Schedule the reset of the monthly spending on the first of the month in China."""
        local = datetime.fromtimestamp(self._clock.wall_at(self._event_queue.now), CHINA)
        first = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=CHINA)
        at = self._clock.world_at(first.timestamp() + _MIDNIGHT_PASSED)
        self._event_queue.schedule(at, partial(self._new_month, account))

    def _new_month(self, account: Account, at: float) -> None:
        account.accrue(at)
        account.month_spend = 0.0
        self._apply_balance(account)
        self._plan_new_month(account)

    def _plan_contract_end(self, account: Account, number: Number) -> None:
        """Schedule the expiry: a contract runs to the end of its last day in China."""
        assert number.contract_end is not None
        midnight = datetime.combine(
            number.contract_end + timedelta(days=1), datetime.min.time(), CHINA
        )
        at = self._clock.world_at(midnight.timestamp())
        self._event_queue.schedule(
            at, partial(self._end_contract, account, number, number.contract_end)
        )

    def _end_contract(self, account: Account, number: Number, day: object, _at: float) -> None:
        if number.contract_end == day and number.state in IN_SERVICE_STATES:
            self._set_state(account, [number], NumberState.EXPIRED)
            self._note_numbers("state", f"expired, the contract ended on {day}", account, [number])

    def _note_numbers(
        self,
        kind: str,
        text: str,
        account: Account,
        numbers: Sequence[Number],
        values: Mapping[str, str] | None = None,
    ) -> None:
        where = {"provider": account.provider, "account": account.id}
        if len(numbers) > _MAX_NAMED:
            counted = {"numbers": str(len(numbers)), **(values or {})}
            self._note(kind, f"{len(numbers)} numbers: {text}", counted, **where)
            return
        for number in numbers:
            self._note(kind, text, values, number=number.number, **where)


def _values_text(values: Iterable[tuple[str, object]]) -> str:
    """The values as text; of phones and lists of callers, which are personal, only the keys."""
    return ", ".join(f"{key}{_shown(key, value)}" for key, value in values)


def _values_shown(values: Iterable[tuple[str, object]]) -> dict[str, str]:
    """The values by key; empty for what :func:`_values_text` does not show."""
    shown = {key: _shown(key, value) for key, value in values}
    return {key: text.removeprefix(" = ").removeprefix(" changed") for key, text in shown.items()}


def _shown(key: str, value: object) -> str:
    if isinstance(value, str | float | int) and key != "phone":
        return f" = {value:g}" if isinstance(value, float) else f" = {value}"
    return " changed"


def _assign_number(number: Number, key: str, value: object) -> None:
    """Sets ``routing.wait_seconds``, ``company`` …; state and calls have rules of their own."""
    first, _, rest = key.partition(".")
    setattr(number, first, _replaced(getattr(number, first), rest, value) if rest else value)


def _assign_binding(number: Number, binding_id: str, key: str, value: object) -> None:
    """Sets a value of one binding of ``number``."""
    setattr(_find_binding(number, binding_id), key, value)


def _find_binding(number: Number, binding_id: str) -> Binding:
    """The binding with that id, which the check of the world file ensures."""
    return next(binding for binding in number.bindings if binding.id == binding_id)


def _replaced(whole: Any, key: str, value: object) -> Any:
    """A copy of the frozen dataclass ``whole`` with one value changed, however deep."""
    first, _, rest = key.partition(".")
    part = _replaced(getattr(whole, first), rest, value) if rest else value
    return replace(whole, **{first: part})
