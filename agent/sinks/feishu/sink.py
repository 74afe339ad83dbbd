"""Feishu: a custom bot of a group (docs/reference/ticketing.md §5)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from agent.config.sink_configuration import Bot as BotSettings
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import RateLimit, SinkFailure
from agent.sinks.chat import BotError, ChatSink, Message, look_up_code
from agent.sinks.feishu.config import CONFIGURATION
from agent.sinks.registry import SinkContext, SinkKind

_ERRORS = {
    9499: BotError(SinkFailure.HTTP_4XX, permanent=True),
    11232: BotError(SinkFailure.RATE_LIMITED),
    19001: BotError(SinkFailure.AUTH, hold=True),
    19021: BotError(SinkFailure.AUTH, hold=True),
    19022: BotError(SinkFailure.AUTH, hold=True),
    19024: BotError(SinkFailure.AUTH, hold=True),
}
"""Bad request; too many requests; then token, signature, address and keyword, all of which the
operator has to correct."""


class FeishuBot:
    """Writes posts, in which no text of a ticket can become markup or a mention."""

    rate_limits: tuple[RateLimit, ...] = (RateLimit(100, 60.0), RateLimit(5, 1.0))
    max_bytes = 20 * 1024 - 1024
    """Feishu allows 20 KB for the whole request."""

    def __init__(self, settings: BotSettings, locale: str) -> None:
        self._settings = settings
        self._locale = {"en": "en_us"}.get(locale, "zh_cn")

    def message(self, title: str, lines: Sequence[str], now: float) -> Message:
        """A post, signed in its body if the bot asks for signatures."""
        content = [[{"tag": "text", "text": "\n".join(lines)}]]
        post = {self._locale: {"title": title, "content": content}}
        body: dict[str, Any] = {"msg_type": "post", "content": {"post": post}}
        if self._settings.secret is not None:
            timestamp = int(now)
            body["timestamp"] = str(timestamp)
            body["sign"] = sign(timestamp, self._settings.secret.reveal())
        return Message(f"/open-apis/bot/v2/hook/{self._settings.token.reveal()}", body)

    def error_of(self, answer: dict[str, Any]) -> tuple[int, BotError | None]:
        """``code`` is 0 on success; older bots call it ``StatusCode``."""
        return look_up_code(answer.get("code", answer.get("StatusCode")), _ERRORS)


def sign(timestamp: int, secret: str) -> str:
    """Feishu's signature of a time in seconds."""
    # Time and secret are the key of the HMAC, not the message, which is empty.
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def _build(settings: SinkSettings, context: SinkContext) -> ChatSink:
    bot = FeishuBot(settings.section(BotSettings), context.writer.locale)
    return ChatSink(settings, bot, context)


KIND = SinkKind(CONFIGURATION, _build)
