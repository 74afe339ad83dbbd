"""One field of a fact, compiled: read a whole page's values at once, or one value with care.

Both ways give the same values; tests hold them to it. The quick way looks at the types of the
whole page first and refuses whatever is not plain, and the careful way says which record it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from types import NoneType
from typing import Any, Final

from agent.providers.profile.converters import CONVERTERS, Convert, Converter
from agent.providers.profile.json_path import MISSING, Path, follow, path_of
from agent.providers.profile.schema import FieldRule
from agent.providers.profile.targets import Need, TargetField
from agent.providers.profile.words import Memo, Words

_NOTHING: Final = frozenset({NoneType, type(MISSING)})
_WORD_KINDS: Final = frozenset({str, int, bool})


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
        self._memo = self._make_memo()
        self.key = self._plain_key()
        """The record's own key the values stand at, where it is as simple as that."""

    def _make_memo(self) -> Memo | None:
        if self.words is None and not self._converter.few:
            return None
        known: dict[Any, Any] = {} if self.words is None else dict(self.words.table)
        if self._blank is not None:
            known.pop(self._blank, None)
        if self._optional:
            known |= dict.fromkeys((None, MISSING, self._blank), self._default)
        if self._blank is None and self.words is None:
            known[""] = ""
        return Memo(self._converter.convert, known, learns=self.words is None)

    def _plain_key(self) -> str | None:
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
    def has_words(self) -> bool:
        """Whether :meth:`take_unmapped` can ever have something to tell."""
        return any(it.words is not None for it in (self, *self._alternatives))

    @property
    def is_fixed(self) -> bool:
        """Whether every record has the same value, whatever it holds."""
        return self._rule.path is None and not self._alternatives

    def quick(self, raw: Sequence[Any]) -> Sequence[Any]:
        """The values of a page, from the raw ones.

        Raises:
            ValueError: when any of them needs care.
        """
        if self._memo is None:
            return self._by_kind(raw)
        unmapped = self.words.unmapped if self.words is not None else 0
        try:
            return list(map(self._memo.__getitem__, raw))
        except (ValueError, TypeError):
            if self.words is not None:
                self.words.unmapped = unmapped
            return self._by_kind(raw)

    def absent(self, count: int) -> Sequence[Any]:
        """The values of a page of ``count`` records, none of which has the field's key.

        Raises:
            ValueError: when it must be there.
        """
        if not self._optional:
            raise ValueError("missing")
        return [self._default] * count

    def _by_kind(self, raw: Sequence[Any]) -> Sequence[Any]:
        """The values of a page that are not all texts known to the memo."""
        kinds = set(map(type, raw))
        if not kinds <= self._kinds or (not self._optional and self._blank in raw):
            raise ValueError("an odd type")
        if kinds <= self._converter.as_is:
            return raw
        if kinds & _NOTHING or (kinds == {str} and self._optional and self._blank in raw):
            return [self._default if self._is_nothing(it) else self._convert(it) for it in raw]
        if self._converter.batch is not None:
            try:
                return self._converter.batch(raw)
            except ValueError:
                pass  # not so plain, but each may still be right
        return list(map(self._converter.convert, raw))

    def _is_nothing(self, raw: Any) -> bool:
        return raw is None or raw is MISSING or raw == self._blank

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
        if self._is_nothing(raw):
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
    table = {theirs: ours(text) for theirs, text in rule.values.items()} or {
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
