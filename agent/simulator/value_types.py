"""Types of the single values in a world file, each with the words of its errors."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StrictBool, TypeAdapter

from agent.states import CallResult
from agent.yamlfile.schema import ValueType
from agent.yamlfile.values import Amount, mistake

_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_MOST_SECONDS = 86400

Switch = StrictBool
Phone = Annotated[
    str,
    Field(pattern=r"^\+?[0-9]{3,20}$"),
    ValueType("number", 'a number in quotes, such as "4006220001"'),
]
Prefix = Annotated[
    str,
    Field(pattern=r"^\+?[*?]*[0-9][0-9*?]*$"),
    ValueType("prefix", 'digits in quotes, such as "1390000"'),
]
"""A full number or its leading digits, as lists hold them (docs/reference/domain.md §1).

Wildcards are allowed too: no provider heeds them, but consoles let people enter them.
"""
Days = Annotated[
    str,
    Field(pattern=rf"^{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*$"),
    ValueType("stretch of days", "days such as mon-fri or sat,sun"),
]
TimeOfDay = Annotated[
    str,
    Field(pattern=r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    ValueType("time of day", 'a time of day such as "08:30"'),
]


def _date(value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("is not a day") from None


Day = Annotated[date, BeforeValidator(_date), ValueType("day", "a day such as 2027-03-01")]


def _webhook_secret(value: str) -> str:
    if not value.startswith("whsec_"):
        raise ValueError("is not a webhook secret")
    return value


WebhookSecret = Annotated[
    str,
    AfterValidator(_webhook_secret),
    ValueType("webhook secret", "`whsec_` and base64", private=True),
]

_Weights = dict[CallResult, Annotated[Amount, Field(ge=0)]]
_WEIGHTS: TypeAdapter[_Weights] = TypeAdapter(_Weights)


def _results(value: Any) -> tuple[tuple[CallResult, float], ...]:
    weights = _WEIGHTS.validate_python(value)
    if sum(weights.values()) <= 0:
        raise mistake("has no share above 0, expected shares such as {answered: 0.95, busy: 0.05}")
    return tuple(weights.items())


CallResults = Annotated[
    tuple[tuple[CallResult, float], ...],
    PlainValidator(_results, json_schema_input_type=_Weights),
]
"""Call results with their weights; a mapping in the file."""


def _bounds(value: tuple[float, ...]) -> tuple[float, ...]:
    if len(value) != 2 or value[0] > value[1]:  # noqa: PLR2004 - two bounds
        raise mistake("is no pair of bounds, expected the least and the most, such as [20, 300]")
    return value


Bounds = Annotated[
    tuple[Annotated[Amount, Field(ge=0, le=_MOST_SECONDS)], ...], AfterValidator(_bounds)
]
"""The least and the most of something, in seconds."""
