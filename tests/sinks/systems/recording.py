"""A server that accepts everything and records it as it came."""

from aiohttp import web

from tests.sinks.systems.server import System


class RecordingServer(System):
    def __init__(self) -> None:
        super().__init__()
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        """Raw path, headers and body of each request."""

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{path:.*}", self._record)]

    async def _record(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append((request.raw_path, headers, await request.read()))
        return web.Response(status=202)
