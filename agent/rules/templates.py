"""The part of Go's templates that rule files use: texts with pipelines in them.

``{{ $labels.number }}``, ``{{ $value | humanize }}``, ``{{ printf "%.2f" $value }}``. Whatever
else a template may hold is refused when the rule file is loaded.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from agent.rules.go_format import Value, printf, show
from agent.rules.humanize import HUMANIZERS, number

_ACTION = re.compile(r"(\s*)\{\{(-(?=\s))?(.*?)(?:(?<=\s)(-))?\}\}(\s*)", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<field>(?:\$[A-Za-z]\w*|\.[A-Za-z]\w*|\$)(?:\.[A-Za-z_]\w*)*)
    | (?P<word>[A-Za-z]\w*)
    | (?P<mark>[|()])
    )""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r'\\(n|t|r|"|\\)')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_ROOTS = {
    "$value": "value",
    ".Value": "value",
    "$labels": "labels",
    ".Labels": "labels",
    "$externalLabels": "external_labels",
    ".ExternalLabels": "external_labels",
    "$externalURL": "external_url",
    ".ExternalURL": "external_url",
}


class TemplateError(ValueError):
    """A template that is not valid or not supported; told at load."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may print: one sample of a rule's result."""

    labels: Mapping[str, str]
    value: float
    external_labels: Mapping[str, str]
    external_url: str = ""


Operand = Callable[[Facts], Value]


@dataclass(frozen=True, slots=True)
class Template:
    """A template ready to be rendered."""

    source: str
    parts: tuple[str | Operand, ...]

    @property
    def is_constant(self) -> bool:
        """Whether it renders to the same text whatever the facts."""
        return all(isinstance(part, str) for part in self.parts)

    def render(self, facts: Facts) -> str:
        """The text for one sample; a value that does not fit is told in the text itself."""
        try:
            return "".join(
                part if isinstance(part, str) else show(part(facts)) for part in self.parts
            )
        except (ValueError, OverflowError) as error:
            return f"<error expanding template: {error}>"


def parse_template(source: str) -> Template:
    """The template in ``source``.

    Raises:
        TemplateError: when it is not valid, or uses what is not supported.
    """
    parts: list[str | Operand] = []
    position = 0
    for action in _ACTION.finditer(source):
        before, trims_before, inner, trims_after, after = action.groups()
        parts.append(source[position : action.start()] + ("" if trims_before else before))
        if not (inner.startswith("/*") and inner.rstrip().endswith("*/")):
            parts.append(_Pipeline(inner).parse())
        parts.append("" if trims_after else after)
        position = action.end()
    parts.append(source[position:])
    if any("{{" in part for part in parts if isinstance(part, str)):
        raise TemplateError("an action that is opened by {{ is not closed by }}")
    return Template(source, tuple(part for part in parts if part != ""))


class _Pipeline:
    """A recursive-descent parser of what stands between ``{{`` and ``}}``."""

    def __init__(self, source: str) -> None:
        self._tokens = _tokens(source)
        self._place = 0

    def parse(self) -> Operand:
        result = self._pipeline()
        if self._place < len(self._tokens):
            raise TemplateError(f"unexpected {self._tokens[self._place][1]!r} in a template action")
        return result

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("end", "")

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
            return inner
        if kind == "field":
            return _field(text)
        if kind == "word" and text not in _CONSTANTS:
            return _call(text, [])
        if kind not in {"text", "number", "word"}:
            raise TemplateError("a template action needs a value")
        value = _constant(kind, text)
        return lambda _: value


_CONSTANTS: Mapping[str, Value] = {"true": True, "false": False}


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


def _constant(kind: str, text: str) -> Value:
    if kind == "word":
        return _CONSTANTS[text]
    if kind == "number":
        return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
    if text.startswith("`"):
        return text[1:-1]
    return _ESCAPE.sub(lambda found: _ESCAPES[found.group(1)], text[1:-1])


def _field(text: str) -> Operand:
    """A variable or a field of it. A label that is missing is empty, as in Prometheus."""
    start = 1 if text.startswith(("$", ".")) else 0
    root, _, rest = text[start:].partition(".")
    name = _ROOTS.get(text[:start] + root)
    if name is None:
        raise TemplateError(f"variable {text} is not supported in a template")
    if not rest:
        return attrgetter(name)
    if not name.endswith("labels") or "." in rest:
        raise TemplateError(f"{text} is no label")
    labels = attrgetter(name)
    return lambda facts: str(labels(facts).get(rest, ""))


def _call(name: str, operands: Sequence[Operand]) -> Operand:
    function = _FUNCTIONS.get(name)
    if function is None:
        raise TemplateError(f"{name} is not supported in a template")
    least, most, apply = function
    if not least <= len(operands) <= most:
        raise TemplateError(f"{name} takes {least} argument(s), got {len(operands)}")
    return lambda facts: apply([operand(facts) for operand in operands])


def _humanizer(convert: Callable[[float], str]) -> Callable[[Sequence[Value]], Value]:
    return lambda values: convert(number(values[0]))


_FUNCTIONS: Mapping[str, tuple[int, int, Callable[[Sequence[Value]], Value]]] = {
    **{name: (1, 1, _humanizer(convert)) for name, convert in HUMANIZERS.items()},
    "printf": (1, 64, lambda values: printf(str(values[0]), values[1:])),
    "toUpper": (1, 1, lambda values: str(values[0]).upper()),
    "toLower": (1, 1, lambda values: str(values[0]).lower()),
}
