"""Signs requests as a profile's ``signing`` section says.

All headers and parameters of one attempt share one time stamp and one nonce. Query parameters
that hold no signature are added first, so that a signature over the query covers them.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from agent.net.exchange import Request
from agent.net.urls import sorted_query
from agent.providers.profile.schema import Algorithm, Digest, Encoding, Signing
from agent.providers.profile.template import Template

Values = dict[str, str]
Sign = Callable[[Request], Request]

REQUEST_NAMES = frozenset({"method", "host", "path", "query", "body", "timestamp", "nonce"})
"""Names a signing template may use besides credentials, options and earlier digests."""

_STAMPS: Mapping[str, Callable[[float], str]] = {
    "seconds": lambda now: str(int(now)),
    "milliseconds": lambda now: str(int(now * 1000)),
    "iso": lambda now: datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "compact": lambda now: datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S"),
}
_NONCES: Mapping[str, Callable[[int], str]] = {
    "hex": lambda length: secrets.token_hex((length + 1) // 2)[:length],
    "digits": lambda length: "".join(secrets.choice("0123456789") for _ in range(length)),
}

_ENCODERS: Final[Mapping[Encoding, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "hex_upper": lambda raw: raw.hex().upper(),
    "base64": lambda raw: base64.b64encode(raw).decode("ascii"),
}

_Named = tuple[tuple[str, Template], ...]


@dataclass(frozen=True)
class _Plan:
    """A signing section, parsed once."""

    stamp: Callable[[float], str]
    nonce: Callable[[], str]
    digests: tuple[tuple[str, Callable[[Values], str]], ...]
    query_before: _Named
    query_after: _Named
    headers: _Named
    signs_query: bool


def make_signer(
    signing: Signing, reveal: Callable[[], Values], clock: Callable[[], float]
) -> Sign | None:
    """A function that signs one attempt; ``None`` when the profile signs nothing.

    ``reveal`` returns the account's credentials and the profile's options by name; it is called
    for every attempt, so that no signer stores a secret.
    """
    if not (signing.headers or signing.query or signing.basic or signing.bearer):
        return None
    return partial(_sign, _plan(signing), reveal, clock)


def _plan(signing: Signing) -> _Plan:
    digest_names = {digest.name for digest in signing.digests}
    query = tuple((name, Template(text)) for name, text in signing.query.items())
    headers = [(name, Template(text)) for name, text in signing.headers.items()]
    if signing.bearer:
        headers.append(("Authorization", Template(f"Bearer {signing.bearer}")))
    digests = [(digest.name, _digest(digest)) for digest in signing.digests]
    if signing.basic:
        login = Template(f"{signing.basic.user}:{signing.basic.password}")
        digests.append(("basic", lambda values: _base64_text(login.fill(values))))
        headers.append(("Authorization", Template("Basic {basic}")))
    return _Plan(
        stamp=_STAMPS[signing.timestamp],
        nonce=partial(_NONCES[signing.nonce], signing.nonce_length),
        digests=tuple(digests),
        query_before=tuple(pair for pair in query if pair[1].names.isdisjoint(digest_names)),
        query_after=tuple(pair for pair in query if not pair[1].names.isdisjoint(digest_names)),
        headers=tuple(headers),
        signs_query="{query}" in str(signing.model_dump()),
    )


def _digest(digest: Digest) -> Callable[[Values], str]:
    message = Template(digest.message)
    if digest.key is None:
        return lambda values: _plain_digest(digest.algorithm, message.fill(values), digest.encoding)
    key = Template(digest.key)
    return lambda values: _keyed_digest(
        digest.algorithm, key.fill(values), message.fill(values), digest.encoding
    )


def _sign(
    plan: _Plan, reveal: Callable[[], Values], clock: Callable[[], float], request: Request
) -> Request:
    values = {**reveal(), "timestamp": plan.stamp(clock()), "nonce": plan.nonce()}
    params = request.params + _filled(plan.query_before, values)
    parts = urlsplit(request.url)
    values["method"] = request.method
    values["host"] = parts.netloc
    values["path"] = parts.path
    values["body"] = request.body.decode()
    values["query"] = sorted_query((*_own_query(parts.query), *params)) if plan.signs_query else ""
    for name, make in plan.digests:
        values[name] = make(values)
    return replace(
        request,
        params=params + _filled(plan.query_after, values),
        headers={**request.headers, **dict(_filled(plan.headers, values))},
    )


def _own_query(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True) if query else []


def _filled(placements: _Named, values: Values) -> tuple[tuple[str, str], ...]:
    return tuple([(name, template.fill(values)) for name, template in placements])


def _keyed_digest(algorithm: Algorithm, key: str, message: str, encoding: Encoding) -> str:
    return _ENCODERS[encoding](hmac.digest(key.encode(), message.encode(), algorithm))


def _plain_digest(algorithm: Algorithm, message: str, encoding: Encoding) -> str:
    # MD5 and SHA-1 are what some providers' signatures are made of; nothing of ours rests on them.
    return _ENCODERS[encoding](
        hashlib.new(algorithm, message.encode(), usedforsecurity=False).digest()
    )


def _base64_text(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
