"""The JSON Schema of a pydantic model as the one description of a kind of file.

The texts of errors, the published schema and reference pages are all made from it. Beside the
standard keywords a value type may carry, through :class:`ValueType`:

- ``x-kind``: what reference pages call the type, such as ``duration``;
- ``x-expected``: what error texts say is expected, such as ``a duration such as 30s``;
- ``x-private``: the value is never repeated in an error.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from agent.yamlfile.paths import KeyPath

Json = dict[str, Any]

DURATION = "duration"
"""The kind whose bounds are seconds and are shown as durations."""
_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


class ValueType:
    """Adds keywords to the JSON Schema of a type, to be put into its ``Annotated``."""

    def __init__(
        self, kind: str, expected: str, *, private: bool = False, **keywords: object
    ) -> None:
        self._keywords = {**keywords, "x-kind": kind, "x-expected": expected}
        if private:
            self._keywords["x-private"] = True

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        return {**handler(core), **self._keywords}


class SchemaTree:
    """A JSON Schema made by pydantic, with lookups by path."""

    def __init__(self, root: Json) -> None:
        self.root = _with_standard_bounds(root)
        self.definitions: dict[str, Json] = self.root.get("$defs", {})

    def resolve(self, schema: Json, step: str | int = "") -> Json:
        """``schema`` with references followed, and ``x-`` keywords beside a reference kept.

        Of several kinds of value it is the first that is not null, or, where ``step`` is the
        index of an item, the list.
        """
        extra: Json = {}
        while "$ref" in schema or "anyOf" in schema:
            extra = {key: value for key, value in schema.items() if key[:2] == "x-"} | extra
            if "$ref" in schema:
                schema = self.definitions[str(schema["$ref"]).rpartition("/")[2]]
            else:
                kinds = [self.resolve(kind) for kind in schema["anyOf"]]
                fitting = [kind for kind in kinds if _is_list(kind) == isinstance(step, int)]
                schema = next(kind for kind in fitting or kinds if kind.get("type") != "null")
        return {**schema, **extra} if extra else schema

    def at(self, path: KeyPath) -> Json | None:
        """The resolved schema of the value at ``path``; ``None`` where no such key can be."""
        schema = self.resolve(self.root, *path[:1])
        for index, step in enumerate(path):
            inner = self._below(schema, step)
            if inner is None:
                return None
            schema = self.resolve(inner, *path[index + 1 : index + 2])
        return schema

    @staticmethod
    def _below(schema: Json, step: str | int) -> Json | None:
        if isinstance(step, int):
            items = schema.get("items")
            return items if isinstance(items, dict) else None
        inner = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
        return inner if isinstance(inner, dict) else None

    def keys(self, schema: Json) -> tuple[str, ...]:
        """The keys a resolved mapping may have; none where any key is allowed."""
        names = self.resolve(schema.get("propertyNames", {}))
        return tuple(schema.get("properties", {})) or choices(names)

    def sections(self) -> dict[str, Json]:
        """The definitions with fixed keys, by name, in the order in which they are first met."""
        met: dict[str, Json] = {}

        def walk(section: Json) -> None:
            for name in self._references(section.get("properties", {})):
                if name not in met and "properties" in self.definitions[name]:
                    met[name] = self.definitions[name]
                    walk(self.definitions[name])

        walk(self.resolve(self.root))
        return met

    def _references(self, schema: object) -> Iterator[str]:
        if isinstance(schema, dict):
            if "$ref" in schema:
                yield str(schema["$ref"]).rpartition("/")[2]
            for part in schema.values():
                yield from self._references(part)
        elif isinstance(schema, list):
            for part in schema:
                yield from self._references(part)


def _with_standard_bounds(schema: Any) -> Any:
    """``schema`` with JSON Schema's names of bounds.

    Behind a validator function pydantic 2.14 writes a bound under its own name, ``ge``.
    """
    if isinstance(schema, list):
        return [_with_standard_bounds(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        _BOUNDS.get(key, key) if isinstance(value, int | float) else key: _with_standard_bounds(
            value
        )
        for key, value in schema.items()
    }


def _is_list(schema: Json) -> bool:
    return schema.get("type") == "array"


def choices(schema: Json) -> tuple[str, ...]:
    """The words of a closed list; none where the value is not from one."""
    return tuple(map(str, schema.get("enum", [schema["const"]] if "const" in schema else [])))
