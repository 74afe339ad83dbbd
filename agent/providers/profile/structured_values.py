"""Facts that are lists or objects of their own, as the generic dialect writes them."""

import sys
from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeVar

from agent.model import Extension, Lines, MenuKey, SpecialDays
from agent.net.scrub import scrub
from agent.providers.profile.schedule import DAY_END, read_minute

_MOST: Final = 500
_TEXT_LENGTH: Final = 128
_Fact = TypeVar("_Fact")


def read_special_days(value: list[Any]) -> tuple[SpecialDays, ...]:
    """Days from ``[{"from": "2026-10-01", "to": "2026-10-07", "hours": [], "bindings": []}]``.

    Raises:
        ValueError: when an entry is not written so.
    """
    return _each(value, _special_days)


def read_menu(value: list[Any]) -> tuple[MenuKey, ...]:
    """Keys from ``[{"menu": "main", "key": "1", "target": "binding:b1"}]``.

    Raises:
        ValueError: when an entry is not written so.
    """
    return _each(value, lambda entry: MenuKey(*(_text(entry, it) for it in MENU_KEYS)))


def read_extensions(value: list[Any]) -> tuple[Extension, ...]:
    """Extensions from ``[{"id": "801", "balance": 3.5, "minimum": 5}]``.

    Raises:
        ValueError: when an entry is not written so.
    """
    return _each(
        value,
        lambda entry: Extension(
            _text(entry, "id"), _amount(entry.get("balance")), _amount(entry.get("minimum"))
        ),
    )


def read_lines(value: dict[str, Any]) -> Lines:
    """Lines from ``{"declared": 20, "paid": 10, "capacity": 30, "peak": 25}``, each optional.

    Raises:
        ValueError: when a count is not a whole number.
    """
    return Lines(*(_count(value.get(name)) for name in LINE_COUNTS))


MENU_KEYS: Final = ("menu", "key", "target")
LINE_COUNTS: Final = ("declared", "paid", "capacity", "peak")


def _each(value: list[Any], read: Callable[[dict[str, Any]], _Fact]) -> tuple[_Fact, ...]:
    if len(value) > _MOST:
        raise ValueError(f"more than {_MOST} entries")
    if not all(isinstance(entry, dict) for entry in value):
        raise ValueError("not a list of objects")
    return tuple(map(read, value))


def _special_days(entry: dict[str, Any]) -> SpecialDays:
    first = _day(entry.get("from"))
    last = _day(entry.get("to", entry.get("from")))
    hours = entry.get("hours", [])
    bindings = entry.get("bindings", [])
    if last < first or not isinstance(hours, list) or not isinstance(bindings, list):
        raise ValueError("not special days")
    if not all(isinstance(name, str) for name in bindings):
        raise ValueError("not a list of bindings")
    return SpecialDays(first, last, tuple(map(_hours, hours)), tuple(map(sys.intern, bindings)))


def _hours(entry: Any) -> tuple[int, int]:
    if not isinstance(entry, dict):
        raise ValueError("not hours")  # noqa: TRY004 - a wrong value, whatever its type
    start, end = read_minute(entry.get("from")), read_minute(entry.get("to"))
    if start == end:
        return 0, DAY_END
    if end < start:
        raise ValueError("hours that end before they start")
    return start, end


def _day(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("not a day, expected for example 2026-10-01")  # noqa: TRY004 - as above
    return date.fromisoformat(value).toordinal()


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a text")  # noqa: TRY004 - as above
    return sys.intern(scrub(value, _TEXT_LENGTH))


def _amount(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not an amount")  # noqa: TRY004 - as above
    amount = float(value)
    if not -1e15 < amount < 1e15:  # noqa: PLR2004 - beyond any money, and no NaN
        raise ValueError("not an amount")
    return amount


def _count(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a whole number")  # noqa: TRY004 - as above
    return value
