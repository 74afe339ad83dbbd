"""One field of a fact, compiled: converts a page's values at once, or one record's value.

Both ways give the same values; tests hold them to it. The fast way checks the types of the whole
page and refuses any page that is not plain; the slow way then tells which record does not fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import NoneType
from typing import Any, Final

from agent.net.word_counts import add_bounded, shown_words
from agent.providers.profile.converters import CONVERTERS, Convert, Converter
from agent.providers.profile.json_path import MISSING, Path, follow, path_of, scalar_text
from agent.providers.profile.own_values import expected_by, fixed_value, listed_value
from agent.providers.profile.schema import FieldRule
from agent.providers.profile.targets import Need, TargetField

_ABSENT_KINDS: Final = frozenset({NoneType, type(MISSING)})
_WORD_KINDS: Final = frozenset({str, int, bool})
_MAX_CACHED: Final = 4096
_LONGEST_WORD: Final = 64


class ConversionCache(dict[Any, Any]):
    """Converted values by text, so that a whole column is one look-up per value.

    Its keys are texts and what means no value, so that no other value, say ``True`` for 1, is
    taken for a known one. A look-up raises ``ValueError`` for what is not a text or does not
    convert.
    """

    def __init__(self, convert: Convert, known: Mapping[Any, Any], *, learns: bool) -> None:
        super().__init__(known)
        self._convert = convert
        self._max_size = _MAX_CACHED if learns else 0

    def __missing__(self, raw: Any) -> Any:
        """Convert a text that is not known yet, and store it while there is space."""
        if type(raw) is not str or not raw:
            raise ValueError("not a text")
        value = self._convert(raw)
        if len(self) < self._max_size:
            self[raw] = value
        return value


class ValueMap:
    """Maps the provider's values to ours; counts those that are not mapped."""

    def __init__(self, table: Mapping[str, Any], default: Any) -> None:
        self._default = default
        self.table = dict(table)
        self.unmapped = 0
        self.words: dict[str, int] = {}
        """The words that are not mapped, as many as are kept."""

    def __call__(self, raw: Any) -> Any:
        """Our value for a JSON scalar, the default where there is none."""
        value = self.table.get(scalar_text(raw), MISSING)
        if value is MISSING:
            self.unmapped += 1
            add_bounded(self.words, scalar_text(raw)[:_LONGEST_WORD])
            return self._default
        return value


class Column:
    """One field of a fact: the path of its values and their conversion."""

    def __init__(self, field: TargetField, rule: FieldRule) -> None:
        self.name = field.name
        self.path: Path = path_of(rule.path) if rule.path is not None else ()
        self.value_map = _value_map(field, rule)
        self._rule = rule
        self._need = field.need
        self._reading = str(field.reading)
        self._default = field.default
        self._converter = _converter(field, rule, self.value_map)
        self._alternatives = [
            Column(_as_optional(field), alternative) for alternative in rule.first_of
        ]
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
        plain = self._rule.path is not None and len(self.path) == 1 and self.path[0] != "^"
        return self.path[0] if plain and self._present is MISSING else None

    def take_unmapped(self) -> int:
        """The number of unmapped values since the last call."""
        maps = self._value_maps()
        count = sum(value_map.unmapped for value_map in maps)
        for value_map in maps:
            value_map.unmapped = 0
        return count

    def take_words(self) -> dict[str, int]:
        """The words that :meth:`take_unmapped` counts, made safe to show."""
        words: dict[str, int] = {}
        for value_map in self._value_maps():
            for word, count in value_map.words.items():
                add_bounded(words, word, count)
            value_map.words = {}
        return shown_words(words) if words else words

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path at which a value may be."""
        own = () if self._rule.path is None else (self.path,)
        return (*own, *(path for column in self._alternatives for path in column.paths))

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.value_map is not None:
            return "a word"
        return expected_by(self._rule.convert or self._reading)

    @property
    def has_value_map(self) -> bool:
        """Whether :meth:`take_unmapped` can ever return more than 0."""
        return bool(self._value_maps())

    def _value_maps(self) -> list[ValueMap]:
        columns = (self, *self._alternatives)
        return [column.value_map for column in columns if column.value_map is not None]

    @property
    def is_fixed(self) -> bool:
        """Whether the value does not depend on the record."""
        return self._rule.path is None and not self._alternatives

    def convert_page(self, raw: Sequence[Any]) -> Sequence[Any]:
        """The values of a page, from the raw ones.

        Raises:
            ValueError: when any of them does not fit; its record is found one by one.
        """
        if self._cache is None:
            return self._by_kind(raw)
        value_map = self.value_map
        before = (0, {}) if value_map is None else (value_map.unmapped, dict(value_map.words))
        try:
            return list(map(self._cache.__getitem__, raw))
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
        if self._converter.batch is not None:
            try:
                return self._converter.batch(raw)
            except ValueError:
                pass  # not convertible as a whole, but each value may still be right
        return list(map(self._converter.convert, raw))

    def _is_absent(self, raw: Any) -> bool:
        return raw is None or raw is MISSING or raw == self._blank

    def convert_record(self, record: Mapping[str, Any]) -> Any:
        """The value of one record.

        Raises:
            ValueError: when it does not fit, or is missing and not optional.
        """
        value = self._find(record)
        if value is MISSING:
            if self._need is not Need.OPTIONAL:
                raise ValueError("missing")
            return self._default
        return value

    @property
    def is_identity(self) -> bool:
        """Whether a record without the field is no fact."""
        return self._need is Need.IDENTITY

    def default(self) -> Any:
        """The value in place of one that does not fit."""
        return self._default

    def is_missing(self, record: Mapping[str, Any]) -> bool:
        """Whether the record has no value, or an empty one."""
        try:
            return self._find(record) is MISSING
        except ValueError:
            return False

    def _find(self, record: Mapping[str, Any]) -> Any:
        if self._const is not MISSING:
            return self._const
        for alternative in self._alternatives:
            value = alternative._find(record)  # noqa: SLF001 - the same class
            if value is not MISSING:
                return value
        if self._rule.path is None:
            return MISSING
        raw = follow(record, self.path)
        if self._is_absent(raw):
            return MISSING
        if self._present is not MISSING:
            return self._present
        if type(raw) not in self._converter.kinds:
            raise ValueError("an unexpected type")
        return self._convert(raw)

    def _convert(self, raw: Any) -> Any:
        return self._converter.convert(raw)


def _as_optional(field: TargetField) -> TargetField:
    """``field`` as one of several alternatives, each of which may be missing."""
    return replace(field, need=Need.OPTIONAL)


def _fixed(field: TargetField, rule: FieldRule, text: str | None) -> Any:
    return MISSING if text is None else fixed_value(field, rule, text)


def _value_map(field: TargetField, rule: FieldRule) -> ValueMap | None:
    table = {theirs: listed_value(field, rule, ours) for theirs, ours in rule.values.items()}
    if isinstance(field.reading, str):
        return ValueMap(table, _default(field, rule)) if table else None
    return ValueMap(
        table or {member.value: member for member in field.reading}, _default(field, rule)
    )


def _default(field: TargetField, rule: FieldRule) -> Any:
    """The value of a word that is not listed."""
    if rule.default:
        return listed_value(field, rule, rule.default)
    ours = () if isinstance(field.reading, str) else field.reading
    return next((member for member in ours if member.value == "unknown"), field.default)


def _converter(field: TargetField, rule: FieldRule, value_map: ValueMap | None) -> Converter:
    if value_map is not None:
        return Converter(value_map, _WORD_KINDS)
    return CONVERTERS[rule.convert or str(field.reading)](rule)
