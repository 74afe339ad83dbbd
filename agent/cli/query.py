"""What ``numwatch query`` does: one instant query to a running agent (contracts.md)."""

import asyncio
import json
import sys
from typing import Any

import aiohttp
from rich.console import Console

from agent.cli.query_report import render

DEFAULT_URL = "http://127.0.0.1:10400"
FAILED = 1
UNREACHABLE = 2
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)


def query(expression: str, url: str | None, *, as_json: bool) -> int:
    """Ask the agent at ``url`` and print what it says.

    Gives 0 for an answer, be it empty; 1 when the query is refused or fails; 2 when no agent
    answers.
    """
    answer, code = asyncio.run(_asked(expression, (url or DEFAULT_URL).rstrip("/")))
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    elif code:
        sys.stderr.write(f"{answer['error']}\n")
    else:
        render(answer["data"], Console())
        for warning in answer.get("warnings", ()):
            sys.stderr.write(f"warning: {warning}\n")
    return code


async def _asked(expression: str, url: str) -> tuple[dict[str, Any], int]:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.post(f"{url}/api/v1/query", data={"query": expression}) as response,
        ):
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return _unreachable(url, error), UNREACHABLE
    if not isinstance(answer, dict) or answer.get("status") not in ("success", "error"):
        return _unreachable(url, "its answer is not one of Prometheus' API"), UNREACHABLE
    return answer, FAILED if answer["status"] == "error" else 0


def _unreachable(url: str, why: object) -> dict[str, Any]:
    told = str(why) or type(why).__name__
    error = (
        f"no agent answers at {url} ({told}); start one with"
        " `numwatch run --config config.yaml`, or say where one is with --url"
    )
    return {"status": "error", "errorType": "unavailable", "error": error}
