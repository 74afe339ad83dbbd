"""The ``web.config_file`` in force: read again when it, or a file that it names, has changed.

A certificate is renewed every few weeks and a user leaves on any day, and neither is a reason to
restart the agent. A file that is wrong changes nothing: the last good one stays in force, and the
log says what is wrong. New connections use what is in force when they begin.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path

import structlog
from aiohttp import web

from agent.config.values import is_loopback, split_address
from agent.config.web import Web
from agent.config.web_config import WebConfigReading, is_guarded, read_web_config
from agent.store.server_certificate import keep_server_certificate
from agent.web.services import WebServices

log = structlog.get_logger(__name__)

WATCH_SECONDS = 1.0
"""How often the files are looked at."""
_Stamp = tuple[int, int, int] | None
"""What tells a file from the one that it was; ``None`` where there is none."""


class WebConfigError(Exception):
    """The ``web.config_file`` cannot be used at the start; the text has a line per mistake."""


class LiveWebConfig:
    """Keeps what ``web.config_file`` says, as it is now.

    Args:
        services: Tell the configuration in force and the addresses.
    """

    def __init__(self, services: WebServices) -> None:
        self._services = services
        self._reading = WebConfigReading()
        self._path: str | None = ""
        """The file that was read; empty before the first time."""
        self._stamps: dict[Path, _Stamp] = {}
        self._web: tuple[Web, WebConfigReading, Web] | None = None

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The TLS context for new connections; ``None`` where they are not encrypted."""
        return self._reading.context

    @property
    def hsts(self) -> str:
        """The header ``Strict-Transport-Security``; empty where it is not sent."""
        server = self._reading.config.http_server_config
        return "" if server is None or self.tls is None else server.headers.hsts

    @property
    def allowed_names(self) -> list[str]:
        """The names of which a client's certificate must have one; empty for any or none."""
        tls = self._reading.config.tls_server_config
        return [] if tls is None else tls.client_allowed_sans

    @property
    def web(self) -> Web:
        """The section ``web`` in force, with the users of the file as they are now."""
        settings = self._services.settings().web
        known = self._web
        if known is None or known[0] is not settings or known[1] is not self._reading:
            users = self._reading.config.basic_auth_users
            update = {} if settings.config_file is None else {"basic_auth_users": users}
            known = self._web = settings, self._reading, settings.model_copy(update=update)
        return known[2]

    async def start(self) -> None:
        """Read the file for the first time.

        Raises:
            WebConfigError: when it is wrong.
        """
        problems = await self._refresh()
        if problems:
            raise WebConfigError("\n".join(problems))

    async def watch(self) -> None:
        """Read the file again whenever it has changed, until it is cancelled."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            problems = await self._refresh()
            if problems:
                log.error("web_config_refused", errors=problems, in_force="the one before")

    async def _refresh(self) -> list[str]:
        """Puts the file into force where it has changed; returns what is wrong with it."""
        path = self._services.settings().web.config_file
        files = self._stamps.keys() if path is None else {*self._stamps, Path(path)}
        before = await asyncio.to_thread(_stamps_of, files)
        if path == self._path and before == self._stamps:
            return []
        reading = await asyncio.to_thread(_read, path)
        problems = [str(it) for it in reading.problems] or list(self._refusals(reading))
        # As they were before the reading, so that what has changed meanwhile is read again. A file
        # that is wrong is read once for each change, too.
        is_first, self._path = self._path == "", path
        watched = {*reading.files, *self._reading.files}
        self._stamps = {**await asyncio.to_thread(_stamps_of, watched - before.keys()), **before}
        if problems:
            return problems
        self._stamps = {it: self._stamps[it] for it in reading.files}
        self._reading = reading
        directory = Path(self._services.settings().data_dir)
        await asyncio.to_thread(keep_server_certificate, directory, _certificate(path, reading))
        self._say(path, is_first=is_first)
        return []

    def _refusals(self, reading: WebConfigReading) -> list[str]:
        if self.tls is not None and reading.context is None:
            text = "tls_server_config is gone, and TLS is not switched off while the agent runs"
            return [f"{text}; restart it"]
        settings = self._services.settings()
        listen = self._services.listen or settings.listen
        is_open = any(not is_loopback(split_address(address)[0]) for address in listen)
        may_be_open = settings.web.token is not None or settings.web.allow_open_listen
        if is_open and not may_be_open and not is_guarded(reading, settings.web.users):
            return ["other machines reach the agent, which then needs TLS and users in this file"]
        return []

    def _say(self, path: str | None, *, is_first: bool) -> None:
        if path is None:
            return
        server = self._reading.config.http_server_config
        log.info("web_config", path=path, tls=self.tls is not None, again=not is_first)
        if self.tls is not None and server is not None and server.http2:
            log.warning("http2_not_served", key="http_server_config.http2", served="HTTP/1.1")


LIVE_WEB_CONFIG: web.AppKey[LiveWebConfig] = web.AppKey("live_web_config", LiveWebConfig)


def web_of(request: web.Request) -> Web:
    """The section ``web`` that is in force for ``request``, with the users of its file."""
    return request.app[LIVE_WEB_CONFIG].web


async def keep_web_config(app: web.Application) -> AsyncIterator[None]:
    """Read the file at the start of ``app``, and again while it runs."""
    live = app[LIVE_WEB_CONFIG]
    await live.start()
    watch = asyncio.create_task(live.watch())
    yield
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


def _read(path: str | None) -> WebConfigReading:
    return WebConfigReading() if path is None else read_web_config(Path(path))


def _stamps_of(paths: Iterable[Path]) -> dict[Path, _Stamp]:
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _certificate(path: str | None, reading: WebConfigReading) -> Path | None:
    tls = reading.config.tls_server_config
    return None if tls is None or path is None else Path(path).parent / tls.cert_file
