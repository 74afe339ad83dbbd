"""Reads the raw value of a rule that says more than a path: lists, sums, parts of texts."""

from collections.abc import Callable
from typing import Any, Final

from agent.providers.profile.conditions import Clock, UnfitError, read_value
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.json_path import MISSING, path_of, scalar_text
from agent.providers.profile.patterns import LONGEST_TEXT, extractor
from agent.providers.profile.reductions import AmountSum, reduction_of


class _Undescribed:
    """The type of ``UNDESCRIBED``: there is something, and the rule says nothing about it."""

    def __repr__(self) -> str:
        return "undescribed"


UNDESCRIBED: Final = _Undescribed()

_EXTRACTED_FROM: Final = frozenset({str, int})


class ValueSource:
    """The raw value of a rule, as its converter takes it."""

    def __init__(self, rule: FieldRule, clock: Clock) -> None:
        self.path = path_of(rule.path or "")
        self._list = reduction_of(rule, clock)
        self._sum = AmountSum(rule, clock) if rule.sum_of else None
        self._empty = frozenset(rule.empty)
        self._extract = None if rule.match is None else extractor(rule.match)
        parts = (self._list, self._sum)
        self.use_clock = any(part.use_clock for part in parts if part is not None)

    def read(self, record: Any) -> Any:
        """The raw value; ``MISSING`` where there is none, ``UNDESCRIBED`` where none is meant.

        Raises:
            UnfitError: when what is there is not what it must be.
        """
        raw = self._raw(record)
        if raw is None or raw is MISSING or raw == "":
            is_empty = self._list is not None and self._list.has_list(record)
            return UNDESCRIBED if is_empty else MISSING
        if self._empty and not isinstance(raw, dict | list) and scalar_text(raw) in self._empty:
            return MISSING
        return raw if self._extract is None else self._extracted(raw, self._extract)

    def _raw(self, record: Any) -> Any:
        if self._sum is not None:
            return self._sum.read(record)
        return read_value(record, self.path) if self._list is None else self._list.read(record)

    def _extracted(self, raw: Any, extract: Callable[[str], str | None]) -> Any:
        if type(raw) not in _EXTRACTED_FROM or len(str(raw)) > LONGEST_TEXT:
            raise UnfitError(self.path, f"a text of at most {LONGEST_TEXT} characters")
        return extract(str(raw)) or UNDESCRIBED


def source_of(rule: FieldRule, clock: Clock) -> ValueSource | None:
    """The source of a rule that needs one; ``None`` where its path is all there is."""
    parts = (rule.match, rule.first, rule.sum, rule.collect)
    asks = rule.count or rule.empty or rule.sum_of or any(part is not None for part in parts)
    return ValueSource(rule, clock) if asks else None
