"""SMS through Alibaba Cloud's Short Message Service (docs/reference/notification.md §1)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from agent.config.sinks import Sink as SinkSettings
from agent.sinks.aliyun_api import AliyunClient, national
from agent.sinks.aliyun_sms.config import CONFIGURATION, AliyunSms
from agent.sinks.base import RateLimit, SinkError, SinkFailure
from agent.sinks.phone_api import NO_RECEIPT, Attempt, NotificationState, Receipt
from agent.sinks.phone_sink import PhoneSink
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.short_text import cut_to

_CHINA = timezone(timedelta(hours=8))
_PAGE = 50
_MOST_PAGES = 4
"""Pages of one phone's day that are read; a phone gets some fifty notifications a day at most."""
_STATES: Final[Mapping[str, NotificationState]] = {
    "2": NotificationState.FAILED,
    "3": NotificationState.DELIVERED,
}
_BIZ_ID_MARK = "^"
"""Every id that the provider gives has it; the ids of our own deliveries never do."""


class AliyunSmsApi:
    """Sends messages, and reads from the provider's records what became of them.

    The operation knows no idempotence, so each message carries the id of its delivery, by which
    it is found when an answer was lost.
    """

    rate_limits: tuple[RateLimit, ...] = ()
    can_find = True

    def __init__(self, section: AliyunSms, client: AliyunClient) -> None:
        self._section = section
        self._client = client

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def send(self, attempt: Attempt) -> str:
        """Give the message to the provider; returns its ``BizId``.

        Raises:
            ReceiverError: when it was not accepted for a reason of this receiver's.
            SinkError: when it was not accepted for another reason, or when that is not known.
        """
        section = self._section
        values = {
            name: cut_to(attempt.texts[field], section.parameter_length)
            for name, field in section.parameters.items()
        }
        answer = await self._client.call(
            "SendSms",
            PhoneNumbers=_phone(attempt),
            SignName=section.sign_name,
            TemplateCode=section.template_for(attempt.event),
            TemplateParam=msgspec.json.encode(values).decode(),
            OutId=_out_id(attempt),
        )
        return str(answer.get("BizId") or _out_id(attempt))

    async def find(self, attempt: Attempt) -> str:
        """The id by which an accepted message is found; empty where the records have none."""
        found = await self._record(attempt)
        return _out_id(attempt) if found is not None else ""

    async def receipt(self, attempt: Attempt) -> Receipt:
        """What the provider's records say about an accepted message."""
        record = await self._record(attempt)
        if record is None:
            return NO_RECEIPT
        state = _STATES.get(str(record.get("SendStatus")), NotificationState.ACCEPTED)
        return Receipt(state, str(record.get("ErrCode") or ""))

    async def _record(self, attempt: Attempt) -> Mapping[str, Any] | None:
        """The record of this message among those of its phone and day."""
        for page in range(1, _MOST_PAGES + 1):
            answer = await self._client.call("QuerySendDetails", **_query(attempt, page))
            records = list(_records(answer))
            wanted = (it for it in records if it.get("OutId") == _out_id(attempt))
            if (found := next(wanted, None)) is not None:
                return found
            if len(records) < _PAGE:
                return None
        raise SinkError(SinkFailure.API_ERROR, "the records of that phone and day are too many")


def _query(attempt: Attempt, page: int) -> dict[str, str]:
    day = datetime.fromtimestamp(attempt.at, UTC).astimezone(_CHINA)
    query = {
        "PhoneNumber": _phone(attempt),
        "SendDate": day.strftime("%Y%m%d"),
        "PageSize": str(_PAGE),
        "CurrentPage": str(page),
    }
    if _BIZ_ID_MARK in attempt.reference:
        query["BizId"] = attempt.reference
    return query


def _records(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = answer.get("SmsSendDetailDTOs")
    records = listed.get("SmsSendDetailDTO") if isinstance(listed, dict) else None
    if not isinstance(records, list):
        raise SinkError(SinkFailure.PROTOCOL, "the answer has no list of sent messages")
    yield from (record for record in records if isinstance(record, dict))


def _phone(attempt: Attempt) -> str:
    return national(attempt.receiver.phone.reveal())


def _out_id(attempt: Attempt) -> str:
    return f"{attempt.delivery}-{attempt.receiver.name}"


def _build(settings: SinkSettings, context: SinkContext) -> PhoneSink:
    section = settings.section(AliyunSms)
    client = AliyunClient(settings, section.key, section.secret, context.clock)
    return PhoneSink(settings, section, AliyunSmsApi(section, client), context)


KIND = SinkKind(CONFIGURATION, _build)
