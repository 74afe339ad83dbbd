"""The drift of a number's configuration in the reader's language, field by field."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.baselines.change_words import field_text, value_text
from agent.baselines.drift import Difference


@dataclass(frozen=True)
class ChangeRow:
    """One field that differs."""

    section: str
    field: str
    was: str
    now: str


def change_rows(differences: Iterable[Difference], locale: str) -> tuple[ChangeRow, ...]:
    """``differences`` in the reader's language."""
    return tuple(
        ChangeRow(
            each.section.value,
            field_text(each.field, locale),
            value_text(each.field, each.was, locale),
            value_text(each.field, each.now, locale),
        )
        for each in differences
    )
