"""Signatures of providers that templates describe, against openssl's digests of the same texts."""

import base64
import json
from urllib.parse import parse_qsl, quote

import pytest

from agent.net.exchange import Request
from agent.providers.signing.section import Signing
from agent.providers.signing.signers import make_signer
from tests.providers.signing.generated import changed_by_one_byte
from tests.providers.signing.independent import base64_digest, digest

NOW = 1_800_000_000.25
SECRETS = {"key": "key id", "secret": "s€cret/+=", "account": "N000001", "sub": "7"}
ISO, BEIJING = "2027-01-15T08:00:00Z", "20270115160000"

CLINK2 = {
    "timestamp": "iso",
    "digests": [
        {
            "algorithm": "sha1",
            "key": "{secret}",
            "message": "{method}{host}{path|no_slash}?{query}",
            "encoding": "base64",
        }
    ],
    "query": {
        "AccessKeyId": "{key}",
        "Expires": "60",
        "Timestamp": "{timestamp}",
        "Signature": "{signature}",
    },
}
MOOR_V7 = {
    "nonce": "digits",
    "nonce_length": 6,
    "digests": [{"key": "{secret}", "message": "{key}{timestamp}{nonce}", "encoding": "base64"}],
    "headers": {
        "m7-appkey": "{key}",
        "m7-nonce": "{nonce}",
        "m7-timestamp": "{timestamp}",
        "m7-sign": "{signature}",
    },
}
MOOR_V2 = {
    "timestamp": "compact",
    "zone": "+08:00",
    "digests": [
        {
            "name": "sig",
            "algorithm": "md5",
            "message": "{account}{secret}{timestamp}",
            "encoding": "hex_upper",
        },
        {
            "name": "login",
            "algorithm": "none",
            "message": "{account}:{timestamp}",
            "encoding": "base64",
        },
    ],
    "query": {"sig": "{sig}"},
    "headers": {"Authorization": "{login}"},
}
YUNTONGXUN = MOOR_V2
"""Written the same: the account is the account SID, the secret its token."""


def signed(section, request):
    made = make_signer(Signing.model_validate(section), lambda: dict(SECRETS), lambda: NOW)
    return made(request)


def get(params=(), path="/cc/list_hotline_numbers/"):
    return Request("GET", f"https://api-bj.clink.cn{path}", tuple(params))


CLINK2_PARAMS = [
    (),
    (("hotline", "400 123"), ("limit", "10")),
    (("q", "北京"), ("q", ""), ("a", "~*'!/+&=")),
]


def clink2_signature(made):
    """As the vendor's SDK makes it: sorted, encoded, and without the slash it requests with."""
    others = [pair for pair in made.params if pair[0] != "Signature"]
    spelled = sorted(f"{quote(n, safe='-._~')}={quote(t, safe='-._~')}" for n, t in others)
    text = "GET" + "api-bj.clink.cn" + "/" + "cc/list_hotline_numbers" + "?" + "&".join(spelled)
    return base64_digest("sha1", text, SECRETS["secret"])


@pytest.mark.parametrize("params", CLINK2_PARAMS)
def test_clink2(params):
    made = signed(CLINK2, get(params))
    sent = dict(made.params)
    assert made.url.endswith("/cc/list_hotline_numbers/")
    assert (sent["Timestamp"], sent["AccessKeyId"], sent["Expires"]) == (ISO, "key id", "60")
    assert sent["Signature"] == clink2_signature(made)


def test_clink2_notices_one_changed_byte():
    made = signed(CLINK2, get(CLINK2_PARAMS[1]))
    other = signed(CLINK2, get((("hotline", "400 124"), ("limit", "10"))))
    assert dict(other.params)["Signature"] != clink2_signature(made)
    with_slash = json.loads(json.dumps(CLINK2).replace("|no_slash", ""))
    assert dict(signed(with_slash, get(CLINK2_PARAMS[1])).params)["Signature"] != clink2_signature(
        made
    )


def test_7moor_v7():
    headers = signed(MOOR_V7, get()).headers
    nonce = headers["m7-nonce"]
    assert headers["m7-timestamp"] == "1800000000"
    assert len(nonce) == 6
    expected = base64_digest("sha256", f"key id1800000000{nonce}", SECRETS["secret"])
    assert headers["m7-sign"] == expected
    assert base64_digest("sha256", f"key id1800000001{nonce}", SECRETS["secret"]) != expected


@pytest.mark.parametrize("section", [MOOR_V2, YUNTONGXUN], ids=["7moor_v2", "yuntongxun"])
def test_7moor_v2_and_yuntongxun(section):
    made = signed(section, get())
    text = f"N000001{SECRETS['secret']}{BEIJING}"
    expected = digest("md5", text).hex().upper()
    assert dict(made.params)["sig"] == expected
    assert dict(made.params)["sig"] != changed_by_one_byte(expected)
    assert base64.b64decode(made.headers["Authorization"]).decode() == f"N000001:{BEIJING}"


def test_wsse():
    made = signed({"signer": "wsse"}, get())
    scheme, fields = made.headers["X-AKSK"].split(" ", 1)
    parts = dict(part.replace('"', "").split("=", 1) for part in fields.split(","))
    assert scheme == "UsernameToken"
    assert made.headers["Authorization"] == (
        'AKSK realm="SDP",profile="UsernameToken",type="Appkey"'
    )
    assert (parts["Username"], parts["Created"]) == ("key id", ISO)
    expected = base64_digest("sha256", parts["Nonce"] + ISO, SECRETS["secret"])
    assert parts["PasswordDigest"] == expected
    assert base64_digest("sha256", ISO + parts["Nonce"], SECRETS["secret"]) != expected


