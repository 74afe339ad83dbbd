"""The reference page of the configuration, generated from the schema."""

import json

from agent.config.schema import default_of, description, settings_schema
from agent.config.secret import SECRET
from agent.yamlfile.duration import duration_text
from agent.yamlfile.schema import DURATION, Json, SchemaTree, choices

_HEAD = """\
# Configuration

Written by `make docs` from `agent/config/settings.py`; do not edit. `config.example.yaml` is the
tutorial, `numwatch check-config FILE` checks a file and reports every error with its line, and
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
    tree = settings_schema()
    parts = [_HEAD, _table("Top level", tree.root, tree)]
    parts += [_table(name, section, tree) for name, section in tree.sections().items()]
    return "\n".join(parts)


def _table(title: str, section: Json, tree: SchemaTree) -> str:
    required = section.get("required", ())
    rows = [
        _row(
            name,
            _type(schema, tree),
            "**required**" if name in required else _default(schema, tree),
            description(schema, tree),
        )
        for name, schema in section["properties"].items()
    ]
    head = "| key | takes | default | what it is |\n|---|---|---|---|"
    about = section["description"].replace("``", "`")
    return "\n".join([f"## {title}\n\n{about}\n", head, *rows]) + "\n"


def _row(*cells: str) -> str:
    name, *others = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| `{name}` | {' | '.join(others)} |"


def _default(schema: Json, tree: SchemaTree) -> str:
    default = default_of(schema, tree)
    if default in (None, "", [], {}):
        return ""
    if isinstance(default, float):
        return f"`{default:.15g}`"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _type(schema: Json, tree: SchemaTree) -> str:
    kind = tree.resolve(schema)
    if "properties" in kind:
        return f"[{kind['title']}](#{kind['title'].lower()})"
    if kind.get("type") == "array":
        least = ", at least one" if kind.get("minItems") else ""
        return f"list of {_type(kind['items'], tree)}{least}"
    if kind.get("type") == "object":
        return f"{_key_type(kind, tree)} → {_type(kind['additionalProperties'], tree)}"
    return _single(kind)


def _key_type(mapping: Json, tree: SchemaTree) -> str:
    return ", ".join(f"`{choice}`" for choice in tree.keys(mapping)) or "name"


_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
}
_LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}


def _single(kind: Json) -> str:
    if words := choices(kind):
        return ", ".join(f"`{word}`" for word in words)
    is_duration = kind.get("x-kind") == DURATION
    if kind.get("x-kind") == SECRET and kind["minLength"] > 1:
        return f"secret, at least {kind['minLength']} characters"
    limits = [
        f"{words} {duration_text(limit) if is_duration else f'{limit:.15g}'}"
        for name, words in _LIMITS.items()
        if (limit := kind.get(name)) is not None
    ]
    return ", ".join([str(kind.get("x-kind") or _TYPES[kind["type"]]), *limits])
