"""YAML of rule files and unit-test files, checked against pydantic models.

Scalars are read as written, as Prometheus reads them: a label ``ticket: false`` is the text
``false``. Every mistake of a file is reported, with its line.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from agent.rules.durations import parse_duration
from agent.yamlfile.paths import KeyPath, key_text, value_at
from agent.yamlfile.problems import Problem
from agent.yamlfile.reader import Document, Format, parse_yaml
from agent.yamlfile.schema import DURATION, SchemaTree, ValueType
from agent.yamlfile.validation import problems_of

_NULLS = {"", "~", "null", "Null", "NULL"}


def _as_written(text: str, /, *, plain: bool) -> str | None:
    return None if plain and text in _NULLS else text


_FORMAT = Format(max_bytes=4 * 1024 * 1024, max_values=1_000_000, scalar=_as_written)


def _duration(value: object) -> float:
    """Seconds; an empty text is 0, as in Prometheus."""
    if not isinstance(value, str):
        raise ValueError("is not a duration")  # noqa: TRY004 - pydantic expects a ValueError
    try:
        return parse_duration(value) if value else 0.0
    except ValueError:
        raise ValueError("is not a duration") from None


def _text(value: object) -> object:
    return "" if value is None else value


Duration = Annotated[
    float,
    BeforeValidator(_duration),
    ValueType(DURATION, "a duration such as 30s or 1h30m"),
]
Texts = dict[str, Annotated[str, BeforeValidator(_text)]]
"""A mapping of texts; a key without a value has the empty text."""


class Section(BaseModel):
    """A mapping of a file: unknown keys are errors, a key without a value counts as absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        keys = {field.alias or name for name, field in cls.model_fields.items()}
        return {key: item for key, item in data.items() if item is not None or key not in keys}


Model = TypeVar("Model", bound=Section)


def read_document(path: Path) -> Document:
    """The document in a file; what is wrong with its YAML is in its ``problems``."""
    try:
        with path.open("rb") as file:
            return parse_yaml(file.read(_FORMAT.max_bytes + 1), _FORMAT)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return Document(problems=[Problem((), reason, 1)])


def validate(model: type[Model], document: Document) -> tuple[Model | None, list[Problem]]:
    """The data of a document as a model, or ``None`` and every mistake in it."""
    if document.data is None:
        return None, list(document.problems)
    try:
        return model.model_validate(document.data), list(document.problems)
    except ValidationError as error:
        tree = SchemaTree(model.model_json_schema())
        return None, [*document.problems, *problems_of(error, tree, document.data)]


def name_at(data: object, path: KeyPath, *keys: str) -> str:
    """The name that the mapping at ``path`` has under one of ``keys``, else its key and index."""
    section = value_at(data, path)
    names = [section[key] for key in keys if section.get(key)] if isinstance(section, dict) else []
    return str(names[0]) if names else key_text(path[-2:])


def location(names: str, rest: KeyPath) -> str:
    """Where a mistake is: ``group/rule: key``."""
    return f"{names}: {key_text(rest)}" if rest else names