def test_a_chain_of_hmacs_under_raw_keys_is_tc3():
    """The chain of Tencent's signature, written as a template, equals the named signer's."""
    chain = {
        "digests": [
            {"name": "day_key", "key": "TC3{secret}", "message": "{date}", "encoding": "raw"},
            {"name": "service_key", "key": "{day_key}", "message": "ccc", "encoding": "raw"},
            {
                "name": "signing_key",
                "key": "{service_key}",
                "message": "tc3_request",
                "encoding": "raw",
            },
            {"name": "content", "message": "{body}"},
            {
                "name": "request",
                "message": "POST\n/\n\ncontent-type:application/json\nhost:{host}\n\n"
                "content-type;host\n{content}",
            },
            {
                "key": "{signing_key}",
                "message": "TC3-HMAC-SHA256\n{timestamp}\n{date}/ccc/tc3_request\n{request}",
            },
        ],
        "headers": {
            "Authorization": "TC3-HMAC-SHA256 Credential={key}/{date}/ccc/tc3_request, "
            "SignedHeaders=content-type;host, Signature={signature}"
        },
    }
    request = Request(
        "POST",
        "https://ccc.tencentcloudapi.com/",
        headers={"Content-Type": "application/json"},
        body='{"SdkAppId": 1, "文": "é"}'.encode(),
    )
    named = signed(
        {"signer": "tc3", "action": "X", "version": "2020-02-10", "service": "ccc"}, request
    )
    assert signed(chain, request).headers["Authorization"] == named.headers["Authorization"]
    key = digest("sha256", "2027-01-15", "TC3" + SECRETS["secret"])
    assert digest("sha256", "ccc", key) != digest("sha256", "ccc", key.hex())


SUBMAIL = {
    "body": {"appid": "{key}", "timestamp": "{timestamp}", "signature": "{signature}"},
    "parameters": {"source": "body", "skip": ["content"], "skip_empty": True},
    "digests": [{"message": "{key}{secret}{parameters}{key}{secret}"}],
}


def form(**fields):
    text = "&".join(f"{quote(n, safe='')}={quote(t, safe='')}" for n, t in fields.items())
    content_type = "application/x-www-form-urlencoded"
    return Request("POST", "https://x.example/", (), {"Content-Type": content_type}, text.encode())


def test_a_digest_of_sorted_parameters_in_a_form():
    made = signed(SUBMAIL, form(to="400 中", content="left out", empty=""))
    sent = dict(parse_qsl(made.body.decode(), keep_blank_values=True))
    joined = "appid=key id&timestamp=1800000000&to=400 中"
    expected = digest("sha256", f"key id{SECRETS['secret']}{joined}key id{SECRETS['secret']}").hex()
    assert sent["signature"] == expected
    assert sent["to"] == "400 中"
    assert signed(SUBMAIL, form(to="401 中", content="", empty="")).body != made.body


def test_a_digest_of_the_members_of_a_json_body():
    section = {
        "body": {"time": "{timestamp}", "sign": "{signature|upper}"},
        "parameters": {"pair": "", "join": "", "encode": "form"},
        "digests": [{"algorithm": "md5", "message": "{parameters}{secret}"}],
    }
    body = json.dumps({"b": [1, "x y"], "a": True, "n": None}).encode()
    request = Request("POST", "https://x.example/", (("z", "1 2"),), body=body)
    made = signed(section, request)
    joined = "atrue" + "b%5B1%2C%22x+y%22%5D" + "n" + "time1800000000" + "z1+2"
    sent = json.loads(made.body)
    assert sent["sign"] == digest("md5", joined + SECRETS["secret"]).hex().upper()
    assert sent["b"] == [1, "x y"]
    assert made.headers["Content-Type"] == "application/json"


STAMPS = {
    ("seconds", None): "1800000000",
    ("milliseconds", None): "1800000000250",
    ("iso", None): ISO,
    ("iso", "+08:00"): "2027-01-15T16:00:00+08:00",
    ("iso_compact", "+08:00"): "20270115T080000Z",
    ("compact", "+08:00"): BEIJING,
    ("text", "-09:30"): "2027-01-14 22:30:00",
    ("http", "+08:00"): "Fri, 15 Jan 2027 08:00:00 GMT",
}


@pytest.mark.parametrize(("stamp", "zone"), STAMPS)
def test_time_stamps(stamp, zone):
    section = {"timestamp": stamp, "zone": zone, "headers": {"T": "{timestamp} {date_compact}"}}
    day = "20270114" if zone == "-09:30" else "20270115"
    assert signed(section, get()).headers["T"] == f"{STAMPS[stamp, zone]} {day}"


def test_filters():
    text = "{secret|base64} {secret|base64url} {secret|hex|unhex} {secret|url} {sub|form|md5}"
    made = signed({"headers": {"F": text, "G": "{account|lower|sha1|upper}"}}, get())
    raw = SECRETS["secret"].encode()
    assert made.headers["F"].split(" ") == [
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        SECRETS["secret"],
        quote(SECRETS["secret"], safe=""),
        digest("md5", "7").hex(),
    ]
    assert made.headers["G"] == digest("sha1", "n000001").hex().upper()


def test_an_encoded_key_is_decoded_before_it_signs():
    section = {
        "digests": [{"key": "{secret|base64|unbase64}", "message": "{account}"}],
        "headers": {"S": "{signature}"},
    }
    expected = digest("sha256", "N000001", SECRETS["secret"]).hex()
    assert signed(section, get()).headers["S"] == expected
