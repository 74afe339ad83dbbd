"""Which format and which encoding a client gets for the headers it sent."""

from collections.abc import Iterator
from enum import Enum


class Format(Enum):
    """The formats a page can have; the value is the Content-Type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def _weight(parameters: dict[str, str]) -> float:
    try:
        return min(max(float(parameters.get("q", "1")), 0.0), 1.0)
    except ValueError:
        return 0.0


def _choices(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """The choices of an Accept or Accept-Encoding header: name, parameters, weight."""
    for choice in header.split(","):
        name, *pairs = (part.strip() for part in choice.split(";"))
        parameters = {
            key.strip().lower(): value.strip().strip('"')
            for key, _, value in (pair.partition("=") for pair in pairs)
        }
        if name:
            yield name.lower(), parameters, _weight(parameters)


def _format_of(media_type: str, version: str) -> Format | None:
    """The format that satisfies one choice of an Accept header."""
    if media_type == "application/openmetrics-text":
        return Format.OPENMETRICS if version in {"", "1.0.0"} else None
    if media_type == "text/plain":
        return Format.TEXT if version in {"", "0.0.4"} else None
    return Format.TEXT if media_type in {"*/*", "text/*"} else None


def choose_format(accept: str) -> Format:
    """The format for an Accept header: the heaviest choice we have, the first among equals.

    A client that accepts none of ours gets text 0.0.4, as Prometheus' exporters do.
    """
    best, best_weight = Format.TEXT, 0.0
    for media_type, parameters, weight in _choices(accept):
        found = _format_of(media_type, parameters.get("version", ""))
        if found is not None and weight > best_weight:
            best, best_weight = found, weight
    return best


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    weights = {name: weight for name, _, weight in _choices(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0
