"""Go templates as rule files use them: text with actions, pipelines, conditions and loops.

``{{ $labels.number }}``, ``{{ $value | humanize }}``, ``{{ range query "up == 0" }}...{{ end }}``.
Other features of Go's templates are refused when the rule file is loaded.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.rules.gotemplate.data import Operand, Query, Sample, Scope, TemplateData, no_queries
from agent.rules.gotemplate.expressions import MAX_NESTING, Pipeline
from agent.rules.gotemplate.functions import is_true
from agent.rules.gotemplate.values import TemplateError, show

__all__ = [
    "Query",
    "Sample",
    "Template",
    "TemplateData",
    "TemplateError",
    "no_queries",
    "parse_template",
]

_ACTION = re.compile(
    r"""\{\{(-(?=\s))?(
        \s*/\*.*?\*/\s*
      | (?: "(?:[^"\\\n]|\\.)*" | `[^`]*` | '(?:[^'\\\n]|\\.)*' | [^"`'}] | \}(?!\}) )*?
    )(?:(?<=\s)(-))?\}\}""",
    re.DOTALL | re.VERBOSE,
)
_OPENING = "{{"
_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    source: str
    parts: tuple[str | Operand, ...]
    queries: bool = False
    """Whether it contains queries, so that its text may change while the sample does not."""

    def render(self, data: TemplateData) -> str:
        """The text for one sample; an error of a value or function is written into the text."""
        try:
            return _render(self.parts, Scope(data, data, {}))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            return f"<error expanding template: {error}>"


def _render(parts: Sequence[str | Operand], scope: Scope) -> str:
    return "".join(part if isinstance(part, str) else show(part(scope)) for part in parts)


def parse_template(source: str) -> Template:
    """Parse the template in ``source``.

    Raises:
        TemplateError: when it is not valid, or uses a feature that is not supported.
    """
    reader = _Reader(_pieces(source))
    parts = reader.block(set())
    if reader.ended_by:
        raise TemplateError(f"{reader.ended_by} without a block")
    queries = any(kind == "word" and text == "query" for kind, text in reader.tokens)
    return Template(source, parts, queries)


def _pieces(source: str) -> list[tuple[str, str]]:
    """The pieces of a template in order: ``("text", ...)`` or ``("action", ...)``."""
    pieces: list[tuple[str, str]] = []
    position, trims = 0, False
    while (start := source.find(_OPENING, position)) >= 0:
        # At the first that is not closed: to look at each of the others takes quadratic time.
        action = _ACTION.match(source, start)
        if action is None:
            raise TemplateError("an action that is opened by {{ is not closed by }}")
        trims_before, inner, trims_after = action.groups()
        text = source[position : action.start()]
        text = text.lstrip(_SPACE) if trims else text
        pieces.append(("text", text.rstrip(_SPACE) if trims_before else text))
        if not inner.lstrip().startswith("/*"):
            pieces.append(("action", inner))
        position, trims = action.end(), bool(trims_after)
    text = source[position:]
    pieces.append(("text", text.lstrip(_SPACE) if trims else text))
    return [piece for piece in pieces if piece != ("text", "")]


_BLOCKS = ("if", "with", "range")
_ENDS = ("end", "else")
_UNSUPPORTED = ("define", "template", "block", "break", "continue")


class _Reader:
    """Parses the pieces of a template into parts, block by block."""

    def __init__(self, pieces: Sequence[tuple[str, str]]) -> None:
        self._pieces = list(reversed(pieces))
        self.ended_by = ""
        self.rest = ""
        """The text after ``else`` in the action that ended the block, as in ``else if``."""
        self.tokens: list[tuple[str, str]] = []
        self._depth = 0

    def block(self, variables: set[str]) -> tuple[str | Operand, ...]:
        """The parts up to the end of a block; ``variables`` are those declared before."""
        parts: list[str | Operand] = []
        variables = set(variables)
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
            parts.append(self._action(word, rest if word in _BLOCKS else text, variables))
        self.ended_by = ""
        return tuple(parts)

    def _action(self, word: str, text: str, variables: set[str]) -> Operand:
        if word in _UNSUPPORTED:
            raise TemplateError(f"{word} is not supported in a template")
        parser = Pipeline(text, variables)
        self.tokens.extend(parser.tokens)
        if word in _BLOCKS:
            return self._control(word, parser, variables)
        names, value = parser.assignment()
        if not names:
            return value
        if len(names) > 1:
            raise TemplateError("only range gives two values")
        variables.update(names)
        return _silent((_assign if parser.assigns else _declare)(names[0], value))

    def _control(self, word: str, parser: Pipeline, variables: set[str]) -> Operand:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise TemplateError(f"blocks are nested more than {MAX_NESTING} deep")
        names, value = parser.assignment()
        if parser.assigns:
            if word == "range":
                raise TemplateError("range needs variables of its own (:=)")
            names, value = [], _assign(names[0], value)
        inside = self.block(variables | set(names))
        otherwise: tuple[str | Operand, ...] = ()
        if self.ended_by == "else" and self.rest:
            following, _, rest = self.rest.partition(" ")
            if following != "if":
                raise TemplateError(f"else {following} is not supported in a template")
            otherwise = (self._action("if", rest, set(variables)),)
        elif self.ended_by == "else":
            otherwise = self.block(variables)
        if self.ended_by != "end":
            raise TemplateError(f"{word} has no end")
        self._depth -= 1
        return _CONTROLS[word](tuple(names), value, inside, otherwise)


_Parts = tuple[str | Operand, ...]


def _declare(name: str, value: Operand) -> Operand:
    def declare(scope: Scope) -> Any:
        return scope.declare(name, value(scope))

    return declare


def _assign(name: str, value: Operand) -> Operand:
    def assign(scope: Scope) -> Any:
        return scope.assign(name, value(scope))

    return assign


def _silent(operand: Operand) -> Operand:
    def silent(scope: Scope) -> str:
        operand(scope)
        return ""

    return silent


def _if(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def choose(scope: Scope) -> str:
        result = value(scope)
        inner = scope.inner(scope.dot, **dict.fromkeys(names, result))
        return _render(inside if is_true(result) else otherwise, inner)

    return choose


def _with(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def choose(scope: Scope) -> str:
        result = value(scope)
        if not is_true(result):
            return _render(otherwise, scope)
        return _render(inside, scope.inner(result, **dict.fromkeys(names, result)))

    return choose


def _range(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def repeat(scope: Scope) -> str:
        result = value(scope)
        if isinstance(result, Mapping):
            entries = sorted(result.items())
        elif isinstance(result, Sequence) and not isinstance(result, str):
            entries = list(enumerate(result))
        else:
            raise ValueError(f"range can't iterate over {show(result)}")  # noqa: TRY004 - written into the text
        if not entries:
            return _render(otherwise, scope)
        return "".join(
            _render(
                inside, scope.inner(entry[1], **dict(zip(names, entry[-len(names) :], strict=True)))
            )
            if names
            else _render(inside, scope.inner(entry[1]))
            for entry in entries
        )

    return repeat


_CONTROLS = {"if": _if, "with": _with, "range": _range}
