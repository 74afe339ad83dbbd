"""Feishu: a custom bot of a group (ticketing.md §5, Bots)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from agent.config.sinks import Bot as BotSettings
from agent.sinks.base import SinkFailure, Window
from agent.sinks.chat import Message, Verdict, meaning

_MINUTE = 60.0
_CODES = {
    9499: Verdict(SinkFailure.HTTP_4XX, permanent=True),
    11232: Verdict(SinkFailure.RATE_LIMITED),
    19001: Verdict(SinkFailure.AUTH, hold=True),
    19021: Verdict(SinkFailure.AUTH, hold=True),
    19022: Verdict(SinkFailure.AUTH, hold=True),
    19024: Verdict(SinkFailure.AUTH, hold=True),
}
"""Bad request; busy; token, signature, address and keyword, which whoever set it up mends."""


class FeishuBot:
    """Writes posts, in which nothing a ticket says is markup or a mention."""

    windows: tuple[Window, ...] = (Window(100, _MINUTE), Window(5, 1.0))
    limit = 20 * 1024 - 1024
    """20 KB are allowed for the whole request."""

    def __init__(self, settings: BotSettings, locale: str) -> None:
        self._settings = settings
        self._locale = {"en": "en_us"}.get(locale, "zh_cn")

    def message(self, title: str, lines: Sequence[str], now: float) -> Message:
        """A post, signed in its body where the bot asks for signatures."""
        content = [[{"tag": "text", "text": "\n".join(lines)}]]
        post = {self._locale: {"title": title, "content": content}}
        body: dict[str, Any] = {"msg_type": "post", "content": {"post": post}}
        if self._settings.secret is not None:
            timestamp = int(now)
            body["timestamp"] = str(timestamp)
            body["sign"] = sign(timestamp, self._settings.secret.reveal())
        return Message(f"/open-apis/bot/v2/hook/{self._settings.token.reveal()}", body)

    def classify_answer(self, answer: Any) -> tuple[int, Verdict | None]:
        """``code`` is 0 on success; older bots call it ``StatusCode``."""
        return meaning(answer.get("code", answer.get("StatusCode")), _CODES)


def sign(timestamp: int, secret: str) -> str:
    """Feishu's signature: the key is what others sign, and what is signed is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
