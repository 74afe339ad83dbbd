"""The shape of the configuration: what kind of value stands at which key.

Read off the settings classes once, so that the error texts, the secret files, the JSON Schema
and the reference page all describe the one and same thing.
"""

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo

from agent.config.secret import Secret
from agent.config.section import Section
from agent.config.values import http_url, listen_address, moment, network, parse_duration, zone
from agent.yamlfile.paths import KeyPath

FILE_SUFFIX = "_file"
"""Written behind a secret's key, names a file to read the secret from."""


class Kind(Enum):
    """What kind of value a key takes."""

    SECTION = auto()
    LIST = auto()
    MAPPING = auto()
    CHOICE = auto()
    DURATION = auto()
    WHOLE = auto()
    NUMBER = auto()
    SWITCH = auto()
    SECRET = auto()
    URL = auto()
    NETWORK = auto()
    ADDRESS = auto()
    MOMENT = auto()
    ZONE = auto()
    NAME = auto()
    TEXT = auto()


@dataclass(frozen=True)
class Shape:
    """What one key takes: its kind, what it is made of, and its bounds."""

    kind: Kind
    section: type[Section] | None = None
    """The class of a section."""
    inner: "Shape | None" = None
    """What a list's items or a mapping's values are."""
    keys: "Shape | None" = None
    """What a mapping's keys are."""
    choices: tuple[str, ...] = ()
    bounds: dict[str, float] = field(default_factory=dict)
    """``ge``, ``gt``, ``le``, ``lt``, ``min_length``; durations in seconds."""


_CHECKED: dict[Any, Kind] = {
    parse_duration: Kind.DURATION,
    http_url: Kind.URL,
    network: Kind.NETWORK,
    listen_address: Kind.ADDRESS,
    moment: Kind.MOMENT,
    zone: Kind.ZONE,
}
_PLAIN: dict[Any, Kind] = {
    bool: Kind.SWITCH,
    int: Kind.WHOLE,
    float: Kind.NUMBER,
    str: Kind.TEXT,
    Secret: Kind.SECRET,
}
_BOUNDS = (
    (annotated_types.Ge, "ge"),
    (annotated_types.Gt, "gt"),
    (annotated_types.Le, "le"),
    (annotated_types.Lt, "lt"),
    (annotated_types.MinLen, "min_length"),
)


@cache
def fields_of(section: type[Section]) -> dict[str, Shape]:
    """The shape of every key of ``section``."""
    return {name: _of_field(info) for name, info in section.model_fields.items()}


def written_keys(section: type[Section]) -> tuple[str, ...]:
    """Every key a user may write in ``section``, the secrets' ``*_file`` twins too."""
    keys: list[str] = []
    for name, shape in fields_of(section).items():
        keys += [name, name + FILE_SUFFIX] if shape.kind is Kind.SECRET else [name]
    return tuple(keys)


def shape_at(root: type[Section], path: KeyPath) -> Shape | None:
    """The shape of the value at ``path``, or ``None`` where the configuration has no such key."""
    shape: Shape | None = Shape(Kind.SECTION, section=root)
    for step in path:
        if shape is None:
            return None
        shape = _step(shape, step)
    return shape


def _step(shape: Shape, step: str | int) -> Shape | None:
    if shape.section is not None:
        return fields_of(shape.section).get(str(step))
    if (shape.kind is Kind.LIST) == isinstance(step, int):
        return shape.inner
    return None


def _of_field(info: FieldInfo) -> Shape:
    return _of(info.annotation, tuple(info.metadata))


def _of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _of(arguments[0], (*arguments[1:], *metadata))
    if origin in (Union, UnionType):
        return _of(next(part for part in arguments if part is not NoneType), metadata)
    if origin in (list, dict):
        return _of_container(origin, arguments, _bounds(metadata))
    if origin is Literal:
        return Shape(Kind.CHOICE, choices=tuple(map(str, arguments)))
    return _of_class(annotation, metadata)


def _of_container(origin: Any, arguments: tuple[Any, ...], bounds: dict[str, float]) -> Shape:
    if origin is list:
        return Shape(Kind.LIST, inner=_of(arguments[0]), bounds=bounds)
    return Shape(Kind.MAPPING, keys=_of(arguments[0]), inner=_of(arguments[1]), bounds=bounds)


def _of_class(annotation: Any, metadata: tuple[Any, ...]) -> Shape:
    if issubclass(annotation, StrEnum):
        return Shape(Kind.CHOICE, choices=tuple(member.value for member in annotation))
    if issubclass(annotation, Section):
        return Shape(Kind.SECTION, section=annotation)
    return Shape(_kind_of_plain(annotation, metadata), bounds=_bounds(metadata))


def _kind_of_plain(annotation: Any, metadata: tuple[Any, ...]) -> Kind:
    for mark in _flat(metadata):
        if isinstance(mark, BeforeValidator | AfterValidator) and mark.func in _CHECKED:
            return _CHECKED[mark.func]
        if getattr(mark, "pattern", None):
            return Kind.NAME
    return _PLAIN[annotation]


def _bounds(metadata: tuple[Any, ...]) -> dict[str, float]:
    return {
        name: float(getattr(mark, name))
        for mark in _flat(metadata)
        for kind, name in _BOUNDS
        if isinstance(mark, kind)
    }


def _flat(metadata: tuple[Any, ...]) -> list[Any]:
    """The marks, with those inside a nested ``Field(...)`` laid open."""
    flat: list[Any] = []
    for mark in metadata:
        flat += _flat(tuple(mark.metadata)) if isinstance(mark, FieldInfo) else [mark]
    return flat
