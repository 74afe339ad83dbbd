"""Signatures of inbound webhooks, against the reference library of Standard Webhooks."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from agent.config.secret import Secret
from agent.net.webhook_signature import SignatureError, is_signed, verify, webhook_id
from tests.proof_size import size

NOW = 1_800_000_000.0
KEY = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OTHER = "whsec_" + base64.b64encode(b"another key of 24 bytes.").decode()
MISSING_STAMP = "^webhook-timestamp is missing or more than 300 s off$"
BAD_SIGNATURE = "^webhook-signature does not fit the body and the secret$"
NO_SIGNATURE = "^webhook-signature is missing or has no signature of version 1$"


def signed(body: bytes, key: str = KEY, identifier: str = "msg_1", at: float = NOW):
    moment = datetime.fromtimestamp(at, UTC)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": Webhook(key).sign(identifier, moment, body.decode()),
    }


@settings(max_examples=size(100, 10_000))
@given(st.text(max_size=30), st.text("abc._-!~", min_size=1, max_size=9))
def test_what_the_reference_library_signs_is_verified(text, identifier):
    body = text.encode()
    headers = signed(body, identifier=identifier)
    assert verify(headers, body, [Secret(KEY)], NOW) == identifier
    with pytest.raises(SignatureError, match=BAD_SIGNATURE):
        verify(headers, body + b"x", [Secret(KEY)], NOW)


def flipped(text: str, place: int) -> str:
    """``text`` with another character at one place."""
    place %= len(text)
    other = "A" if text[place] != "A" else "B"
    return text[:place] + other + text[place + 1 :]


MUTANTS = {
    "id": lambda headers, body, place: (
        {**headers, "webhook-id": flipped(headers["webhook-id"], place)},
        body,
    ),
    "time": lambda headers, body, place: (
        {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1 + place % 200)},
        body,
    ),
    "signature": lambda headers, body, place: (
        # The last character of base64 has spare bits, which the reference ignores, too.
        {
            **headers,
            "webhook-signature": "v1," + flipped(headers["webhook-signature"][3:-2], place),
        },
        body,
    ),
    "body": lambda headers, body, place: (
        headers,
        flipped(body.decode(), place).encode(),
    ),
    "written anew": lambda headers, body, _: (
        headers,
        json.dumps(json.loads(body), indent=1).encode(),
    ),
}


@settings(max_examples=size(20, 1000))
@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=1), st.integers(0, 10_000))
@pytest.mark.parametrize("kind", MUTANTS)
def test_no_mutant_of_a_signed_request_is_accepted(kind, content, place):
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = signed(body)
    assert verify(headers, body, [Secret(KEY)], NOW)
    mutant, other_body = MUTANTS[kind](headers, body, place)
    with pytest.raises(SignatureError):
        verify(mutant, other_body, [Secret(KEY)], NOW)


def test_a_verifier_that_reads_the_body_first_would_accept_what_was_written_anew():
    """The control: signed over what the JSON means, another spelling of it would pass."""
    body = b'{"a": 1}'
    canonical = json.dumps(json.loads(body)).encode()
    headers = signed(canonical)
    changed = json.dumps(json.loads(body), indent=1).encode()
    with pytest.raises(SignatureError):
        verify(headers, changed, [Secret(KEY)], NOW)
    assert verify(headers, json.dumps(json.loads(changed)).encode(), [Secret(KEY)], NOW)


def test_a_secret_is_read_without_its_prefix_too():
    headers = signed(b"{}")
    assert verify(headers, b"{}", [Secret(KEY.removeprefix("whsec_"))], NOW) == "msg_1"


def test_any_secret_and_any_signature_may_fit():
    headers = signed(b"{}")
    ours, others = headers["webhook-signature"], signed(b"{}", OTHER)["webhook-signature"]
    assert verify(headers, b"{}", [Secret(OTHER), Secret(KEY)], NOW) == "msg_1"
    for several in (f"{others} {ours}", f"{ours} {others}", f"v1a,中 {ours}"):
        assert verify({**headers, "webhook-signature": several}, b"{}", [Secret(KEY)], NOW)


@pytest.mark.parametrize("change", ["v1,", "", "v2", "中"])
def test_another_signature_is_refused(change):
    headers = {**signed(b"{}"), "webhook-signature": change}
    with pytest.raises(SignatureError, match=NO_SIGNATURE):
        verify(headers, b"{}", [Secret(KEY)], NOW)


def test_no_secret_or_another_one_is_refused():
    for secrets in ([], [Secret(OTHER)]):
        with pytest.raises(SignatureError, match=BAD_SIGNATURE):
            verify(signed(b"{}"), b"{}", secrets, NOW)


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_five_minutes_either_way_are_tolerated(off):
    assert verify(signed(b"{}"), b"{}", [Secret(KEY)], NOW + off) == "msg_1"


@pytest.mark.parametrize("off", [-300.5, 301, 1e9])
def test_a_stamp_further_off_is_refused(off):
    with pytest.raises(SignatureError, match=MISSING_STAMP):
        verify(signed(b"{}"), b"{}", [Secret(KEY)], NOW + off)


@pytest.mark.parametrize("stamp", [None, "", "+1800000000", "01800000000", "1e9", "9" * 13, " 1"])
def test_a_malformed_stamp_is_refused(stamp):
    headers = {**signed(b"{}"), "webhook-timestamp": stamp}
    if stamp is None:
        del headers["webhook-timestamp"]
    with pytest.raises(SignatureError, match=MISSING_STAMP):
        verify(headers, b"{}", [Secret(KEY)], NOW)


def test_the_headers_are_all_needed():
    headers = signed(b"{}")
    assert is_signed(headers)
    without = {name: text for name, text in headers.items() if name != "webhook-signature"}
    assert not is_signed(without)
    with pytest.raises(SignatureError, match=NO_SIGNATURE):
        verify(without, b"{}", [Secret(KEY)], NOW)
    nameless = {name: text for name, text in headers.items() if name != "webhook-id"}
    assert webhook_id(nameless) == ""
    with pytest.raises(SignatureError, match=r"^webhook-id is missing$"):
        verify(nameless, b"{}", [Secret(KEY)], NOW)


@pytest.mark.parametrize("identifier", ["a b", "a\n", "中", "x" * 257, "\x7f"])
def test_a_malformed_id_is_refused(identifier):
    with pytest.raises(
        SignatureError, match=r"^webhook-id is not a short line of printable ASCII$"
    ):
        webhook_id({"webhook-id": identifier})
    assert webhook_id({"webhook-id": "x" * 256}) == "x" * 256
