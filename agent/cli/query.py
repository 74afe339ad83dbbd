"""``numwatch query``: one instant query to a running agent."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.client import ApiClient, Document, UnreachableError
from agent.cli.runner import ExitStatus, fail

_NAME = "__name__"
_HINT = "start one with `numwatch run --config config.yaml`, or say where one is with --url"

Row = Mapping[str, Any]


def query(expression: str, url: str | None, *, as_json: bool) -> int:
    """Evaluate ``expression`` at the agent at ``url`` and print the answer.

    Returns 0 for an answer, be it empty; 1 when the query is refused or fails; 2 when no agent
    answers.
    """
    answer, status = asyncio.run(_answer(expression, url))
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        return status
    if status:
        return fail(answer["error"], status)
    render(answer["data"], Console())
    for warning in answer.get("warnings", ()):
        sys.stderr.write(f"warning: {warning}\n")
    return status


async def _answer(expression: str, url: str | None) -> tuple[Document, ExitStatus]:
    """Prometheus' envelope, also where there is no agent to send one."""
    try:
        async with ApiClient.at(url, _HINT) as client:
            answer = await client.query(expression)
    except UnreachableError as error:
        envelope = {"status": "error", "errorType": "unavailable", "error": str(error)}
        return envelope, ExitStatus.MISUSE
    failed = answer["status"] == "error"
    return answer, ExitStatus.FAILED if failed else ExitStatus.OK


def render(data: Row, console: Console) -> None:
    """Print the ``data`` of an answer: a table of series, or the one value there is."""
    result = data["result"]
    if data["resultType"] in ("scalar", "string"):
        console.print(Text(str(result[1])))
    elif not result:
        console.print(Text("no series"))
    elif data["resultType"] == "matrix":
        console.print(_table(result, _points))
    else:
        console.print(_table(result, lambda series: str(series["value"][1])))


def _table(result: list[Row], value_of: Callable[[Row], str]) -> Table:
    """A column per label, so that labels with the same value in all series stand out."""
    table = Table(box=None, header_style="bold")
    names = _names(series["metric"] for series in result)
    for name in names:
        table.add_column("METRIC" if name == _NAME else name, overflow="fold")
    table.add_column("VALUE", justify="right", overflow="fold")
    for series in result:
        labels = (Text(series["metric"].get(name, "")) for name in names)
        table.add_row(*labels, Text(value_of(series)))
    return table


def _names(label_sets: Iterable[Mapping[str, str]]) -> list[str]:
    names = sorted({name for labels in label_sets for name in labels})
    return sorted(names, key=lambda name: name != _NAME)


def _points(series: Row) -> str:
    return "\n".join(f"{value} @{_time_of_day(at)}" for at, value in series["values"])


def _time_of_day(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")
