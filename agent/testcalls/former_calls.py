"""Reads after a start which callers a ticket waits for, although their calls are old by now."""

from typing import Final

from sqlalchemy import select

from agent.probing.call_ledger import CallLedger
from agent.probing.facts import ProbeCall, Purpose
from agent.store.database import Database, uninterrupted
from agent.store.schema import tickets
from agent.tickets.decide.recovery_probes import RULES

_PAGE: Final = 100
"""Calls that are read at once, until one of them is judged."""

_Faulty = tuple[str, str, str, float]
"""Provider, account and number of a ticket, and when it was opened."""


@uninterrupted
async def former_calls(
    database: Database, ledger: CallLedger, stale_after: float
) -> list[ProbeCall]:
    """The newest judged call of every caller to the numbers whose open ticket is of test calls.

    A ticket ends when the callers that met its fault get through. They are all those who called
    since its first calls, ``stale_after`` seconds before it was opened at the earliest.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    columns = tickets.c
    query = select(columns.provider, columns.account, columns.number, columns.detected_at).where(
        columns.open, columns.symptom.in_(sorted(RULES))
    )
    async with database.reading() as connection:
        rows = (await connection.execute(query)).all()
    found: dict[str, ProbeCall] = {}
    for provider, account, number, opened in rows:
        faulty = provider, account, number, opened - stale_after
        for caller in await ledger.callers_of(number, faulty[-1]):
            call = await _newest_judged(ledger, faulty, caller)
            if call is not None:
                found[call.id] = call
    return list(found.values())


async def _newest_judged(ledger: CallLedger, faulty: _Faulty, caller: str) -> ProbeCall | None:
    provider, account, number, since = faulty
    offset = 0
    while calls := await ledger.page(number, caller, _PAGE, offset):
        offset += len(calls)
        for call in calls:
            if call.at < since:
                return None
            is_own = (call.provider, call.account) == (provider, account)
            if is_own and call.purpose is not Purpose.CONTROL and call.is_judged:
                return call
    return None
