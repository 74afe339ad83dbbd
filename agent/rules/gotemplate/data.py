"""The data a template is rendered from: one sample, answers to queries, and the scope."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.rules.gotemplate.values import show


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample in the result of a template's query."""

    labels: Mapping[str, str]
    value: float

    def __str__(self) -> str:
        """The sample as Go prints it: ``{map[number:a1] 1}``."""
        return f"{{{show(self.labels)} {show(self.value)}}}"


Query = Callable[[str], Sequence[Sample]]
"""Answers the queries of a template."""


def no_queries(_expression: str) -> Sequence[Sample]:
    """Refuse every query, where there is no engine that could answer.

    Raises:
        ValueError: always.
    """
    raise ValueError("there is nothing to query")


@dataclass(frozen=True, slots=True)
class TemplateData:
    """The data of a template: one sample of a rule's result, and what answers its queries."""

    labels: Mapping[str, str]
    value: float
    external_labels: Mapping[str, str]
    external_url: str = ""
    query: Query = field(default=no_queries, compare=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """The meaning of the dot and of the variables at one place of a template."""

    data: TemplateData
    dot: Any
    variables: dict[str, list[Any]]
    """Each value is in a list of one, which inner scopes share, so that they can assign to it."""

    def inner(self, dot: Any, **variables: Any) -> "Scope":
        """The scope inside a block: another dot, and additional ``variables``."""
        declared = {name: [value] for name, value in variables.items()}
        return replace(self, dot=dot, variables={**self.variables, **declared})

    def declare(self, name: str, value: Any) -> Any:
        """Declare a variable for the rest of this block; returns ``value``."""
        self.variables[name] = [value]
        return value

    def assign(self, name: str, value: Any) -> Any:
        """Assign to a variable, in whichever block it was declared; returns ``value``."""
        self.variables[name][0] = value
        return value


Operand = Callable[[Scope], Any]
"""Evaluates a part of a template."""
