"""The JSON Schema of profiles, with which editors check and complete them."""

from typing import Any, Final

from agent.config.schema import DURATION_TEXT, json_schema
from agent.providers.profile.schema import Profile
from agent.yamlfile.schema import DURATION, Json

PROFILE_ID: Final = "https://numwatch.invalid/profile.schema.json"
"""The id of the profile's schema within that of the configuration; leads nowhere."""

_NOT_PUBLISHED: Final = frozenset({"title"})
_TEXT: Final[Json] = {"type": "string"}
_WORD: Final[Json] = {"type": ["string", "integer", "boolean"]}
"""Words of a provider may be written as they are in its JSON; loading turns them into text."""
_SHORT: Final[dict[str, list[Json]]] = {
    "FieldRule": [_TEXT],
    "RecordList": [_TEXT, {"type": "array", "items": _TEXT}],
    "WindowSection": [DURATION_TEXT, {"type": "number"}],
    "Condition": [_WORD, {"type": "array", "items": _WORD}],
}
"""What may stand in place of a section: its path, its paths, its words."""


def profile_schema() -> Json:
    """The schema of a profile's file, draft 2020-12."""
    published: Json = _published(Profile.model_json_schema())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": PROFILE_ID,
        "title": "numwatch profile",
        **published,
    }


def schema_with_profiles() -> Json:
    """The schema of the configuration, and as ``Profile`` in its ``$defs`` that of profiles.

    It has an id of its own, so that its references stay within it.
    """
    schema = json_schema()
    return {**schema, "$defs": {**schema["$defs"], "Profile": profile_schema()}}


def _published(part: Any, *, is_names: bool = False) -> Any:
    """``part`` without what only our own error texts need; ``is_names`` where keys are fields."""
    if isinstance(part, list):
        return [_published(item) for item in part]
    if not isinstance(part, dict):
        return part
    short = _SHORT.get(str(part.get("$ref")).removeprefix("#/$defs/"))
    if short is not None and not is_names:
        return {"anyOf": [*short, {"$ref": part["$ref"]}]}
    if part == _TEXT:
        return _WORD
    if part.get("x-kind") == DURATION:
        return {"anyOf": [DURATION_TEXT, _without_own(part)]}
    return _without_own(part, is_names=is_names)


def _without_own(part: Json, *, is_names: bool = False) -> Json:
    """``part`` without the keywords of our own."""
    return {
        key: _published(value, is_names=key in ("properties", "$defs") and not is_names)
        for key, value in part.items()
        if is_names or not (key in _NOT_PUBLISHED or key.startswith("x-"))
    }
