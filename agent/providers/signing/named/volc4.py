"""Volcengine's ``HMAC-SHA256`` (docs/reference/provider-apis.md §2).

Like AWS's signature of version 4, but the secret has no ``AWS4`` before it and the scope ends in
``request``. Action and version are parameters of the query.
"""

from msgspec.structs import replace

from agent.net.exchange import Request
from agent.net.urls import encode_query
from agent.providers.signing.moments import utc_stamp
from agent.providers.signing.named.values import (
    SignerValues,
    canonical_request,
    chained_key,
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

_ALGORITHM = "HMAC-SHA256"


def sign_volc4(request: Request, values: SignerValues) -> Request:
    """``request`` with action and version in its query and the headers of the signature."""
    named = (("Action", values.action), ("Version", values.version))
    request = replace(request, params=(*(pair for pair in named if pair[1]), *request.params))
    moment = utc_stamp(values.now, "iso_compact")
    body_hash = sha256_hex(request.body)
    headers = {"X-Date": moment, "X-Content-Sha256": body_hash}
    if values.token:
        headers["X-Security-Token"] = values.token
    signed = {**headers, "Host": host_of(request)}
    if content_type := header_of(request, "content-type"):
        signed["Content-Type"] = content_type
    # By name only: the SDK keeps the values of one name in their order.
    query = encode_query(sorted(query_of(request), key=lambda pair: pair[0]))
    text, names = canonical_request(request, path_of_url(request), query, signed, body_hash)
    scope = f"{moment[:8]}/{values.region}/{values.service}/request"
    signature = hmac_hex(
        chained_key(values.secret, scope.split("/")),
        f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256_hex(text.encode())}",
    )
    authorization = (
        f"{_ALGORITHM} Credential={values.key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return with_headers(request, {**headers, "Authorization": authorization})
