"""Group bots of Feishu, DingTalk and WeCom, which always answer HTTP 200.

See docs/reference/ticketing.md §5.
"""

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

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.messages: list[str] = []
        self.times: list[float] = []
        self.secret = "SEC-1"
        self.refused: list[int] = []

    def section(self) -> dict[str, Any]:
        return {"bot": {"token": "token-1", "secret": "SEC-1"}}

    def break_credentials(self) -> None:
        self.secret = "SEC-2"

    def restore_credentials(self) -> None:
        self.secret = "SEC-1"

    def seen(self) -> list[str]:
        ids = (id_ for message in self.messages for id_ in _ID.findall(message))
        return list(dict.fromkeys(ids))

    def is_over(self, ticket_id: str) -> bool:
        mentions = [it for it in self.messages if ticket_id in it]
        return bool(mentions) and bool(_DONE.search(mentions[-1]))

    def _is_too_fast(self) -> bool:
        now = self.clock()
        return any(
            sum(now - seconds < at <= now for at in self.times) >= count
            for count, seconds in self.limits
        )

    def _answer_code(self, code: int, text: str) -> int:
        """The error code; 0 accepts the message."""
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
        code = self._answer_code(self._code(request, body, len(raw)), self._text(body))
        document = {"code": code, "msg": "success" if code == 0 else "refused", "data": {}}
        return answer(document)

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

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
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
        code = self._answer_code(code, body["text"]["content"])
        return answer({"errcode": code, "errmsg": "ok" if code == 0 else "refused"})

    def _code(self, request: web.Request, size: int) -> int:
        query = request.query
        if query.get("access_token") != "token-1":
            return 300001
        timestamp = query.get("timestamp", "0")
        message = f"{timestamp}\n{self.secret}".encode()
        digest = hmac.new(self.secret.encode(), message, hashlib.sha256).digest()
        late = abs(self.clock() * 1000 - int(timestamp)) > 3_600_000
        if late or query.get("sign") != base64.b64encode(digest).decode():
            return 310000
        return 460101 if size > 20_000 else 0


class WeComServer(BotServer):
    kind = "wecom"
    limits = ((20, 60.0),)
    busy = 45009

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.key = "token-1"

    def section(self) -> dict[str, Any]:
        return {"bot": {"token": "token-1"}}

    def break_credentials(self) -> None:
        self.key = "another"

    def restore_credentials(self) -> None:
        self.key = "token-1"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/cgi-bin/webhook/send", self._hook)]

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.json()
        content = body["markdown"]["content"]
        code = 93000 if request.query.get("key") != self.key else 0
        if code == 0 and len(content.encode()) > 4096:
            code = 40058
        code = self._answer_code(code, content)
        return answer({"errcode": code, "errmsg": "ok" if code == 0 else "refused"})
