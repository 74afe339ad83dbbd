"""What only one generation of Prometheus understands, told from the text.

promql-parser reads the language of Prometheus 3; what Prometheus 2 would not have read is
refused here, so that both engines refuse the same files.
"""

import re

from agent.rules.promql.nodes import Semantics
from agent.rules.promql.refusal import RefusedError
from agent.rules.promql.scan import blanked, is_call, words

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
