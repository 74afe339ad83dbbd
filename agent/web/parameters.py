"""Query parameters: described once, for reading them and for the API's description."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from agent.web.responses import ApiError

MOST_ITEMS = 1000
_LONGEST = 200


@dataclass(frozen=True)
class Parameter:
    """One query parameter: a text, or a whole number where it has bounds."""

    name: str
    description: str
    choices: tuple[str, ...] = ()
    """The only values there are; empty means any."""
    least: int | None = None
    most: int | None = None
    default: str = ""
    longest: int | None = _LONGEST
    """Characters of a text; ``None`` where whoever reads it limits it."""
    is_required: bool = False
    is_repeatable: bool = False

    @property
    def expected(self) -> str:
        """The form that a value must have, for an error message."""
        if self.choices:
            return f"{self.name}= one of {', '.join(self.choices)}"
        if self.most is not None:
            return f"{self.name}= a whole number from {self.least} to {self.most}"
        return f"{self.name}= at most {self.longest} characters"

    def accepts(self, value: str) -> bool:
        """Whether ``value`` is allowed."""
        if self.choices:
            return value in self.choices
        if self.most is None:
            return self.longest is None or len(value) <= self.longest
        # isdigit alone would let digits of other scripts in.
        is_whole = value.isascii() and value.isdigit() and len(value) <= len(str(self.most))
        return is_whole and int(value) in range(self.least or 0, self.most + 1)

    def schema(self) -> dict[str, Any]:
        """The parameter as OpenAPI describes one."""
        schema: dict[str, Any] = {"type": "string"}
        if self.longest is not None:
            schema["maxLength"] = self.longest
        if self.choices:
            schema = {"type": "string", "enum": list(self.choices)}
        elif self.most is not None:
            schema = {"type": "integer", "minimum": self.least, "maximum": self.most}
        if self.default:
            schema["default"] = int(self.default) if self.most is not None else self.default
        if self.is_repeatable:
            schema = {"type": "array", "items": schema}
        return {
            "name": self.name,
            "in": "query",
            "required": self.is_required,
            "description": self.description,
            "schema": schema,
        }


LIMIT = Parameter("limit", "The most items to return.", least=1, most=MOST_ITEMS, default="100")
OFFSET = Parameter("offset", "Items to skip.", least=0, most=100_000_000, default="0")
PROVIDER = Parameter("provider", "Only what is at this provider.")
ACCOUNT = Parameter("account", "Only what is at this account.")


def read(query: Mapping[str, str], known: Sequence[Parameter]) -> dict[str, str]:
    """The value of every known parameter, its default where the query has none.

    Raises:
        ApiError: for a parameter that is not known or a value that is not allowed.
    """
    by_name = {parameter.name: parameter for parameter in known}
    for name, value in query.items():
        parameter = by_name.get(name)
        if parameter is None:
            expected = f"only {', '.join(by_name)}" if by_name else "no parameters"
            raise ApiError("400 there is a parameter that is not known", expected)
        if not parameter.accepts(value):
            raise ApiError(f"400 {name} has a value that does not fit", parameter.expected)
    return {name: query.get(name, parameter.default) for name, parameter in by_name.items()}


def next_page(request: web.Request, total: int, limit: int, offset: int) -> str | None:
    """The address of the page after this one; ``None`` at the end."""
    if offset + limit >= total:
        return None
    return f"{request.path}?{urlencode({**request.query, 'offset': str(offset + limit)})}"
