"""What of a request is signed, and how a signature is put into its query, headers or body."""

import json
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote_plus, urlsplit

from msgspec.structs import replace
from yarl import URL

from agent.net.exchange import Request
from agent.net.urls import encode, encode_query
from agent.providers.profile.json_path import scalar_text
from agent.providers.signing.section import Parameters

Pairs = tuple[tuple[str, str], ...]

FORM_TYPE = "application/x-www-form-urlencoded"
"""The content type of a form; every other body is JSON."""
JSON_TYPE = "application/json"
"""The content type of JSON."""

_ENCODERS: Final[Mapping[str, Callable[[str], str]]] = {
    "none": str,
    "url": encode,
    "form": quote_plus,
}


def host_of(request: Request) -> str:
    """The ``Host`` header that the request is sent with: no port where it is the usual one."""
    return URL(request.url, encoded=True).host_port_subcomponent or ""


def path_of_url(request: Request) -> str:
    """The path of the request as it is sent, ``/`` where there is none."""
    return urlsplit(request.url).path or "/"


def query_of(request: Request) -> Pairs:
    """Every parameter of the query, those in the URL itself first."""
    if "?" not in request.url:
        return request.params
    own = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    return (*own, *request.params)


def header_of(request: Request, name: str) -> str:
    """The value of a header, whatever the case of its name; empty where it has none."""
    return next((text for key, text in request.headers.items() if key.lower() == name), "")


def with_headers(request: Request, headers: dict[str, str]) -> Request:
    """``request`` with ``headers`` in place of those of the same name."""
    if not request.headers:
        return replace(request, headers=headers)
    names = {name.lower() for name in headers}
    others = {key: text for key, text in request.headers.items() if key.lower() not in names}
    return replace(request, headers={**others, **headers})


def with_body_members(request: Request, members: Pairs) -> Request:
    """``request`` with ``members`` in its form or its JSON object."""
    if not members:
        return request
    if _is_form(request):
        former = request.body.decode()
        body = "&".join([*([former] if former else []), form_text(members)])
        return replace(request, body=body.encode())
    tree = json.loads(request.body) if request.body else {}
    if not header_of(request, "content-type"):
        request = with_headers(request, {"Content-Type": JSON_TYPE})
    return replace(request, body=json_bytes({**tree, **dict(members)}))


def joined_parameters(section: Parameters, request: Request) -> str:
    """The parameters of ``request`` as one text, as ``section`` says."""
    pairs = list(query_of(request)) if section.source != "body" else []
    if section.source != "query":
        pairs += _body_pairs(request)
    pairs = [
        (name, text)
        for name, text in pairs
        if name not in section.skip and (text or not section.skip_empty)
    ]
    if section.order == "name":
        pairs.sort()
    spell = _ENCODERS[section.encode]
    return section.join.join([f"{spell(name)}{section.pair}{spell(text)}" for name, text in pairs])


def form_text(pairs: Pairs) -> str:
    """A form as it is sent, every character but the unreserved ones percent-encoded."""
    return encode_query(pairs)


def json_bytes(tree: object) -> bytes:
    """A JSON body as it is sent."""
    return json.dumps(tree, ensure_ascii=False).encode()


def _is_form(request: Request) -> bool:
    return header_of(request, "content-type").startswith(FORM_TYPE)


def _body_pairs(request: Request) -> list[tuple[str, str]]:
    if not request.body:
        return []
    if _is_form(request):
        return parse_qsl(request.body.decode(), keep_blank_values=True)
    tree = json.loads(request.body)
    if not isinstance(tree, dict):
        return []
    return [(name, _member_text(value)) for name, value in tree.items()]


def _member_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return scalar_text(value)
