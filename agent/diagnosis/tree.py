"""Questions that only a person can answer, each answer leading to the next or to a conclusion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from agent.i18n import Message
from agent.states import Cause, Party


@dataclass(frozen=True)
class Choice:
    """Where one answer to a question leads."""

    leads_to: str
    minimum: float | None = None
    """Of a measured value: the smallest for which this answer holds."""


@dataclass(frozen=True)
class Node:
    """A question, or, without choices, a conclusion."""

    name: str
    message: Message
    """The question, or the conclusion."""
    choices: Mapping[str, Choice] = field(default_factory=dict)
    party: Party | None = None
    cause: Cause | None = None
    step: Message | None = None
    """What a conclusion asks people to do."""

    @property
    def is_measured(self) -> bool:
        """Whether the answer is a number."""
        return any(choice.minimum is not None for choice in self.choices.values())

    def prompt(self, locale: str) -> str:
        """The question, followed by its name and the answers it takes."""
        expected = "N" if self.is_measured else "|".join(self.choices)
        return f"{self.message.text(locale)} [{self.name}={expected}]"

    def follow(self, answer: str) -> str | None:
        """The name of the node that ``answer`` leads to; ``None`` where it is no valid answer."""
        if not self.is_measured:
            choice = self.choices.get(answer)
            return None if choice is None else choice.leads_to
        try:
            value = float(answer)
        except ValueError:
            return None
        if not isfinite(value):
            return None
        ordered = sorted(self.choices.values(), key=_minimum)
        return next(choice.leads_to for choice in reversed(ordered) if value >= _minimum(choice))


@dataclass(frozen=True)
class Walk:
    """How far the answers lead."""

    path: Sequence[tuple[Node, str]]
    """Every question answered on the way, with its answer."""
    node: Node
    """The next question, or the conclusion."""

    @property
    def is_over(self) -> bool:
        """Whether the walk has reached a conclusion."""
        return not self.node.choices


def walk(nodes: Mapping[str, Node], start: str, answers: Mapping[str, str]) -> Walk:
    """Follow ``answers`` from the node ``start``; an invalid answer counts as none."""
    path: list[tuple[Node, str]] = []
    node = nodes[start]
    while node.choices:
        answer = answers.get(node.name)
        next_name = None if answer is None else node.follow(answer.strip().lower())
        if answer is None or next_name is None:
            break
        path.append((node, answer))
        node = nodes[next_name]
    return Walk(path, node)


def _minimum(choice: Choice) -> float:
    return float("-inf") if choice.minimum is None else choice.minimum
