"""Calls through Tencent Cloud's Voice Message Service (docs/reference/notification.md §4).

What became of a call is told by unsigned callbacks alone, which are not taken: it stays unknown
whether a call was answered or acknowledged.
"""

from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import RateLimit, SinkError, SinkFailure
from agent.sinks.phone_api import NO_RECEIPT, Attempt, Receipt
from agent.sinks.phone_sink import PhoneSink
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.short_text import cut_to
from agent.sinks.tencent_api import TencentClient, TencentService, international
from agent.sinks.tencent_voice.config import CONFIGURATION, TencentVoice

_SERVICE = TencentService("vms", "2020-09-02")


class TencentVoiceApi:
    """Calls; cannot read what became of a call."""

    rate_limits: tuple[RateLimit, ...] = ()
    can_find = False

    def __init__(self, section: TencentVoice, client: TencentClient) -> None:
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
        texts = [cut_to(attempt.texts[it], section.parameter_length) for it in section.parameters]
        response = await self._client.call(
            "SendTtsVoice",
            {
                "CalledNumber": international(attempt.receiver.phone.reveal()),
                "VoiceSdkAppid": section.app_id,
                "TemplateId": section.template_for(attempt.event),
                "TemplateParamSet": texts,
                "PlayTimes": section.play_times,
                "SessionContext": attempt.delivery,
            },
        )
        status = response.get("SendStatus")
        if not isinstance(status, dict):
            text = "the answer says nothing of the call"
            raise SinkError(SinkFailure.PROTOCOL, text, ambiguous=True)
        return str(status.get("CallId") or "")

    async def find(self, attempt: Attempt) -> str:  # noqa: ARG002 - the protocol's
        """Always empty: calls cannot be queried."""
        return ""

    async def receipt(self, attempt: Attempt) -> Receipt:  # noqa: ARG002 - the protocol's
        """Never one: calls cannot be queried."""
        return NO_RECEIPT


def _build(settings: SinkSettings, context: SinkContext) -> PhoneSink:
    section = settings.section(TencentVoice)
    client = TencentClient(settings, section.secret_id, section.secret_key, _SERVICE, context.clock)
    return PhoneSink(settings, section, TencentVoiceApi(section, client), context)


KIND = SinkKind(CONFIGURATION, _build)
