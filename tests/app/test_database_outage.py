"""A whole agent whose PostgreSQL is killed and comes back: nothing is lost, nothing is said early.

What was answered with 200 is in the database after the crash; what could not be stored was
answered with 503, and decided again from the facts.
"""

from pathlib import Path

from structlog.testing import capture_logs

from agent.config.store import Store
from tests.app.conftest import until
from tests.app.served_agent import served_agent, tracebacks, turns
from tests.postgresql_server import PostgresqlServer

NUMBER = "4006220002"


async def test_a_database_that_is_killed_and_comes_back(
    tmp_path: Path, postgresql: PostgresqlServer, empty_store: Store
) -> None:
    assert empty_store.url is not None
    url = empty_store.url.reveal()
    with capture_logs() as logs:
        async with served_agent(tmp_path / "data", tmp_path, url) as served:
            ticket = await until(lambda: served.scene.ticket("number_down"), "a ticket")
            path, headers = f"/api/tickets/{ticket['id']}/actions", served.scene.authorized
            comment = {"action": "comment", "reason": "before", "actor": "Li"}
            async with served.session.post(path, json=comment, headers=headers) as response:
                assert response.status == 200
            postgresql.kill()
            try:
                change = {"number": NUMBER, "set": {"state": "suspended_violation"}}
                served.scene.world.apply(change)
                refused = {**comment, "reason": "meanwhile"}
                async with served.session.post(path, json=refused, headers=headers) as response:
                    assert response.status == 503
                    assert "the ledger cannot be used now" in await response.text()
                assert "cannot be reached" in await served.until_ready(503)
                assert await served.writable() == "0"
                assert (await served.get("/-/healthy"))[0] == 200
                assert [t for t in served.scene.desk() if t["number"] == NUMBER] == []
            finally:
                postgresql.start()
            await served.until_ready(200)
            await until(
                lambda: [t for t in served.scene.desk() if t["number"] == NUMBER],
                "the fault has its ticket once it can be written",
            )
    assert tracebacks(logs) == []
    assert turns(logs)[:2] == ["ledger_unwritable", "ledger_writable"]
    reasons = postgresql.execute_in(empty_store, "SELECT reason FROM timeline")
    assert any("before" in reason for reason in reasons)
    assert not any("meanwhile" in reason for reason in reasons)
    counted = f"SELECT count(*) FROM tickets WHERE number = '{NUMBER}' AND symptom = 'number_down'"
    assert postgresql.execute_in(empty_store, counted) == ["1"]
