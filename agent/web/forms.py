"""Reads the form that a request posts: its fields in order, or a refusal with what is wrong."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from aiohttp import web

from agent.web.responses import ApiError

FORM = "application/x-www-form-urlencoded"
CSRF_TOKEN = "csrf_token"  # nosec B105 # the field's name
"""The field that proves that a form is of a page of the agent; see ``agent.web.csrf``."""
_MOST_FIELDS = 1000


def has_form(request: web.Request) -> bool:
    """Whether the request says that its body is a form."""
    return request.content_type == FORM


async def read_form(request: web.Request) -> list[tuple[str, str]]:
    """The fields of the request's form but its token, which is checked already.

    See :func:`read_all_fields`.

    Raises:
        ApiError: when the body is of another type, or has too many fields.
    """
    return [(name, value) for name, value in await read_all_fields(request) if name != CSRF_TOKEN]


async def read_all_fields(request: web.Request) -> list[tuple[str, str]]:
    """The fields of the request's form, in their order; a field may be there several times.

    A form is UTF-8, whatever charset the request names: browsers send nothing else, and a charset
    that does not exist must not be looked up. Bytes that are no UTF-8 become replacement
    characters, as in an address.

    Raises:
        ApiError: when the body is of another type, or has too many fields.
    """
    if not has_form(request):
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        raise ApiError("415 the body is of another type", FORM, status)
    text = (await request.read()).decode("utf-8", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise ApiError("400 the form has too many fields", f"at most {_MOST_FIELDS}") from None
