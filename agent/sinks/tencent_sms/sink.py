"""SMS through Tencent Cloud's Short Message Service (docs/reference/notification.md §2)."""

from collections.abc import Mapping
from typing import Any, Final

from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import RateLimit, SinkError, SinkFailure
from agent.sinks.phone_api import NO_RECEIPT, Attempt, NotificationState, Receipt
from agent.sinks.phone_sink import PhoneSink
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.short_text import cut_to
from agent.sinks.tencent_api import TencentClient, TencentService, international, refusal_error
from agent.sinks.tencent_sms.config import CONFIGURATION, TencentSms

_VERSION = "2021-01-11"
_ACCEPTED = "Ok"
_MOST_RECEIPTS = 100
_BEFORE = 60
"""Seconds before the attempt from which receipts are read: two clocks differ a little."""
_STATES: Final[Mapping[str, NotificationState]] = {
    "SUCCESS": NotificationState.DELIVERED,
    "FAIL": NotificationState.FAILED,
}


class TencentSmsApi:
    """Sends messages, and reads the receipts of a phone without taking them from anybody else.

    Receipts have no id of ours, so a message whose answer was lost cannot be told from one that
    was never accepted: it is sent again.
    """

    rate_limits: tuple[RateLimit, ...] = ()
    can_find = False

    def __init__(self, section: TencentSms, client: TencentClient) -> None:
        self._section = section
        self._client = client

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def send(self, attempt: Attempt) -> str:
        """Give the message to the provider; returns its ``SerialNo``.

        Raises:
            ReceiverError: when it was not accepted for a reason of this receiver's.
            SinkError: when it was not accepted for another reason, or when that is not known.
        """
        section = self._section
        texts = [cut_to(attempt.texts[it], section.parameter_length) for it in section.parameters]
        response = await self._client.call(
            "SendSms",
            {
                "PhoneNumberSet": [international(attempt.receiver.phone.reveal())],
                "SmsSdkAppId": section.app_id,
                "SignName": section.sign_name,
                "TemplateId": section.template_for(attempt.event),
                "TemplateParamSet": texts,
                "SessionContext": attempt.delivery,
            },
        )
        return _serial_number(response)

    async def find(self, attempt: Attempt) -> str:  # noqa: ARG002 - the protocol's
        """Always empty: receipts have no id of ours."""
        return ""

    async def receipt(self, attempt: Attempt) -> Receipt:
        """The receipt of an accepted message, from those of its phone since it was sent."""
        response = await self._client.call(
            "PullSmsSendStatusByPhoneNumber",
            {
                "BeginTime": int(attempt.at) - _BEFORE,
                "Offset": 0,
                "Limit": _MOST_RECEIPTS,
                "PhoneNumber": international(attempt.receiver.phone.reveal()),
                "SmsSdkAppId": self._section.app_id,
            },
        )
        listed = response.get("PullSmsSendStatusSet")
        if not isinstance(listed, list):
            raise SinkError(SinkFailure.PROTOCOL, "the answer has no list of receipts")
        receipts = (it for it in listed if isinstance(it, dict))
        own = next((it for it in receipts if it.get("SerialNo") == attempt.reference), None)
        if own is None:
            return NO_RECEIPT
        state = _STATES.get(str(own.get("ReportStatus")), NotificationState.ACCEPTED)
        return Receipt(state, str(own.get("Description") or ""))


def _serial_number(response: Mapping[str, Any]) -> str:
    """The id of the message in an answer of success.

    Raises:
        SinkError: when its receiver was refused, or the answer says nothing of it.
    """
    listed = response.get("SendStatusSet")
    status = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(status, dict):
        text = "the answer says nothing of its receiver"
        raise SinkError(SinkFailure.PROTOCOL, text, ambiguous=True)
    if status.get("Code") != _ACCEPTED:
        raise refusal_error(status.get("Code"))
    return str(status.get("SerialNo") or "")


def _build(settings: SinkSettings, context: SinkContext) -> PhoneSink:
    section = settings.section(TencentSms)
    service = TencentService("sms", _VERSION, section.region)
    client = TencentClient(settings, section.secret_id, section.secret_key, service, context.clock)
    return PhoneSink(settings, section, TencentSmsApi(section, client), context)


KIND = SinkKind(CONFIGURATION, _build)
