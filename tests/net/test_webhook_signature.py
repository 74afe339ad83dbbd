"""Signatures of inbound webhooks, against the reference library of Standard Webhooks."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from agent.config.secret import Secret
from agent.net.webhook_signature import SignatureError, is_signed, verify, webhook_id

NOW = 1_800_000_000.0
KEY = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OTHER = "whsec_" + base64.b64encode(b"another key of 24 bytes.").decode()
MISSING_STAMP = "^webhook-timestamp is missing or more than 300 s off$"
BAD_SIGNATURE = "^webhook-signature does not fit the body and the secret$"


def signed(body: bytes, key: str = KEY, identifier: str = "msg_1", at: float = NOW):
    moment = datetime.fromtimestamp(at, UTC)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": Webhook(key).sign(identifier, moment, body.decode()),
    }


@given(st.text(max_size=30), st.text("abc._-!~", min_size=1, max_size=9))
def test_what_the_reference_library_signs_is_verified(text, identifier):
    body = text.encode()
    headers = signed(body, identifier=identifier)
    assert verify(headers, body, [Secret(KEY)], NOW) == identifier
    with pytest.raises(SignatureError, match=BAD_SIGNATURE):
        verify(headers, body + b"x", [Secret(KEY)], NOW)


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
    with pytest.raises(SignatureError, match=BAD_SIGNATURE):
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
    with pytest.raises(SignatureError, match=BAD_SIGNATURE):
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
