"""A receiver of Standard Webhooks, in the form of the other systems."""

import json
from typing import Any

import time_machine
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from tests.sinks.receiver import SECRET
from tests.sinks.systems.server import System

OTHER = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"


class HookServer(System):
    kind = "webhook"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.tickets: dict[str, dict[str, Any]] = {}
        self.ids: set[str] = set()
        self.secret = SECRET

    def section(self) -> dict[str, Any]:
        return {"secret": SECRET}

    def break_credentials(self) -> None:
        self.secret = OTHER

    def restore_credentials(self) -> None:
        self.secret = SECRET

    def seen(self) -> list[str]:
        return list(self.tickets)

    def is_over(self, ticket_id: str) -> bool:
        return bool(self.tickets[ticket_id]["stage"] == "closed")

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._hook)]

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        with time_machine.travel(self.clock(), tick=False):
            try:
                Webhook(self.secret).verify(body, headers)
            except WebhookVerificationError:
                return web.Response(status=401)
        if headers["webhook-id"] not in self.ids:
            self.ids.add(headers["webhook-id"])
            ticket = json.loads(body)["data"]
            self.tickets[ticket["id"]] = ticket
        return web.Response(status=202)
