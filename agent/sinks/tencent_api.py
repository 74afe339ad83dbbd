"""Calls to Tencent Cloud's APIs of messages and calls, signed with TC3, and what codes mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from agent.config.secret import Secret
from agent.config.sinks import Sink as SinkSettings
from agent.net.exchange import Request
from agent.providers.signing.named.tc3 import sign_tc3
from agent.providers.signing.named.values import SignerValues
from agent.sinks.base import SinkError, SinkFailure
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.phone_api import (
    BALANCE_GONE,
    KEY_REFUSED,
    RECEIVER_REFUSED,
    TEMPLATE_REFUSED,
    TEXT_REFUSED,
    Refusal,
    meaning_of,
    throttled,
)

_HOUR = 3600.0
_FAILED, _INVALID, _LIMIT = "FailedOperation.", "InvalidParameterValue.", "LimitExceeded."
_UNCERTAIN: Final = Refusal(SinkFailure.API_ERROR, ambiguous=True)
REFUSALS: Final[Sequence[tuple[str, Refusal]]] = (
    (_FAILED + "InsufficientBalance", BALANCE_GONE),
    (_FAILED + "Signature", TEMPLATE_REFUSED),
    (_FAILED + "Template", TEMPLATE_REFUSED),
    (_FAILED + "PhoneNumberInBlacklist", RECEIVER_REFUSED),
    (_FAILED + "ContainSensitiveWord", TEXT_REFUSED),
    (_INVALID + "IncorrectPhoneNumber", RECEIVER_REFUSED),
    (_INVALID + "CalledNumber", RECEIVER_REFUSED),
    (_INVALID + "ProhibitedUseUrlInTemplateParameter", TEXT_REFUSED),
    (_INVALID + "TemplateParameter", TEXT_REFUSED),
    (_INVALID + "SdkAppId", KEY_REFUSED),
    (_INVALID + "TemplateId", TEMPLATE_REFUSED),
    (_LIMIT + "PhoneNumberThirtySecondLimit", throttled(30.0, of_receiver=True)),
    (_LIMIT + "PhoneNumberOneHourLimit", throttled(_HOUR, of_receiver=True)),
    (_LIMIT + "PhoneNumber", throttled(6 * _HOUR, of_receiver=True)),
    (_LIMIT + "DeliveryFrequencyLimit", throttled(10.0)),
    (_LIMIT, throttled(_HOUR)),
    ("RequestLimitExceeded", throttled(5.0)),
    ("UnauthorizedOperation", KEY_REFUSED),
    ("AuthFailure", KEY_REFUSED),
    ("InternalError", _UNCERTAIN),
)
"""What codes mean, by how they begin (docs/reference/notification.md §2)."""


@dataclass(frozen=True)
class TencentService:
    """One API: what requests to it are signed for."""

    name: str
    version: str
    region: str = ""


class TencentClient:
    """Calls operations of one API.

    Args:
        settings: The sink's section.
        secret_id: The API key's id.
        secret_key: The API key's secret.
        service: The API.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        settings: SinkSettings,
        secret_id: Secret,
        secret_key: Secret,
        service: TencentService,
        clock: Callable[[], float],
    ) -> None:
        self._url = f"{settings.address}/"
        self._secret_id, self._secret_key = secret_id, secret_key
        self._service = service
        self._clock = clock
        self._client = SinkHttpClient(settings, clock)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def call(self, action: str, parameters: dict[str, object]) -> dict[str, Any]:
        """Call an operation; returns the ``Response`` of its answer, which reports no error.

        Raises:
            ReceiverError: when it is refused for a reason of one receiver's.
            SinkError: when it is refused for another reason, or no complete answer arrives.
        """
        headers = {"Content-Type": "application/json"}
        body = msgspec.json.encode(parameters)
        values = SignerValues(
            key=self._secret_id.reveal(),
            secret=self._secret_key.reveal(),
            now=self._clock(),
            nonce="",
            action=action,
            version=self._service.version,
            service=self._service.name,
            region=self._service.region,
        )
        signed = sign_tc3(Request("POST", self._url, headers=headers, body=body), values)
        return self._read(await self._client.request_signed(signed))

    def _read(self, reply: Reply) -> dict[str, Any]:
        response = self._client.require_success(reply).json_object.get("Response")
        if not isinstance(response, dict):
            raise SinkError(SinkFailure.PROTOCOL, "the answer has no Response", ambiguous=True)
        error = response.get("Error")
        if error is not None:
            code = error.get("Code") if isinstance(error, dict) else None
            raise refusal_error(code)
        return response


def refusal_error(code: object) -> SinkError:
    """The failure of an attempt that was refused with ``code``."""
    text = code if isinstance(code, str) else ""
    return meaning_of(text, REFUSALS).error("Tencent Cloud", text)


def international(phone: str) -> str:
    """A phone as Tencent Cloud takes it, E.164; digits alone are one of the mainland."""
    if phone.startswith("00"):
        return f"+{phone[2:]}"
    return phone if phone.startswith("+") else f"+86{phone}"
