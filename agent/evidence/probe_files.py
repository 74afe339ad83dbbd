"""The test calls of a ticket's number as files of its evidence."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from agent.evidence.bundle import EvidenceFile
from agent.masking import mask_document
from agent.probing.call_ledger import CallFile, CallLedger
from agent.probing.facts import ProbeCall
from agent.testcalls.outcome import RECORDING
from agent.tickets.ticket import Ticket

FOLDER: Final = "test-calls"
BEFORE: Final = 86_400.0
"""Seconds before the fault was detected from which test calls belong to a ticket."""
MOST_CALLS: Final = 200
MOST_RECORDED: Final = 10
"""Calls whose recording and trace are in the bundle, the newest that failed."""


async def files_of_calls(
    ledger: CallLedger,
    ticket: Ticket,
    now: float,
    mask: Callable[[str], str],
    *,
    with_recordings: bool,
) -> list[EvidenceFile]:
    """The calls to the ticket's number while it lasted, with what is kept of those that failed.

    Args:
        ledger: The ledger of test calls.
        ticket: The ticket.
        now: Epoch seconds.
        mask: Masks the phones in a text.
        with_recordings: Whether what was heard is among them: people speak in it.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    if not ticket.subject.number:
        return []
    until = ticket.closed_at or now
    calls = [
        call
        for call in await ledger.of_number(ticket.subject.number, MOST_CALLS)
        if ticket.detected_at - BEFORE <= call.at <= until
    ]
    if not calls:
        return []
    files = [EvidenceFile(f"{FOLDER}/calls.json", now, _document(calls, mask))]
    for call in [it for it in calls if not it.got_through][:MOST_RECORDED]:
        for file in await ledger.files_of(call.id):
            if file.name == RECORDING and not with_recordings:
                continue
            content = await asyncio.to_thread(_masked, file, mask)
            files.append(EvidenceFile(f"{FOLDER}/{call.id}-{file.name}", call.at, content))
    return files


def _masked(file: CallFile, mask: Callable[[str], str]) -> bytes:
    """A file without phones: a trace has those of whoever called; a recording is sound."""
    if file.name == RECORDING:
        return file.content
    return mask(file.content.decode(errors="replace")).encode()


def _document(calls: Sequence[ProbeCall], mask: Callable[[str], str]) -> bytes:
    # What networks and people named may be a phone.
    masked = mask_document(msgspec.to_builtins({"calls": calls}), mask)
    return msgspec.json.format(msgspec.json.encode(masked), indent=1)
