"""Answers of the query API for people at a terminal."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_NAME = "__name__"


def render(data: Mapping[str, Any], console: Console) -> None:
    """Print the ``data`` of an answer: a table of series, or the one value there is."""
    result = data["result"]
    if data["resultType"] in ("scalar", "string"):
        console.print(Text(str(result[1])))
    elif not result:
        console.print(Text("no series"))
    elif data["resultType"] == "matrix":
        console.print(_table(result, _points))
    else:
        console.print(_table(result, lambda one: str(one["value"][1])))


def _table(result: list[Mapping[str, Any]], shown: Any) -> Table:
    """A column per label, so that what is the same in all series is seen at once."""
    table = Table(box=None, header_style="bold")
    names = _names(one["metric"] for one in result)
    for name in names:
        table.add_column("METRIC" if name == _NAME else name, overflow="fold")
    table.add_column("VALUE", justify="right", overflow="fold")
    for one in result:
        table.add_row(*(Text(one["metric"].get(name, "")) for name in names), Text(shown(one)))
    return table


def _names(sets: Iterable[Mapping[str, str]]) -> list[str]:
    found = sorted({name for labels in sets for name in labels})
    return sorted(found, key=lambda name: name != _NAME)


def _points(one: Mapping[str, Any]) -> str:
    return "\n".join(f"{value} @{_clock(at)}" for at, value in one["values"])


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")
