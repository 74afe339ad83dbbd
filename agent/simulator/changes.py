"""Setting a value by its dotted key, on things that are replaced rather than changed."""

from dataclasses import replace
from typing import Any

from agent.simulator.account import Account
from agent.simulator.entities import Binding, Number


def set_number(number: Number, key: str, value: object) -> None:
    """Sets ``routing.wait_seconds``, ``company`` …; state and calls have rules of their own."""
    first, _, rest = key.partition(".")
    setattr(number, first, _replaced(getattr(number, first), rest, value) if rest else value)


def set_binding(number: Number, binding_id: str, key: str, value: object) -> None:
    """Sets a value of one binding of ``number``."""
    setattr(find_binding(number, binding_id), key, value)


def find_binding(number: Number, binding_id: str) -> Binding:
    """The binding with that id, which the world file's check has found there."""
    return next(binding for binding in number.bindings if binding.id == binding_id)


def set_account(account: Account, key: str, value: object) -> None:
    """Sets a value of the account."""
    setattr(account, key, value)


def _replaced(whole: Any, key: str, value: object) -> Any:
    """A copy of the frozen struct ``whole`` with one value changed, however deep."""
    first, _, rest = key.partition(".")
    part = _replaced(getattr(whole, first), rest, value) if rest else value
    return replace(whole, **{first: part})
