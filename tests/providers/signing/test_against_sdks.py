"""Named signers make the signatures that the vendors' own SDKs make, for a thousand requests each.

The SDKs are imported inside the tests: nothing but these tests needs them.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import time_machine
from msgspec.structs import replace as changed

from agent.providers.signing.section import Signing
from agent.providers.signing.signers import make_signer
from tests.providers.signing.generated import (
    KEY,
    NOW,
    PLAIN_NAMES,
    SECRET,
    changed_by_one_byte,
    requests,
)

pytestmark = pytest.mark.filterwarnings(
    # What the SDKs call and how they are written is their vendors' business.
    "ignore::DeprecationWarning",
    "ignore::SyntaxWarning",
)

COUNT = 1000
CREDENTIALS = {"key": KEY, "secret": SECRET, "sts": "temporary/token+1="}


def signer(**section):
    return make_signer(Signing.model_validate(section), lambda: dict(CREDENTIALS), lambda: NOW)


def lower(headers):
    return {name.lower(): text for name, text in headers.items()}


def acs3_of_the_sdk(generated, made):
    """The SDK's authorization over the headers that are sent."""
    from alibabacloud_tea_openapi.utils import Utils  # noqa: PLC0415 - see above

    sent = lower(made.headers)
    request = SimpleNamespace(
        method=generated.request.method,
        pathname=Utils.get_encode_path(generated.path),
        query=dict(generated.params),
        headers={**sent, "host": "api.example.com", "authorization": None},
    )
    body_hash = Utils.hex_encode(Utils.hash(generated.body, "ACS3-HMAC-SHA256"))
    assert sent["x-acs-content-sha256"] == body_hash
    return Utils.get_authorization(request, "ACS3-HMAC-SHA256", body_hash, KEY, SECRET)


def tc3_of_the_sdk(generated, made):
    """The whole request of the SDK, built at the same moment."""
    from tencentcloud.common.abstract_client import AbstractClient  # noqa: PLC0415 - see above
    from tencentcloud.common.credential import Credential  # noqa: PLC0415
    from tencentcloud.common.http.request import RequestInternal  # noqa: PLC0415

    client = AbstractClient(Credential(KEY, SECRET, CREDENTIALS["sts"]), "ap-guangzhou")
    client._service, client._apiVersion = "ccc", "2020-02-10"
    client._endpoint = "api.example.com"
    client.profile.httpProfile.endpoint = "api.example.com"
    request = RequestInternal("api.example.com", generated.request.method, "/")
    with time_machine.travel(datetime.fromtimestamp(NOW, UTC), tick=False):
        if generated.request.method == "POST":
            client._build_req_with_tc3_signature("DescribeNumbers", json.loads(made.body), request)
            assert request.data.encode() == made.body
        else:
            client._build_req_with_tc3_signature("DescribeNumbers", dict(generated.params), request)
    for name in ("X-TC-Action", "X-TC-Version", "X-TC-Timestamp", "X-TC-Region", "X-TC-Token"):
        assert made.headers[name] == request.header[name]
    assert made.headers["Content-Type"] == request.header["Content-Type"]
    return request.header["Authorization"]


def volc4_of_the_sdk(generated, made):
    """The SDK's headers, signed at the same moment."""
    from volcengine.auth.SignerV4 import SignerV4  # noqa: PLC0415 - see above
    from volcengine.base.Request import Request  # noqa: PLC0415
    from volcengine.Credentials import Credentials  # noqa: PLC0415

    query: dict[str, list[str]] = {}
    for name, text in made.params:
        query.setdefault(name, []).append(text)
    request = Request()
    request.method, request.path, request.query = generated.request.method, generated.path, query
    request.body, request.host = generated.body.decode(), "api.example.com"
    request.headers = {"Host": "api.example.com", **generated.request.headers}
    with time_machine.travel(datetime.fromtimestamp(NOW, UTC), tick=False):
        SignerV4.sign(request, Credentials(KEY, SECRET, "vms", "cn-north-1", CREDENTIALS["sts"]))
    for name in ("X-Date", "X-Content-Sha256", "X-Security-Token"):
        assert made.headers[name] == request.headers[name]
    return request.headers["Authorization"]


