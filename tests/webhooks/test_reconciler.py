"""Alertmanager is asked what really fires: lost words are found, silence proves nothing."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from tests.webhooks.conftest import FOREIGN, OURS, START, Hook, time, told, until

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
    """Answers as Alertmanager does, or as one that is in trouble."""

    def __init__(self) -> None:
        self.alerts: Any = []
        self.uptime: Any = "2020-01-01T00:00:00.000Z"
        self.status = 200
        self.asked = 0
        self.tokens: set[str | None] = set()

    async def list_alerts(self, request: web.Request) -> web.Response:
        """``/api/v2/alerts``."""
        self.tokens.add(request.headers.get("Authorization"))
        answer = web.json_response(self.alerts, status=self.status)
        self.asked += 1
        return answer

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
async def asked(hook: Hook) -> AsyncIterator[Alertmanager]:
    """What the hook's agent asks."""
    made = Alertmanager()
    server = TestServer(made.app())
    await server.start_server()
    await hook.use(
        url=str(server.make_url("/am/")),
        interval=0.1,
        settle=10,
        egress_allow=["127.0.0.0/8"],
        headers={"Authorization": "Bearer asks"},
    )
    yield made
    await hook.intake.stop()
    await server.close()


async def answers(made: Alertmanager, count: int = 4) -> None:
    """Wait until it has been asked so many times more; the last answer may be under way."""
    enough = made.asked + count

    async def seen() -> bool:
        return made.asked >= enough

    await until(seen, f"asked {count} times")


async def test_a_lost_resolve_is_found(hook: Hook, asked: Alertmanager) -> None:
    asked.alerts = [listed(OURS), listed(OTHER)]
    await hook.tell(told(), told(OTHER))
    await answers(asked)
    assert len(await hook.firing()) == 2
    hook.clock.now += 1
    asked.alerts = [listed(OTHER)]
    await until(lambda: _count(hook, 1), "the lost resolve is found")
    assert [it.labels["number"] for it in await hook.firing()] == ["4006220002"]
    assert hook.counted("numwatch_intake_reconcile_repairs_total", repair="lost_resolve") == 1
    assert asked.tokens == {"Bearer asks"}
    await hook.restart()
    assert len(await hook.firing()) == 1


async def _count(hook: Hook, count: int) -> bool:
    # A stopped clock would let every answer look older than what was told.
    hook.clock.now += 0.01
    return len(await hook.firing()) == count


async def test_a_lost_firing_is_found(hook: Hook, asked: Alertmanager) -> None:
    asked.alerts = [listed(OURS)]
    await until(lambda: _count(hook, 1), "the lost firing is found")
    (alert,) = await hook.firing()
    assert alert.active_at == pytest.approx(START, abs=0.001)
    assert hook.counted("numwatch_intake_reconcile_repairs_total", repair="lost_firing") == 1
    assert hook.counted("numwatch_intake_alerts_firing") == 1


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
async def test_what_nobody_would_be_told_of_is_not_taken_up(
    hook: Hook, asked: Alertmanager, alert: dict[str, Any]
) -> None:
    asked.alerts = [alert]
    await answers(asked)
    assert await hook.firing() == []


async def test_a_silence_ends_nothing(hook: Hook, asked: Alertmanager) -> None:
    asked.alerts = [listed(OURS, state="suppressed", silencedBy=["a"])]
    await hook.tell(told())
    hook.clock.now += 1
    await answers(asked)
    assert len(await hook.firing()) == 1


async def test_an_escaped_receiver_is_ours_as_well(hook: Hook, asked: Alertmanager) -> None:
    section = hook.settings.intake.alertmanager
    await hook.use(**section.model_dump(exclude_unset=True) | {"receiver": "web.hook"})
    asked.alerts = [listed(OURS, receiver=r"web\.hook")]
    await until(lambda: _count(hook, 1), "it is taken up")


async def test_one_that_has_just_begun_knows_nothing_yet(hook: Hook, asked: Alertmanager) -> None:
    # Its own clock counts, which is that of this machine here and not the test's.
    asked.uptime = "2099-01-01T00:00:00.000Z"
    await hook.tell(told())
    hook.clock.now += 1
    await answers(asked)
    assert len(await hook.firing()) == 1
    asked.uptime = "not a time"
    await answers(asked)
    assert len(await hook.firing()) == 1


@pytest.mark.parametrize(
    ("trouble", "reason"), [(500, "http_5xx"), (404, "http_4xx"), (429, "rate_limited")]
)
async def test_no_answer_proves_nothing_and_is_told_once(
    hook: Hook, asked: Alertmanager, trouble: int, reason: str
) -> None:
    await hook.tell(told())
    hook.clock.now += 1
    with capture_logs() as logs:
        asked.status = trouble
        asked.alerts = []
        await answers(asked, 8)
        assert len(await hook.firing()) == 1
        asked.alerts = [listed(OURS)]
        asked.status = 200
        await answers(asked)
    events = [line["event"] for line in logs if line["event"].startswith("reconcile")]
    assert events in (
        ["reconcile_stopped", "reconcile_works_again"],
        # The first answer of all may have been under way when it went bad.
        ["reconcile_works_again", "reconcile_stopped", "reconcile_works_again"],
    )
    assert hook.counted("numwatch_intake_reconcile_failures_total", reason=reason)
    assert hook.counted("numwatch_intake_reconcile_last_success_timestamp_seconds")


@pytest.mark.parametrize(
    "answer", [{}, None, [7], [{"labels": {}}], [{"labels": {"a": 1}}], "x"], ids=str
)
async def test_an_answer_that_is_no_listing_proves_nothing(
    hook: Hook, asked: Alertmanager, answer: Any
) -> None:
    await hook.tell(told())
    hook.clock.now += 1
    asked.alerts = answer
    await answers(asked)
    assert len(await hook.firing()) == 1
    assert hook.counted("numwatch_intake_reconcile_failures_total", reason="schema")


async def test_a_foreign_resolve_counts_once_alertmanager_confirms_it(
    hook: Hook, asked: Alertmanager
) -> None:
    asked.alerts = [listed(FOREIGN)]
    await hook.tell(told(FOREIGN))
    await hook.tell(told(FOREIGN, ends=START + 30))
    asked.status = 500
    hook.clock.now += 1
    await answers(asked)
    assert len(await hook.firing()) == 1, "nobody has confirmed it"
    asked.alerts, asked.status = [], 200
    await until(lambda: _count(hook, 0), "it is confirmed")
    assert hook.counted("numwatch_intake_reconcile_repairs_total", repair="confirmed") == 1


async def test_a_resolve_that_left_alerts_out_is_asked_about_at_once(
    hook: Hook, asked: Alertmanager
) -> None:
    section = hook.settings.intake.alertmanager
    asked.alerts = [listed(OURS)]
    await hook.tell(told())
    await hook.use(**section.model_dump(exclude_unset=True) | {"interval": 3600})
    await answers(asked, 1)
    hook.clock.now += 1
    asked.alerts = []
    await hook.tell(told(ends=START + 40), truncatedAlerts=1)
    await answers(asked, 1)
    assert len(await hook.firing()) == 1, "one answer is not enough"
