"""The style sheet, the script and the icon of the pages."""

from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files

from aiohttp import web

from agent.web.endpoint import Endpoint

_CONTENT_TYPES = {
    "numwatch.css": "text/css",
    "numwatch.js": "text/javascript",
    "numwatch.svg": "image/svg+xml",
}
_ASSETS = {
    name: files("agent.web").joinpath("static", name).read_bytes() for name in _CONTENT_TYPES
}
ASSETS_DIGEST = sha256(b"".join(_ASSETS.values())).hexdigest()[:12]
"""In the assets' addresses, so that browsers may cache them and still load new ones."""


async def asset(request: web.Request) -> web.Response:
    """The style sheet, the script or the icon."""
    name = request.match_info["name"]
    if name not in _ASSETS:
        raise web.HTTPNotFound
    return web.Response(
        body=_ASSETS[name],
        content_type=_CONTENT_TYPES[name],
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=86400"},
    )


ROUTES = (
    Endpoint(
        "GET",
        "/static/{name}",
        asset,
        "The style sheet, the script or the icon of the pages",
        ("text/css", "text/javascript", "image/svg+xml"),
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
"""The files of this module, for the route table."""
