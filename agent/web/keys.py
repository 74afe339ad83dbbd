"""Where handlers find what the application was made with."""

from aiohttp import web

from agent.web.state import WebState

STATE: web.AppKey[WebState] = web.AppKey("state", WebState)


def state_of(request: web.Request) -> WebState:
    """What the request's application was made with."""
    return request.app[STATE]
