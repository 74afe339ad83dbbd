"""DingTalk: a custom robot of a group (docs/reference/ticketing.md §5)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from agent.config.sink_configuration import Bot as BotSettings
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import RateLimit, SinkFailure
from agent.sinks.chat import BotError, ChatSink, Message, look_up_code
from agent.sinks.dingtalk.config import CONFIGURATION
from agent.sinks.registry import SinkContext, SinkKind

_BLOCK_SECONDS = 600.0
"""How long DingTalk ignores a robot that exceeded its rate limit."""
_ERRORS = {
    40035: BotError(SinkFailure.HTTP_4XX, permanent=True),
    130101: BotError(SinkFailure.RATE_LIMITED, wait=_BLOCK_SECONDS),
    300001: BotError(SinkFailure.AUTH, hold=True),
    310000: BotError(SinkFailure.AUTH, hold=True),
    400013: BotError(SinkFailure.AUTH, hold=True),
    460101: BotError(SinkFailure.HTTP_4XX, permanent=True),
}
"""Bad parameters; too many requests; token, security settings and a group that no longer exists;
a text that is too long."""


class DingTalkBot:
    """Writes plain text, in which no text of a ticket can become markup or a mention."""

    rate_limits: tuple[RateLimit, ...] = (RateLimit(20, 60.0),)
    max_bytes = 20_000 - 1000
    """DingTalk allows 20,000 bytes for the whole request."""

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings

    def message(self, title: str, lines: Sequence[str], now: float) -> Message:
        """A text, signed in its address if the robot asks for signatures."""
        params = {"access_token": self._settings.token.reveal()}
        if self._settings.secret is not None:
            timestamp = int(now * 1000)
            params["timestamp"] = str(timestamp)
            params["sign"] = sign(timestamp, self._settings.secret.reveal())
        text = {"content": "\n".join([title, *lines])}
        body = {"msgtype": "text", "text": text, "at": {"isAtAll": False}}
        return Message("/robot/send", body, params)

    def error_of(self, answer: dict[str, Any]) -> tuple[int, BotError | None]:
        """``errcode`` is 0 on success."""
        return look_up_code(answer.get("errcode"), _ERRORS)


def sign(timestamp: int, secret: str) -> str:
    """DingTalk's signature of a time in milliseconds, before it is URL-encoded."""
    message = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def _build(settings: SinkSettings, context: SinkContext) -> ChatSink:
    return ChatSink(settings, DingTalkBot(settings.section(BotSettings)), context)


KIND = SinkKind(CONFIGURATION, _build)
