"""PagerDuty's Events API v2 (docs/reference/ticketing.md §5)."""

import json
from typing import Any

from aiohttp import web

from tests.sinks.systems.server import System, answer

KEY = "0123456789abcdef0123456789ABCDEF"


class PagerDutyServer(System):
    kind = "pagerduty"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.alerts: dict[str, str] = {}
        """The state of each alert, by its key."""
        self.opened: list[str] = []
        """A key each time a new alert was made."""
        self.payloads: list[dict[str, Any]] = []
        self.sent: list[float] = []
        self.max_per_minute = 120
        self.key = KEY

    def section(self) -> dict[str, Any]:
        return {"pagerduty": {"routing_key": KEY}}

    def break_credentials(self) -> None:
        self.key = "f" * 32

    def restore_credentials(self) -> None:
        self.key = KEY

    def seen(self) -> list[str]:
        return self.opened

    def is_over(self, ticket_id: str) -> bool:
        return self.alerts.get(ticket_id) == "resolved"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v2/enqueue", self._enqueue)]

    async def _enqueue(self, request: web.Request) -> web.Response:
        raw = await request.read()
        event = json.loads(raw)
        recent = [at for at in self.sent if self.clock() - 60 < at <= self.clock()]
        if len(recent) >= self.max_per_minute:
            return answer({"status": "throttle exceeded", "message": "Requests are too fast"}, 429)
        errors = list(self._errors(event, len(raw)))
        if errors:
            return answer({"status": "invalid event", "message": "no", "errors": errors}, 400)
        self.sent.append(self.clock())
        self._apply(event)
        document = {
            "status": "success",
            "message": "Event processed",
            "dedup_key": event["dedup_key"],
        }
        return answer(document, 202)

    def _errors(self, event: dict[str, Any], size: int) -> Any:
        if event.get("routing_key") != self.key:
            yield "'routing_key' is invalid"
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
            yield "'event_action' is invalid"
        if not 0 < len(event.get("dedup_key", "")) <= 255:
            yield "'dedup_key' is too long"
        if size > 512 * 1024:
            yield "the event is too large"
        if event.get("event_action") == "trigger":
            payload = event.get("payload", {})
            if not 0 < len(payload.get("summary", "")) <= 1024:
                yield "'summary' is invalid"
            if not payload.get("source"):
                yield "'source' is missing"
            if payload.get("severity") not in ("critical", "error", "warning", "info"):
                yield "'severity' is invalid"

    def _apply(self, event: dict[str, Any]) -> None:
        key, action = event["dedup_key"], event["event_action"]
        is_open = self.alerts.get(key) in ("triggered", "acknowledged")
        if action == "trigger":
            self.payloads.append(event["payload"])
            if not is_open:
                self.opened.append(key)
                self.alerts[key] = "triggered"
        elif is_open:
            self.alerts[key] = {"acknowledge": "acknowledged", "resolve": "resolved"}[action]
