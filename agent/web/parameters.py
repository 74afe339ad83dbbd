"""Query parameters: described once, for reading them and for the API's own description."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.web.problem import ApiError

_LONGEST = 200


@dataclass(frozen=True)
class Parameter:
    """One query parameter."""

    name: str
    about: str
    choices: tuple[str, ...] = ()
    """The only values there are; empty means any."""
    least: int | None = None
    most: int | None = None
    """Bounds make it a whole number."""
    default: str = ""

    @property
    def expected(self) -> str:
        """What a value must look like, in words."""
        if self.choices:
            return f"{self.name}= one of {', '.join(self.choices)}"
        if self.most is not None:
            return f"{self.name}= a whole number from {self.least} to {self.most}"
        return f"{self.name}= at most {_LONGEST} characters"

    def accepts(self, value: str) -> bool:
        """Whether ``value`` is one."""
        if self.choices:
            return value in self.choices
        if self.most is None:
            return len(value) <= _LONGEST
        whole = value.isascii() and value.isdigit() and len(value) <= len(str(self.most))
        return whole and int(value) in range(self.least or 0, self.most + 1)

    def schema(self) -> dict[str, Any]:
        """The parameter as OpenAPI describes one."""
        kind: dict[str, Any] = {"type": "string", "maxLength": _LONGEST}
        if self.choices:
            kind = {"type": "string", "enum": list(self.choices)}
        elif self.most is not None:
            kind = {"type": "integer", "minimum": self.least, "maximum": self.most}
        if self.default:
            kind["default"] = int(self.default) if self.most is not None else self.default
        return {"name": self.name, "in": "query", "description": self.about, "schema": kind}


def read(query: Mapping[str, str], known: Sequence[Parameter]) -> dict[str, str]:
    """The value of every known parameter, its default where it is not given.

    Raises:
        Problem: for a parameter that is not known or a value that does not fit.
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
