"""What a template is rendered from: facts, answers to queries, and where its text stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.rules.gotemplate.values import show


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a query in a template."""

    labels: Mapping[str, str]
    value: float

    def __str__(self) -> str:
        """As Go writes one: ``{map[number:a1] 1}``."""
        return f"{{{show(self.labels)} {show(self.value)}}}"


Query = Callable[[str], Sequence[Sample]]
"""Answers a template's queries."""


def no_queries(_expression: str) -> Sequence[Sample]:
    """What a template gets for its queries where there is nobody to answer them.

    Raises:
        ValueError: always.
    """
    raise ValueError("there is nothing to query")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may print: one sample of a rule's result, and answers to its queries."""

    labels: Mapping[str, str]
    value: float
    external_labels: Mapping[str, str]
    external_url: str = ""
    query: Query = field(default=no_queries, compare=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where in a template the text stands: what the dot and the variables mean."""

    facts: Facts
    dot: Any
    variables: dict[str, list[Any]]
    """Each in a list of one, which the blocks inside share."""

    def inner(self, dot: Any, **more: Any) -> "Scope":
        """The scope inside a block: another dot, and ``more`` variables."""
        added = {name: [value] for name, value in more.items()}
        return replace(self, dot=dot, variables={**self.variables, **added})

    def declare(self, name: str, value: Any) -> Any:
        """``value`` as a new variable, for the rest of this block."""
        self.variables[name] = [value]
        return value

    def change(self, name: str, value: Any) -> Any:
        """``value`` for a variable, in whichever block it was declared."""
        self.variables[name][0] = value
        return value


Operand = Callable[[Scope], Any]
"""Gives a part of a template its value."""
