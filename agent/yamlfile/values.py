"""Value types that every kind of file has."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from agent.yamlfile.duration import parse_duration
from agent.yamlfile.schema import DURATION, ValueType

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"


def mistake(text: str) -> PydanticCustomError:
    """An error for validators whose ``text`` says both what is wrong and what is expected."""
    return PydanticCustomError("mistake", "{text}", {"text": text})


def refuse_switch(value: Any) -> Any:
    """``value`` unless it is a switch: pydantic would read ``concurrency: yes`` as 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("switch_type", "a switch where none belongs")
    return value


Whole = Annotated[int, BeforeValidator(refuse_switch)]
Amount = Annotated[float, BeforeValidator(refuse_switch), Field(allow_inf_nan=False)]
Duration = Annotated[
    float, BeforeValidator(parse_duration), ValueType(DURATION, "a duration such as 30s")
]
Name = Annotated[
    str,
    Field(pattern=_NAME),
    ValueType("name", "letters, digits, dots, dashes or underscores, at most 63"),
]
