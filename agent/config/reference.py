"""The reference page of the configuration, written from the settings themselves."""

import json
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from agent.config.schema import default_of, sections
from agent.config.section import Section
from agent.config.settings import Settings
from agent.config.shape import FILE_SUFFIX, Kind, Shape, fields_of
from agent.config.values import duration_text

_HEAD = """\
# Configuration

Written by `make docs` from `agent/config/settings.py`; do not edit. `config.example.yaml` is the
tutorial, `numwatch check-config FILE` checks a file and tells every error with its line, and
`numwatch config schema` prints the JSON Schema that editors complete with.

- A **duration** is a number with a unit (`250ms`, `30s`, `5m`, `2h`, `7d`, `1w`, `1h30m`) or a
  bare number of seconds.
- In any value `${NAME}` stands for that environment variable and `${NAME:-default}` falls back
  where it is not set; `$${` is a literal `${`.
- A **secret** may be read from a file: write `NAME_file: path` instead of `NAME: value`, in
  `credentials` and `headers` too. Secrets are never shown, logged or stored.
- Paths are relative to the configuration file.
- A key that is not listed here, or that is given twice, is an error.
"""


def page() -> str:
    """The page in Markdown: a table of keys for the top level and for each kind of section."""
    parts = [_HEAD, _table("Top level", Settings)]
    parts += [_table(part.__name__, part) for part in sections()]
    return "\n".join(parts)


def _table(title: str, section: type[Section]) -> str:
    shapes = fields_of(section)
    rows = [
        row
        for name, info in section.model_fields.items()
        for row in _rows(name, info, shapes[name])
    ]
    about = (section.__doc__ or "").strip()
    head = "| key | takes | default | what it is |\n|---|---|---|---|"
    return "\n".join([f"## {title}\n\n{about}\n", head, *rows]) + "\n"


def _rows(name: str, info: FieldInfo, shape: Shape) -> Iterator[str]:
    yield _row(name, _takes(shape), _default(info, shape), info.description or "")
    if shape.kind is Kind.SECRET:
        yield _row(name + FILE_SUFFIX, "a path", "", f"A file to read `{name}` from.")


def _row(*cells: str) -> str:
    flat = (" ".join(cell.replace("``", "`").split()).replace("|", "\\|") for cell in cells)
    name, *rest = flat
    return f"| `{name}` | {' | '.join(rest)} |"


def _default(info: FieldInfo, shape: Shape) -> str:
    if info.is_required():
        return "**required**"
    default = default_of(info, shape)
    if default in (None, "", [], {}):
        return ""
    if isinstance(default, float):
        return f"`{default:.15g}`"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _takes(shape: Shape) -> str:
    if shape.section is not None:
        return _link(shape.section)
    if shape.kind is Kind.LIST and shape.inner is not None:
        least = ", at least one" if shape.bounds.get("min_length") else ""
        return f"list of {_takes(shape.inner)}{least}"
    if shape.kind is Kind.MAPPING and shape.inner is not None:
        return f"{_keys(shape)} → {_takes(shape.inner)}"
    return _single(shape)


def _link(section: type[Section]) -> str:
    return f"[{section.__name__}](#{section.__name__.lower()})"


def _keys(shape: Shape) -> str:
    return _single(shape.keys) if shape.keys and shape.keys.choices else "name"


_SHORT = {
    Kind.SECRET: "secret",
    Kind.TEXT: "text",
    Kind.NAME: "name",
    Kind.SWITCH: "true or false",
    Kind.URL: "http(s) address",
    Kind.NETWORK: "network",
    Kind.ADDRESS: "HOST:PORT",
    Kind.MOMENT: "day or time",
    Kind.ZONE: "time zone",
    Kind.DURATION: "duration",
    Kind.WHOLE: "whole number",
    Kind.NUMBER: "number",
}
_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def _single(shape: Shape) -> str:
    if shape.choices:
        return ", ".join(f"`{choice}`" for choice in shape.choices)
    limits = [
        f"{words} {duration_text(limit) if shape.kind is Kind.DURATION else f'{limit:.15g}'}"
        for name, words in _LIMITS.items()
        if (limit := shape.bounds.get(name)) is not None
    ]
    return ", ".join([_SHORT[shape.kind], *limits])
