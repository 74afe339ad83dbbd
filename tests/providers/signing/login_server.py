"""A provider that wants a token: its login, its numbers, and a profile for both."""

import asyncio
import json

from aiohttp import web

PROFILE = """\
name: example
title: Example
credentials: [user, password]
envelope: {code: code, ok: ["0"], message: message, errors: {"401": auth}}
login:
  path: /login
  body: {name: "{user}", password: "{password}"}
  token: data.token
  expires_in: data.expires_in
numbers:
  path: /numbers
  records: items
  fields: {number: number, state: {const: active}}
routing:
  path: /routing/{number}
  fields: {strategy: {const: sequential}}
balance:
  path: /balance
  fields: {amount: amount, currency: {const: CNY}}
"""
CREDENTIALS = {"user": "demo-user", "password": "demo-password"}


def profile_file(tmp_path, *changes):
    text = PROFILE
    for former, new in changes:
        assert former in text
        text = text.replace(former, new)
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


class TokenServer:
    """Gives out tokens ``token-1-…``, ``token-2-…`` and takes the newest one only."""

    def __init__(self, lifetime=3600.0, pause=0.0):
        self.lifetime, self.pause = lifetime, pause
        self.logins = []
        self.valid = ""
        self.refused = 0
        self.login_status = 200
        self.login_code = 9
        self.refuse_with_code = False
        self.long_tail = "x" * 20

    async def __call__(self, request):
        if request.path == "/login":
            return await self._log_in(request)
        if request.headers.get("Authorization") != f"Bearer {self.valid}" or not self.valid:
            self.refused += 1
            echo = request.headers.get("Authorization", "")
            if self.refuse_with_code:
                return answer({"code": 401, "message": f"{echo} has expired"})
            return answer({"code": 401, "message": echo}, status=401)
        if request.path == "/numbers":
            return answer({"code": 0, "items": [{"number": "4001234567"}], "echo": self.valid})
        return answer({"code": 0, "amount": "12.5", "echo": self.valid})

    async def _log_in(self, request):
        self.logins.append((await request.read(), dict(request.headers), request.path_qs))
        number = len(self.logins)
        await asyncio.sleep(self.pause)
        if self.login_status != 200:
            tree = {"code": self.login_code, "message": "wrong demo-password"}
            return answer(tree, self.login_status, {"Retry-After": "7"})
        self.valid = f"token-{number}-{self.long_tail}"
        data = {"token": self.valid, "expires_in": self.lifetime}
        return answer({"code": 0, "data": data})


def answer(tree, status=200, headers=None):
    return web.Response(
        text=json.dumps(tree), status=status, content_type="application/json", headers=headers
    )
