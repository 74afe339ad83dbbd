"""Template actions: the pipelines of values and functions between ``{{`` and ``}}``."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.rules.gotemplate.data import Operand, Sample, Scope, TemplateData
from agent.rules.gotemplate.functions import FUNCTIONS
from agent.rules.gotemplate.values import (
    TemplateError,
    number_literal,
    rune_literal,
    show,
    string_literal,
)

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    | (?P<letter>'(?:[^'\\\n]|\\.)+')
    | (?P<number>[-+]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|
                 (?:[\d_]+\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?)(?!\w))
    | (?P<field>(?:\$[A-Za-z]\w*|\.[A-Za-z_]\w*|\$|\.)(?:\.[A-Za-z_]\w*)*)
    | (?P<word>[A-Za-z]\w*)
    | (?P<mark>:=|[|(),=])
    )""",
    re.VERBOSE | re.ASCII,
)
_ROOTS = {
    "labels": "labels",
    "value": "value",
    "externalLabels": "external_labels",
    "externalURL": "external_url",
}
_FIELDS = {
    "Labels": "labels",
    "Value": "value",
    "ExternalLabels": "external_labels",
    "ExternalURL": "external_url",
}

_NESTING = {("mark", "("), ("mark", "|")}
MAX_NESTING = 50
"""Parentheses and pipes of an action, and blocks in each other: parsing them recurs."""


class Pipeline:
    """A recursive-descent parser of one action."""

    def __init__(self, source: str, variables: set[str]) -> None:
        self.tokens = _tokens(source)
        deep = sum(token in _NESTING for token in self.tokens)
        if deep > MAX_NESTING:
            raise TemplateError(
                f"an action has more than {MAX_NESTING} parentheses and pipes together"
            )
        self._variables = variables
        self._position = 0
        self.assigns = False
        """Whether the action assigns to a variable (``=``) rather than declaring it (``:=``)."""

    def assignment(self) -> tuple[list[str], Operand]:
        """The variables that the action sets, if any, and the value of its pipeline."""
        names = self._names()
        value = self._pipeline()
        if self._position < len(self.tokens):
            raise TemplateError(
                f"unexpected {self.tokens[self._position][1]!r} in a template action"
            )
        return names, value

    def _require_declared(self, names: list[str]) -> None:
        for name in names:
            if self.assigns and name not in self._variables:
                raise TemplateError(f"variable ${name} is not declared before it is changed")

    def _names(self) -> list[str]:
        marks = [text for kind, text in self.tokens[:4] if kind == "mark"]
        if not {":=", "="} & set(marks):
            return []
        names: list[str] = []
        while True:
            kind, text = self._next()
            if kind != "field" or not re.fullmatch(r"\$\w+", text):
                raise TemplateError("only a variable can be set")
            names.append(text[1:])
            _, mark = self._next()
            if mark in {":=", "="}:
                self.assigns = mark == "="
                self._require_declared(names)
                return names
            if mark != ",":
                raise TemplateError("only a variable can be set")

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self._position] if self._position < len(self.tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._position += 1
        return token

    def _pipeline(self) -> Operand:
        result = self._command(None)
        while self._peek() == ("mark", "|"):
            self._next()
            result = self._command(result)
        return result

    def _command(self, piped: Operand | None) -> Operand:
        kind, text = self._peek()
        if kind == "word" and text not in _CONSTANTS:
            self._next()
            return _call(text, [*self._operands(), *([piped] if piped else [])])
        if piped is not None:
            raise TemplateError(f"{text or 'nothing'} is no function to pipe into")
        operand = self._operand()
        if self._starts_operand():
            raise TemplateError("only a function takes arguments")
        return _no_command if (kind, text) == ("word", "nil") else operand

    def _operands(self) -> list[Operand]:
        operands = []
        while self._starts_operand():
            operands.append(self._operand())
        return operands

    def _starts_operand(self) -> bool:
        kind, text = self._peek()
        return kind in {*_LITERALS, "field", "word"} or (kind, text) == ("mark", "(")

    def _operand(self) -> Operand:
        kind, text = self._next()
        if (kind, text) == ("mark", "("):
            inner = self._pipeline()
            if self._next() != ("mark", ")"):
                raise TemplateError("a parenthesis is not closed")
            return self._fields_of(inner)
        if kind == "field":
            return _field(text, self._variables)
        if kind == "word" and text not in _CONSTANTS:
            return _call(text, [])
        if kind not in {*_LITERALS, "word"}:
            raise TemplateError("a template action needs a value")
        value = _constant(kind, text)
        return lambda _: value

    def _fields_of(self, inner: Operand) -> Operand:
        kind, text = self._peek()
        if kind != "field" or not re.match(r"\.\w", text):
            return inner
        self._next()
        names = text[1:].split(".")
        return lambda scope: _field_value(inner(scope), names)


_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "nil": None}
_LITERALS = frozenset(("text", "letter", "number"))


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(source.rstrip())
    while position < end:
        match = _TOKEN.match(source, position)
        if match is None or match.lastgroup is None:
            raise TemplateError(f"{source[position:].strip()!r} is not supported in a template")
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


def _no_command(_scope: Scope) -> Any:
    raise ValueError("nil is not a command")


def _constant(kind: str, text: str) -> Any:
    if kind == "word":
        return _CONSTANTS[text]
    if kind == "number":
        return number_literal(text)
    if text.startswith("`"):
        return text[1:-1]
    return string_literal(text) if kind == "text" else rune_literal(text)


def _field(text: str, variables: set[str]) -> Operand:
    """A variable or the dot, or a field of it; a label that is missing is empty."""
    root, *names = text.split(".")
    if root == "$":
        return lambda scope: _field_value(scope.data, names)
    if not root:
        rest = [name for name in names if name]
        return lambda scope: _field_value(scope.dot, rest)
    variable = root[1:]
    if variable in variables:
        return lambda scope: _field_value(scope.variables[variable][0], names)
    attribute = _ROOTS.get(variable)
    if attribute is None:
        raise TemplateError(f"variable {root} is not supported in a template")
    if names and (not attribute.endswith("labels") or len(names) > 1):
        raise TemplateError(f"{text} is no label")
    return lambda scope: _field_value(getattr(scope.data, attribute), names)


def _field_value(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        if isinstance(value, Mapping):
            value = value.get(name, "")
        elif isinstance(value, TemplateData | Sample) and hasattr(value, _FIELDS.get(name, " ")):
            value = getattr(value, _FIELDS[name])
        else:
            raise ValueError(f"can't evaluate field {name}")
    return value


def _call(name: str, operands: Sequence[Operand]) -> Operand:
    if name == "query":
        return _query(operands)
    function = FUNCTIONS.get(name)
    if function is None:
        raise TemplateError(f"{name} is not supported in a template")
    least, most, apply = function
    if not least <= len(operands) <= most:
        raise TemplateError(f"{name} takes {least} argument(s), got {len(operands)}")
    if name in {"externalURL", "pathPrefix"}:
        return lambda scope: apply([scope.data.external_url])
    return lambda scope: apply([operand(scope) for operand in operands])


def _query(operands: Sequence[Operand]) -> Operand:
    if len(operands) != 1:
        raise TemplateError(f"query takes 1 argument(s), got {len(operands)}")
    return lambda scope: list(scope.data.query(show(operands[0](scope))))
