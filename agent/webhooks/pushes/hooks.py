"""The hooks of all accounts whose providers push, made from configuration and profiles."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from agent.config.load import ConfigError
from agent.config.settings import Account, ProviderSettings, Settings
from agent.model import AccountKey
from agent.providers.profile.load import load_profile
from agent.providers.profile.push_reader import PushReader
from agent.providers.profile.push_schema import PushSection
from agent.providers.profile.schema import Profile
from agent.providers.registry import ADAPTERS
from agent.webhooks.pushes.proof import Proof

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PushHook:
    """The hook of one account."""

    account: AccountKey
    section: PushSection
    proof: Proof
    reader: PushReader
    max_body: int
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One message at a time: the reader counts unmapped words."""


def hooks_of(settings: Settings, clock: Callable[[], float]) -> dict[AccountKey, PushHook]:
    """The hooks that ``settings`` open, by account; reads profiles, so not in the event loop."""
    hooks: dict[AccountKey, PushHook] = {}
    for provider in settings.providers:
        accounts = [it for it in provider.accounts if it.pushes.secret is not None]
        profile = _profile(provider) if accounts else None
        if profile is None or profile.pushes is None:
            continue
        for account in accounts:
            key = provider.name, account.id
            proof = Proof(profile.pushes.auth, account.pushes, _values(profile, provider, account))
            reader = PushReader(profile.pushes, clock)
            hooks[key] = PushHook(key, profile.pushes, proof, reader, account.pushes.max_body)
    return hooks


def _profile(provider: ProviderSettings) -> Profile | None:
    if provider.profile in ADAPTERS:
        return None
    try:
        return load_profile(provider.profile)
    except ConfigError as error:
        # It was right when the configuration was read; somebody writes it at this moment.
        log.error("push_hooks_closed", provider=provider.name, error=str(error))  # noqa: TRY400 - the text says it
        return None


def _values(
    profile: Profile, provider: ProviderSettings, account: Account
) -> Callable[[], Mapping[str, str]]:
    """The values of templates; revealed for each message, so that nothing stores them."""

    def reveal() -> Mapping[str, str]:
        secrets = {name: secret.reveal() for name, secret in account.credentials.items()}
        return {**profile.options, **provider.options, **secrets}

    return reveal
