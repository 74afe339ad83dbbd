"""Parts of a body, which a player asks for when somebody jumps to another moment (RFC 9110, 14)."""

from http import HTTPStatus

from aiohttp import web

from agent.web.responses import ApiError


def ranged_response(request: web.Request, content: bytes, content_type: str) -> web.Response:
    """``content``, or the part of it that the ``Range`` header of ``request`` asks for.

    Browsers jump within a sound only where the server answers ranges. A header that cannot be
    read, or that asks for several parts, is ignored, as the standard allows.

    Raises:
        ApiError: 416, when the part begins beyond the end.
    """
    headers = {"Cache-Control": "no-store", "Accept-Ranges": "bytes"}
    total = len(content)
    try:
        wanted = request.http_range
    except ValueError:
        wanted = slice(None)
    if wanted.start is None:
        return web.Response(body=content, content_type=content_type, headers=headers)
    first, behind, _ = wanted.indices(total)
    if first >= behind:
        expected = "a range that begins before the end"
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        where = {"Content-Range": f"bytes */{total}"}
        raise ApiError("416 there is nothing in this range", expected, status, where)
    headers["Content-Range"] = f"bytes {first}-{behind - 1}/{total}"
    return web.Response(
        status=HTTPStatus.PARTIAL_CONTENT,
        body=content[first:behind],
        content_type=content_type,
        headers=headers,
    )
