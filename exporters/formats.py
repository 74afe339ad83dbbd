"""The two text formats: which one a client gets, and where they differ."""

from collections.abc import Iterator
from enum import Enum

from exporters.family import Family


class Format(Enum):
    """The format of a page; the value is the Content-Type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def _weight(parameters: dict[str, str]) -> float:
    try:
        return min(max(float(parameters.get("q", "1")), 0.0), 1.0)
    except ValueError:
        return 0.0


def _choices(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """The choices in an Accept or Accept-Encoding header: name, parameters, weight."""
    for choice in header.split(","):
        name, *pairs = (part.strip() for part in choice.split(";"))
        parameters = {
            key.strip().lower(): value.strip().strip('"')
            for key, _, value in (pair.partition("=") for pair in pairs)
        }
        if name:
            yield name.lower(), parameters, _weight(parameters)


def _format_of(media_type: str, version: str) -> Format | None:
    """The format that satisfies one choice of an Accept header; ``None`` where none does."""
    if media_type == "application/openmetrics-text":
        return Format.OPENMETRICS if version in {"", "1.0.0"} else None
    if media_type == "text/plain":
        return Format.TEXT if version in {"", "0.0.4"} else None
    return Format.TEXT if media_type in {"*/*", "text/*"} else None


def choose_format(accept: str) -> Format:
    """The format for an Accept header: the choice of the greatest weight, the first among equals.

    A client that accepts neither format gets text 0.0.4, as from Prometheus' own exporters.
    """
    best, best_weight = Format.TEXT, 0.0
    for media_type, parameters, weight in _choices(accept):
        format_ = _format_of(media_type, parameters.get("version", ""))
        if format_ is not None and weight > best_weight:
            best, best_weight = format_, weight
    return best


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    weights = {name: weight for name, _, weight in _choices(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


END = {Format.TEXT: b"", Format.OPENMETRICS: b"# EOF\n"}
"""The closing line of a page."""


def _text_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _text_header(family: Family) -> str:
    kind = "gauge" if family.kind == "info" else family.kind
    return f"# HELP {family.name} {_text_help(family.help)}\n# TYPE {family.name} {kind}\n"


def _openmetrics_header(family: Family) -> str:
    name = family.name.removesuffix("_total" if family.kind == "counter" else "")
    name = name.removesuffix("_info" if family.kind == "info" else "")
    unit = f"# UNIT {name} {family.unit}\n" if family.unit else ""
    described = _text_help(family.help).replace('"', '\\"')
    return f"# HELP {name} {described}\n# TYPE {name} {family.kind}\n{unit}"


def header(family: Family, format_: Format) -> bytes:
    """The HELP, TYPE and, where it has one, UNIT lines of ``family``.

    OpenMetrics names a counter without ``_total`` and an info metric without ``_info``.
    """
    render = _openmetrics_header if format_ is Format.OPENMETRICS else _text_header
    return render(family).encode("utf-8", "replace")
