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
"""Seconds since the epoch: beyond any real time, and within int64 as milliseconds."""
_AT = re.compile(
    r"@\s*([-+]?\s*(?:0[xX][0-9a-fA-F]+|[\d.]+(?:[eE][-+]?\d+)?|inf|nan)(?![\w.]))",
    re.ASCII | re.IGNORECASE,
)
_AT_DURATION = re.compile(r"@\s*([-+]?\s*[\d.][\w.]*)", re.ASCII)
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
    """``text`` in a form that the parser can read safely.

    Raises:
        RefusedError: when it is too long, too deeply nested or has too many operators.
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


def extract_times(text: str) -> tuple[str, list[float]]:
    """``text`` with an index in place of each time after ``@``, and the times by index.

    The parser cannot represent times before 1970 or far in the future.

    Raises:
        RefusedError: when a time is outside the range of Prometheus.
    """
    times: list[float] = []
    pieces: list[str] = []
    done = 0
    for word, start in words(text):
        match = _AT.match(text, start) if word == "@" else None
        if match:
            times.append(_time(match[1].replace(" ", "")))
            pieces += [text[done:start], f"@ {len(times) - 1}"]
            done = match.end()
        elif word == "@" and (duration := _AT_DURATION.match(text, start)):
            # The parser reads it as a time, which would be taken for an index.
            raise RefusedError(f"@ {duration[1]} is no time", "@")
    return "".join([*pieces, text[done:]]), times


def restore_times(text: str, times: Sequence[float]) -> str:
    """``text`` with the times that :func:`extract_times` replaced."""
    places = [start for word, start in words(text) if word == "@"] if times else []
    for start in reversed(places):
        match = _AT.match(text, start)
        if match:
            time = f"@ {times[round(float(match[1]))]:.3f}"
            text = f"{text[:start]}{time}{text[match.end() :]}"
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
    """Whether the word at ``start`` is followed by a parenthesis, as a function's name is."""
    return _CALL.match(text, start) is not None


def blanked(text: str) -> str:
    """``text`` with strings replaced by quotes and comments by a space; offsets of strings stay."""
    pieces = []
    for token in _TOKEN.finditer(text):
        if token.lastgroup in {"quoted", "raw"}:
            pieces.append('"' * len(token.group()))
        else:
            pieces.append(" " if token.lastgroup == "comment" else token.group())
    return "".join(pieces)


def place_of(text: str, word: str) -> str:
    """The position of the first token ``word`` as ``line:column``; empty if there is none."""
    offset = next((start for token, start in words(text) if token == word), None)
    if offset is None:
        return ""
    before = text[:offset]
    return f"{before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def words(text: str) -> Iterator[tuple[str, int]]:
    """The tokens of an expression with their offsets, without strings, comments and spaces."""
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
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+", re.ASCII)
_NUMBER = re.compile(r"[\d.]+(?:[eE][-+]?\d+)?", re.ASCII)
_OFFSET = re.compile(r"\boffset(?:\s+|\s*[-+]\s*)([\w.]+)", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r'[{,]\s*("+|\'+|`+)', re.ASCII)
_DURATION_AS_NUMBER = re.compile(rf"(?<![\w:.]){_DURATION.pattern}(?![\w:.])", re.ASCII)


def rename_smoothing(text: str, semantics: Semantics) -> str:
    """``text`` with ``holt_winters`` under its name in Prometheus 3, which the parser knows.

    Raises:
        RefusedError: when the name is not that of this generation of Prometheus.
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
    """Refuse syntax that only Prometheus 3 has.

    Raises:
        RefusedError: on durations as numbers, numbers as durations, and names in quotes.
    """
    bare = blanked(text)
    for brackets in _BRACKETS.finditer(bare):
        for part in brackets[1].split(":"):
            _require_unit(part.strip(), "[")
    outside = _BRACKETS.sub(" ", bare)
    named = next(filter(None, map(_NAMED.search, _BRACES.findall(outside))), None)
    if named:
        raise RefusedError("Prometheus 2 has no names in quotes", "{")
    outside = _BRACES.sub(" ", outside)
    for offset in _OFFSET.finditer(outside):
        _require_unit(offset[1], "offset")
    lone = _DURATION_AS_NUMBER.search(_OFFSET.sub(" ", outside))
    if lone:
        raise RefusedError(f"{lone[0]} is no number in Prometheus 2")


def _require_unit(text: str, word: str) -> None:
    if _NUMBER.fullmatch(text):
        raise RefusedError(f"{text} needs a unit in Prometheus 2, such as {text}s", word)
