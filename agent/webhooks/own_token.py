"""The token that changes need where the configuration sets no ``web.token``."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from agent.config.secret import Secret
from agent.config.settings import Settings
from agent.store.access_token import ensure_token
from agent.store.directory import TOKEN_NAME

log = structlog.get_logger(__name__)


class OwnToken:
    """The agent's own token: ``web.token`` or, without it, the one of the data directory.

    Args:
        settings: Returns the configuration in force.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._stored: Secret | None = None

    def current(self) -> Secret | None:
        """The token that a change must carry now; ``None`` before :meth:`ensure`."""
        return self._settings().web.token or self._stored

    async def ensure(self, settings: Settings) -> None:
        """Read the token of the data directory, or make it, where ``settings`` have none.

        Raises:
            StoreError: when it can be neither read nor made.
        """
        if settings.web.token is not None:
            return
        directory = Path(settings.data_dir)
        token, is_new = await asyncio.to_thread(ensure_token, directory)
        self._stored = Secret(token)
        log.info("access_token", path=str(directory / TOKEN_NAME), made=is_new)
