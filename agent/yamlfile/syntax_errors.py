"""Syntax errors of YAML, in words that say how to correct them.

PyYAML's own message is never repeated: it quotes names and characters of the file, and an
unquoted secret that starts with ``*`` or ``!`` would be such a name.
"""

import yaml

from agent.yamlfile.problems import Problem

_WORDS: tuple[tuple[str, str], ...] = (
    (r"'\t'", "has a tab where YAML wants spaces, indent with spaces"),
    (
        "cannot start any token",
        "has a value that starts with a character YAML reserves, put quotes around the value",
    ),
    (
        "mapping values are not allowed",
        "has a colon where none can be, check the indentation or put quotes around the value",
    ),
    ("could not find expected ':'", "has a key without a colon, expected `key: value`"),
    ("undefined alias", "has a value that starts with *, put quotes around the value"),
    ("unexpected end of stream", "has a quoted text that is never closed, add the quote"),
    ("unexpected document separator", "has a quoted text that is never closed, add the quote"),
    ("unknown escape character", "has a backslash in double quotes, use single quotes"),
    ("hexadecimal numbers", "has a backslash in double quotes, use single quotes"),
    ("expected <block end>", "is indented unlike the lines above it, line the keys up"),
    ("another document", "has a second document after ---, expected one document"),
    ("duplicate anchor", "has an anchor (&) that exists already, give each its own name"),
    ("or ']'", "has a [ that is not closed, add the ]"),
    ("or '}'", "has a { that is not closed, add the } or put quotes around a ${VARIABLE}"),
    ("scanning an alias", "has a value that starts with *, put quotes around the value"),
    ("scanning an anchor", "has a value that starts with &, put quotes around the value"),
    ("<stream end>", "ends inside a [ or {, add the ] or }"),
    ("tag", "has a value that starts with !, put quotes around the value"),
)
_OTHERWISE = "is not valid YAML here, check the indentation and the quotes"
_REPORTED_AT_START = ("unexpected end of stream", "unexpected document separator")


def syntax_problem(error: yaml.MarkedYAMLError) -> Problem:
    """The problem that ``error`` reports, at the line where it can be corrected."""
    message = f"{error.context or ''} {error.problem or ''}"
    text = next((words for sign, words in _WORDS if sign in message), _OTHERWISE)
    mark = error.problem_mark or error.context_mark
    if error.context_mark and any(sign in message for sign in _REPORTED_AT_START):
        mark = error.context_mark
    return Problem((), text, mark.line + 1 if mark else 1)
