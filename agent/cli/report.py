"""``numwatch report …``: prints a report, or writes it to a file; returns the exit status."""

import asyncio
import sys
from pathlib import Path

from agent.cli.client import Client
from agent.cli.files import write_whole
from agent.cli.language import locale
from agent.cli.ledger_client import open_client
from agent.cli.runner import CommandError, ExitStatus, run_command
from agent.reports.formats import Format
from agent.reports.pdf import PdfError
from agent.reports.request import ReportKind, ReportRequest
from agent.store import StoreError
from agent.terminal.output import console

_FORMATS = ", ".join(Format)
_BINARY = frozenset({Format.PDF})


def print_report(
    kind: str,
    period: str,
    provider: str,
    form: str,
    out: Path | None,
    *,
    url: str | None = None,
    config: Path | None = None,
) -> int:
    """Print the report, or write it to ``out``."""
    return run_command(
        lambda: _print(_request(kind, period, provider, form), out, url, config),
        failures=(StoreError, PdfError),
        misuse=(ValueError,),
    )


def _request(kind: str, period: str, provider: str, form: str) -> ReportRequest:
    if form not in list(Format):
        raise ValueError(f"--format: {form} is no format, expected one of {_FORMATS}")
    width = max(40, min(400, console().width))
    # Whoever reads the ledger's file sees what is in it; a running agent looks at the token.
    return ReportRequest(
        ReportKind(kind), period, provider, Format(form), locale(), width, shows_people=True
    )


def _print(request: ReportRequest, out: Path | None, url: str | None, config: Path | None) -> int:
    if out is None and request.form in _BINARY and sys.stdout.isatty():
        raise CommandError(f"{request.form} is not for a terminal: name a file with --out")
    content = asyncio.run(_fetch(request, url, config))
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        write_whole(out, content)
    return ExitStatus.OK


async def _fetch(request: ReportRequest, url: str | None, config: Path | None) -> bytes:
    async with open_client(url, config) as client:
        return await _report(client, request)


async def _report(client: Client, request: ReportRequest) -> bytes:
    content = await client.report(request)
    if content is None:
        raise CommandError("the agent has no reports: it is of an older version")
    return content
