"""WeCom: a robot of a group (docs/reference/ticketing.md §5)."""

from collections.abc import Sequence
from typing import Any

from agent.config.sink_configuration import Bot as BotSettings
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import RateLimit, SinkFailure
from agent.sinks.chat import BotError, ChatSink, Message, look_up_code
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.text_limits import cut_bytes
from agent.sinks.wecom.config import CONFIGURATION

_MAX_BYTES = 4096
_ERRORS = {
    40058: BotError(SinkFailure.HTTP_4XX, permanent=True),
    45009: BotError(SinkFailure.RATE_LIMITED, wait=60.0),
    93000: BotError(SinkFailure.AUTH, hold=True),
    93008: BotError(SinkFailure.AUTH, hold=True),
    93017: BotError(SinkFailure.AUTH, hold=True),
}
"""Bad parameters; too many requests; a wrong key, and robots that were removed."""
_WITHOUT_MARKUP = str.maketrans(
    {"<": "＜", ">": "＞", "[": "［", "]": "］", "*": "＊", "`": "｀", "#": "＃"}
)


class WeComBot:
    """Writes Markdown, in which no text of a ticket can become markup or a mention."""

    rate_limits: tuple[RateLimit, ...] = (RateLimit(20, 60.0),)
    max_bytes = _MAX_BYTES

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings

    def message(self, title: str, lines: Sequence[str], now: float) -> Message:  # noqa: ARG002 - WeCom signs nothing
        """A Markdown message of at most 4096 bytes; the robot's key is in the address."""
        plain = [line.translate(_WITHOUT_MARKUP) for line in lines]
        content = "\n".join([f"**{title.translate(_WITHOUT_MARKUP)}**", *plain])
        # Cut again: the full-width signs take three bytes each instead of one.
        body = {"msgtype": "markdown", "markdown": {"content": cut_bytes(content, _MAX_BYTES)}}
        return Message("/cgi-bin/webhook/send", body, {"key": self._settings.token.reveal()})

    def error_of(self, answer: dict[str, Any]) -> tuple[int, BotError | None]:
        """``errcode`` is 0 on success."""
        return look_up_code(answer.get("errcode"), _ERRORS)


def _build(settings: SinkSettings, context: SinkContext) -> ChatSink:
    return ChatSink(settings, WeComBot(settings.section(BotSettings)), context)


KIND = SinkKind(CONFIGURATION, _build)
