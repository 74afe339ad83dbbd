"""``numwatch run`` twice on one PostgreSQL: one works, one waits, and who was overtaken ends."""

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


def test_a_suspended_agent_is_overtaken_and_ends(
    tmp_path: Path, empty_store: Store, postgresql: PostgresqlServer
) -> None:
    """It sleeps past the end of its lease, as a suspended virtual machine does."""
    configs = [_configuration(tmp_path / name, empty_store) for name in ("one", "two")]
    first_log, second_log = (tmp_path / name / "agent.log" for name in ("one", "two"))
    with running(configs[0], f"127.0.0.1:{free_port()}", first_log, 2) as holder:
        until_logged(first_log, "ledger_opened")
        with running(configs[1], f"127.0.0.1:{free_port()}", second_log, PATIENCE) as waiting:
            assert "process" in until_logged(second_log, "in use by another numwatch agent")
            place, epoch = _holder_of(empty_store, postgresql)
            assert place.endswith(f"process {holder.pid}")
            holder.send_signal(signal.SIGSTOP)
            postgresql.end_lease(empty_store)
            until_logged(second_log, "ledger_opened")
            place, later = _holder_of(empty_store, postgresql)
            assert place.endswith(f"process {waiting.pid}")
            assert int(later) == int(epoch) + 1
            holder.send_signal(signal.SIGCONT)
            assert holder.wait(60) == 75
            assert waiting.poll() is None
            waiting.send_signal(signal.SIGTERM)
            assert waiting.wait(40) == 0
    assert postgresql.execute_in(empty_store, _HOLDER) == []


def _holder_of(store: Store, postgresql: PostgresqlServer) -> tuple[str, str]:
    """The place and the epoch of the agent that has the lease."""
    (line,) = postgresql.execute_in(store, _HOLDER)
    place, _, epoch = line.rpartition("|")
    return place, epoch
