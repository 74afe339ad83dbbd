"""Calls through Alibaba Cloud's Voice Messaging Service (docs/reference/notification.md §3).

A call counts as delivered when it was answered. Which key was pressed is in no record that can be
queried, so whether somebody acknowledged stays unknown.
"""

from typing import Any, Final

import msgspec

from agent.config.sinks import Sink as SinkSettings
from agent.sinks.aliyun_api import AliyunClient, national
from agent.sinks.aliyun_voice.config import CONFIGURATION, AliyunVoice
from agent.sinks.base import RateLimit, SinkError, SinkFailure
from agent.sinks.phone_api import NO_RECEIPT, Attempt, NotificationState, Receipt
from agent.sinks.phone_sink import PhoneSink
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.short_text import cut_to

_NOTIFICATION_PRODUCT: Final = "11000000300006"
_ANSWERED: Final = frozenset({"200000", "200001"})
"""Heard to its end, and hung up before: a person has answered."""
_UNDER_WAY: Final = frozenset({"", "200101", "200102", "200103", "200201", "300000"})


class AliyunVoiceApi:
    """Calls, and reads from the provider's records whether somebody answered."""

    rate_limits: tuple[RateLimit, ...] = ()
    can_find = False

    def __init__(self, section: AliyunVoice, client: AliyunClient) -> None:
        self._section = section
        self._client = client

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def send(self, attempt: Attempt) -> str:
        """Have the receiver called; returns the provider's ``CallId``.

        Raises:
            ReceiverError: when it was not accepted for a reason of this receiver's.
            SinkError: when it was not accepted for another reason, or when that is not known.
        """
        section = self._section
        values = {
            name: cut_to(attempt.texts[field], section.parameter_length)
            for name, field in section.parameters.items()
        }
        optional = {"CalledShowNumber": section.show_number} if section.show_number else {}
        answer = await self._client.call(
            "SingleCallByTts",
            CalledNumber=national(attempt.receiver.phone.reveal()),
            TtsCode=section.template_for(attempt.event),
            TtsParam=msgspec.json.encode(values).decode(),
            PlayTimes=str(section.play_times),
            OutId=f"{attempt.delivery}-{attempt.receiver.name}",
            **optional,
        )
        return str(answer.get("CallId") or "")

    async def find(self, attempt: Attempt) -> str:  # noqa: ARG002 - the protocol's
        """Always empty: calls are found by the provider's id alone."""
        return ""

    async def receipt(self, attempt: Attempt) -> Receipt:
        """Whether the call was answered, as the provider's records say."""
        if not attempt.reference:
            return NO_RECEIPT
        answer = await self._client.call(
            "QueryCallDetailByCallId",
            CallId=attempt.reference,
            ProdId=_NOTIFICATION_PRODUCT,
            QueryDate=str(int(attempt.at * 1000)),
        )
        state = str(_detail(answer).get("state") or "")
        if state in _UNDER_WAY:
            return NO_RECEIPT
        answered = state in _ANSWERED
        return Receipt(NotificationState.DELIVERED if answered else NotificationState.FAILED, state)


def _detail(answer: dict[str, Any]) -> dict[str, Any]:
    """The record of the call, which is JSON inside a text; empty before there is one."""
    text = answer.get("Data")
    if not text:
        return {}
    try:
        detail = msgspec.json.decode(text) if isinstance(text, str) else text
    except msgspec.DecodeError:
        detail = None
    if not isinstance(detail, dict):
        raise SinkError(SinkFailure.PROTOCOL, "the record of the call is not JSON")
    return detail


def _build(settings: SinkSettings, context: SinkContext) -> PhoneSink:
    section = settings.section(AliyunVoice)
    client = AliyunClient(settings, section.key, section.secret, context.clock)
    return PhoneSink(settings, section, AliyunVoiceApi(section, client), context)


KIND = SinkKind(CONFIGURATION, _build)
