"""Group bots of Feishu, DingTalk and WeCom: HTTP 200 whatever happens (ticketing.md §5)."""

import base64
import hashlib
import hmac
import json
import re
from typing import Any

from aiohttp import web

from tests.sinks.systems.server import System, answer

_ID = re.compile(r"NW-[0-9A-F]{12}-\d+")
_DONE = re.compile("已关闭|已恢复")


class BotServer(System):
    limits: tuple[tuple[int, float], ...] = ()
    busy = 0

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.messages: list[str] = []
        self.times: list[float] = []
        self.secret = "SEC-1"
        self.refused: list[int] = []

    def section(self) -> dict[str, Any]:
        return {"bot": {"token": "token-1", "secret": "SEC-1"}}

    def break_credentials(self) -> None:
        self.secret = "SEC-2"

    def mend_credentials(self) -> None:
        self.secret = "SEC-1"

    def seen(self) -> list[str]:
        found = (one for message in self.messages for one in _ID.findall(message))
        return list(dict.fromkeys(found))

    def is_over(self, ticket_id: str) -> bool:
        told = [it for it in self.messages if ticket_id in it]
        return bool(told) and bool(_DONE.search(told[-1]))

    def _is_too_fast(self) -> bool:
        now = self.clock()
        return any(
            sum(now - seconds < at <= now for at in self.times) >= count
            for count, seconds in self.limits
        )

    def _judge(self, code: int, text: str) -> int:
        """The error code; 0 takes the message."""
        if self._is_too_fast():
            code = self.busy
        if code == 0:
            self.messages.append(text)
            self.times.append(self.clock())
        else:
            self.refused.append(code)
        return code


class FeishuServer(BotServer):
    kind = "feishu"
    limits = ((100, 60.0), (5, 1.0))
    busy = 11232

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/open-apis/bot/v2/hook/{token}", self._hook)]

    async def _hook(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = json.loads(raw)
        code = self._judge(self._code(request, body, len(raw)), self._text(body))
        told = {"code": code, "msg": "success" if code == 0 else "refused", "data": {}}
        return answer(told)

    def _code(self, request: web.Request, body: dict[str, Any], size: int) -> int:
        if request.match_info["token"] != "token-1":
            return 19001
        timestamp = int(body.get("timestamp", 0))
        digest = hmac.new(f"{timestamp}\n{self.secret}".encode(), b"", hashlib.sha256).digest()
        if (
            abs(self.clock() - timestamp) > 3600
            or body.get("sign") != base64.b64encode(digest).decode()
        ):
            return 19021
        return 9499 if size > 20 * 1024 or body.get("msg_type") != "post" else 0

    def _text(self, body: dict[str, Any]) -> str:
        (post,) = body["content"]["post"].values()
        parts = [it["text"] for line in post["content"] for it in line if it["tag"] == "text"]
        return "\n".join([post["title"], *parts])


class DingTalkServer(BotServer):
    kind = "dingtalk"
    limits = ((20, 60.0),)
    busy = 130101

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.blocked_until = 0.0
        self.addresses: list[int] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/robot/send", self._hook)]

    async def _hook(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = json.loads(raw)
        self.addresses.append(len(str(request.url)))
        if self._is_too_fast():
            self.blocked_until = self.clock() + 600
        blocked = self.clock() < self.blocked_until
        code = 130101 if blocked else self._code(request, len(raw))
        code = self._judge(code, body["text"]["content"])
        return answer({"errcode": code, "errmsg": "ok" if code == 0 else "refused"})

    def _code(self, request: web.Request, size: int) -> int:
        asked = request.query
        if asked.get("access_token") != "token-1":
            return 300001
        timestamp = asked.get("timestamp", "0")
        told = f"{timestamp}\n{self.secret}".encode()
        digest = hmac.new(self.secret.encode(), told, hashlib.sha256).digest()
        late = abs(self.clock() * 1000 - int(timestamp)) > 3_600_000
        if late or asked.get("sign") != base64.b64encode(digest).decode():
            return 310000
        return 460101 if size > 20_000 else 0


class WeComServer(BotServer):
    kind = "wecom"
    limits = ((20, 60.0),)
    busy = 45009

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.key = "token-1"

    def section(self) -> dict[str, Any]:
        return {"bot": {"token": "token-1"}}

    def break_credentials(self) -> None:
        self.key = "another"

    def mend_credentials(self) -> None:
        self.key = "token-1"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/cgi-bin/webhook/send", self._hook)]

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.json()
        content = body["markdown"]["content"]
        code = 93000 if request.query.get("key") != self.key else 0
        if code == 0 and len(content.encode()) > 4096:
            code = 40058
        code = self._judge(code, content)
        return answer({"errcode": code, "errmsg": "ok" if code == 0 else "refused"})
