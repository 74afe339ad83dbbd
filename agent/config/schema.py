"""The JSON Schema of the configuration.

:func:`settings_schema` is what pydantic makes of the settings classes, with the ``*_file`` keys
of secrets; error texts and the reference page are made from it. :func:`json_schema` is the
published form, with which editors check and complete: a duration may be text such as ``30s``
and any single value a ``${VARIABLE}``.
"""

from functools import cache

from agent.config.secret import SECRET
from agent.config.settings import Settings
from agent.yamlfile.duration import duration_text
from agent.yamlfile.schema import DURATION, Json, SchemaTree

FILE_SUFFIX = "_file"
"""The suffix of a secret's key that makes it the key of a file to read the secret from."""

_VARIABLE: Json = {"type": "string", "pattern": r"\$\{"}
DURATION_TEXT: Json = {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|[smhdw]))+$|^\d+(\.\d+)?$"}
"""The schema of a duration as text."""
_NOT_PUBLISHED = {"title", "x-kind", "x-expected", "x-private"}


@cache
def settings_schema() -> SchemaTree:
    """The schema of :class:`Settings`, a ``*_file`` key behind the key of every secret."""
    tree = SchemaTree(Settings.model_json_schema())
    for section in (tree.root, *tree.definitions.values()):
        if "properties" in section:
            section["properties"] = dict(_with_files(section["properties"], tree))
    return tree


def _with_files(properties: Json, tree: SchemaTree) -> list[tuple[str, Json]]:
    keys: list[tuple[str, Json]] = []
    for name, schema in properties.items():
        keys.append((name, schema))
        if tree.resolve(schema).get("x-kind") == SECRET:
            text = f"A file to read `{name}` from, relative to the configuration file."
            path = {"type": "string", "x-kind": "a path", "description": text}
            keys.append((name + FILE_SUFFIX, path))
    return keys


def json_schema() -> Json:
    """The published schema, draft 2020-12."""
    tree = settings_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "numwatch configuration",
        **_section(tree.root, tree),
        "$defs": {
            name: _section(part, tree) if "properties" in part else _published(part)
            for name, part in tree.definitions.items()
        },
    }


def _section(section: Json, tree: SchemaTree) -> Json:
    properties = {name: _key(schema, tree) for name, schema in section["properties"].items()}
    return _published(section) | {"properties": properties}


def _published(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key not in {*_NOT_PUBLISHED, "$defs"}}


def _key(schema: Json, tree: SchemaTree) -> Json:
    described = {**_value(schema, tree), "description": description(schema, tree)}
    default = default_of(schema, tree)
    return described if default is None else {**described, "default": default}


def description(schema: Json, tree: SchemaTree) -> str:
    """Returns the description of a key in Markdown: its own, else that of its section."""
    text = schema.get("description") or tree.resolve(schema).get("description", "")
    return str(text).replace("``", "`")


def default_of(schema: Json, tree: SchemaTree) -> object:
    """Returns a key's default as YAML data; ``None`` if it has none that could be written."""
    kind = tree.resolve(schema)
    default = schema.get("default")
    if default is None or "properties" in kind:
        return None
    return duration_text(default) if kind.get("x-kind") == DURATION else default


def _value(schema: Json, tree: SchemaTree) -> Json:
    kind = tree.resolve(schema)
    if "properties" in kind:
        return {"$ref": _reference(schema)}
    bounds = _published({**kind, "description": None})
    bounds.pop("description")
    bounds.pop("default", None)
    if kind.get("type") == "array":
        return {**bounds, "items": _value(kind["items"], tree)}
    if kind.get("type") == "object":
        return {**bounds, "additionalProperties": _value(kind["additionalProperties"], tree)}
    if kind.get("x-kind") == DURATION:
        return {"anyOf": [DURATION_TEXT, {"minimum": 0, **bounds}, _VARIABLE]}
    return bounds if _takes_any_text(kind) else {"anyOf": [_single(schema, bounds), _VARIABLE]}


def _reference(schema: Json) -> str:
    """The definition that ``schema`` refers to, directly or as the kind beside null."""
    parts = [schema, *schema.get("anyOf", ())]
    return next(str(part["$ref"]) for part in parts if "$ref" in part)


def _single(schema: Json, bounds: Json) -> Json:
    parts = [schema, *schema.get("anyOf", ())]
    return next(({"$ref": part["$ref"]} for part in parts if "$ref" in part), bounds)


def _takes_any_text(kind: Json) -> bool:
    """Whether the type allows ``${VARIABLE}`` by itself."""
    closed = {"pattern", "enum", "const"} & kind.keys() or kind.get("minLength", 0) > 1
    return kind.get("type") == "string" and not closed
