"""Test calls in whose every free text there is a person's phone, as a ledger has them."""

import asyncio
import json
import time
from pathlib import Path

from agent.probing.call_ledger import CallFile, CallLedger
from agent.probing.facts import Control, ProbeCall
from agent.probing.outcome import CallOutcome
from agent.store.database import Database
from agent.testcalls.outcome import RECORDING, TRACE
from tests.app.planted_phones import PlantedPhones
from tests.app.planted_provider import WELL


def plant_calls(data: Path, phones: PlantedPhones) -> None:
    """Write one into the ledger of ``data``, which no agent has open."""
    asyncio.run(_plant(data, phones))


async def _plant(data: Path, phones: PlantedPhones) -> None:
    call = ProbeCall(
        id="5f" * 16,
        at=time.time() - 600,
        number=WELL,
        caller=phones.phone("test call caller"),
        outcome=CallOutcome.ANNOUNCEMENT,
        provider="north",
        account="hq",
        confidence=0.9,
        control=Control.PASSED,
        prompt=phones.text("test call announcement"),
        words=phones.text("test call words"),
        sip_status=480,
        sip_phrase=phones.text("test call phrase"),
        carrier=phones.text("test call carrier"),
    )
    message = f"INVITE sip:{phones.phone('test call trace')}@192.0.2.1 SIP/2.0\r\n\r\n"
    trace = json.dumps([{"at": 0.1, "sent": True, "message": message}]).encode()
    database = await Database.open(data)
    try:
        files = (CallFile(TRACE, trace), CallFile(RECORDING, b"RIFF"))
        await CallLedger(database).add(call, files)
    finally:
        await database.close()
