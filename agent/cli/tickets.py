"""What ``numwatch tickets list``, ``show`` and ``replay`` do; each gives its exit status.

They ask the agent at ``url``; with ``config`` they open the ledger of a stopped agent instead.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from agent import logging
from agent.cli.ticket_sources import Source, SourceError, open_source
from agent.cli.ticket_tables import list_table, show_table
from agent.config.load import ConfigError, load
from agent.config.settings import Log
from agent.store.errors import StoreError

FAILED = 1
BAD_CONFIG = 2

_Result = TypeVar("_Result")


def list_tickets(
    *,
    url: str | None = None,
    config: Path | None = None,
    standing: bool | None = None,
    limit: int = 100,
    as_json: bool = False,
) -> int:
    """Print the newest tickets: those that stand, those that do not, or all; 0, or 1 and why."""

    def tell(tickets: list[dict[str, Any]]) -> int:
        if as_json:
            _print_json(tickets)
        else:
            Console().print(list_table(tickets) if tickets else "no tickets")
        return 0

    return _with(url, config, lambda source: source.tickets(limit, standing=standing), tell)


def show_ticket(
    wanted: str, *, url: str | None = None, config: Path | None = None, as_json: bool = False
) -> int:
    """Print one ticket by its id or key; 1 when there is none."""

    def tell(ticket: dict[str, Any] | None) -> int:
        if ticket is None:
            return _complain(f"there is no ticket {wanted!r}; numwatch tickets list has them")
        if as_json:
            _print_json(ticket)
        else:
            Console().print(show_table(ticket))
        return 0

    return _with(url, config, lambda source: source.ticket(wanted), tell)


def replay(
    ticket: str | None = None,
    *,
    url: str | None = None,
    config: Path | None = None,
    as_json: bool = False,
) -> int:
    """Queue the dead letters of one ticket, or all of them, for delivery again."""

    def tell(count: int) -> int:
        if as_json:
            _print_json({"replayed": count})
        else:
            Console().print(f"{count} deliveries queued again")
        return 0

    return _with(url, config, lambda source: source.replay(ticket), tell)


def _with(
    url: str | None,
    config: Path | None,
    ask: Callable[[Source], Awaitable[_Result]],
    tell: Callable[[_Result], int],
) -> int:
    logging.configure(Log(level="error", format="console"))
    try:
        data_dir = None if config is None else Path(load(config).data_dir)
        return tell(asyncio.run(_ask(url, data_dir, ask)))
    except ConfigError as error:
        _complain(str(error))
        return BAD_CONFIG
    except (StoreError, SourceError) as error:
        return _complain(str(error))


async def _ask(
    url: str | None, data_dir: Path | None, ask: Callable[[Source], Awaitable[_Result]]
) -> _Result:
    async with open_source(url, data_dir) as source:
        return await ask(source)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _complain(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return FAILED
