"""Alertmanager is queried for what really fires: lost messages are found."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from tests.webhooks.conftest import FOREIGN, OURS, START, Server, entry, time, until

OTHER = OURS | {"number": "4006220002"}


def listed(labels: Mapping[str, str], receiver: str = "numwatch", **status: Any) -> dict[str, Any]:
    """One alert as the API of Alertmanager 0.25 lists it."""
    return {
        "annotations": {"summary": "listed"},
        "endsAt": "2099-01-01T00:00:00.000Z",
        "fingerprint": "0123456789abcdef",
        "receivers": [{"name": "page"}, {"name": receiver}],
        "startsAt": time(START),
        "status": {"inhibitedBy": [], "silencedBy": [], "state": "active"} | status,
        "updatedAt": time(START),
        "generatorURL": "",
        "labels": dict(labels),
    }


class Alertmanager:
    """Responds as Alertmanager does, or as one that is in trouble."""

    def __init__(self) -> None:
        self.alerts: Any = []
        self.uptime: Any = "2020-01-01T00:00:00.000Z"
        self.status = 200
        self.queries = 0
        self.tokens: set[str | None] = set()

    async def list_alerts(self, request: web.Request) -> web.Response:
        """``/api/v2/alerts``."""
        self.tokens.add(request.headers.get("Authorization"))
        response = web.json_response(self.alerts, status=self.status)
        self.queries += 1
        return response

    async def show_status(self, _: web.Request) -> web.Response:
        """``/api/v2/status``."""
        return web.json_response({"uptime": self.uptime}, status=self.status)

    def app(self) -> web.Application:
        """The application."""
        app = web.Application()
        app.router.add_get("/am/api/v2/alerts", self.list_alerts)
        app.router.add_get("/am/api/v2/status", self.show_status)
        return app


@pytest.fixture
async def alertmanager(server: Server) -> AsyncIterator[Alertmanager]:
    """The Alertmanager that the agent of ``server`` queries."""
    alertmanager = Alertmanager()
    http = TestServer(alertmanager.app())
    await http.start_server()
    await server.use(
        url=str(http.make_url("/am/")),
        interval=0.1,
        settle=10,
        egress_allow=["127.0.0.0/8"],
        headers={"Authorization": "Bearer query"},
    )
    yield alertmanager
    await server.webhooks.stop()
    await http.close()


async def wait_for_queries(alertmanager: Alertmanager, count: int = 4) -> None:
    """Wait for ``count`` more queries; the last response may still be in transit."""
    enough = alertmanager.queries + count

    async def queried() -> bool:
        return alertmanager.queries >= enough

    await until(queried, f"queried {count} times")


async def test_a_lost_resolve_is_found(server: Server, alertmanager: Alertmanager) -> None:
    alertmanager.alerts = [listed(OURS), listed(OTHER)]
    await server.send(entry(), entry(OTHER))
    await wait_for_queries(alertmanager)
    assert len(await server.firing()) == 2
    server.clock.now += 1
    alertmanager.alerts = [listed(OTHER)]
    await until(lambda: _fires(server, 1), "the lost resolve is found")
    assert [alert.labels["number"] for alert in await server.firing()] == ["4006220002"]
    assert server.sample("numwatch_intake_reconcile_repairs_total", repair="lost_resolve") == 1
    assert alertmanager.tokens == {"Bearer query"}
    await server.restart()
    assert len(await server.firing()) == 1


async def _fires(server: Server, count: int) -> bool:
    # A stopped clock would let every response look older than the messages.
    server.clock.now += 0.01
    return len(await server.firing()) == count


async def test_a_lost_firing_is_found(server: Server, alertmanager: Alertmanager) -> None:
    alertmanager.alerts = [listed(OURS)]
    await until(lambda: _fires(server, 1), "the lost firing is found")
    (alert,) = await server.firing()
    assert alert.active_at == pytest.approx(START, abs=0.001)
    assert server.sample("numwatch_intake_reconcile_repairs_total", repair="lost_firing") == 1
    assert server.sample("numwatch_intake_alerts_firing") == 1


@pytest.mark.parametrize(
    "alert",
    [
        listed(OURS, receiver="chat"),
        listed(OURS, state="suppressed"),
        listed(OURS, silencedBy=["a"]),
        listed(OURS, inhibitedBy=["b"]),
        listed(OURS, mutedBy=["night"]),
    ],
    ids=["another receiver", "suppressed", "silenced", "inhibited", "muted"],
)
async def test_what_is_not_notified_to_us_is_ignored(
    server: Server, alertmanager: Alertmanager, alert: dict[str, Any]
) -> None:
    alertmanager.alerts = [alert]
    await wait_for_queries(alertmanager)
    assert await server.firing() == []


async def test_a_silence_ends_nothing(server: Server, alertmanager: Alertmanager) -> None:
    alertmanager.alerts = [listed(OURS, state="suppressed", silencedBy=["a"])]
    await server.send(entry())
    server.clock.now += 1
    await wait_for_queries(alertmanager)
    assert len(await server.firing()) == 1


async def test_an_escaped_receiver_is_ours_as_well(
    server: Server, alertmanager: Alertmanager
) -> None:
    section = server.settings.intake.alertmanager
    await server.use(**section.model_dump(exclude_unset=True) | {"receiver": "web.hook"})
    alertmanager.alerts = [listed(OURS, receiver=r"web\.hook")]
    await until(lambda: _fires(server, 1), "it fires")


async def test_one_that_has_just_begun_knows_nothing_yet(
    server: Server, alertmanager: Alertmanager
) -> None:
    # Its own clock counts, which is that of this machine here and not the test's.
    alertmanager.uptime = "2099-01-01T00:00:00.000Z"
    await server.send(entry())
    server.clock.now += 1
    await wait_for_queries(alertmanager)
    assert len(await server.firing()) == 1
    alertmanager.uptime = "not a time"
    await wait_for_queries(alertmanager)
    assert len(await server.firing()) == 1


@pytest.mark.parametrize(
    ("trouble", "reason"), [(500, "http_5xx"), (404, "http_4xx"), (429, "rate_limited")]
)
async def test_a_failed_query_proves_nothing_and_is_logged_once(
    server: Server, alertmanager: Alertmanager, trouble: int, reason: str
) -> None:
    await server.send(entry())
    server.clock.now += 1
    with capture_logs() as logs:
        alertmanager.status = trouble
        alertmanager.alerts = []
        await wait_for_queries(alertmanager, 8)
        assert len(await server.firing()) == 1
        alertmanager.alerts = [listed(OURS)]
        alertmanager.status = 200
        await wait_for_queries(alertmanager)
    events = [line["event"] for line in logs if line["event"].startswith("reconcile")]
    assert events in (
        ["reconcile_stopped", "reconcile_works_again"],
        # The very first response may have been in transit when it went bad.
        ["reconcile_works_again", "reconcile_stopped", "reconcile_works_again"],
    )
    assert server.sample("numwatch_intake_reconcile_failures_total", reason=reason)
    assert server.sample("numwatch_intake_reconcile_last_success_timestamp_seconds")


@pytest.mark.parametrize(
    "answer", [{}, None, [7], [{"labels": {}}], [{"labels": {"a": 1}}], "x"], ids=str
)
async def test_a_response_that_is_no_listing_proves_nothing(
    server: Server, alertmanager: Alertmanager, answer: Any
) -> None:
    await server.send(entry())
    server.clock.now += 1
    alertmanager.alerts = answer
    await wait_for_queries(alertmanager)
    assert len(await server.firing()) == 1
    assert server.sample("numwatch_intake_reconcile_failures_total", reason="schema")


async def test_a_foreign_resolve_counts_once_alertmanager_confirms_it(
    server: Server, alertmanager: Alertmanager
) -> None:
    alertmanager.alerts = [listed(FOREIGN)]
    await server.send(entry(FOREIGN))
    await server.send(entry(FOREIGN, ends=START + 30))
    alertmanager.status = 500
    server.clock.now += 1
    await wait_for_queries(alertmanager)
    assert len(await server.firing()) == 1, "nobody has confirmed it"
    alertmanager.alerts, alertmanager.status = [], 200
    await until(lambda: _fires(server, 0), "it is confirmed")
    assert server.sample("numwatch_intake_reconcile_repairs_total", repair="confirmed") == 1


async def test_a_truncated_resolve_is_queried_at_once(
    server: Server, alertmanager: Alertmanager
) -> None:
    section = server.settings.intake.alertmanager
    alertmanager.alerts = [listed(OURS)]
    await server.send(entry())
    await server.use(**section.model_dump(exclude_unset=True) | {"interval": 3600})
    await wait_for_queries(alertmanager, 1)
    server.clock.now += 1
    alertmanager.alerts = []
    await server.send(entry(ends=START + 40), truncatedAlerts=1)
    await wait_for_queries(alertmanager, 1)
    assert len(await server.firing()) == 1, "one response is not enough"
