"""Functions that write labels: ``label_replace``, ``label_join`` and ``count_values``."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import re2

from agent.rules.promql.budget import charge_labels, charge_text, check_time, require_space
from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.matchers import METRIC_NAME, regex
from agent.rules.promql.symbols import Codes, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, require_distinct

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_CHUNK = 1024
"""Rows whose texts are in memory at once."""
_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def replace(vector: Vector, texts: Sequence[str], *, dot_matches_newline: bool) -> Vector:
    """``label_replace``: ``texts`` are destination, replacement, source and pattern.

    Raises:
        EvaluationError: where Prometheus fails too, with its text.
    """
    target, replacement, source, pattern = texts
    try:
        compiled = regex(pattern, dot_matches_newline=dot_matches_newline)
    except re2.error:
        raise EvaluationError(f"invalid regular expression in label_replace(): {pattern}") from None
    if not _LABEL.fullmatch(target):
        raise EvaluationError(f"invalid destination label name in label_replace(): {target}")
    symbols = vector.table.symbols
    sources, targets = column(vector, source), column(vector, target)
    present, places = np.unique(sources, return_inverse=True)
    counts = np.bincount(places, minlength=present.size)
    references = replacement.count("$")
    replaced = np.full(present.size, -1, np.int32)
    for place, text in enumerate(symbols.decode(present)):
        check_time()
        match = compiled.fullmatch(text)
        if match is not None:
            # Before it is made: a replacement may name a long text many times.
            require_space(len(replacement) + references * len(text))
            new_text = _expand(replacement, match)
            charge_text(len(new_text), int(counts[place]))
            replaced[place] = symbols.derive(new_text)
    new = replaced[places]
    return with_column(vector, target, np.where(new < 0, targets, new).astype(np.int32))


def _expand(replacement: str, match: "re.Match[str]") -> str:
    """The replacement with ``$1``, ``${name}`` and ``$$`` filled in, as Go does it."""

    def fill(reference: re.Match[str]) -> str:
        dollar, braced, bare = reference.groups()
        if dollar:
            return "$"
        name = braced or bare
        key: int | str = int(name) if name.isascii() and name.isdigit() else name
        try:
            return match[key] or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(fill, replacement)


def join(vector: Vector, texts: Sequence[str]) -> Vector:
    """``label_join``: ``texts`` are destination, separator and any number of sources.

    Raises:
        EvaluationError: where Prometheus fails too, with its text.
    """
    target, separator, *sources = texts
    for kind, name in (("destination", target), *(("source", name) for name in sources)):
        if not _LABEL.fullmatch(name):
            raise EvaluationError(f"invalid {kind} label name in label_join(): {name}")
    if not sources:
        return with_column(vector, target, np.zeros(vector.size, np.int32))
    charge_labels(vector.size * len(sources))
    present = {*vector.table.names, METRIC_NAME}
    columns = {name: column(vector, name) for name in sources if name in present}
    codes = np.empty(vector.size, np.int32)
    for start in range(0, vector.size, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        decoded = {name: vector.table.symbols.decode(it[chunk]) for name, it in columns.items()}
        missing = [""] * codes[chunk].size
        rows = zip(*(decoded.get(name, missing) for name in sources), strict=True)
        codes[chunk] = _joined(vector.table.symbols, separator, rows, len(missing))
    return with_column(vector, target, codes)


def _joined(symbols: Symbols, separator: str, rows: Iterable[Sequence[str]], count: int) -> Codes:
    """The codes of the joined texts of each of ``count`` rows."""
    check_time()
    codes = np.empty(count, np.int32)
    for row, parts in enumerate(rows):
        # Before they are joined: the text may be a multiple of what is already long.
        charge_text(sum(map(len, parts)) + len(separator) * (len(parts) - 1))
        codes[row] = symbols.derive(separator.join(parts))
    return codes


def with_value_as_label(vector: Vector, name: str) -> Vector:
    """Each sample with its value as a label, for ``count_values``; label sets may repeat.

    Raises:
        EvaluationError: when ``name`` is no label name.
    """
    if not _LABEL.fullmatch(name):
        raise EvaluationError(f'invalid label name "{name}"')
    symbols = vector.table.symbols
    codes = np.empty(vector.size, np.int32)
    for row, value in enumerate(vector.values.tolist()):
        text = plain(value)
        charge_text(len(text))
        codes[row] = symbols.derive(text)
    return _with_codes(vector, name, codes)


def plain(value: float) -> str:
    """``value`` in the fewest digits that identify it, without an exponent."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return np.format_float_positional(value, trim="-")


def column(vector: Vector, name: str) -> Codes:
    """The codes of one label of the samples; the metric's name is a label too."""
    if name == METRIC_NAME and vector.metric:
        return np.full(vector.size, vector.metric, np.int32)
    return vector.table.column(name)[vector.rows]


def with_column(vector: Vector, name: str, codes: Codes) -> Vector:
    """The samples with one label replaced.

    Raises:
        EvaluationError: when two series get the same label set.
    """
    result = _with_codes(vector, name, codes)
    require_distinct(result.rows)
    return result


def _with_codes(vector: Vector, name: str, codes: Codes) -> Vector:
    charge_labels(vector.size * len(vector.table.names))
    columns = vector.table.take(vector.rows)
    columns[name] = codes
    metric = 0 if name == METRIC_NAME else vector.metric
    projection = Table(vector.table.symbols, columns, vector.size).project(tuple(columns))
    return Vector(projection.table, projection.ids.astype(np.intp), vector.values, metric)
