"""``/metrics`` and the management endpoints: health, readiness, reload."""

from http import HTTPStatus

from aiohttp import web

from agent.web.audit import record_if_possible
from agent.web.services import services_of


async def healthy(_: web.Request) -> web.Response:
    """Always 200: providers that are down are no reason to restart the process."""
    return web.Response(text="numwatch is healthy.\n")


async def ready(request: web.Request) -> web.Response:
    """Whether the agent can answer for its numbers; 503 with the reason when not."""
    reason = services_of(request).ready()
    if reason is None:
        return web.Response(text="numwatch is ready.\n")
    text = f"numwatch is not ready: {reason}\n"
    return web.Response(text=text, status=HTTPStatus.SERVICE_UNAVAILABLE)


async def reload(request: web.Request) -> web.Response:
    """Load the configuration again; 400 with every error where it is wrong, and no change."""
    outcome = await services_of(request).reload()
    result = "refused" if outcome.errors else "in force"
    await record_if_possible(request, "configuration_reloaded", result, "")
    if not outcome.errors:
        return web.Response(text="\n".join(("configuration reloaded", *outcome.notices, "")))
    lines = "\n".join(("configuration not reloaded, the old one stays in use:", *outcome.errors))
    return web.Response(text=f"{lines}\n", status=HTTPStatus.BAD_REQUEST)


async def metrics(request: web.Request) -> web.StreamResponse:
    """The metrics page, part by part; without compression it is decompressed while it is sent."""
    page = await services_of(request).exposition.scrape(
        request.headers.get("Accept", ""), request.headers.get("Accept-Encoding", "")
    )
    headers = {"Content-Type": page.content_type, "Vary": "Accept, Accept-Encoding"}
    if page.content_encoding:
        headers["Content-Encoding"] = page.content_encoding
    response = web.StreamResponse(headers=headers)
    response.content_length = page.size
    await response.prepare(request)
    if request.method != "HEAD":
        for part in page.parts():
            await response.write(part)
    await response.write_eof()
    return response
