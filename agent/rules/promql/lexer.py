"""Lexical checks and rewrites of an expression before promql-parser reads it.

promql-parser crashes the process on deep nesting, so length, nesting and operators are
counted first. It also refuses raw strings in backticks that contain a backslash, which
Prometheus allows, so raw strings are rewritten as quoted ones. And it reads the language of
Prometheus 3, so what Prometheus 2 would not have read is refused here for that generation.
"""

import re
from collections.abc import Iterator, Sequence

from agent.rules.promql.errors import RefusedError
from agent.rules.promql.nodes import Semantics

MAX_LENGTH = 16_384
MAX_NESTING = 64
MAX_OPERATORS = 192

_FARTHEST = 9e15
"""Seconds: further away than any clock, and no trouble as milliseconds."""
_AT = re.compile(
    r"@\s*([-+]?\s*(?:0[xX][0-9a-fA-F]+|[\d.]+(?:[eE][-+]?\d+)?|inf|nan)\b)",
    re.ASCII | re.IGNORECASE,
)
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


def timed(text: str) -> tuple[str, list[float]]:
    """``text`` with numbers in place of the times after ``@``, and these times by number.

    The parser cannot hold times before 1970, or far from now.

    Raises:
        RefusedError: where a time is none that Prometheus could count.
    """
    times: list[float] = []
    pieces: list[str] = []
    done = 0
    for word, start in words(text):
        found = _AT.match(text, start) if word == "@" else None
        if found:
            times.append(_time(found[1].replace(" ", "")))
            pieces += [text[done:start], f"@ {len(times) - 1}"]
            done = found.end()
    return "".join([*pieces, text[done:]]), times


def with_times(text: str, times: Sequence[float]) -> str:
    """``text`` with the times again that :func:`timed` took out of it."""
    places = [start for word, start in words(text) if word == "@"] if times else []
    for start in reversed(places):
        found = _AT.match(text, start)
        if found:
            time = f"@ {times[round(float(found[1]))]:.3f}"
            text = f"{text[:start]}{time}{text[found.end() :]}"
    return text


def _time(text: str) -> float:
    sign = -1.0 if text.startswith("-") else 1.0
    digits = text.lstrip("+-").lower()
    try:
        time = sign * (int(digits, 16) if digits.startswith("0x") else float(digits))
    except ValueError:
        raise RefusedError(f"@ {text} is no time", "@") from None
    if not abs(time) < _FARTHEST:
        raise RefusedError(f"timestamp out of bounds for @ modifier: {text}", "@")
    return time


def is_call(text: str, start: int) -> bool:
    """Whether the word at ``start`` is the name of a function that is called."""
    return _CALL.match(text, start) is not None


def blanked(text: str) -> str:
    """``text`` with quotation marks only where strings are, and nothing where comments are."""
    pieces = []
    for token in _TOKEN.finditer(text):
        if token.lastgroup in {"quoted", "raw"}:
            pieces.append('"' * len(token.group()))
        else:
            pieces.append(" " if token.lastgroup == "comment" else token.group())
    return "".join(pieces)


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


_SMOOTHING = {
    Semantics.TWO: "holt_winters",
    Semantics.THREE: "double_exponential_smoothing",
}
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_BRACES = re.compile(r"\{[^{}]*\}")
_SPAN = re.compile(r"(?:\d+(?:ms|[smhdwy]))+", re.ASCII)
_NUMBER = re.compile(r"[\d.]+(?:[eE][-+]?\d+)?", re.ASCII)
_OFFSET = re.compile(r"\boffset(?:\s+|\s*[-+]\s*)([\w.]+)", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r'[{,]\s*("+|\'+|`+)', re.ASCII)
_LONE_SPAN = re.compile(rf"(?<![\w:.]){_SPAN.pattern}(?![\w:.])", re.ASCII)


def renamed(text: str, semantics: Semantics) -> str:
    """``text`` with ``holt_winters`` under the name the parser knows, that of Prometheus 3.

    Raises:
        RefusedError: where a name is used that this generation of Prometheus does not have.
    """
    wrong = _SMOOTHING[Semantics.THREE if semantics is Semantics.TWO else Semantics.TWO]
    right = _SMOOTHING[semantics]
    places = [start for token, start in words(text) if token == right and is_call(text, start)]
    for token, start in words(text):
        if token == wrong and is_call(text, start):
            raise RefusedError(f"Prometheus {semantics:d} calls function {wrong} {right}", wrong)
    for start in reversed(places):
        text = f"{text[:start]}{_SMOOTHING[Semantics.THREE]}{text[start + len(right) :]}"
    return text


def refuse_newer(text: str) -> None:
    """Refuse what Prometheus 3 has and Prometheus 2 has not.

    Raises:
        RefusedError: on spans as numbers, numbers as spans, and names in quotes.
    """
    bare = blanked(text)
    for found in _BRACKETS.finditer(bare):
        for part in found[1].split(":"):
            _need_unit(part.strip(), "[")
    outside = _BRACKETS.sub(" ", bare)
    named = next(filter(None, map(_NAMED.search, _BRACES.findall(outside))), None)
    if named:
        raise RefusedError("Prometheus 2 has no names in quotes", "{")
    outside = _BRACES.sub(" ", outside)
    for found in _OFFSET.finditer(outside):
        _need_unit(found[1], "offset")
    lone = _LONE_SPAN.search(_OFFSET.sub(" ", outside))
    if lone:
        raise RefusedError(f"{lone[0]} is no number in Prometheus 2")


def _need_unit(text: str, word: str) -> None:
    if _NUMBER.fullmatch(text):
        raise RefusedError(f"{text} needs a unit in Prometheus 2, such as {text}s", word)
