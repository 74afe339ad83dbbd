"""Tencent Cloud's ``TC3-HMAC-SHA256`` (docs/reference/provider-apis.md §2).

The key is a chain of HMACs over date and service; the action is a header that is not signed.
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
    FORM_TYPE,
    JSON_TYPE,
    header_of,
    host_of,
    path_of_url,
    query_of,
    with_headers,
)

_ALGORITHM = "TC3-HMAC-SHA256"


def sign_tc3(request: Request, values: SignerValues) -> Request:
    """``request`` with the headers of a TC3 signature; a POST without a body sends ``{}``."""
    if request.method == "POST" and not request.body:
        request = replace(request, body=b"{}")
    usual_type = JSON_TYPE if request.body else FORM_TYPE
    content_type = header_of(request, "content-type") or usual_type
    moment = utc_stamp(values.now, "seconds")
    scope = f"{utc_stamp(values.now, 'iso')[:10]}/{values.service}/tc3_request"
    text, names = canonical_request(
        request,
        path_of_url(request),
        # As it is sent, not sorted: the provider takes it from the address.
        encode_query(query_of(request)),
        {"content-type": content_type, "host": host_of(request)},
        sha256_hex(request.body),
    )
    key = chained_key(f"TC3{values.secret}", scope.split("/"))
    signature = hmac_hex(key, f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256_hex(text.encode())}")
    optional = {"X-TC-Region": values.region, "X-TC-Token": values.token}
    return with_headers(
        request,
        {
            "Content-Type": content_type,
            "X-TC-Action": values.action,
            "X-TC-Version": values.version,
            "X-TC-Timestamp": moment,
            **{name: text for name, text in optional.items() if text},
            "Authorization": f"{_ALGORITHM} Credential={values.key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}",
        },
    )