def huawei_of_the_sdk(generated, made):
    """The SDK's authorization over the headers that are sent."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials  # noqa: PLC0415 - see above
    from huaweicloudsdkcore.sdk_request import SdkRequest  # noqa: PLC0415
    from huaweicloudsdkcore.signer.signer import Signer  # noqa: PLC0415

    headers = {name: text for name, text in made.headers.items() if name != "Authorization"}
    request = SdkRequest(
        method=generated.request.method,
        schema="https",
        host="api.example.com",
        resource_path=urlsplit(generated.request.url).path,
        query_params=list(generated.params),
        header_params=headers,
        body=generated.body,
    )
    return (
        Signer(BasicCredentials(KEY, SECRET, "project"))
        .sign(request)
        .header_params["Authorization"]
    )


def escaped(generated):
    """The request with the body as the SDK writes it, and only a query that a GET has."""
    request = generated.request
    if request.method == "GET":
        return generated
    body = json.dumps(json.loads(generated.body or b"{}")).encode()
    return replace(generated, request=changed(request, body=body, params=()), params=(), body=body)


def plain(generated):
    """A GET without the characters that ``urlencode`` spells otherwise than RFC 3986."""
    kept = tuple((n, t) for n, t in generated.params if " " not in n + t)
    return replace(generated, request=changed(generated.request, params=kept), params=kept)


def with_a_type(generated):
    """The request with the content type that the SDK gives every POST without one."""
    request = generated.request
    if request.method == "GET" or request.headers:
        return generated
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return replace(generated, request=changed(request, headers=headers))


def same(generated):
    return generated


CASES = {
    "acs3": (
        {"signer": "acs3", "action": "DescribeX", "version": "2017-05-25"},
        # The SDK encodes no names of parameters and takes each once, as RPC calls have them.
        {"repeats": False, "names": PLAIN_NAMES},
        same,
        acs3_of_the_sdk,
    ),
    "acs3 with a temporary token": (
        {
            "signer": "acs3",
            "action": "DescribeX",
            "version": "2017-05-25",
            "token_credential": "sts",
        },
        {"repeats": False, "names": PLAIN_NAMES},
        same,
        acs3_of_the_sdk,
    ),
    "tc3": (
        {
            "signer": "tc3",
            "action": "DescribeNumbers",
            "version": "2020-02-10",
            "service": "ccc",
            "region": "ap-guangzhou",
            "token_credential": "sts",
        },
        {"repeats": False, "paths": False},
        lambda generated: plain(escaped(generated)),
        tc3_of_the_sdk,
    ),
    "volc4": (
        {
            "signer": "volc4",
            "action": "NumberList",
            "version": "2022-01-01",
            "service": "vms",
            "region": "cn-north-1",
            "token_credential": "sts",
        },
        {},
        with_a_type,
        volc4_of_the_sdk,
    ),
    "huawei_sdk_hmac": (
        {"signer": "huawei_sdk_hmac", "headers": {"X-Project-Id": "project"}},
        {},
        with_a_type,
        huawei_of_the_sdk,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_thousand_signatures_equal_those_of_the_sdk(name):
    section, kind, prepare, of_the_sdk = CASES[name]
    sign = signer(**section)
    signatures = set()
    for generated in map(prepare, requests(COUNT, **kind)):
        made = sign(generated.request)
        assert made.headers["Authorization"] == of_the_sdk(generated, made), generated
        signatures.add(made.headers["Authorization"])
    assert len(signatures) > COUNT / 3, "the requests are all alike"


@pytest.mark.parametrize("name", CASES)
def test_one_changed_byte_is_noticed(name):
    """The negative control: each comparison fails for another secret, query, body or signature."""
    section, kind, prepare, of_the_sdk = CASES[name]
    sign = signer(**section)
    other_secret = make_signer(
        Signing.model_validate(section),
        lambda: {**CREDENTIALS, "secret": SECRET[:-1] + "文"},
        lambda: NOW,
    )
    for generated in map(prepare, requests(40, **kind)):
        made = sign(generated.request)
        expected = of_the_sdk(generated, made)
        assert changed_by_one_byte(made.headers["Authorization"]) != expected
        assert other_secret(generated.request).headers["Authorization"] != expected
        request = generated.request
        if request.body:
            other = changed(request, body=request.body[:-1] + b" }")
            signs_body = "x-sdk-content-sha256" not in lower(made.headers)
            assert (sign(other).headers["Authorization"] != expected) is signs_body
        elif request.method == "GET":
            other = changed(request, params=(*request.params, ("x", "")))
            assert sign(other).headers["Authorization"] != expected
