"""Loads the profile of an account and makes its adapter."""

import time
from collections.abc import Callable, Iterator
from functools import partial

from agent.config.load import ConfigError
from agent.config.settings import Account, Polling, ProviderSettings, Settings
from agent.net.exchange import Fetch
from agent.providers.base import AdapterReports, Provider
from agent.providers.profile.load import load_profile, profile_names
from agent.providers.profile.login import with_login
from agent.providers.profile.operation import ReadContext
from agent.providers.profile.operation_client import ApiAccount
from agent.providers.profile.paging import Bounds
from agent.providers.profile.provider import DeclarativeProvider
from agent.providers.profile.schema import Profile
from agent.providers.signing.moments import Values
from agent.providers.signing.signers import make_signer
from agent.yamlfile.problems import Problem

__all__ = ["build", "problems", "profile_names"]

_NO_REPORTS = AdapterReports()


def build(
    settings: ProviderSettings,
    account: Account,
    fetch: Fetch,
    limits: Polling,
    *,
    reports: AdapterReports = _NO_REPORTS,
    clock: Callable[[], float] = time.time,
) -> Provider:
    """Make the adapter of one account; ``limits`` bounds its pages and its requests at once.

    Raises:
        ConfigError: when the profile cannot be loaded.
        ValueError: when the settings lack what the profile needs; see :func:`problems`.
    """
    profile = load_profile(settings.profile)
    base_url = settings.base_url or profile.base_url
    lacking = [problem.text for problem in _account_problems(profile, account, ())]
    if base_url is None or lacking:
        why = "; ".join(lacking) or "base_url is missing"
        raise ValueError(f"{settings.name}/{account.id}: {why}")
    reveal = partial(_reveal, profile, settings, account)
    api = ApiAccount(
        profile=profile,
        base_url=base_url.rstrip("/"),
        fetch=fetch,
        signer=partial(make_signer, reveal=reveal, clock=clock),
        reveal=reveal,
    )
    if profile.login is not None:
        api = with_login(api, profile.login, reports.token, clock)
    bounds = Bounds(limits.max_pages, limits.concurrency, limits.max_numbers, limits.max_records)
    return DeclarativeProvider(ReadContext(api, bounds, reports), account.grade)


def problems(settings: Settings) -> Iterator[Problem]:
    """Returns what the configuration lacks for the profiles it names, each problem at its key."""
    for index, provider in enumerate(settings.providers):
        at = ("providers", index)
        try:
            profile = load_profile(provider.profile)
        except ConfigError as error:
            for located in error.errors:
                yield Problem((*at, "profile"), str(located))
            continue
        if provider.base_url is None and profile.base_url is None:
            yield Problem((*at, "base_url"), f"is missing, profile {profile.name} needs one")
        for name in sorted(set(provider.options) - set(profile.options)):
            yield Problem((*at, "options", name), f"is not an option of profile {profile.name}")
        for position, account in enumerate(provider.accounts):
            yield from _account_problems(profile, account, (*at, "accounts", position))


def _account_problems(
    profile: Profile, account: Account, at: tuple[str | int, ...]
) -> Iterator[Problem]:
    for name in profile.credentials:
        if name not in account.credentials or not account.credentials[name].reveal():
            key = (*at, "credentials", name)
            yield Problem(key, f"credential {name} is missing, profile {profile.name} needs it")


def _reveal(profile: Profile, settings: ProviderSettings, account: Account) -> Values:
    secrets = {name: account.credentials[name].reveal() for name in profile.credentials}
    return {**profile.options, **settings.options, **secrets}
