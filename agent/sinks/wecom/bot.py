"""WeCom: a robot of a group (ticketing.md §5, Bots)."""

from collections.abc import Sequence
from typing import Any

from agent.config.sinks import Bot as BotSettings
from agent.sinks.base import SinkFailure, Window
from agent.sinks.chat import Message, Verdict, meaning
from agent.sinks.text_limits import cut_bytes

_LIMIT = 4096
_CODES = {
    40058: Verdict(SinkFailure.HTTP_4XX, permanent=True),
    45009: Verdict(SinkFailure.RATE_LIMITED, wait=60.0),
    93000: Verdict(SinkFailure.AUTH, hold=True),
    93008: Verdict(SinkFailure.AUTH, hold=True),
    93017: Verdict(SinkFailure.AUTH, hold=True),
}
"""Parameters; too fast; a key that is wrong, and robots that were removed."""
_MARKUP = str.maketrans(
    {"<": "＜", ">": "＞", "[": "［", "]": "］", "*": "＊", "`": "｀", "#": "＃"}
)


class WeComBot:
    """Writes Markdown, in which nothing a ticket says is markup or a mention."""

    windows: tuple[Window, ...] = (Window(20, 60.0),)
    limit = _LIMIT

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings

    def message(self, title: str, lines: Sequence[str], now: float) -> Message:  # noqa: ARG002 - WeCom signs nothing
        """A Markdown message of at most 4096 bytes; the robot's key is in the address."""
        content = "\n".join([f"**{title.translate(_MARKUP)}**", *(_plain(it) for it in lines)])
        body = {"msgtype": "markdown", "markdown": {"content": cut_bytes(content, _LIMIT)}}
        return Message("/cgi-bin/webhook/send", body, {"key": self._settings.token.reveal()})

    def classify_answer(self, answer: Any) -> tuple[int, Verdict | None]:
        """``errcode`` is 0 on success."""
        return meaning(answer.get("errcode"), _CODES)


def _plain(line: str) -> str:
    return line.translate(_MARKUP)
