"""DingTalk: a custom robot of a group (ticketing.md §5, Bots)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from agent.config.sinks import Bot as BotSettings
from agent.sinks.base import SinkFailure, Window
from agent.sinks.chat import Message, Verdict, meaning

_BLOCKED = 600.0
"""Seconds for which a robot that was too fast is not heard."""
_CODES = {
    40035: Verdict(SinkFailure.HTTP_4XX, permanent=True),
    130101: Verdict(SinkFailure.RATE_LIMITED, wait=_BLOCKED),
    300001: Verdict(SinkFailure.AUTH, hold=True),
    310000: Verdict(SinkFailure.AUTH, hold=True),
    400013: Verdict(SinkFailure.AUTH, hold=True),
    460101: Verdict(SinkFailure.HTTP_4XX, permanent=True),
}
"""Parameters; too fast; token, security settings and a group that is gone; too long."""


class DingTalkBot:
    """Writes plain text, in which nothing a ticket says is markup or a mention."""

    windows: tuple[Window, ...] = (Window(20, 60.0),)
    limit = 20_000 - 1000
    """20,000 bytes are allowed for the whole request."""

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings

    def message(self, title: str, lines: Sequence[str], now: float) -> Message:
        """A text, signed in its address where the robot asks for signatures."""
        params = {"access_token": self._settings.token.reveal()}
        if self._settings.secret is not None:
            timestamp = int(now * 1000)
            params["timestamp"] = str(timestamp)
            params["sign"] = sign(timestamp, self._settings.secret.reveal())
        text = {"content": "\n".join([title, *lines])}
        body = {"msgtype": "text", "text": text, "at": {"isAtAll": False}}
        return Message("/robot/send", body, params)

    def classify_answer(self, answer: Any) -> tuple[int, Verdict | None]:
        """``errcode`` is 0 on success."""
        return meaning(answer.get("errcode"), _CODES)


def sign(timestamp: int, secret: str) -> str:
    """DingTalk's signature of a time in milliseconds, before it is encoded for an address."""
    told = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha256).digest()).decode()
