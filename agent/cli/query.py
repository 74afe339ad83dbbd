"""``numwatch query``: one instant query to a running agent."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from agent.cli.client import ApiClient, Document, UnreachableError
from agent.cli.language import locale, say
from agent.cli.runner import ExitStatus, fail
from agent.cli.words import Words
from agent.i18n import Message
from agent.terminal.grid import Column, paragraph, table
from agent.terminal.output import console, print_lines

_NAME = "__name__"
_METRIC = Message("METRIC")
_VALUE = Message("VALUE")
_NO_SERIES = Message("no series")
_WARNING = Message("warning: {warning}")
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
    out = console()
    print_lines(render(answer["data"], Words(locale()), out.width), out)
    for warning in answer.get("warnings", ()):
        sys.stderr.write(f"{say(_WARNING.with_values(warning=warning))}\n")
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


def render(data: Row, words: Words, width: int) -> Iterable[Text]:
    """The ``data`` of an answer: a row for each series, or the one value there is."""
    result = data["result"]
    if data["resultType"] in ("scalar", "string"):
        return paragraph(str(result[1]), width)
    if not result:
        return paragraph(words.say(_NO_SERIES), width)
    if data["resultType"] == "matrix":
        return _table(result, _points, words, width)
    return _table(result, lambda series: str(series["value"][1]), words, width)


def _table(
    result: list[Row], value_of: Callable[[Row], str], words: Words, width: int
) -> list[Text]:
    """A column per label, so that labels with the same value in all series stand out."""
    names = _names(series["metric"] for series in result)
    columns = [Column(words.say(_METRIC) if name == _NAME else name) for name in names]
    columns.append(Column(words.say(_VALUE), right=True, wraps=True))
    rows = (
        [*(series["metric"].get(name, "") for name in names), value_of(series)] for series in result
    )
    return table(columns, rows, width)


def _names(label_sets: Iterable[Mapping[str, str]]) -> list[str]:
    names = sorted({name for labels in label_sets for name in labels})
    return sorted(names, key=lambda name: name != _NAME)


def _points(series: Row) -> str:
    return "\n".join(f"{value} @{_time_of_day(at)}" for at, value in series["values"])


def _time_of_day(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")
