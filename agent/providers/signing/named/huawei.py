"""Huawei Cloud's two signatures: of its API gateway, and ``WSSE`` tokens of its voice services.

Sources: docs/reference/provider-apis.md §2, and its corrections for the digest of the tokens.
"""

from urllib.parse import unquote

from agent.net.exchange import Request
from agent.net.urls import encode, sorted_query
from agent.providers.profile.filters import base64_text
from agent.providers.signing.digests import keyed_digest
from agent.providers.signing.moments import utc_stamp
from agent.providers.signing.named.values import (
    SignerValues,
    canonical_request,
    hmac_hex,
    sha256_hex,
)
from agent.providers.signing.request_parts import (
    header_of,
    host_of,
    path_of_url,
    query_of,
    with_headers,
)

_ALGORITHM = "SDK-HMAC-SHA256"
_UNSIGNED = "UNSIGNED-PAYLOAD"


def sign_sdk_hmac(request: Request, values: SignerValues) -> Request:
    """``request`` with the headers of an ``SDK-HMAC-SHA256`` signature of the API gateway.

    Every header of the request is signed, but those with an underscore. A body that is not JSON
    is left unsigned, as the SDK leaves it.
    """
    moment = utc_stamp(values.now, "iso_compact")
    headers = {"X-Sdk-Date": moment}
    content_type = header_of(request, "content-type")
    if content_type and not content_type.startswith(("application/json", "application/bson")):
        headers["X-Sdk-Content-Sha256"] = _UNSIGNED
    request = with_headers(request, headers)
    signed = {name: text for name, text in request.headers.items() if "_" not in name}
    signed["Host"] = host_of(request)
    is_unsigned = request.body and "X-Sdk-Content-Sha256" in headers
    text, names = canonical_request(
        request,
        _canonical_path(path_of_url(request)),
        sorted_query(query_of(request)),
        signed,
        _UNSIGNED if is_unsigned else sha256_hex(request.body),
    )
    signature = hmac_hex(
        values.secret.encode(), f"{_ALGORITHM}\n{moment}\n{sha256_hex(text.encode())}"
    )
    authorization = (
        f"{_ALGORITHM} Access={values.key}, SignedHeaders={names}, Signature={signature}"
    )
    return with_headers(request, {"Authorization": authorization})


def _canonical_path(path: str) -> str:
    """The path with each part encoded anew and a slash at its end, which is not sent."""
    text = "/".join(map(encode, unquote(path).split("/")))
    return text if text.endswith("/") else f"{text}/"


def sign_wsse(request: Request, values: SignerValues) -> Request:
    """``request`` with a ``UsernameToken`` in ``X-AKSK``."""
    created = utc_stamp(values.now, "iso")
    digest = base64_text(
        keyed_digest("sha256", values.secret.encode(), f"{values.nonce}{created}".encode())
    )
    token = (
        f'UsernameToken Username="{values.key}",PasswordDigest="{digest}",'
        f'Nonce="{values.nonce}",Created="{created}"'
    )
    return with_headers(
        request,
        {
            "Authorization": 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"',
            "X-AKSK": token,
        },
    )
