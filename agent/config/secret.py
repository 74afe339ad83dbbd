"""A value that must never be shown."""

from typing import Annotated, Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

SECRET: Final = "secret"  # the word, not a secret
"""The ``x-kind`` of secrets in the JSON Schema."""
_JSON_SCHEMA = {
    "type": "string",
    "minLength": 1,
    "writeOnly": True,
    "x-kind": SECRET,
    "x-expected": "text, digits in quotes",
    "x-private": True,
}


class Secret:
    """Holds a secret; prints, formats and serialises as ``<secret>``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself. Call it only where it leaves for the system it belongs to."""
        return self._value

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, _spec: str, /) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not pickled")

    @classmethod
    def _accept(cls, value: object) -> "Secret":
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            return cls(value)
        raise PydanticCustomError("secret_type", "a secret must be text")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._accept,
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(_JSON_SCHEMA)


_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that print as nothing: fillers of Hangul, the empty Braille cell and others."""


def visible_length(text: str) -> int:
    """How many characters of ``text`` are neither white space nor invisible."""
    return sum(
        letter.isprintable()
        and not letter.isspace()
        and letter not in _BLANK_LETTERS
        and not _is_variation_selector(letter)
        for letter in text
    )


def _is_variation_selector(letter: str) -> bool:
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"


class LeastLength:
    """States in the JSON Schema how many visible characters a secret has at least.

    ``agent.config.checks`` refuses shorter ones.
    """

    def __init__(self, length: int) -> None:
        self._length = length

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(core), "minLength": self._length}


Token = Annotated[Secret, LeastLength(16)]
"""A secret that lets its holder in here: whoever guesses it can close tickets."""
