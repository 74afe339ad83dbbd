"""The signatures of bundled profiles, against openssl's digests of texts composed here.

What is composed follows the vendors' documents, not the profiles: a profile's template, the signer
and what is compared have nothing in common but the request.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from agent.net.exchange import Request
from agent.providers.profile.load import load_profile
from agent.providers.signing.signers import make_signer
from tests.providers.signing.generated import requests
from tests.providers.signing.independent import base64_digest

NOW = 1_800_000_000.0
UTC_STAMP = "2027-01-15T08:00:00Z"
SECRETS = {
    "clink2": {"access_key_id": "b1fcdc6c62be261c", "access_key_secret": "s€cret/+="},
}
COUNT = 40
"""Generated requests for each profile; each costs a process of openssl."""


def signed(name: str, request: Request, now: float = NOW) -> Request:
    profile = load_profile(name)
    make = make_signer(profile.signing, lambda: dict(SECRETS[name]), lambda: now)
    assert make is not None
    return make(request)


def clink2(request: Request) -> dict[str, str]:
    """The query's four parameters, of which one signs all others."""
    secrets = SECRETS["clink2"]
    added = {"AccessKeyId": secrets["access_key_id"], "Expires": "60", "Timestamp": UTC_STAMP}
    pairs = sorted([*request.params, *added.items()])
    query = "&".join(f"{quote(n, safe='-._~')}={quote(t, safe='-._~')}" for n, t in pairs)
    host, _, path = request.url.removeprefix("https://").partition("/")
    text = f"{request.method}{host}/{path.rstrip('/')}?{query}"
    signature = base64_digest("sha1", text, secrets["access_key_secret"])
    return {**added, "Signature": signature}


def sent_by_clink2(made: Request) -> dict[str, str]:
    return dict(made.params[-4:])


def sample(count: int) -> Iterator[Request]:
    """Requests with parameters of every awkward kind, for a path as vendors have them."""
    for case in requests(count):
        yield replace(case.request, url="https://api.example.com/v1/list_calls")


Vectors = Callable[[Request], dict[str, str]]
CASES: dict[str, tuple[Vectors, Vectors]] = {"clink2": (clink2, sent_by_clink2)}
"""By profile: what the vendor expects of a request, and what of a signed one is compared."""


@pytest.mark.parametrize("name", CASES)
def test_a_profile_signs_as_its_vendor_says(name: str) -> None:
    expected, sent = CASES[name]
    for request in sample(COUNT):
        assert sent(signed(name, request)) == expected(request), request


@pytest.mark.parametrize("name", CASES)
def test_another_request_has_another_signature(name: str) -> None:
    """The control: one changed byte of what is signed is noticed."""
    expected, sent = CASES[name]
    request = next(sample(1))
    changed = replace(request, params=(*request.params, ("further", "1")))
    assert sent(signed(name, changed)) != expected(request)
