"""Values as Prometheus writes them: numbers as Go does, samples as pairs of time and text."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from heapq import merge

from agent.rules.gotemplate.values import shortest
from agent.rules.promql.evaluate import Value
from agent.rules.promql.vector import Vector
from agent.rules.queries.matrix import Matrix, Series

Mask = Callable[[str], str]
"""Returns a text as whoever reads may see it; ``str`` changes nothing."""
NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time."""

_CHUNK = 1000
_SMALLEST, _LARGEST = 1e-6, 1e21
_EXACT = 1e15


def number(value: float) -> str:
    """A sample's value: plain digits, with an exponent only when very small or very large."""
    if value.is_integer() and abs(value) < _EXACT and (value or math.copysign(1, value) > 0):
        return str(int(value))
    if math.isfinite(value) and value and not _SMALLEST <= abs(value) < _LARGEST:
        return shortest(value, always_exponent=True)
    return plain(value)


def plain(value: float) -> str:
    """A scalar's value: plain digits, however many."""
    if not math.isfinite(value):
        return shortest(value)
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def scientific(value: float) -> str:
    """An alert's value: one digit, the others after the point, and an exponent."""
    return shortest(value, always_exponent=True)


def stamp(at: float) -> str:
    """Epoch seconds, with milliseconds where there are any."""
    seconds, rest = divmod(round(at * 1000), 1000)
    return f"{seconds}.{rest:03d}" if rest else str(seconds)


def moment(at: float) -> str:
    """Epoch seconds as RFC 3339 in UTC, no longer than needed."""
    text = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "Z"


def instant_result(value: Value | Matrix, at: float, mask: Mask = str) -> Iterator[str]:
    """An instant query's ``data``, in pieces; ``mask`` is applied to every text."""
    if isinstance(value, Matrix):
        yield from matrix(value, mask)
    elif isinstance(value, Vector):
        yield from _results("vector", _samples(value, at, mask))
    elif isinstance(value, str):
        yield f'{{"resultType":"string","result":[{stamp(at)},{quoted(mask(value))}]}}'
    else:
        yield f'{{"resultType":"scalar","result":[{stamp(at)},"{plain(value)}"]}}'


def matrix(result: Matrix, mask: Mask = str) -> Iterator[str]:
    """A range query's ``data``, in pieces; ``mask`` is applied to the values of labels."""
    texts = _QuotedTexts(mask)
    yield from _results("matrix", (_series(series, texts) for series in result.drain()))


def label_sets(vector: Vector, mask: Mask = str) -> Iterator[str]:
    """The label set of every sample as a JSON object; ``mask`` is applied to the values."""
    columns = vector.label_columns()
    if not columns:
        yield from ("{}" for _ in range(vector.size))
        return
    names = [quoted(name) + ":" for name in columns]
    quoted_texts = _QuotedTexts(mask)
    for texts in zip(*columns.values(), strict=True):
        pairs = (name + quoted_texts[text] for name, text in zip(names, texts, strict=True) if text)
        yield "{" + ",".join(pairs) + "}"


def quoted(text: str) -> str:
    """A JSON string; what has no UTF-8 form is replaced."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)


def in_order(texts: Iterable[str]) -> Iterator[str]:
    """``texts`` sorted, chunk by chunk."""
    # One long sort would hold the interpreter lock and with it the event loop.
    unsorted = list(texts)
    starts = range(0, len(unsorted), _CHUNK)
    return merge(*(sorted(unsorted[start : start + _CHUNK]) for start in starts))


class _QuotedTexts(dict[str, str]):
    """JSON strings by text, each masked and encoded once."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def __missing__(self, text: str) -> str:
        self[text] = quoted(self._mask(text))
        return self[text]


def _samples(vector: Vector, at: float, mask: Mask) -> Iterator[str]:
    time = stamp(at)
    values = map(number, vector.values.tolist())
    for labels, value in zip(label_sets(vector, mask), values, strict=True):
        yield f'{{"metric":{labels},"value":[{time},"{value}"]}}'


def _series(series: Series, texts: _QuotedTexts) -> str:
    points = ",".join(
        f'[{stamp(at)},"{number(value)}"]'
        for at, value in zip(series.times, series.values, strict=True)
    )
    return f'{{"metric":{_object(series.labels, texts)},"values":[{points}]}}'


def _object(labels: Mapping[str, str], texts: _QuotedTexts) -> str:
    return "{" + ",".join(f"{quoted(name)}:{texts[labels[name]]}" for name in labels) + "}"


def _results(result_type: str, items: Iterable[str]) -> Iterator[str]:
    yield f'{{"resultType":"{result_type}","result":['
    yield from joined(items)
    yield "]}"


def joined(items: Iterable[str]) -> Iterator[str]:
    """Items with commas between them, many in one piece."""
    piece: list[str] = []
    first = True
    for item in items:
        piece.append(item if first else "," + item)
        first = False
        if len(piece) >= _CHUNK:
            yield "".join(piece)
            piece.clear()
    yield "".join(piece)
