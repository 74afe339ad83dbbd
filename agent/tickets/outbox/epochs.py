"""Epochs of the owners of sinks, where one agent owns them all and there are no leases of sinks.

They stand where those of leases do (:mod:`agent.store.leases`), in a row of the same name, so that
a ledger which is later shared by several agents goes on with higher ones.
"""

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.leases import sink_lease
from agent.store.schema import leases, outbox

UNOWNED = 0
"""The epoch of rows that no owner has sent."""


async def next_epoch(connection: AsyncConnection, sink: str) -> int:
    """An epoch higher than every former owner's of ``sink``, stored in the caller's transaction."""
    name = sink_lease(sink)
    of_rows = select(func.max(outbox.c.epoch)).where(outbox.c.sink == sink)
    sent = (await connection.execute(of_rows)).scalar_one()
    stored = select(leases.c.epoch).where(leases.c.name == name)
    owned = (await connection.execute(stored)).scalar_one_or_none()
    epoch = max(sent or UNOWNED, owned or UNOWNED) + 1
    if owned is None:
        row = {"name": name, "holder": "", "epoch": epoch, "expires_at": 0.0}
        await connection.execute(insert(leases).values(**row))
    else:
        await connection.execute(update(leases).where(leases.c.name == name).values(epoch=epoch))
    return epoch
