"""Masks phones in every text that a viewer without the agent's token gets.

Each document masks the fields that hold phones. Here every other text of a response is masked
as well, because people and providers write phones into names, notes and prompts, too.
"""

import asyncio
import json
from collections.abc import Callable

import jinja2
import msgspec
from aiohttp import web
from markupsafe import Markup

from agent.config.settings import Settings
from agent.diagnosis.contacts import contact_texts
from agent.masking import mask_document, mask_text, national_digits, phones_in
from agent.web.authentication import is_authorized
from agent.web.endpoint import endpoint_of
from agent.web.responses import ApiError, Handler, encode
from agent.web.services import WebServices, services_of
from agent.web.shown_phones import hidden_in, record_shown, records_texts

VIEWER_MASK = "viewer_mask"
"""The name under which templates have the function that masks texts."""
_DOCUMENTS = "/api/"
_READ_API = "/api/v1/"
_CALLER = "caller"
"""Asks for the token by itself, with or without a phone in it."""
_FILTERS_OF_RULES = frozenset({"rule_name[]", "rule_group[]", "file[]"})
_AS_THEY_ARE = ("/api/openapi.json", _READ_API)
"""The description, and the read API, which masks texts itself: its numbers are texts, too."""
_SMALL = 4096

Mask = Callable[[str], str]


def mask_for(services: WebServices) -> Mask:
    """A function that masks every phone in a text but those that are to be called.

    These are the watched numbers and the contacts of the configuration.
    """
    results, contacts = services.check_results(), _CONTACTS.of(services.settings())

    def is_public(phone: str) -> bool:
        is_watched = any(result.number_row(phone) is not None for result in results)
        return is_watched or (bool(contacts) and national_digits(phone) in contacts)

    return lambda text: mask_text(text, is_public)


class _ContactPhones:
    """The phones in the contacts of a configuration, found once for each configuration."""

    def __init__(self) -> None:
        self._found: tuple[Settings, frozenset[str]] | None = None

    def of(self, settings: Settings) -> frozenset[str]:
        if self._found is None or self._found[0] is not settings:
            texts = contact_texts(settings)
            self._found = settings, frozenset(phone for it in texts for phone in phones_in(it))
        return self._found[1]


_CONTACTS = _ContactPhones()


def viewer_mask(request: web.Request) -> Mask:
    """The mask for whoever sent ``request``; with the token it changes nothing."""
    return str if is_authorized(request) else mask_for(services_of(request))


@web.middleware
async def mask_for_viewers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Mask the texts of a JSON document for whoever reads without the token."""
    path = request.path
    if path.startswith(_DOCUMENTS) and request.query and not is_authorized(request):
        _refuse_guesses(request)
    response = await handler(request)
    if (
        not isinstance(response, web.Response)
        or response.content_type != "application/json"
        or not isinstance(response.body, bytes)
        or not path.startswith(_DOCUMENTS)
        or path.startswith(_AS_THEY_ARE)
        or endpoint_of(request) is None
        or (is_authorized(request) and not records_texts(request, of_programs=False))
    ):
        return response
    mask = mask_for(services_of(request))
    if len(response.body) <= _SMALL:
        masked, hidden = _masked_body(response.body, mask)
    else:
        masked, hidden = await asyncio.to_thread(_masked_body, response.body, mask)
    if not (is_authorized(request) and await record_shown(request, hidden)):
        response.body = masked
    return response


def _refuse_guesses(request: web.Request) -> None:
    """Refuse a filter by a phone: what is found would say whether the masked digits are those.

    Raises:
        ApiError: when there is one.
    """
    mask = mask_for(services_of(request))
    for name, value in request.query.items():
        of_rules = request.path.startswith(_READ_API)
        is_filter = name in _FILTERS_OF_RULES if of_rules else name != _CALLER
        if is_filter and mask(value) != value:
            text = "400 a filter by a phone needs the agent's token"
            raise ApiError(text, "web.token, or a number that is watched")


def _masked_body(body: bytes, mask: Mask) -> tuple[bytes, frozenset[str]]:
    """The body as viewers see it, and the phones that are hidden in it."""
    hidden: set[str] = set()

    def hide(text: str) -> str:
        masked = mask(text)
        hidden.update(hidden_in(text, masked))
        return masked

    try:
        value = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        # A lone surrogate, which msgspec does not read and ``encode`` writes by other means.
        value = json.loads(body)
    return encode(mask_document(value, hide)), frozenset(hidden)


@jinja2.pass_context
def finalize(context: jinja2.runtime.Context, value: object) -> object:
    """Returns ``value`` as a template writes it: texts masked for viewers, markup as it is."""
    mask = context.get(VIEWER_MASK)
    if mask is None or not isinstance(value, str) or isinstance(value, Markup):
        return value
    return mask(value)
