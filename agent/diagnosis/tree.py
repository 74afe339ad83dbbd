"""Questions that only a person can answer, each answer leading to the next or to a conclusion.

The tree itself is data (``wireless.yaml``): where a phone that cannot be reached is at fault,
in its card, its terminal or the network (domain.md §2, wireless tree).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from math import isfinite
from typing import Any

import yaml

from agent.states import Cause, Party

FALLBACK_LOCALE = "en"
Words = Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """One answer to a question: what it is called, and where it leads."""

    leads_to: str
    least: float | None = None
    """For measured values: this answer holds from here on."""


@dataclass(frozen=True)
class Node:
    """A question, or, where it has no choices, a conclusion."""

    name: str
    text: Words
    choices: Mapping[str, Choice] = field(default_factory=dict)
    party: Party | None = None
    cause: Cause | None = None
    step: Words = field(default_factory=dict)

    @property
    def is_measured(self) -> bool:
        """Whether the answer is a number."""
        return any(choice.least is not None for choice in self.choices.values())

    def told(self, locale: str) -> str:
        """The question, with the answers it takes."""
        expected = "N" if self.is_measured else "|".join(self.choices)
        return f"{_in(self.text, locale)} [{self.name}={expected}]"

    def follow(self, answer: str) -> str | None:
        """The name of the node ``answer`` leads to; ``None`` where it is none of the choices."""
        if not self.is_measured:
            choice = self.choices.get(answer)
            return None if choice is None else choice.leads_to
        try:
            value = float(answer)
        except ValueError:
            return None
        if not isfinite(value):
            return None
        ordered = sorted(self.choices.values(), key=_least)
        return next(choice.leads_to for choice in reversed(ordered) if value >= _least(choice))


@dataclass(frozen=True)
class Walk:
    """How far the answers lead."""

    taken: Sequence[tuple[Node, str]]
    """Every question answered on the way, with its answer."""
    at: Node
    """The next question, or the conclusion."""

    @property
    def is_over(self) -> bool:
        """Whether a conclusion was reached."""
        return not self.at.choices


def walk(answers: Mapping[str, str], start: str = "service") -> Walk:
    """Follow ``answers`` through the tree; an answer that is none of the choices is not one."""
    nodes = tree()
    taken: list[tuple[Node, str]] = []
    at = nodes[start]
    while at.choices:
        answer = answers.get(at.name)
        following = None if answer is None else at.follow(answer.strip().lower())
        if answer is None or following is None:
            break
        taken.append((at, answer))
        at = nodes[following]
    return Walk(taken, at)


def step(node: Node, locale: str) -> str:
    """What a conclusion asks to be done."""
    return _in(node.step, locale)


def conclusion(node: Node, locale: str) -> str:
    """A conclusion in words."""
    return _in(node.text, locale)


@cache
def tree() -> Mapping[str, Node]:
    """Every node by name."""
    text = files("agent.diagnosis").joinpath("wireless.yaml").read_text(encoding="utf-8")
    plain: Mapping[str, Any] = yaml.safe_load(text)
    return {name: _node(name, told) for name, told in plain.items()}


def _node(name: str, told: Mapping[str, Any]) -> Node:
    choices = {
        str(word): Choice(**({"leads_to": to} if isinstance(to, str) else to))
        for word, to in told.get("choices", {}).items()
    }
    return Node(
        name,
        told["text"],
        choices,
        Party(told["party"]) if "party" in told else None,
        Cause(told["cause"]) if "cause" in told else None,
        told.get("step", {}),
    )


def _least(choice: Choice) -> float:
    return float("-inf") if choice.least is None else choice.least


def _in(words: Words, locale: str) -> str:
    return words.get(locale, words.get(FALLBACK_LOCALE, ""))
