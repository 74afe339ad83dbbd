"""``numwatch run`` twice on one PostgreSQL: one works, one waits, and who was overtaken ends."""

import asyncio
import json
import signal
from pathlib import Path

from agent.config.store import Store
from tests.cli.test_run_trouble import running, until_logged, write_config
from tests.integration.processes import free_port
from tests.postgresql_server import PostgresqlServer

PATIENCE = 120
"""Seconds for which the second waits for the first to end."""
_HOLDER = "SELECT place, epoch FROM leases WHERE name = 'role:agent' AND expires_at > 0"


def _configuration(folder: Path, store: Store) -> Path:
    folder.mkdir()
    config = write_config(folder)
    document = json.loads(config.read_text())
    assert store.url is not None
    document["store"] = {"url": store.url.reveal()}
    document["log"] = {"format": "json"}
    config.write_text(json.dumps(document))
    return config


async def test_a_suspended_agent_is_overtaken_and_ends(
    tmp_path: Path, empty_store: Store, postgresql: PostgresqlServer
) -> None:
    """It sleeps past the end of its lease, as a suspended virtual machine does."""
    first_config = _configuration(tmp_path / "one", empty_store)
    second_config = _configuration(tmp_path / "two", empty_store)
    async with running(first_config, f"127.0.0.1:{free_port()}", 2) as holder:
        await until_logged(holder, "ledger_opened")
        async with running(second_config, f"127.0.0.1:{free_port()}", PATIENCE) as waiting:
            assert "process" in await until_logged(waiting, "in use by another numwatch agent")
            ((place, epoch),) = [
                it.split("|") for it in postgresql.execute_in(empty_store, _HOLDER)
            ]
            assert place.endswith(f"process {holder.pid}")
            holder.send_signal(signal.SIGSTOP)
            postgresql.end_lease(empty_store)
            await until_logged(waiting, "ledger_opened")
            ((place, later),) = [
                it.split("|") for it in postgresql.execute_in(empty_store, _HOLDER)
            ]
            assert place.endswith(f"process {waiting.pid}")
            assert int(later) == int(epoch) + 1
            holder.send_signal(signal.SIGCONT)
            assert await asyncio.wait_for(holder.wait(), 60) == 75
            assert waiting.returncode is None
            waiting.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(waiting.wait(), 40) == 0
    assert postgresql.execute_in(empty_store, _HOLDER) == []


def _holder_of(store: Store, postgresql: PostgresqlServer) -> tuple[str, str]:
    """The place and the epoch of the agent that has the lease."""
    (line,) = postgresql.execute_in(store, _HOLDER)
    place, _, epoch = line.rpartition("|")
    return place, epoch
