"""Reading the JSON bodies of requests that change something."""

from http import HTTPStatus
from typing import TypeVar

import msgspec
from aiohttp import web

from agent.web.responses import ApiError

T = TypeVar("T")
_JSON = "application/json"


async def read_body(request: web.Request, kind: type[T], example: str) -> T:
    """The body of ``request`` as a ``kind``.

    Raises:
        ApiError: when it is none, or is not said to be JSON; the error shows ``example``.
    """
    if request.content_type != _JSON:
        # A page of another site can make a browser post a form, but not JSON.
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        raise ApiError("415 the body is of another type", _JSON, status)
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ApiError(f"400 {error}", f"a body such as {example}") from None
