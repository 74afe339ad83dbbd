"""A look at an expression's text before the parser sees it.

promql-parser crashes the process on deep nesting, so length, nesting and operators are
counted first. It also refuses raw strings in backticks that hold a backslash, which Prometheus
allows, so raw strings are rewritten into quoted ones.
"""

import re

from agent.rules.promql.refusal import RefusedError

MAX_LENGTH = 16_384
MAX_NESTING = 64
MAX_OPERATORS = 192

_TOKEN = re.compile(
    r"""
      (?P<quoted>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<raw>`[^`]*`)
    | (?P<comment>\#[^\n]*)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<operator>[-+*/%^]|[=!<>]=?|\b(?:and|or|unless|atan2)\b)
    | (?P<other>[A-Za-z_:][A-Za-z0-9_:]*|[0-9.]+(?:[eE][-+]?[0-9]+)?|.)
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


def _requote(raw: str) -> str:
    inner = raw[1:-1].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'
