"""One field of a fact, compiled: converts a page's values at once, or one record's value.

Both ways give the same values; tests hold them to it. The fast way checks the types of the whole
page and refuses any page that is not plain; the slow way then tells which record does not fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import time
from types import NoneType
from typing import Any, Final

from agent.net.word_counts import add_bounded, shown_words
from agent.providers.profile.conditions import Clock, Conditions, UnfitError, join_words, read_value
from agent.providers.profile.converters import CONVERTERS, Converter
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.json_path import MISSING, OUTER, Path, path_of, scalar_text
from agent.providers.profile.own_values import expected_by, fixed_value
from agent.providers.profile.paths_in_use import rule_paths
from agent.providers.profile.targets import Need, TargetField
from agent.providers.profile.value_map import ConversionCache, ValueMap, default_of, value_map_of
from agent.providers.profile.value_source import UNDESCRIBED, source_of

_ABSENT_KINDS: Final = frozenset({NoneType, type(MISSING)})
_WORD_KINDS: Final = frozenset({str, int, bool})


class Column:
    """One field of a fact: the path of its values and their conversion."""

    def __init__(self, field: TargetField, rule: FieldRule, clock: Clock = time) -> None:
        self.name = field.name
        self.path: Path = path_of(rule.path) if rule.path is not None else ()
        self.value_map = value_map_of(field, rule)
        self._rule = rule
        self._when = Conditions(rule.when, clock)
        self._source = source_of(rule, clock)
        self._need = field.need
        self._reading = str(field.reading)
        self._default = field.default
        self._is_overlay = field.is_overlay
        self._converter = _converter(field, rule, self.value_map)
        self._alternatives = [
            Column(_as_optional(field), alternative, clock) for alternative in rule.first_of
        ]
        self._value_maps: list[ValueMap] = [
            *([self.value_map] if self.value_map is not None else []),
            *(it for column in self._alternatives for it in column._value_maps),  # noqa: SLF001 - the same class
        ]
        self._stated_default = default_of(field, rule) if rule.default else MISSING
        self._const = _fixed(field, rule, rule.const)
        self._present = _fixed(field, rule, rule.present)
        optional = field.need is Need.OPTIONAL
        self._kinds = self._converter.kinds | (_ABSENT_KINDS if optional else frozenset())
        self._blank = None if field.reading == "text" else ""
        self._optional = optional
        self._cache = self._make_cache()
        self.key = self._plain_key()
        """The record's key of the value, where the path is one key and nothing else applies."""

    def _make_cache(self) -> ConversionCache | None:
        if self.value_map is None and not self._converter.repeats:
            return None
        known: dict[Any, Any] = {} if self.value_map is None else dict(self.value_map.table)
        if self._blank is not None:
            known.pop(self._blank, None)
        if self._optional:
            known |= dict.fromkeys((None, MISSING, self._blank), self._default)
        if self._blank is None and self.value_map is None:
            known[""] = ""
        return ConversionCache(self._converter.convert, known, learns=self.value_map is None)

    def _plain_key(self) -> str | None:
        plain = self._rule.path is not None and len(self.path) == 1 and self.path[0] != OUTER
        asks_more = self._alternatives or self._when or self._source is not None
        return self.path[0] if plain and not asks_more and self._present is MISSING else None

    def take_unmapped(self) -> int:
        """The number of unmapped values since the last call."""
        count = sum(value_map.unmapped for value_map in self._value_maps)
        for value_map in self._value_maps:
            value_map.unmapped = 0
        return count

    @property
    def has_unmapped(self) -> bool:
        """Whether :meth:`take_unmapped` would return more than 0."""
        return any(value_map.unmapped for value_map in self._value_maps)

    def take_words(self) -> dict[str, int]:
        """The words that :meth:`take_unmapped` counts, made safe to show."""
        words: dict[str, int] = {}
        for value_map in self._value_maps:
            for word, count in value_map.words.items():
                add_bounded(words, word, count)
            value_map.words = {}
        return shown_words(words) if words else words

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path at which a value may be, or one that a condition is about."""
        return tuple(rule_paths(self._rule))

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.value_map is not None:
            return "a word"
        return expected_by(self._rule.convert or self._reading)

    @property
    def has_value_map(self) -> bool:
        """Whether :meth:`take_unmapped` can ever return more than 0."""
        return bool(self._value_maps)

    @property
    def is_fixed(self) -> bool:
        """Whether the value does not depend on the record."""
        reads = self._rule.path is not None or self._source is not None
        return not (reads or self._alternatives or self._when)

    @property
    def use_clock(self) -> bool:
        """Whether the same record may give another value later."""
        parts = (self._when, self._source, *self._alternatives)
        return any(part.use_clock for part in parts if part is not None)

    def convert_page(self, raw: Sequence[Any]) -> Sequence[Any]:
        """The values of a page, from the raw ones.

        Raises:
            ValueError: when any of them does not fit; its record is found one by one.
        """
        if self._cache is None:
            passes_as_it_is = self._converter.passes
            return raw if passes_as_it_is and passes_as_it_is(raw) else self._by_kind(raw)
        value_map = self.value_map
        before = (0, {}) if value_map is None else (value_map.unmapped, dict(value_map.words))
        try:
            return self._cache.convert_column(raw)
        except (ValueError, TypeError):
            if value_map is not None:
                value_map.unmapped, value_map.words = before
            return self._by_kind(raw)

    def absent_page(self, count: int) -> Sequence[Any]:
        """The values of a page of ``count`` records, none of which has the field's key.

        Raises:
            ValueError: when the field is not optional.
        """
        if not self._optional:
            raise ValueError("missing")
        return [self._default] * count

    def _by_kind(self, raw: Sequence[Any]) -> Sequence[Any]:
        """The values of a page that are not all texts, by the set of their types."""
        kinds = set(map(type, raw))
        if not kinds <= self._kinds or (not self._optional and self._blank in raw):
            raise ValueError("an unexpected type")
        if kinds <= self._converter.as_is:
            return raw
        if kinds & _ABSENT_KINDS or (kinds == {str} and self._optional and self._blank in raw):
            return [
                self._default if self._is_absent(value) else self._convert(value) for value in raw
            ]
        return list(map(self._converter.convert, raw))

    def _is_absent(self, raw: Any) -> bool:
        return raw is None or raw is MISSING or raw == self._blank

    def convert_record(self, record: Mapping[str, Any]) -> Any:
        """The value of one record.

        Raises:
            ValueError: when it does not fit, or is missing and not optional.
        """
        value = self._find(record)
        if value is UNDESCRIBED:
            value = self._undescribed(record)
        if value is MISSING:
            if self._need is not Need.OPTIONAL:
                raise ValueError("missing")
            return self._default
        return value

    def _undescribed(self, record: Mapping[str, Any]) -> Any:
        """The value where there is something and no alternative says what it means.

        Raises:
            UnfitError: when a part of a text was to be taken and no text has it.
        """
        if self._is_overlay:
            return MISSING
        if self.value_map is not None:
            return self.value_map.undescribed(join_words(self._words(record)))
        for column in (self, *self._alternatives):
            if column._rule.match is not None and column._has_value(record):  # noqa: SLF001 - the same class
                raise UnfitError(column.path, f"a text in which {column._rule.match} matches")  # noqa: SLF001 - the same class
        return self._stated_default

    def _words(self, record: Mapping[str, Any]) -> list[str]:
        """The words that decide on the value, each once."""
        words = self._when.words(record)
        for column in self._alternatives:
            words += column._words(record)  # noqa: SLF001 - the same class
        if self._rule.match is not None and self._has_value(record):
            words.append(scalar_text(read_value(record, self.path)))
        return list(dict.fromkeys(words))

    def _has_value(self, record: Mapping[str, Any]) -> bool:
        return not self._is_absent(read_value(record, self.path))

    @property
    def is_identity(self) -> bool:
        """Whether a record without the field is no fact."""
        return self._need is Need.IDENTITY

    def default(self) -> Any:
        """The value in place of one that does not fit."""
        return self._default

    @property
    def is_optional(self) -> bool:
        """Whether a record without the field has the default there and is otherwise as it was."""
        return self._optional

    def is_missing(self, record: Mapping[str, Any]) -> bool:
        """Whether the record has no value, or an empty one."""
        try:
            return self._find(record) is MISSING
        except ValueError:
            return False

    def _find(self, record: Mapping[str, Any]) -> Any:
        """The value; ``MISSING`` where there is none, ``UNDESCRIBED`` where none is meant."""
        if self._when and self._when.all_hold(record) is not True:
            return UNDESCRIBED if self._when.has_value(record) else MISSING
        if self._const is not MISSING:
            return self._const
        nothing: Any = MISSING
        for alternative in self._alternatives:
            value = alternative._find(record)  # noqa: SLF001 - the same class
            if value is UNDESCRIBED:
                nothing = UNDESCRIBED
            elif value is not MISSING:
                return value
        raw = self._read(record)
        if raw is UNDESCRIBED or raw is MISSING:
            is_empty = raw is MISSING and nothing is MISSING
            return MISSING if is_empty else self._without_meaning(record)
        if self._present is not MISSING:
            return self._present
        if type(raw) not in self._converter.kinds:
            raise ValueError("an unexpected type")
        return self._convert(raw)

    def _read(self, record: Mapping[str, Any]) -> Any:
        if self._source is not None:
            return self._source.read(record)
        if self._rule.path is None:
            return MISSING
        raw = read_value(record, self.path)
        return MISSING if self._is_absent(raw) else raw

    def _without_meaning(self, record: Mapping[str, Any]) -> Any:
        """The rule's own default, where it has one."""
        if self._rule.default is None:
            return UNDESCRIBED
        if self.value_map is None:
            return self._stated_default
        return self.value_map.undescribed(join_words(self._words(record)))

    def _convert(self, raw: Any) -> Any:
        return self._converter.convert(raw)


def _as_optional(field: TargetField) -> TargetField:
    """``field`` as one of several alternatives, each of which may be missing."""
    return replace(field, need=Need.OPTIONAL)


def _fixed(field: TargetField, rule: FieldRule, text: str | None) -> Any:
    return MISSING if text is None else fixed_value(field, rule, text)


def _converter(field: TargetField, rule: FieldRule, value_map: ValueMap | None) -> Converter:
    if value_map is not None:
        return Converter(value_map, _WORD_KINDS)
    return CONVERTERS[rule.convert or str(field.reading)](rule)
