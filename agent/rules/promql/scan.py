"""A look at an expression's text before the parser sees it.

promql-parser crashes the process on deep nesting, so length, nesting and operators are
counted first. It also refuses raw strings in backticks that hold a backslash, which Prometheus
allows, so raw strings are rewritten into quoted ones.
"""

import re
from collections.abc import Iterator, Sequence

from agent.rules.promql.refusal import RefusedError

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
