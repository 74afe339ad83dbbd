"""Calls to Alibaba Cloud's APIs of messages and calls, signed with ACS3, and what codes mean."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from agent.config.secret import Secret
from agent.config.sinks import Sink as SinkSettings
from agent.net.exchange import Request
from agent.providers.signing.named.acs3 import sign_acs3
from agent.providers.signing.named.values import SignerValues
from agent.sinks.base import SinkError, SinkFailure
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.phone_api import (
    BALANCE_GONE,
    KEY_REFUSED,
    RECEIVER_REFUSED,
    TEMPLATE_REFUSED,
    TEXT_REFUSED,
    UNKNOWN_REFUSAL,
    Refusal,
    meaning_of,
    throttled,
)

VERSION: Final = "2017-05-25"
"""The version of both APIs."""
_SUCCESS: Final = ("OK", "200")
_HOUR = 3600.0
_UNCERTAIN: Final = Refusal(SinkFailure.API_ERROR, ambiguous=True)
REFUSALS: Final[Sequence[tuple[str, Refusal]]] = (
    ("isv.AMOUNT_NOT_ENOUGH", BALANCE_GONE),
    ("isv.OUT_OF_SERVICE", BALANCE_GONE),
    ("isv.TEMPLATE_PARAMS_ILLEGAL", TEXT_REFUSED),
    ("isv.SMS_TEMPLATE", TEMPLATE_REFUSED),
    ("isv.SMS_SIGN", TEMPLATE_REFUSED),
    ("isv.TEMPLATE", TEMPLATE_REFUSED),
    ("isv.TTS_TEMPLATE", TEMPLATE_REFUSED),
    ("isv.INVALID_TTS", TEMPLATE_REFUSED),
    ("isv.SIGN", TEMPLATE_REFUSED),
    ("isv.MOBILE_NUMBER_ILLEGAL", RECEIVER_REFUSED),
    ("isv.CALLED_NUMBER", RECEIVER_REFUSED),
    ("isv.BLACK_LIST", RECEIVER_REFUSED),
    ("isv.BLACK_KEY_CONTROL_LIMIT", TEXT_REFUSED),
    ("isv.BUSINESS_LIMIT_CONTROL", throttled(60.0, of_receiver=True)),
    ("isv.DAY_LIMIT_CONTROL", throttled(_HOUR)),
    ("isv.MONTH_LIMIT_CONTROL", throttled(_HOUR)),
    ("isv.ACCOUNT", KEY_REFUSED),
    ("isv.PRODUCT_UN", KEY_REFUSED),
    ("isv.RAM_PERMISSION_DENY", KEY_REFUSED),
    ("isp.RAM_PERMISSION_DENY", KEY_REFUSED),
    ("isv.PARAM", TEXT_REFUSED),
    ("isv.INVALID", TEXT_REFUSED),
    ("isp.", _UNCERTAIN),
    ("InvalidAccessKeyId", KEY_REFUSED),
    ("SignatureDoesNotMatch", KEY_REFUSED),
    ("IncompleteSignature", KEY_REFUSED),
    ("InvalidTimeStamp", KEY_REFUSED),
    ("InvalidSecurityToken", KEY_REFUSED),
    ("MissingAccessKeyId", KEY_REFUSED),
    ("Forbidden", KEY_REFUSED),
    ("NoPermission", KEY_REFUSED),
    ("Throttling", throttled(5.0)),
    ("ServiceUnavailable", _UNCERTAIN),
    ("InternalError", _UNCERTAIN),
)
"""What codes mean, by how they begin (docs/reference/notification.md §1)."""
_LIMIT_WAITS: Final = (("天级", 6 * _HOUR), ("小时级", _HOUR))
"""Seconds to wait where the message of a limit names its period; a minute otherwise."""


class AliyunClient:
    """Calls operations of one API.

    Args:
        settings: The sink's section.
        key: The AccessKey's id.
        secret: The AccessKey's secret.
        clock: Epoch seconds.
    """

    def __init__(
        self, settings: SinkSettings, key: Secret, secret: Secret, clock: Callable[[], float]
    ) -> None:
        self._url = f"{settings.address}/"
        self._key, self._secret = key, secret
        self._clock = clock
        self._client = SinkHttpClient(settings, clock)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def call(self, action: str, **parameters: str) -> dict[str, Any]:
        """Call an operation; returns its answer, which is one of success.

        Raises:
            ReceiverError: when it is refused for a reason of one receiver's.
            SinkError: when it is refused for another reason, or no complete answer arrives.
        """
        request = Request("POST", self._url, params=tuple(parameters.items()))
        values = SignerValues(
            key=self._key.reveal(),
            secret=self._secret.reveal(),
            now=self._clock(),
            nonce=uuid.uuid4().hex,
            action=action,
            version=VERSION,
        )
        return self._read(await self._client.request_signed(sign_acs3(request, values)))

    def _read(self, reply: Reply) -> dict[str, Any]:
        answer = reply.json_object
        code = answer.get("Code")
        if not isinstance(code, str):
            self._client.require_success(reply)
            raise SinkError(SinkFailure.PROTOCOL, "the answer has no code", ambiguous=True)
        if reply.is_success and code in _SUCCESS:
            return answer
        refusal = refusal_of(code, str(answer.get("Message") or ""))
        if refusal is UNKNOWN_REFUSAL:
            self._client.require_success(reply)
        raise refusal.error("Alibaba Cloud", code)


def refusal_of(code: str, message: str) -> Refusal:
    """The meaning of an error code; a limit waits as long as the period its message names."""
    refusal = meaning_of(code, REFUSALS)
    if refusal.reason is not SinkFailure.RATE_LIMITED or not refusal.of_receiver:
        return refusal
    wait = next((seconds for word, seconds in _LIMIT_WAITS if word in message), refusal.wait)
    return throttled(wait or 0.0, of_receiver=True)


def national(phone: str) -> str:
    """A phone as Alibaba Cloud takes it: digits, mainland ones without their country code."""
    digits = phone.removeprefix("+").removeprefix("00") if phone.startswith(("+", "00")) else phone
    is_mainland = phone.startswith(("+86", "0086"))
    return digits.removeprefix("86") if is_mainland else digits
