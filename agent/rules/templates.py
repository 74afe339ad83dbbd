"""Go's templates as rule files use them: texts with pipelines, conditions and loops in them.

``{{ $labels.number }}``, ``{{ $value | humanize }}``, ``{{ range query "up == 0" }}...{{ end }}``.
Whatever else a template may hold is refused when the rule file is loaded.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.rules.go_format import show
from agent.rules.template_functions import FUNCTIONS, TemplateError, is_true

__all__ = ["Facts", "Query", "Sample", "Template", "TemplateError", "no_queries", "parse_template"]

_ACTION = re.compile(r"(\s*)\{\{(-(?=\s))?(.*?)(?:(?<=\s)(-))?\}\}(\s*)", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<field>(?:\$[A-Za-z]\w*|\.[A-Za-z_]\w*|\$|\.)(?:\.[A-Za-z_]\w*)*)
    | (?P<word>[A-Za-z]\w*)
    | (?P<mark>:=|[|(),=])
    )""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r'\\(n|t|r|"|\\)')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
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


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a query in a template."""

    labels: Mapping[str, str]
    value: float


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
class _Scope:
    """Where in a template the text stands: what the dot and the variables mean."""

    facts: Facts
    dot: Any
    variables: dict[str, Any]

    def inner(self, dot: Any, **more: Any) -> "_Scope":
        return replace(self, dot=dot, variables={**self.variables, **more})


Operand = Callable[[_Scope], Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A template ready to be rendered."""

    source: str
    parts: tuple[str | Operand, ...]
    asks: bool = False
    """Whether it asks queries, so that its text may change though the sample does not."""

    @property
    def is_constant(self) -> bool:
        """Whether it renders to the same text whatever the facts."""
        return all(isinstance(part, str) for part in self.parts)

    def render(self, facts: Facts) -> str:
        """The text for one sample; a value that does not fit is told in the text itself."""
        try:
            return _written(self.parts, _Scope(facts, facts, {}))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            return f"<error expanding template: {error}>"


def _written(parts: Sequence[str | Operand], scope: _Scope) -> str:
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
    position = 0
    for action in _ACTION.finditer(source):
        before, trims_before, inner, trims_after, after = action.groups()
        pieces.append(
            ("text", source[position : action.start()] + ("" if trims_before else before))
        )
        if not (inner.startswith("/*") and inner.rstrip().endswith("*/")):
            pieces.append(("action", inner))
        pieces.append(("text", "" if trims_after else after))
        position = action.end()
    pieces.append(("text", source[position:]))
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
        parser = _Pipeline(text, known)
        self.tokens.extend(parser.tokens)
        if word in _BLOCKS:
            return self._control(word, parser, known)
        names, value = parser.assignment()
        if not names:
            return value
        if len(names) > 1:
            raise TemplateError("only range gives two values")
        known.update(names)
        return _assign(names[0], value)

    def _control(self, word: str, parser: "_Pipeline", known: set[str]) -> Operand:
        names, value = parser.assignment()
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


def _assign(name: str, value: Operand) -> Operand:
    def assign(scope: _Scope) -> str:
        scope.variables[name] = value(scope)
        return ""

    return assign


def _if(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def choose(scope: _Scope) -> str:
        found = value(scope)
        inner = scope.inner(scope.dot, **dict.fromkeys(names, found))
        return _written(inside if is_true(found) else otherwise, inner)

    return choose


def _with(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def choose(scope: _Scope) -> str:
        found = value(scope)
        if not is_true(found):
            return _written(otherwise, scope)
        return _written(inside, scope.inner(found, **dict.fromkeys(names, found)))

    return choose


def _range(names: tuple[str, ...], value: Operand, inside: _Parts, otherwise: _Parts) -> Operand:
    def repeat(scope: _Scope) -> str:
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


class _Pipeline:
    """A recursive-descent parser of what stands between ``{{`` and ``}}``."""

    def __init__(self, source: str, known: set[str]) -> None:
        self.tokens = _tokens(source)
        self._known = known
        self._place = 0

    def assignment(self) -> tuple[list[str], Operand]:
        """The variables that are set, if any, and the value."""
        names = self._names()
        value = self._pipeline()
        if self._place < len(self.tokens):
            raise TemplateError(f"unexpected {self.tokens[self._place][1]!r} in a template action")
        return names, value

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
                return names
            if mark != ",":
                raise TemplateError("only a variable can be set")

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self._place] if self._place < len(self.tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._place += 1
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
        return operand

    def _operands(self) -> list[Operand]:
        operands = []
        while self._starts_operand():
            operands.append(self._operand())
        return operands

    def _starts_operand(self) -> bool:
        kind, text = self._peek()
        return kind in {"text", "number", "field", "word"} or (kind, text) == ("mark", "(")

    def _operand(self) -> Operand:
        kind, text = self._next()
        if (kind, text) == ("mark", "("):
            inner = self._pipeline()
            if self._next() != ("mark", ")"):
                raise TemplateError("a parenthesis is not closed")
            return self._fields_of(inner)
        if kind == "field":
            return _field(text, self._known)
        if kind == "word" and text not in _CONSTANTS:
            return _call(text, [])
        if kind not in {"text", "number", "word"}:
            raise TemplateError("a template action needs a value")
        value = _constant(kind, text)
        return lambda _: value

    def _fields_of(self, inner: Operand) -> Operand:
        kind, text = self._peek()
        if kind != "field" or not re.match(r"\.\w", text):
            return inner
        self._next()
        names = text[1:].split(".")
        return lambda scope: _walk(inner(scope), names)


_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "nil": None}


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place, end = 0, len(source.rstrip())
    while place < end:
        found = _TOKEN.match(source, place)
        if found is None or found.lastgroup is None:
            raise TemplateError(f"{source[place:].strip()!r} is not supported in a template")
        tokens.append((found.lastgroup, found.group(found.lastgroup)))
        place = found.end()
    return tokens


def _constant(kind: str, text: str) -> Any:
    if kind == "word":
        return _CONSTANTS[text]
    if kind == "number":
        return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
    if text.startswith("`"):
        return text[1:-1]
    return _ESCAPE.sub(lambda found: _ESCAPES[found.group(1)], text[1:-1])


def _field(text: str, known: set[str]) -> Operand:
    """A variable or the dot, or a field of it. A label that is missing is empty."""
    root, *names = text.split(".")
    if root == "$":
        return lambda scope: _walk(scope.facts, names)
    if not root:
        rest = [name for name in names if name]
        return lambda scope: _walk(scope.dot, rest)
    variable = root[1:]
    if variable in known:
        return lambda scope: _walk(scope.variables[variable], names)
    attribute = _ROOTS.get(variable)
    if attribute is None:
        raise TemplateError(f"variable {root} is not supported in a template")
    if names and (not attribute.endswith("labels") or len(names) > 1):
        raise TemplateError(f"{text} is no label")
    return lambda scope: _walk(getattr(scope.facts, attribute), names)


def _walk(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        if isinstance(value, Mapping):
            value = value.get(name, "")
        elif isinstance(value, Facts | Sample) and hasattr(value, _FIELDS.get(name, " ")):
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
        return lambda scope: apply([scope.facts.external_url])
    return lambda scope: apply([operand(scope) for operand in operands])


def _query(operands: Sequence[Operand]) -> Operand:
    if len(operands) != 1:
        raise TemplateError(f"query takes 1 argument(s), got {len(operands)}")
    return lambda scope: list(scope.facts.query(show(operands[0](scope))))
