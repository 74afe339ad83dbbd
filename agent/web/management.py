"""Health, readiness, reload and the metrics page: what other programs ask."""

from http import HTTPStatus

from aiohttp import web

from agent.web.keys import state_of


async def healthy(_: web.Request) -> web.Response:
    """The process is alive; providers being down is no reason to restart it."""
    return web.Response(text="numwatch is healthy.\n")


async def ready(request: web.Request) -> web.Response:
    """Whether the agent can answer for its numbers; 503 with the reason when not."""
    reason = state_of(request).ready()
    if reason is None:
        return web.Response(text="numwatch is ready.\n")
    text = f"numwatch is not ready: {reason}\n"
    return web.Response(text=text, status=HTTPStatus.SERVICE_UNAVAILABLE)


async def reload(request: web.Request) -> web.Response:
    """Load the configuration again; 400 with every error when it is bad, the old one kept."""
    errors = await state_of(request).reload()
    if not errors:
        return web.Response(text="configuration reloaded\n")
    lines = "\n".join(("configuration not reloaded, the old one is kept:", *errors))
    return web.Response(text=f"{lines}\n", status=HTTPStatus.BAD_REQUEST)


async def metrics(request: web.Request) -> web.StreamResponse:
    """The metrics page; a plain one is uncompressed part by part as it is sent."""
    page = await state_of(request).exposition.scrape(
        request.headers.get("Accept", ""), request.headers.get("Accept-Encoding", "")
    )
    headers = {"Content-Type": page.content_type, "Vary": "Accept, Accept-Encoding"}
    if page.content_encoding:
        headers["Content-Encoding"] = page.content_encoding
        return web.Response(body=page.compressed, headers=headers)
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if request.method != "HEAD":
        for part in page.parts():
            await response.write(part)
    await response.write_eof()
    return response
