"""A prepared agent whose writing of states takes a while, so that it is often stopped within it.

With ``NUMWATCH_UNFENCED`` set it writes without the fence.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.plan import make_plan
from agent.replicas import account_states
from agent.replicas.state_rows import delete_old_ids
from agent.store.migrate import known_revisions
from agent.store.postgresql.backend import PostgresqlBackend
from tests.proofs.prepared_agent import serve

_WRITING = 0.4
"""Seconds between what is written of states and the commit."""


async def _slowly(connection: AsyncConnection, ids: Any) -> None:
    await delete_old_ids(connection, ids)
    await asyncio.sleep(_WRITING)


async def _no_fence(backend: PostgresqlBackend, connection: AsyncConnection) -> None:
    await connection.execute(select(*backend._limits))


if __name__ == "__main__":
    import sys

    assert "delete_old_ids" in vars(account_states)  # under another name nothing would be slow
    vars(account_states)["delete_old_ids"] = _slowly
    if os.environ.get("NUMWATCH_UNFENCED"):
        PostgresqlBackend._fence = _no_fence  # type: ignore[method-assign]
    make_plan(Path(sys.argv[-1]))
    known_revisions()
    serve()
