"""The provider's values to ours: whole columns by look-ups, words by the tables of a profile."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from agent.net.word_counts import add_bounded
from agent.providers.profile.converters import Convert
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.json_path import MISSING, scalar_text
from agent.providers.profile.own_values import listed_value
from agent.providers.profile.targets import TargetField

_MAX_CACHED: Final = 4096
_LONGEST_WORD: Final = 64


class ConversionCache:
    """Converted values by text, so that a whole column is one look-up per value.

    Its keys are texts and what means no value, so that no other value, say ``True`` for 1, is
    taken for a known one.
    """

    def __init__(self, convert: Convert, known: Mapping[Any, Any], *, learns: bool) -> None:
        self._convert = convert
        self._known = dict(known)
        self._max_size = _MAX_CACHED if learns else 0

    def convert_column(self, column: Sequence[Any]) -> Sequence[Any]:
        """The values of a whole column.

        Raises:
            ValueError: for what is not a text, or does not convert.
            TypeError: for a list or an object.
        """
        known = self._known
        if len(column) > 1:
            try:
                # All look-ups in one call: twice as fast as a call for each.
                values: tuple[Any, ...] = itemgetter(*column)(known)
            except KeyError:
                pass  # there is a text that was not converted before
            else:
                return values
        return [known[raw] if raw in known else self._converted(raw) for raw in column]

    def _converted(self, raw: Any) -> Any:
        """Convert a text that is not known yet, and store it while there is space."""
        if type(raw) is not str or not raw:
            raise ValueError("not a text")
        value = self._convert(raw)
        if len(self._known) < self._max_size:
            self._known[raw] = value
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
        return self.undescribed(scalar_text(raw)) if value is MISSING else value

    def undescribed(self, word: str) -> Any:
        """The default, after ``word``, to which nothing is mapped, was counted."""
        self.unmapped += 1
        add_bounded(self.words, word[:_LONGEST_WORD])
        return self._default


def value_map_of(field: TargetField, rule: FieldRule) -> ValueMap | None:
    """The map of a rule's words; ``None`` where the field takes any value."""
    table = {theirs: listed_value(field, rule, ours) for theirs, ours in rule.values.items()}
    if isinstance(field.reading, str):
        return ValueMap(table, default_of(field, rule)) if table else None
    return ValueMap(
        table or {member.value: member for member in field.reading}, default_of(field, rule)
    )


def default_of(field: TargetField, rule: FieldRule) -> Any:
    """The value of what is not described."""
    if rule.default:
        return listed_value(field, rule, rule.default)
    ours = () if isinstance(field.reading, str) else field.reading
    return next((member for member in ours if member.value == "unknown"), field.default)
