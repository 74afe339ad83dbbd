"""Signs requests as a profile's ``signing`` section says.

Every placement of one attempt shares one timestamp and one nonce. Query parameters that do not
hold a signature are added first, so that a signature over the query covers them.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl, urlsplit

from agent.net.exchange import Request
from agent.net.urls import sorted_query
from agent.providers.profile.schema import Digest, Signing
from agent.providers.profile.template import Template
from agent.providers.signing.digest import base64_text, keyed_digest, plain_digest

Values = dict[str, str]
Sign = Callable[[Request], Request]

REQUEST_NAMES = frozenset({"method", "host", "path", "query", "body", "timestamp", "nonce"})
"""What a signing template may use besides credentials, options and earlier digests."""

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

_Named = tuple[tuple[str, Template], ...]


@dataclass(frozen=True)
class _Plan:
    """A signing section taken apart once."""

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
    """A function that signs one attempt, or ``None`` when there is nothing to sign with.

    ``reveal`` gives the account's credentials and the profile's options by name, at the moment
    they are needed.
    """
    if not (signing.headers or signing.query or signing.basic or signing.bearer):
        return None
    return partial(_sign, _plan(signing), reveal, clock)


def _plan(signing: Signing) -> _Plan:
    made = {digest.name for digest in signing.digests}
    query = tuple((name, Template(text)) for name, text in signing.query.items())
    headers = [(name, Template(text)) for name, text in signing.headers.items()]
    if signing.bearer:
        headers.append(("Authorization", Template(f"Bearer {signing.bearer}")))
    digests = [(digest.name, _digest(digest)) for digest in signing.digests]
    if signing.basic:
        pair = Template(f"{signing.basic.user}:{signing.basic.password}")
        digests.append(("basic", lambda values: base64_text(pair.fill(values))))
        headers.append(("Authorization", Template("Basic {basic}")))
    return _Plan(
        stamp=_STAMPS[signing.timestamp],
        nonce=partial(_NONCES[signing.nonce], signing.nonce_length),
        digests=tuple(digests),
        query_before=tuple(it for it in query if it[1].names.isdisjoint(made)),
        query_after=tuple(it for it in query if not it[1].names.isdisjoint(made)),
        headers=tuple(headers),
        signs_query="{query}" in str(signing.model_dump()),
    )


def _digest(digest: Digest) -> Callable[[Values], str]:
    message = Template(digest.message)
    if digest.key is None:
        return lambda values: plain_digest(digest.algorithm, message.fill(values), digest.encoding)
    key = Template(digest.key)
    return lambda values: keyed_digest(
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
