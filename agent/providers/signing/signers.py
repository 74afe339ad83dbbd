"""Makes the function that signs requests as a ``signing`` section says.

All headers, parameters and members of the body of one attempt share one time stamp and one nonce.
Those that hold no digest are added first, so that a digest over query or body covers them; a named
signer signs what is there then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from msgspec.structs import replace

from agent.net.exchange import ProviderError, Request
from agent.net.urls import sorted_query
from agent.providers.compiled import Compiled
from agent.providers.profile.filters import base64_text
from agent.providers.profile.template import Template
from agent.providers.signing.digests import digest_maker
from agent.providers.signing.moments import MOMENT_NAMES, Values, moment_maker
from agent.providers.signing.named.table import NAMED_SIGNERS, PARAMETERS
from agent.providers.signing.named.values import SignerValues
from agent.providers.signing.request_parts import (
    host_of,
    joined_parameters,
    path_of_url,
    query_of,
    with_body_members,
    with_headers,
)
from agent.providers.signing.section import Signing
from agent.states import PollFailure

Sign = Callable[[Request], Request]

REQUEST_NAMES = MOMENT_NAMES | {"method", "host", "path", "query", "parameters", "body"}
"""Names a signing template may use besides credentials, options and earlier digests."""

_OF_THE_ADDRESS: Final[Mapping[str, Callable[[Request], str]]] = {
    "host": host_of,
    "path": path_of_url,
}

_Named = tuple[tuple[str, Template], ...]


@dataclass(frozen=True)
class _Plan:
    """A signing section, parsed once."""

    section: Signing
    moments: Callable[[float], Values]
    digests: tuple[tuple[str, Callable[[Values], str]], ...]
    query: "_Placements"
    body: "_Placements"
    headers: _Named
    names: frozenset[str]
    """The names that the digests and headers use: only these parts of the request are read."""
    """Also those of what is placed in query and body after them."""
    parameters: tuple[tuple[str, Template], ...]
    placed_names: frozenset[str]
    """The names that what is placed before the digests, and a named signer's values, use."""


@dataclass(frozen=True)
class _Placements:
    """What is added before the digests are made, and what holds one of them."""

    before: _Named
    after: _Named


def make_signer(
    signing: Signing, reveal: Callable[[], Values], clock: Callable[[], float]
) -> Sign | None:
    """A function that signs one attempt; ``None`` when the section signs nothing.

    ``reveal`` returns the account's credentials and the profile's options by name; it is called
    for every attempt, so that no signer stores a secret.
    """
    is_empty = signing.signer == "none" and not (
        signing.headers or signing.query or signing.body or signing.basic or signing.bearer
    )
    return None if is_empty else partial(_sign, _PLANS.of(_plan, signing), reveal, clock)


_PLANS: Final[Compiled["_Plan"]] = Compiled()


def _plan(signing: Signing) -> _Plan:
    headers = [(name, Template(text)) for name, text in signing.headers.items()]
    if signing.bearer:
        headers.append(("Authorization", Template(f"Bearer {signing.bearer}")))
    digests = [(digest.name, digest_maker(digest)) for digest in signing.digests]
    texts = [text for digest in signing.digests for text in (digest.message, digest.key or "")]
    templates = [(text, Template(text)) for text in texts]
    if signing.basic:
        login = Template(f"{signing.basic.user}:{signing.basic.password}")
        digests.append(("basic", lambda values: base64_text(login.fill(values).encode())))
        headers.append(("Authorization", Template("Basic {basic}")))
        templates.append((login.text, login))
    made = {name for name, _ in digests}
    query, body = _placements(signing.query, made), _placements(signing.body, made)
    names = _names_of(templates, headers, query.after, body.after)
    parameters = _signer_parameters(signing)
    placed_names = _names_of(query.before, body.before, parameters)
    return _Plan(
        section=signing,
        moments=moment_maker(signing, names | placed_names),
        digests=tuple(digests),
        query=query,
        body=body,
        headers=tuple(headers),
        names=names,
        parameters=parameters,
        placed_names=placed_names,
    )


def _names_of(*parts: Iterable[tuple[str, Template]]) -> frozenset[str]:
    return frozenset().union(*(template.names for part in parts for _, template in part))


def _placements(texts: dict[str, str], made: set[str]) -> _Placements:
    pairs = [(name, Template(text)) for name, text in texts.items()]
    # What a placement needs of the finished request, only digests and later templates may have.
    late = made | {"query", "parameters", "body"}
    before = tuple(pair for pair in pairs if pair[1].names.isdisjoint(late))
    return _Placements(before, tuple(pair for pair in pairs if pair not in before))


def _signer_parameters(signing: Signing) -> tuple[tuple[str, Template], ...]:
    """The templates of a named signer's values, by the name each has there."""
    if signing.signer == "none":
        return ()
    texts = {name: getattr(signing, name) for name in PARAMETERS if name != "token_credential"}
    texts["key"] = f"{{{signing.key_credential}}}"
    texts["secret"] = f"{{{signing.secret_credential}}}"
    texts["token"] = f"{{{signing.token_credential}}}" if signing.token_credential else None
    return tuple((name, Template(text)) for name, text in texts.items() if text)


def _sign(
    plan: _Plan, reveal: Callable[[], Values], clock: Callable[[], float], request: Request
) -> Request:
    try:
        return _signed(plan, reveal(), clock(), request)
    except ValueError as error:
        text = str(error) if type(error) is ValueError else "a value cannot be encoded"
        raise ProviderError(
            PollFailure.AUTH, f"{request.label or request.method}: cannot be signed: {text}"
        ) from None


def _signed(plan: _Plan, revealed: Values, now: float, request: Request) -> Request:
    values = {**revealed, **plan.moments(now)}
    values["method"] = request.method
    for name, read in _OF_THE_ADDRESS.items():
        if name in plan.names or name in plan.placed_names:
            values[name] = read(request)
    request = _placed(plan.query.before, plan.body.before, values, request)
    _read_request(plan, values, request)
    for name, make in plan.digests:
        values[name] = make(values)
    request = _placed(plan.query.after, plan.body.after, values, request)
    request = with_headers(request, dict(_filled(plan.headers, values)))
    if plan.section.signer == "none":
        return request
    parameters = dict(_filled(plan.parameters, values))
    signer_values = SignerValues(now=now, nonce=values["nonce"], **parameters)
    return NAMED_SIGNERS[plan.section.signer].sign(request, signer_values)


def _read_request(plan: _Plan, values: Values, request: Request) -> None:
    """Add what the templates use of the finished query and body."""
    used = plan.names
    if "body" in used:
        values["body"] = request.body.decode()
    if "query" in used:
        values["query"] = sorted_query(query_of(request))
    if "parameters" in used:
        values["parameters"] = joined_parameters(plan.section.parameters, request)


def _placed(query: _Named, body: _Named, values: Values, request: Request) -> Request:
    if query:
        request = replace(request, params=request.params + _filled(query, values))
    return with_body_members(request, _filled(body, values)) if body else request


def _filled(placements: _Named, values: Values) -> tuple[tuple[str, str], ...]:
    return tuple([(name, template.fill(values)) for name, template in placements])
