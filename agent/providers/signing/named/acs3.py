"""Alibaba Cloud's ``ACS3-HMAC-SHA256`` (docs/reference/provider-apis.md §2).

The action and the version are signed headers; the parameters of an RPC call are in the query.
"""

from agent.net.exchange import Request
from agent.net.urls import sorted_query
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

_ALGORITHM = "ACS3-HMAC-SHA256"


def sign_acs3(request: Request, values: SignerValues) -> Request:
    """``request`` with the headers of an ACS3 signature."""
    body_hash = sha256_hex(request.body)
    headers = {
        "x-acs-action": values.action,
        "x-acs-version": values.version,
        "x-acs-date": utc_stamp(values.now, "iso"),
        "x-acs-signature-nonce": values.nonce,
        "x-acs-content-sha256": body_hash,
    }
    if values.token:
        headers["x-acs-security-token"] = values.token
    signed = {**headers, "host": host_of(request)}
    if content_type := header_of(request, "content-type"):
        signed["content-type"] = content_type
    text, names = canonical_request(
        request, path_of_url(request), sorted_query(query_of(request)), signed, body_hash
    )
    signature = hmac_hex(values.secret.encode(), f"{_ALGORITHM}\n{sha256_hex(text.encode())}")
    authorization = (
        f"{_ALGORITHM} Credential={values.key},SignedHeaders={names},Signature={signature}"
    )
    return with_headers(request, {**headers, "Authorization": authorization})
