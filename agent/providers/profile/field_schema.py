"""The schema of what a profile says about answers: where records are, and what fills each field.

Paths are those of :mod:`agent.providers.profile.json_path`.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from agent.config.section import Section
from agent.providers.profile.json_path import scalar_text


def _as_path(value: Any) -> Any:
    """Bare text in place of a section is its path."""
    return {"path": value} if isinstance(value, str) else value


def _as_paths(value: Any) -> Any:
    """A bare list in place of a section is its paths."""
    return {"paths": value} if isinstance(value, list) else _as_path(value)


def _as_words(value: Any) -> Any:
    """A bare word or list of words in place of a condition is those that fulfil it."""
    if isinstance(value, str | int):
        return {"any_of": [value]}
    return {"any_of": value} if isinstance(value, list) else value


def _word(value: Any) -> Any:
    """A boolean or integer as the text JSON shows, so that 1, "1" and true can be listed alike."""
    return scalar_text(value) if isinstance(value, int) else value


Word = Annotated[str, BeforeValidator(_word)]


class RecordList(Section):
    """Where records are in an answer, or in a record around them."""

    path: str | None = None
    """The path of the list; the empty path is the whole answer."""
    paths: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)
    """The paths of several lists, read one after the other, in place of ``path``."""
    keyed: bool = False
    """The records are the values of an object; the key of each is at ``@key``."""
    split: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    """The list is a text with this between its parts, such as ``"|"``; each is a record, ``@``."""
    empty_when_absent: bool = False
    """A list that is missing or null is empty; without this it is a failure."""
    each: "NestedRecords | None" = None
    """The records in each of these records, one fact each; the outer record is then ``^``."""

    @property
    def all_paths(self) -> list[str]:
        """The paths of the lists, in their order."""
        return self.paths or [self.path or ""]


def levels_of(lists: RecordList | None) -> Iterator[RecordList]:
    """``lists`` and what nests in it, from the outermost to the innermost."""
    while lists is not None:
        yield lists
        lists = lists.each


NestedRecords = Annotated[RecordList, BeforeValidator(_as_paths)]


class Condition(Section):
    """What must hold for a value; without one there nothing holds but ``exists: false``."""

    any_of: list[Word] | None = None
    """It is one of these words."""
    none_of: list[Word] | None = None
    """It is none of these words."""
    match: str | None = None
    """A match of this regular expression (RE2) is in it."""
    past: bool | None = None
    """Whether it is a time that is over."""
    exists: bool | None = None
    """Whether there is a value that is not empty."""
    convert: str | None = None
    """The converter of the time; ``iso`` without it."""
    zone: str | None = None
    """The offset of a time that has none."""


Conditions = dict[str, Annotated[Condition, BeforeValidator(_as_words)]]


class FieldRule(Section):
    """The source of one field and its conversion."""

    path: str | None = None
    """The path of the value in the record."""
    first_of: list["Rule"] = Field(default_factory=list)
    """Alternatives in order; the first with a value that is not empty is used."""
    const: Word | None = None
    """A fixed value, the same for every record."""
    present: Word | None = None
    """The value when the one at ``path`` is not empty."""
    when: Conditions = Field(default_factory=dict)
    """Conditions by path; unless all of them hold, the rule has no value."""
    match: str | None = None
    """A regular expression (RE2) with one group, whose text is taken for the value."""
    empty: list[Word] = Field(default_factory=list)
    """Words that mean that there is no value, such as ``"0"`` or ``"-"``."""
    where: Conditions = Field(default_factory=dict)
    """Of the list at ``path`` only the items for which these conditions hold."""
    first: str | None = None
    """The value is at this path of the first item of the list at ``path``."""
    sum: str | None = None
    """The value is the sum of the amounts at this path of each item."""
    count: bool = False
    """The value is the number of items."""
    collect: str | None = None
    """The value is the list of the texts at this path of each item."""
    sum_of: list["Rule"] = Field(default_factory=list)
    """The value is the sum of these amounts, each of which must be there."""
    convert: str | None = None
    """A converter other than the field's usual one."""
    values: dict[str, Word] = Field(default_factory=dict)
    """Our values by the provider's; one that is not listed becomes ``default`` and is counted."""
    default: Word | None = None
    """Our value where what the record has is not described: a word that is not listed, a text
    without a match, no condition that holds. Must be ``unknown`` where the field has that."""
    scale: str | None = None
    """Multiplies an amount, for example ``"0.01"`` for fen or cents."""
    zone: str | None = None
    """The offset of times that have none, for example ``"+08:00"``."""
    strip_prefixes: list[str] = Field(default_factory=list)
    """Taken off the front of a number, the first that fits: ``["+86", "0086"]``."""
    add_prefix: str | None = None
    """Put before a number that does not begin with it, after prefixes were taken off: ``"+"``."""

    @field_validator("const", "present", "default", mode="before")
    @classmethod
    def _yes_is_not_one(cls, value: Any, _info: ValidationInfo) -> Any:
        """Take ``const: true``, in place of the refusal of switches: no key here is a number."""
        return _word(value)


Rule = Annotated[FieldRule, BeforeValidator(_as_path)]
