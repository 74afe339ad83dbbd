"""One call of Tencent Cloud's API 3.0: signed, and its errors, which come with HTTP 200."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yarl import URL

from agent.clock import wall_clock
from agent.masking import mask_text
from agent.net.decode import decode_body, decode_json
from agent.net.exchange import Answer, Fetch, ProviderError, RateLimit, Request
from agent.net.scrub import scrub
from agent.providers.signing.named.tc3 import sign_tc3
from agent.providers.signing.named.values import SignerValues
from agent.states import PollFailure

BASE_URL: Final = "https://ccc.tencentcloudapi.com"
_KINDS: Final = (
    ("AuthFailure", PollFailure.AUTH),
    ("UnauthorizedOperation", PollFailure.AUTH),
    ("FailedOperation.PermissionDenied", PollFailure.AUTH),
    ("RequestLimitExceeded", PollFailure.RATE_LIMITED),
)
"""The meaning of error codes, by how they begin; any other is an ``api_error``."""
_A_SECOND: Final = 18
"""Requests of one action; 20 are allowed, and some may be delayed on their way."""
_LARGEST_ERROR: Final = 2048
"""Bytes; an answer that only reports an error is smaller."""
_CODE_LENGTH: Final = 60
_MESSAGE_LENGTH: Final = 120


@dataclass(frozen=True)
class Service:
    """One of the services, each with a host of its own."""

    name: str
    version: str


CONTACT_CENTRE: Final = Service("ccc", "2020-02-10")
BILLING: Final = Service("billing", "2018-07-09")


@dataclass(frozen=True, repr=False)
class TencentApi:
    """The API of one account; only what reads is called. No repr, it has credentials."""

    base_url: str
    fetch: Fetch
    credentials: Callable[[], Mapping[str, str]]
    clock: Callable[[], float]

    async def call(self, service: Service, action: str, params: Mapping[str, Any]) -> Any:
        """The ``Response`` of an action, an object.

        Raises:
            ProviderError: when the request fails, or its answer reports an error.
        """

        def sign(request: Request) -> Request:
            given = self.credentials()
            values = SignerValues(
                key=given["secret_id"],
                secret=given["secret_key"],
                now=wall_clock(self.clock)(),
                nonce="",
                action=action,
                version=service.version,
                service=service.name,
            )
            return sign_tc3(request, values)

        answer = await self.fetch(
            Request(
                method="POST",
                url=f"{address_of(self.base_url, service)}/",
                headers={"Content-Type": "application/json"},
                body=json.dumps(params).encode(),
                sign=sign,
                label=action,
                read_error=_read_error,
                read_success=_read_success,
                rate_limits=(RateLimit(_A_SECOND, 1.0, action),),
            )
        )
        tree = await decode_json(answer, action)
        failure = _failure(tree, action)
        if failure is not None:
            raise failure
        return tree["Response"]


def address_of(base_url: str, service: Service) -> str:
    """The address of ``service``: the host of the contact centre with the other one's name.

    A host that is not named so, such as a gateway's, serves them all.
    """
    url = URL(base_url)
    host = url.host or ""
    prefix = f"{CONTACT_CENTRE.name}."
    if service is CONTACT_CENTRE or not host.startswith(prefix):
        return base_url
    return str(url.with_host(f"{service.name}.{host.removeprefix(prefix)}")).rstrip("/")


def _read_success(answer: Answer, label: str) -> ProviderError | None:
    """The failure that a small answer of success reports, so that polling pauses or retries."""
    if len(answer.body) > _LARGEST_ERROR or b'"Error"' not in answer.body:
        return None
    try:
        tree = decode_body(answer.body, answer.charset)
    except ProviderError:
        return None
    return _failure(tree, label)


def _read_error(answer: Answer, failure: ProviderError) -> ProviderError:
    """What the body of an error status says; the status where it says nothing."""
    try:
        tree = decode_body(answer.body, answer.charset)
    except ProviderError:
        return failure
    if not isinstance(tree, dict) or not isinstance(tree.get("Response"), dict):
        return failure
    label = failure.detail.partition(":")[0]
    return _failure(tree, label) or failure


def _failure(tree: Any, label: str) -> ProviderError | None:
    """The failure that an answer reports; ``None`` if it is one of success."""
    response = tree.get("Response") if isinstance(tree, dict) else None
    if not isinstance(response, dict):
        return ProviderError(PollFailure.SCHEMA, f"{label}: the answer has no object Response")
    error = response.get("Error")
    if error is None:
        return None
    code, message = _text_at(error, "Code"), _text_at(error, "Message")
    shown = mask_text(scrub(message, _MESSAGE_LENGTH))
    return ProviderError(_kind(code), f"{label}: code {scrub(code, _CODE_LENGTH)} {shown}")


def _text_at(error: Any, key: str) -> str:
    value = error.get(key) if isinstance(error, dict) else None
    return value if isinstance(value, str) else ""


def _kind(code: str) -> PollFailure:
    return next(
        (kind for beginning, kind in _KINDS if code.startswith(beginning)), PollFailure.API_ERROR
    )
