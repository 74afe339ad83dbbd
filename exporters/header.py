"""The lines that stand before a family's samples; the only place where the formats differ."""

from exporters.family import Family
from exporters.negotiation import Format

END = {Format.TEXT: b"", Format.OPENMETRICS: b"# EOF\n"}
"""What closes a page."""


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
