"""The JSON Schema of the configuration as users write it.

Editors check and complete with it: durations are text such as ``30s``, a secret may have a
``*_file`` twin, any single value may be a ``${VARIABLE}``.
"""

from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agent.config.section import Section
from agent.config.settings import Settings
from agent.config.shape import FILE_SUFFIX, Kind, Shape, fields_of
from agent.config.values import duration_text

Json = dict[str, Any]

_VARIABLE: Json = {"type": "string", "pattern": r"\$\{"}
_DURATION = r"^(\d+(\.\d+)?(ms|[smhdw]))+$|^\d+(\.\d+)?$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
_LIMITS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}
_TEXT: dict[Kind, Json] = {
    Kind.SECRET: {"type": "string", "minLength": 1, "writeOnly": True},
    Kind.URL: {"type": "string", "pattern": "^https?://"},
    Kind.NETWORK: {"type": "string", "pattern": r"^[0-9A-Fa-f.:]+(/\d+)?$"},
    Kind.ADDRESS: {"type": "string", "pattern": r":\d+$"},
    Kind.MOMENT: {"type": "string", "minLength": 8},
    Kind.ZONE: {"type": "string", "minLength": 1},
    Kind.NAME: {"type": "string", "pattern": _NAME},
}
_NUMERIC = {Kind.WHOLE: "integer", Kind.NUMBER: "number"}


def json_schema() -> Json:
    """The schema, draft 2020-12; every key has its description, its default and its bounds."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "numwatch configuration",
        **_section(Settings),
        "$defs": {part.__name__: _section(part) for part in sections()},
    }


def sections() -> tuple[type[Section], ...]:
    """Every kind of section below the top, in the order in which they are first met."""
    found: dict[type[Section], None] = {}

    def walk(section: type[Section]) -> None:
        for shape in fields_of(section).values():
            part = shape.section or (shape.inner and shape.inner.section)
            if part and part not in found:
                found[part] = None
                walk(part)

    walk(Settings)
    return tuple(found)


def _section(section: type[Section]) -> Json:
    properties: Json = {}
    for name, shape in fields_of(section).items():
        info = section.model_fields[name]
        properties[name] = _described(_value(shape), info, shape)
        if shape.kind is Kind.SECRET:
            text = f"A file to read `{name}` from, relative to the configuration file."
            properties[name + FILE_SUFFIX] = {"type": "string", "description": text}
    required = [name for name, info in section.model_fields.items() if info.is_required()]
    return {
        "type": "object",
        "description": (section.__doc__ or "").strip(),
        "properties": properties,
        "additionalProperties": False,
    } | ({"required": required} if required else {})


def _described(value: Json, info: FieldInfo, shape: Shape) -> Json:
    described = {**value, "description": (info.description or "").replace("``", "`")}
    default = default_of(info, shape)
    return described if default is None else {**described, "default": default}


def default_of(info: FieldInfo, shape: Shape) -> Any:
    """A key's default as it would be written; ``None`` where there is none to write."""
    default = info.default
    if default is PydanticUndefined or default is None or isinstance(default, Section):
        return None
    return duration_text(default) if shape.kind is Kind.DURATION else default


def _value(shape: Shape) -> Json:
    if shape.section is not None:
        return {"$ref": f"#/$defs/{shape.section.__name__}"}
    if shape.kind is Kind.LIST and shape.inner is not None:
        least = {"minItems": 1} if shape.bounds.get("min_length") else {}
        return {"type": "array", "items": _value(shape.inner), **least}
    if shape.kind is Kind.MAPPING and shape.inner is not None:
        closed = shape.keys is not None and shape.keys.choices
        keys = {"propertyNames": {"enum": list(closed)}} if closed else {}
        return {"type": "object", "additionalProperties": _value(shape.inner), **keys}
    return _single(shape)


def _single(shape: Shape) -> Json:
    """One value, or the variable it is taken from."""
    limits = {_LIMITS[name]: limit for name, limit in shape.bounds.items() if name in _LIMITS}
    if shape.kind is Kind.DURATION:
        written = {"type": "string", "pattern": _DURATION}
        return {"anyOf": [written, {"type": "number", "minimum": 0, **limits}, _VARIABLE]}
    if shape.kind in _NUMERIC:
        return {"anyOf": [{"type": _NUMERIC[shape.kind], **limits}, _VARIABLE]}
    if shape.kind is Kind.SWITCH:
        return {"anyOf": [{"type": "boolean"}, _VARIABLE]}
    if shape.choices:
        return {"anyOf": [{"enum": list(shape.choices)}, _VARIABLE]}
    if shape.kind in (Kind.TEXT, Kind.SECRET):
        return dict(_TEXT.get(shape.kind, {"type": "string"}))
    return {"anyOf": [_TEXT[shape.kind], _VARIABLE]}
