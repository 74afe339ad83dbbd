"""A test call by the running agent that holds the ledger: it alone writes what a call costs."""

from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec

from agent.cli.client import UnreachableError
from agent.cli.language import locale
from agent.cli.ledger_client import client_of_holder
from agent.cli.runner import CommandError
from agent.config.settings import Settings
from agent.store import StoreError
from agent.store.directory import holder_of
from agent.testcalls.document import Document
from agent.testcalls.steps import CallStep


class NoAgentError(Exception):
    """Nothing listens where the agent would: what holds the ledger is no running agent."""


def is_held(settings: Settings) -> bool:
    """Whether a process holds the data directory of ``settings``."""
    try:
        return holder_of(Path(settings.data_dir)) is not None
    except StoreError:
        return False  # Opening the ledger says what is wrong with it.


async def call_by_agent(
    settings: Settings,
    number: str,
    body: Document,
    on_step: Callable[[CallStep], None],
) -> tuple[Document, bytes]:
    """The report of a call that the agent has made, and its recording, a WAV file.

    The recording is empty where none was asked for, or nothing was heard.

    Raises:
        NoAgentError: when nothing listens where the agent would.
        CommandError: when the agent does not make it, or does not bring it to its end.
    """
    async with client_of_holder(settings) as client:
        last: Document = {}
        try:
            async for last in client.lines(f"/api/numbers/{number}/test-call", body):
                if "step" in last:
                    on_step(msgspec.convert(last, CallStep))
        except UnreachableError as error:
            # Nobody was called only where nobody listens.
            if isinstance(error.__cause__, aiohttp.ClientConnectorError):
                raise NoAgentError from error
            raise
        if "report" not in last:
            raise CommandError(_refusal(last))
        call, recording = last["call"], None
        if body["keep_recording"] and "recording" in call["files"]:
            recording = await client.download(f"/api/test-calls/{call['id']}/recording")
        return dict(last["report"]), recording or b""


def _refusal(document: Document) -> str:
    texts = document.get("texts")
    if isinstance(texts, dict) and locale() in texts:
        return str(texts[locale()])
    if "error" in document:
        return f"{document['error']}; expected {document.get('expected')}"
    return "the agent did not bring the call to its end; its log says why"
