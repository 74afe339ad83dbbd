"""The HTTP server: the addresses it listens at, and the signals that stop or reload the agent."""

import asyncio
import errno
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import structlog
from aiohttp import web

from agent.config.tls_server import has_allowed_name
from agent.config.values import GUARDS, OPEN_LISTEN, is_loopback
from agent.web.acceptor import Acceptor, listening_sockets
from agent.web.connections import CONNECTIONS, IDLE_TIMEOUT
from agent.web.live_web_config import LIVE_WEB_CONFIG, WebConfigError

log = structlog.get_logger(__name__)

_SHUTDOWN_SECONDS = 5.0


class ListenError(Exception):
    """An address cannot be listened at; the text says which and why."""

    def __init__(self, text: str, *, passes: bool = False) -> None:
        super().__init__(text)
        self.passes = passes
        """Whether the same may succeed later: another process has the address now."""


class _LimitedSite(web.TCPSite):
    """Listens at one address; its connections are counted among those of the application."""

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        super().__init__(runner, host, port)
        self._connections = runner.app[CONNECTIONS]
        self._live = runner.app[LIVE_WEB_CONFIG]

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: when the address cannot be listened at.
        """
        await web.BaseSite.start(self)
        assert self._runner.server is not None
        sockets = await listening_sockets(self._host, self._port, self._backlog)
        make = self._connections.limited(self._runner.server, self._is_welcome)
        acceptor = Acceptor(sockets, make, lambda: self._live.tls)
        # The site and its runner use no more of a server than what an acceptor has.
        self._server = cast("asyncio.AbstractServer", acceptor)

    def _is_welcome(self, transport: asyncio.Transport) -> bool:
        """Whether a client's certificate has a name that the TLS section allows."""
        allowed = self._live.allowed_names
        return not allowed or has_allowed_name(transport.get_extra_info("peercert"), allowed)


async def serve(app: web.Application, listen: Sequence[str]) -> web.AppRunner:
    """Serve ``app`` at every ``HOST:PORT`` of ``listen``; the caller cleans the runner up.

    Raises:
        ListenError: when an address cannot be listened at.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        keepalive_timeout=IDLE_TIMEOUT,
    )
    try:
        await runner.setup()
    except WebConfigError as error:
        raise ListenError(f"web.config_file cannot be used:\n{error}") from None
    try:
        for address in listen:
            await _listen(runner, *parse_address(address))
    except BaseException:
        await runner.cleanup()
        raise
    log.info("listening", urls=urls(runner))
    return runner


def refuse_open_addresses(listen: Sequence[str]) -> None:
    """Refuse addresses that other machines reach; for agents without ``web.token``.

    Raises:
        ListenError: when ``listen`` has one.
    """
    for address in listen:
        if not is_loopback(parse_address(address)[0]):
            raise ListenError(f"{address} {OPEN_LISTEN}; set {GUARDS}")


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await _LimitedSite(runner, host, port).start()
    except OSError as error:
        raise ListenError(
            f"cannot listen on {host}:{port}: {os.strerror(error.errno) if error.errno else error};"
            " choose another address with --listen HOST:PORT",
            passes=error.errno in {errno.EADDRINUSE, errno.EADDRNOTAVAIL},
        ) from error


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; an IPv6 host is in brackets.

    Raises:
        ListenError: when ``text`` is not that.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit():
        raise ListenError(f"{text!r} is not an address, expected HOST:PORT such as 127.0.0.1:10400")
    return host.removeprefix("[").removesuffix("]"), int(port)


def urls(runner: web.AppRunner) -> list[str]:
    """The base URLs of a runner, with the ports the system chose."""
    scheme = "http" if runner.app[LIVE_WEB_CONFIG].tls is None else "https"
    return [
        f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
        for host, port, *_ in runner.addresses
    ]


def handle_signals(stop: Callable[[], object], reload: Callable[[], Awaitable[object]]) -> None:
    """Call ``stop`` on SIGTERM and SIGINT, and ``reload`` on SIGHUP.

    Must be called inside the running event loop.
    """
    loop = asyncio.get_running_loop()
    # The loop holds tasks weakly: without this set a reload could be collected half way.
    reloads: set[asyncio.Future[object]] = set()

    def start_reload() -> None:
        task = asyncio.ensure_future(reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, start_reload)
