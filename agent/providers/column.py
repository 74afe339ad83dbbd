"""One field of a fact, compiled: read a whole page's values at once, or one value with care.

Both ways give the same values; tests hold them to it. The quick way looks at the types of the
whole page first and refuses whatever is not plain, and the careful way says which record it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from types import NoneType
from typing import Any, Final

from agent.providers.converters import CONVERTERS, Convert, Converter
from agent.providers.path import MISSING, Path, follow, path_of
from agent.providers.profile_sections import FieldRule
from agent.providers.targets import Need, TargetField

_NOTHING: Final = frozenset({NoneType, type(MISSING)})
_MEMO_MOST: Final = 4096


class Memo(dict[Any, Any]):
    """Remembers what values convert to, so that a page of repeats costs one look-up each."""

    def __init__(self, convert: Convert, absent: Mapping[Any, Any]) -> None:
        super().__init__(absent)
        self._convert = convert

    def __missing__(self, raw: Any) -> Any:
        value = self._convert(raw)
        if len(self) < _MEMO_MOST:
            self[raw] = value
        return value


class Words:
    """The provider's words and ours; counts those it has no word for."""

    def __init__(self, table: Mapping[str, Any], default: Any) -> None:
        self._default = default
        self._table = dict(table)
        self.unmapped = 0

    def __call__(self, raw: Any) -> Any:
        """Our word for a JSON scalar."""
        return self.read(word(raw))

    def read(self, text: str) -> Any:
        """Our word for ``text``."""
        found = self._table.get(text, MISSING)
        if found is MISSING:
            self.unmapped += 1
            return self._default
        return found

    def add(self, text: str, ours: Any) -> None:
        """Take ``text`` for ``ours`` from now on, unless it has a meaning already."""
        self._table.setdefault(text, ours)

    def quick(self, column: Sequence[Any]) -> list[Any]:
        """Our words for a column of texts, or of whole numbers.

        Raises:
            ValueError: when the column is of anything else.
        """
        kinds = set(map(type, column))
        texts = list(map(str, column)) if kinds == {int} else column
        if kinds not in ({str}, {int}):
            raise ValueError("not all words")
        try:
            return list(map(self._table.__getitem__, texts))
        except KeyError:
            return list(map(self.read, texts))


_WORD_KINDS: Final = frozenset({str, int, bool})


def word(raw: Any) -> str:
    """A JSON scalar as it is written in a profile: ``true``, ``1``, ``enable``."""
    return ("true" if raw else "false") if isinstance(raw, bool) else str(raw)


class Column:
    """One field of a fact: where its values stand and how they are read."""

    def __init__(self, field: TargetField, rule: FieldRule) -> None:
        self.name = field.name
        self.path: Path = path_of(rule.path) if rule.path is not None else ()
        self.words = _words(field, rule)
        self._rule = rule
        self._need = field.need
        self._default = field.default
        self._converter = _converter(field, rule, self.words)
        self._alternatives = [Column(replace_need(field), it) for it in rule.first_of]
        self._const = self._convert(rule.const) if rule.const is not None else MISSING
        self._present = self._convert(rule.present) if rule.present is not None else MISSING
        optional = field.need is Need.OPTIONAL
        self._kinds = self._converter.kinds | (_NOTHING if optional else frozenset())
        self._blank = None if field.reading == "text" else ""
        self._optional = optional
        absent = dict.fromkeys((None, MISSING, self._blank), field.default) if optional else {}
        if self.words is not None and optional:
            self.words.add("", field.default)
        self._memo = (
            Memo(self._converter.convert, absent)
            if self._converter.few and self.words is None
            else None
        )

    @property
    def key(self) -> str | None:
        """The record's own key the values stand at, where it is as simple as that."""
        plain = self._rule.path is not None and len(self.path) == 1 and self.path[0] != "^"
        return self.path[0] if plain and self._present is MISSING else None

    def take_unmapped(self) -> int:
        """How many words had no meaning since this was asked last."""
        words = [it.words for it in (self, *self._alternatives) if it.words is not None]
        count = sum(it.unmapped for it in words)
        for it in words:
            it.unmapped = 0
        return count

    @property
    def is_fixed(self) -> bool:
        """Whether every record has the same value, whatever it holds."""
        return self._rule.path is None and not self._alternatives

    def quick(self, raw: Sequence[Any]) -> Sequence[Any]:
        """The values of a page, from the raw ones.

        Raises:
            ValueError: when any of them needs care.
        """
        kinds = set(map(type, raw))
        if not kinds <= self._kinds or (not self._optional and self._blank in raw):
            raise ValueError("an odd type")
        if self._memo is not None:
            return list(map(self._memo.__getitem__, raw))
        if kinds & _NOTHING:
            convert, default = self._convert, self._default
            return [default if it is None or it is MISSING else convert(it) for it in raw]
        if self.words is not None:
            return self.words.quick(raw)
        if self._converter.batch is not None:
            return self._converter.batch(raw)
        return list(map(self._converter.convert, raw))

    def careful(self, record: Mapping[str, Any]) -> Any:
        """The value of one record.

        Raises:
            ValueError: when it is there and does not fit, or is missing and must not be.
        """
        value = self._find(record)
        if value is MISSING:
            if self._need is not Need.OPTIONAL:
                raise ValueError("missing")
            return self._default
        return value

    def default(self) -> Any:
        """What stands for a value that does not fit; ``ValueError`` where nothing can."""
        if self._need is Need.IDENTITY:
            raise ValueError("missing")
        return self._default

    def is_missing(self, record: Mapping[str, Any]) -> bool:
        """Whether the record has nothing, or only emptiness, where the value should be."""
        try:
            return self._find(record) is MISSING
        except ValueError:
            return False

    def _find(self, record: Mapping[str, Any]) -> Any:
        if self._const is not MISSING:
            return self._const
        for alternative in self._alternatives:
            value = alternative._find(record)  # noqa: SLF001 - its own kind
            if value is not MISSING:
                return value
        if self._rule.path is None:
            return MISSING
        raw = follow(record, self.path)
        if raw is None or raw is MISSING or raw == self._blank:
            return MISSING
        if self._present is not MISSING:
            return self._present
        if type(raw) not in self._converter.kinds:
            raise ValueError("an odd type")
        return self._convert(raw)

    def _convert(self, raw: Any) -> Any:
        return self._converter.convert(raw)


def replace_need(field: TargetField) -> TargetField:
    """``field`` as an alternative among several: it may well be missing."""
    return replace(field, need=Need.OPTIONAL)


def _words(field: TargetField, rule: FieldRule) -> Words | None:
    if isinstance(field.reading, str):
        return Words(rule.values, rule.default or field.default) if rule.values else None
    ours = field.reading
    table = {theirs: ours(word) for theirs, word in rule.values.items()} or {
        member.value: member for member in ours
    }
    return Words(table, ours(rule.default) if rule.default else _unknown(ours, field))


def _unknown(ours: type[StrEnum], field: TargetField) -> Any:
    return ours("unknown") if "unknown" in {it.value for it in ours} else field.default


def _converter(field: TargetField, rule: FieldRule, words: Words | None) -> Converter:
    if words is not None:
        convert = words if rule.const is None and rule.present is None else _ours(field)
        return Converter(convert, _WORD_KINDS)
    return CONVERTERS[rule.convert or str(field.reading)](rule)


def _ours(field: TargetField) -> Convert:
    """A word of our own, as ``const`` and ``present`` write it."""
    return field.reading if not isinstance(field.reading, str) else str
