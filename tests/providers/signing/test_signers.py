"""Signatures: checked against what the vendors' documents say goes into them."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.net.exchange import Request
from agent.net.urls import encode_query, sorted_query
from agent.providers.profile.load import load_profile
from agent.providers.signing.section import Signing
from agent.providers.signing.signers import make_signer

NOW = 1_800_000_000.0
KEYS = {"key": "demo", "secret": "s€cret"}


def signed(signing, request=None):
    sign = make_signer(Signing.model_validate(signing), lambda: dict(KEYS), lambda: NOW)
    return sign(request or Request("GET", "https://api.example.com/north/v1/x"))


UNPRINTABLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")
TEXTS = st.text(st.characters(exclude_categories=UNPRINTABLE, include_characters=" "), max_size=8)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_the_generic_dialect(params):
    request = Request("GET", "https://api.example.com/north/v1/x", tuple(params))
    sign = make_signer(load_profile("generic").signing, lambda: dict(KEYS), lambda: NOW)
    made = sign(request)
    assert made.params == request.params
    headers = made.headers
    assert headers["X-Api-Key"] == "demo"
    assert headers["X-Timestamp"] == "1800000000"
    assert len(headers["X-Nonce"]) == 32
    pairs = sorted((quote(k, safe="-._~"), quote(v, safe="-._~")) for k, v in sorted(params))
    assert sorted(sorted_query(params).split("&")) == sorted([f"{k}={v}" for k, v in pairs] or [""])
    message = "\n".join(
        ["GET", "/north/v1/x", sorted_query(params), "1800000000", headers["X-Nonce"]]
    )
    digest = hmac.new(b"s\xe2\x82\xaccret", message.encode(), hashlib.sha256).digest()
    assert headers["X-Signature"] == base64.b64encode(digest).decode()


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_a_query_survives_its_encoding(params):
    encoded = encode_query(params)
    assert encoded.isascii()
    assert (
        parse_qsl(encoded, keep_blank_values=True) == [pair for pair in params if pair != ("", "")]
        or ("", "") in params
    )


def test_two_attempts_never_share_a_nonce():
    nonces = {signed(load_profile("generic").signing.model_dump()).headers["X-Nonce"] for _ in "ab"}
    assert len(nonces) == 2


def test_query_signature_over_the_sorted_query():
    made = signed(
        {
            "timestamp": "iso",
            "digests": [
                {
                    "algorithm": "sha1",
                    "encoding": "base64",
                    "key": "{secret}",
                    "message": "{method}{host}{path}?{query}",
                }
            ],
            "query": {
                "Timestamp": "{timestamp}",
                "AccessKeyId": "{key}",
                "Signature": "{signature}",
            },
        },
        Request("GET", "https://api.example.com/cc/list", (("z", "1"),)),
    )
    query = "AccessKeyId=demo&Timestamp=2027-01-15T08%3A00%3A00Z&z=1"
    message = f"GETapi.example.com/cc/list?{query}"
    digest = hmac.new(KEYS["secret"].encode(), message.encode(), hashlib.sha1).digest()
    assert dict(made.params)["Signature"] == base64.b64encode(digest).decode()
    assert "Signature" not in query


def test_one_timestamp_and_nonce_for_all_placements():
    made = signed(
        {
            "timestamp": "compact",
            "nonce": "digits",
            "nonce_length": 6,
            "digests": [
                {"name": "sig", "algorithm": "md5", "encoding": "hex_upper", "message": "{nonce}"}
            ],
            "headers": {"N": "{nonce}", "T": "{timestamp}"},
            "query": {"n": "{nonce}", "t": "{timestamp}", "sig": "{sig}"},
        }
    )
    query = dict(made.params)
    assert (query["n"], query["t"]) == (made.headers["N"], made.headers["T"])
    assert query["t"] == "20270115080000"
    assert len(query["n"]) == 6
    assert query["n"].isdigit()
    assert query["sig"] == hashlib.md5(query["n"].encode()).hexdigest().upper()


def test_basic_and_bearer():
    basic = signed({"basic": {"user": "{key}", "password": "{secret}"}})
    pair = base64.b64decode(basic.headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "demo:s€cret"
    assert signed({"bearer": "{secret}"}).headers["Authorization"] == "Bearer s€cret"


def test_nothing_to_sign_with():
    assert make_signer(Signing(), dict, lambda: NOW) is None


@pytest.mark.parametrize("text", ["a b", "a+b", "ä", "%41", "/?&=", "~-._"])
def test_rfc_3986(text):
    assert encode_query([("k", text)]) == f"k={quote(text, safe='-._~')}"
