"""Takes one value out of a list in a record, or adds up several: ``first``, ``sum`` and others."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from agent.providers.profile.conditions import Clock, Conditions, UnfitError, read_value
from agent.providers.profile.converters import decimal_of
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.json_path import MISSING, SELF, Path, path_of, scalar_text

_MOST_ITEMS: Final = 10_000
_TEXTS: Final = frozenset({str, int})
_ABSENT: Final = (None, MISSING, "")


class ListReduction:
    """Reads the list at a rule's ``path`` and reduces it to one raw value."""

    def __init__(self, rule: FieldRule, clock: Clock) -> None:
        self._path = path_of(rule.path or "")
        self._where = Conditions(rule.where, clock)
        self._inner = path_of(next(filter(None, (rule.first, rule.sum, rule.collect)), ""))
        self._reduce = self._first if rule.first else self._sum if rule.sum else self._collect
        if rule.count:
            self._reduce = self._count
        self.use_clock = self._where.use_clock

    def read(self, record: Any) -> Any:
        """The raw value; ``MISSING`` where there is no list, or no item to take it from.

        Raises:
            UnfitError: when the list or an item is not what it must be.
        """
        items = read_value(record, self._path)
        if items is None or items is MISSING:
            return MISSING
        if not isinstance(items, list) or len(items) > _MOST_ITEMS:
            raise UnfitError(self._path, f"a list of at most {_MOST_ITEMS}")
        return self._reduce(self._selected(items))

    def has_list(self, record: Any) -> bool:
        """Whether there is something at the path of the list."""
        return read_value(record, self._path) not in _ABSENT

    def _selected(self, items: list[Any]) -> Iterator[Any]:
        for item in items:
            record = item if isinstance(item, dict) else {SELF: item}
            if not self._where:
                yield record
                continue
            holds = self._where.all_hold(record)
            if holds is None:
                raise UnfitError(self._path, self._needed(self._where.undecided(record)))
            if holds:
                yield record

    def _first(self, items: Iterator[Any]) -> Any:
        return next((self._value(item) for item in items), MISSING)

    def _count(self, items: Iterator[Any]) -> int:
        return sum(1 for _ in items)

    def _collect(self, items: Iterator[Any]) -> list[str]:
        values = [self._value(item) for item in items]
        if not all(type(value) in _TEXTS for value in values):
            raise UnfitError(self._path, f"texts at {'.'.join(self._inner)} of its items")
        return [scalar_text(value) for value in values]

    def _sum(self, items: Iterator[Any]) -> Any:
        amounts = [self._amount(item) for item in items]
        return exact_text(sum(amounts, Decimal(0))) if amounts else MISSING

    def _amount(self, item: Any) -> Decimal:
        try:
            return decimal_of(self._value(item))
        except ValueError:
            raise UnfitError(
                self._path, f"amounts at {'.'.join(self._inner)} of its items"
            ) from None

    def _value(self, item: Any) -> Any:
        value = read_value(item, self._inner)
        if value is MISSING:
            raise UnfitError(self._path, self._needed(self._inner))
        return value

    def _needed(self, path: Path) -> str:
        return f"a list whose items have {'.'.join(path)}"


class AmountSum:
    """The sum of several amounts of one record."""

    def __init__(self, rule: FieldRule, clock: Clock) -> None:
        self._terms = [_Term(term, clock) for term in rule.sum_of]
        self.use_clock = any(term.use_clock for term in self._terms)

    def read(self, record: Any) -> Any:
        """The sum as a text; ``MISSING`` where there is none of them.

        Raises:
            UnfitError: when one is no amount, or missing beside others.
        """
        amounts = [term.read(record) for term in self._terms]
        if all(amount is MISSING for amount in amounts):
            return MISSING
        for term, amount in zip(self._terms, amounts, strict=True):
            if amount is MISSING:
                raise UnfitError(term.path, "an amount, as the other parts of the sum are there")
        return exact_text(sum(amounts, Decimal(0)))


class _Term:
    def __init__(self, rule: FieldRule, clock: Clock) -> None:
        self.path = path_of(rule.path or "")
        self._scale = Decimal(rule.scale or "1")
        self._list = reduction_of(rule, clock)
        self.use_clock = self._list is not None and self._list.use_clock

    def read(self, record: Any) -> Any:
        raw = read_value(record, self.path) if self._list is None else self._list.read(record)
        if raw in _ABSENT:
            return MISSING
        try:
            return decimal_of(raw) * self._scale
        except (ValueError, InvalidOperation):
            raise UnfitError(self.path, "an amount such as 12.50") from None


def reduction_of(rule: FieldRule, clock: Clock) -> ListReduction | None:
    """The reduction that ``rule`` asks for, if it does."""
    asks = rule.count or rule.first or rule.sum or rule.collect
    return ListReduction(rule, clock) if asks else None


def exact_text(amount: Decimal) -> str:
    """``amount`` with all its digits and without an exponent, as the converters take it."""
    return format(amount.normalize(), "f")
