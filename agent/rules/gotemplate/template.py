"""Go's templates as rule files use them: texts with pipelines, conditions and loops in them.

``{{ $labels.number }}``, ``{{ $value | humanize }}``, ``{{ range query "up == 0" }}...{{ end }}``.
Whatever else a template may hold is refused when the rule file is loaded.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.rules.gotemplate.expressions import Pipeline
from agent.rules.gotemplate.facts import Facts, Operand, Query, Sample, Scope, no_queries
from agent.rules.gotemplate.functions import is_true
from agent.rules.gotemplate.values import TemplateError, show

__all__ = ["Facts", "Query", "Sample", "Template", "TemplateError", "no_queries", "parse_template"]

_ACTION = re.compile(
    r"""\{\{(-(?=\s))?(
        \s*/\*.*?\*/\s*
      | (?: "(?:[^"\\\n]|\\.)*" | `[^`]*` | '(?:[^'\\\n]|\\.)*' | [^"`'}] | \}(?!\}) )*?
    )(?:(?<=\s)(-))?\}\}""",
    re.DOTALL | re.VERBOSE,
)
_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Template:
    """A template ready to be rendered."""

    source: str
    parts: tuple[str | Operand, ...]
    asks: bool = False
    """Whether it asks queries, so that its text may change though the sample does not."""

    def render(self, facts: Facts) -> str:
        """The text for one sample; a value that does not fit is told in the text itself."""
        try:
            return _written(self.parts, Scope(facts, facts, {}))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            return f"<error expanding template: {error}>"


def _written(parts: Sequence[str | Operand], scope: Scope) -> str:
    return "".join(part if isinstance(part, str) else show(part(scope)) for part in parts)


def parse_template(source: str) -> Template:
    """The template in ``source``.

    Raises:
        TemplateError: when it is not valid, or uses what is not supported.
    """
    reader = _Reader(_pieces(source))
    parts = reader.block(set())
    if reader.ended_by:
        raise TemplateError(f"{reader.ended_by} stands alone")
    asks = any(kind == "word" and text == "query" for kind, text in reader.tokens)
    return Template(source, parts, asks)


def _pieces(source: str) -> list[tuple[str, str]]:
    """The texts and actions of a template in order, ``text`` or ``action`` before each."""
    pieces: list[tuple[str, str]] = []
    position, trims = 0, False
    for action in _ACTION.finditer(source):
        trims_before, inner, trims_after = action.groups()
        text = source[position : action.start()]
        text = text.lstrip(_SPACE) if trims else text
        pieces.append(("text", text.rstrip(_SPACE) if trims_before else text))
        if not inner.lstrip().startswith("/*"):
            pieces.append(("action", inner))
        position, trims = action.end(), bool(trims_after)
    text = source[position:]
    pieces.append(("text", text.lstrip(_SPACE) if trims else text))
    if any("{{" in text for kind, text in pieces if kind == "text"):
        raise TemplateError("an action that is opened by {{ is not closed by }}")
    return [piece for piece in pieces if piece != ("text", "")]


_BLOCKS = ("if", "with", "range")
_ENDS = ("end", "else")
_NO_BLOCKS = ("define", "template", "block", "break", "continue")


class _Reader:
    """Reads the pieces of a template into parts, block by block."""

    def __init__(self, pieces: Sequence[tuple[str, str]]) -> None:
        self._pieces = list(reversed(pieces))
        self.ended_by = ""
        self.rest = ""
        """What follows ``else`` in the action that ended the block, as in ``else if``."""
        self.tokens: list[tuple[str, str]] = []

    def block(self, known: set[str]) -> tuple[str | Operand, ...]:
        """Parts up to the end of a block; ``known`` are the variables there are."""
        parts: list[str | Operand] = []
        known = set(known)
        self.ended_by = self.rest = ""
        while self._pieces:
            kind, text = self._pieces.pop()
            if kind == "text":
                parts.append(text)
                continue
            word, _, rest = text.strip().partition(" ")
            if word in _ENDS:
                self.ended_by, self.rest = word, rest.strip()
                return tuple(parts)
            parts.append(self._action(word, rest if word in _BLOCKS else text, known))
        self.ended_by = ""
        return tuple(parts)

    def _action(self, word: str, text: str, known: set[str]) -> Operand:
        if word in _NO_BLOCKS:
            raise TemplateError(f"{word} is not supported in a template")
        parser = Pipeline(text, known)
        self.tokens.extend(parser.tokens)
        if word in _BLOCKS:
            return self._control(word, parser, known)
        names, value = parser.assignment()
        if not names:
            return value
        if len(names) > 1:
            raise TemplateError("only range gives two values")
        known.update(names)
        return _silent((_change if parser.changes else _declare)(names[0], value))

    def _control(self, word: str, parser: Pipeline, known: set[str]) -> Operand:
        names, value = parser.assignment()
        if parser.changes:
            if word == "range":
                raise TemplateError("range needs variables of its own (:=)")
            names, value = [], _change(names[0], value)
        inside = self.block(known | set(names))
        otherwise: tuple[str | Operand, ...] = ()
        if self.ended_by == "else" and self.rest:
            following, _, rest = self.rest.partition(" ")
            if following != "if":
                raise TemplateError(f"else {following} is not supported in a template")
            otherwise = (self._action("if", rest, set(known)),)
        elif self.ended_by == "else":
            otherwise = self.block(known)
        if self.ended_by != "end":
            raise TemplateError(f"{word} has no end")
        return _CONTROLS[word](tuple(names), value, inside, otherwise)


_Parts = tuple[str | Operand, ...]


def _declare(name: str, value: Operand) -> Operand:
    def declare(scope: Scope) -> Any:
        return scope.declare(name, value(scope))

    return declare


def _change(name: str, value: Operand) -> Operand:
    def change(scope: Scope) -> Any:
        return scope.change(name, value(scope))

    return change


def _silent(operand: Operand) -> Operand:
    def silent(scope: Scope) -> str:
        operand(scope)
        return ""

    return silent


def _if(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def choose(scope: Scope) -> str:
        found = value(scope)
        inner = scope.inner(scope.dot, **dict.fromkeys(names, found))
        return _written(inside if is_true(found) else otherwise, inner)

    return choose


def _with(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def choose(scope: Scope) -> str:
        found = value(scope)
        if not is_true(found):
            return _written(otherwise, scope)
        return _written(inside, scope.inner(found, **dict.fromkeys(names, found)))

    return choose


def _range(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def repeat(scope: Scope) -> str:
        found = value(scope)
        if isinstance(found, Mapping):
            entries = sorted(found.items())
        elif isinstance(found, Sequence) and not isinstance(found, str):
            entries = list(enumerate(found))
        else:
            raise ValueError(f"range can't iterate over {show(found)}")  # noqa: TRY004 - told in the text
        if not entries:
            return _written(otherwise, scope)
        return "".join(
            _written(
                inside, scope.inner(entry[1], **dict(zip(names, entry[-len(names) :], strict=True)))
            )
            if names
            else _written(inside, scope.inner(entry[1]))
            for entry in entries
        )

    return repeat


_CONTROLS = {"if": _if, "with": _with, "range": _range}
