"""Assembles what takes pushes: the stored messages, the open hooks and the webhook over both."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from aiohttp import web

from agent.config.settings import Settings
from agent.model import AccountKey
from agent.polling.pushed import PushOutcome
from agent.providers.pushed import PushedFacts
from agent.store.database import Database
from agent.webhooks.auth import TokenCheck
from agent.webhooks.pushes.hooks import PushHook, hooks_of
from agent.webhooks.pushes.repository import PushRepository
from agent.webhooks.pushes.webhook import PATH, PushWebhook
from exporters.telemetry import Telemetry


class PushTarget(Protocol):
    """What takes the facts that providers push."""

    def restore_pushed(self, pushed: Mapping[AccountKey, PushedFacts]) -> None:
        """Take what was pushed before a restart."""
        ...

    async def take_pushed(
        self, key: AccountKey, facts: PushedFacts, now: float
    ) -> Sequence[PushOutcome]:
        """Merge what was pushed about an account; returns what became of each fact."""
        ...


class NoTarget:
    """Takes nothing: where no account is polled."""

    def restore_pushed(self, pushed: Mapping[AccountKey, PushedFacts]) -> None:
        """Do nothing."""

    async def take_pushed(
        self, _key: AccountKey, _facts: PushedFacts, _now: float
    ) -> Sequence[PushOutcome]:
        """Nothing became of them."""
        return ()


class PushIntake:
    """The hooks of all accounts. Call :meth:`open` before anything is polled.

    Args:
        database: The ledger.
        target: Takes the facts.
        telemetry: Counts messages and facts.
        clock: Epoch seconds.
        tokens: Limits how many wrong credentials are compared.
    """

    def __init__(
        self,
        database: Database,
        target: PushTarget,
        telemetry: Telemetry,
        clock: Callable[[], float],
        tokens: TokenCheck,
    ) -> None:
        self._messages = PushRepository(database)
        self._target = target
        self._clock = clock
        self._hooks: Mapping[AccountKey, PushHook] = {}
        self._webhook = PushWebhook(
            self._messages, lambda: self._hooks, target.take_pushed, telemetry, clock, tokens
        )

    def share(self) -> None:
        """Mind that other replicas store messages as well."""
        self._messages.is_shared = True

    async def open(self, settings: Settings) -> None:
        """Hand on what was pushed before a restart, and open the hooks of ``settings``.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        self._target.restore_pushed(await self._messages.read())
        await self.reconfigure(settings)

    async def reconfigure(self, settings: Settings) -> None:
        """Open the hooks of ``settings`` and close all others."""
        self._hooks = await asyncio.to_thread(hooks_of, settings, self._clock)

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The webhook by method and path."""
        return (web.post(PATH, self._webhook.post),)
