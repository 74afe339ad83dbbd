"""A gateway of a small SMS company: a token in the header, a JSON body, codes in the answer."""

import json
from typing import Any

from aiohttp import web

from tests.sinks.systems.server import answer
from tests.sinks.systems.sms import PhoneServer


class GatewayServer(PhoneServer):
    kind = "sms_gateway"

    def section(self) -> dict[str, Any]:
        body = (
            '{"to": {{ phone | tojson }}, "msg": {{ text | tojson }}, "ref": {{ id | tojson }},'
            ' "pin": {{ credentials.pin | tojson }}}'
        )
        own = {
            "body": body,
            "text": "{{ change }}: {{ subject }}, {{ title }} ({{ ticket }})",
            "text_length": 700,
            "credentials": {"pin": "secret-1"},
            "answer": {
                "code": "result.code",
                "ok": ["0"],
                "reference": "result.id",
                "receiver": ["7"],
                "throttled": ["8"],
                "hold": ["3", "4"],
            },
        }
        return {"sms_gateway": {**own, "receivers": self.receivers()}}

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._send)]

    async def _send(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        phone = body["to"].removeprefix("+86")
        refusals = (
            (body["pin"] != self.secret, "3"),
            (self.balance <= 0, "4"),
            (phone in self.blocked, "7"),
            (self.is_limited(phone), "8"),
        )
        code = next((code for refused, code in refusals if refused), "0")
        result = {"code": int(code)}
        if code == "0" and body["ref"] not in {it.own_id for it in self.sent}:
            self.accept(phone, [body["msg"]], body["ref"], "")
        return answer({"result": {**result, "id": f"m{len(self.sent)}"}})
