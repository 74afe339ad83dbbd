"""The signatures of bundled profiles, against openssl's digests of texts composed here.

What is composed follows the vendors' documents, not the profiles: a profile's template, the signer
and what is compared have nothing in common but the request.
"""

import base64
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from agent.net.exchange import Request
from agent.providers.profile.load import load_profile
from agent.providers.signing.signers import Sign, make_signer
from tests.providers.signing.generated import requests
from tests.providers.signing.independent import base64_digest, digest

NOW = 1_800_000_000.0
UTC_STAMP = "2027-01-15T08:00:00Z"
BEIJING_STAMP = "20270115160000"
SECRETS = {
    "7moor_v7": {"app_key": "2000103", "secret_key": "s€cret/+="},
    "clink2": {"access_key_id": "b1fcdc6c62be261c", "access_key_secret": "s€cret/+="},
}
SECRETS["yuntongxun"] = {"account_sid": "aaf98f89" * 4, "auth_token": "s€cret/+="}
COUNT = 40
"""Generated requests for each profile; each costs a process of openssl."""


def signer(name: str) -> Sign:
    signing = load_profile(name).signing
    made = make_signer(signing, lambda: dict(SECRETS[name]), lambda: NOW)
    assert made is not None
    return made


def signed(name: str, request: Request) -> Request:
    return signer(name)(request)


def clink2(request: Request) -> dict[str, str]:
    """The query's four parameters, of which one signs all others."""
    secrets = SECRETS["clink2"]
    added = {"AccessKeyId": secrets["access_key_id"], "Expires": "60", "Timestamp": UTC_STAMP}
    pairs = sorted(pair for pair in request.params if pair[0] != "Signature")
    query = "&".join(f"{quote(n, safe='-._~')}={quote(t, safe='-._~')}" for n, t in pairs)
    host, _, path = request.url.removeprefix("https://").partition("/")
    text = f"{request.method}{host}/{path.rstrip('/')}?{query}"
    signature = base64_digest("sha1", text, secrets["access_key_secret"])
    return {**added, "Signature": signature}


def sent_by_clink2(made: Request) -> dict[str, str]:
    return dict(made.params[-4:])


def signed_headers_of_7moor(made: Request) -> dict[str, str]:
    return {name: made.headers[name] for name in made.headers if name.startswith("m7-")}


def moor_v7(made: Request) -> dict[str, str]:
    """The four headers; nothing else of a request is signed."""
    secrets = SECRETS["7moor_v7"]
    key, stamp, nonce = secrets["app_key"], str(int(NOW)), made.headers["m7-nonce"]
    sign = base64_digest("sha256", key + stamp + nonce, secrets["secret_key"])
    return {"m7-appkey": key, "m7-nonce": nonce, "m7-sign": sign, "m7-timestamp": stamp}


def yuntongxun(_made: Request) -> dict[str, str]:
    """The hash in the query and the login beside it, of one local time."""
    sid, token = SECRETS["yuntongxun"].values()
    login = base64.b64encode(f"{sid}:{BEIJING_STAMP}".encode()).decode()
    sig = digest("md5", sid + token + BEIJING_STAMP).hex().upper()
    return {"sig": sig, "Authorization": login}


def sent_by_yuntongxun(made: Request) -> dict[str, str]:
    return {"sig": made.params[-1][1], "Authorization": made.headers["Authorization"]}


def sample(count: int) -> Iterator[Request]:
    """Requests with parameters of every awkward kind, for a path as vendors have them."""
    for case in requests(count):
        yield replace(case.request, url="https://api.example.com/v1/list_calls")


Vectors = Callable[[Request], dict[str, str]]
CASES: dict[str, tuple[Vectors, Vectors]] = {
    "7moor_v7": (moor_v7, signed_headers_of_7moor),
    "clink2": (clink2, sent_by_clink2),
    "yuntongxun": (yuntongxun, sent_by_yuntongxun),
}
"""By profile: what the vendor computes from a request that it received, and what was sent."""


@pytest.mark.parametrize("name", CASES)
def test_a_profile_signs_as_its_vendor_says(name: str) -> None:
    expected, sent = CASES[name]
    for request in sample(COUNT):
        made = signed(name, request)
        assert sent(made) == expected(made), request


@pytest.mark.parametrize("name", CASES)
def test_another_secret_is_noticed(name: str) -> None:
    """The control."""
    expected, sent = CASES[name]
    made = signed(name, next(sample(1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SECRETS, name, {key: f"{it}x" for key, it in SECRETS[name].items()})
        assert sent(made) != expected(made)


def test_clink2_signs_the_query() -> None:
    """The control: a parameter that was changed on the way is noticed."""
    made = signed("clink2", next(sample(1)))
    changed = replace(made, params=(("further", "1"), *made.params))
    assert sent_by_clink2(made) == clink2(made)
    assert sent_by_clink2(changed) != clink2(changed)


def test_no_nonce_of_six_digits_comes_twice() -> None:
    request, sign, count = next(sample(1)), signer("7moor_v7"), 3000
    nonces = {sign(request).headers["m7-nonce"] for _ in range(count)}
    assert len(nonces) == count
    assert {len(nonce) for nonce in nonces} == {6}
