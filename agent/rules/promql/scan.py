"""A look at an expression's text before the parser sees it.

promql-parser crashes the process on deep nesting, so length, nesting and operators are
counted first. It also refuses raw strings in backticks that hold a backslash, which Prometheus
allows, so raw strings are rewritten into quoted ones.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from agent.rules.promql.nodes import Semantics
from agent.rules.promql.refusal import RefusedError

MAX_LENGTH = 16_384
MAX_NESTING = 64
MAX_OPERATORS = 192

_SMOOTHING = {
    Semantics.TWO: "holt_winters",
    Semantics.THREE: "double_exponential_smoothing",
}
_LATEST = 1e11
_CALL = re.compile(r"\w+\s*\(", re.ASCII)
_TOKEN = re.compile(
    r"""
      (?P<quoted>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<raw>`[^`]*`)
    | (?P<comment>\#[^\n]*)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<operator>[-+*/%^]|[=!<>]=?|\b(?:and|or|unless|atan2)\b)
    | (?P<other>[A-Za-z_:][A-Za-z0-9_:]*|[0-9.]+(?:[eE][-+]?[0-9]+)?|\s+|.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII | re.IGNORECASE,
)


def prepare(text: str) -> str:
    """``text`` as it may safely be handed to the parser.

    Raises:
        RefusedError: when it is longer, deeper or busier than any honest expression.
    """
    if len(text) > MAX_LENGTH:
        raise RefusedError(
            f"expression is {len(text)} characters long, at most {MAX_LENGTH} are read"
        )
    pieces: list[str] = []
    depth = braces = operators = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        depth += (kind == "open") - (kind == "close")
        braces += (token.group() == "{") - (token.group() == "}")
        operators += kind == "operator" and braces == 0
        if depth > MAX_NESTING:
            raise RefusedError(f"expression is nested more than {MAX_NESTING} deep")
        pieces.append(_requote(token.group()) if kind == "raw" else token.group())
    if operators > MAX_OPERATORS:
        raise RefusedError(f"expression has more than {MAX_OPERATORS} operators")
    return "".join(pieces)


def renamed(text: str, semantics: Semantics) -> str:
    """``text`` with ``holt_winters`` under the name the parser knows, that of Prometheus 3.

    Raises:
        RefusedError: where a name is used that this generation of Prometheus does not have.
    """
    wrong = _SMOOTHING[Semantics.THREE if semantics is Semantics.TWO else Semantics.TWO]
    right = _SMOOTHING[semantics]
    places = [start for token, start in words(text) if token == right and _is_call(text, start)]
    for token, start in words(text):
        if token == wrong and _is_call(text, start):
            raise RefusedError(f"Prometheus {semantics:d} calls function {wrong} {right}", wrong)
    for start in reversed(places):
        text = f"{text[:start]}{_SMOOTHING[Semantics.THREE]}{text[start + len(right) :]}"
    return text


def check_times(text: str) -> None:
    """Refuse times after ``@`` that the parser would crash on.

    Raises:
        RefusedError: where one is before 1970 or after the year 5000.
    """
    tokens = [token for token, _ in words(text)]
    for mark, time in pairwise(tokens):
        if mark == "@" and not _is_modern(time):
            raise RefusedError(f"@ {time} is no time since 1970", "@")


def _is_modern(time: str) -> bool:
    try:
        return 0 <= float(time) < _LATEST
    except ValueError:
        return time in {"start", "end"}


def _is_call(text: str, start: int) -> bool:
    return _CALL.match(text, start) is not None


def place_of(text: str, word: str) -> str:
    """Where ``word`` first stands in an expression, as ``line:column``; empty if nowhere."""
    offset = next((start for token, start in words(text) if token == word), None)
    if offset is None:
        return ""
    before = text[:offset]
    return f"{before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def words(text: str) -> Iterator[tuple[str, int]]:
    """The tokens of an expression with their offsets, texts and comments left out."""
    for token in _TOKEN.finditer(text):
        if token.lastgroup not in {"quoted", "raw", "comment"} and not token.group().isspace():
            yield token.group(), token.start()


def _requote(raw: str) -> str:
    inner = raw[1:-1].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'
