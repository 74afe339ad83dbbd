"""Makes the adapter of an account, native or described by a profile, and checks its settings."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from agent.clock import wall_clock
from agent.config.load import ConfigError
from agent.config.settings import Account, Polling, ProviderSettings, Settings
from agent.config.values import http_url
from agent.net.exchange import Fetch
from agent.providers.adapter import Adapter, AdapterAccount
from agent.providers.aliyun.adapter import ADAPTER as ALIYUN
from agent.providers.asterisk.adapter import ADAPTER as ASTERISK
from agent.providers.base import AdapterReports, Provider
from agent.providers.inventory_provider import InventoryProvider
from agent.providers.kamailio.adapter import ADAPTER as KAMAILIO
from agent.providers.marking.provider import MarkingProvider
from agent.providers.paid_queries import CostLedger, MemoryPages, Pages
from agent.providers.profile.addresses import addresses_of
from agent.providers.profile.load import load_profile
from agent.providers.profile.load import profile_names as bundled_profile_names
from agent.providers.profile.login import with_login
from agent.providers.profile.operation import ReadContext
from agent.providers.profile.operation_client import ApiAccount
from agent.providers.profile.paging import Bounds
from agent.providers.profile.provider import DeclarativeProvider
from agent.providers.profile.request_check import asks_per_phone
from agent.providers.profile.schema import Profile
from agent.providers.profile.template import Template
from agent.providers.signing.moments import Values
from agent.providers.signing.signers import make_signer
from agent.providers.static.adapter import ADAPTER as STATIC
from agent.providers.tencent_ccc.adapter import ADAPTER as TENCENT_CCC
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem

ADAPTERS = {adapter.name: adapter for adapter in (ALIYUN, ASTERISK, KAMAILIO, STATIC, TENCENT_CCC)}
"""The native adapters by name."""

_NO_REPORTS = AdapterReports()


def profile_names() -> tuple[str, ...]:
    """The names that ``profile:`` takes: bundled profiles and native adapters, sorted."""
    return tuple(sorted((*bundled_profile_names(), *ADAPTERS)))


def build(
    settings: ProviderSettings,
    account: Account,
    fetch: Fetch,
    limits: Polling,
    *,
    reports: AdapterReports = _NO_REPORTS,
    clock: Callable[[], float] = time.time,
    pages: Pages | None = None,
) -> Provider:
    """Make the adapter of one account; ``limits`` bounds its pages and its requests at once.

    ``pages`` stores what its paid queries cost; without it that ends with the process.

    Raises:
        ConfigError: when the profile cannot be loaded.
        ValueError: when the settings lack what the profile needs; see :func:`problems`.
    """
    costs = CostLedger(
        f"{settings.name}/{account.id}", pages or MemoryPages(), clock, reports.spent
    )
    adapter = ADAPTERS.get(settings.profile)
    if adapter is not None:
        provider = _native(adapter, settings, account, fetch, limits, reports, costs)
    else:
        provider = _declared(settings, account, fetch, limits, reports, costs)
    if account.marking is None:
        return provider
    return MarkingProvider(provider, account.marking, fetch, costs, reports)


def _declared(
    settings: ProviderSettings,
    account: Account,
    fetch: Fetch,
    limits: Polling,
    reports: AdapterReports,
    costs: CostLedger,
) -> Provider:
    profile = load_profile(settings.profile)
    lacking = [
        problem.text
        for problem in (
            *_address_problems(profile, settings, ()),
            *_account_problems(profile, account, ()),
        )
    ]
    if lacking:
        raise ValueError(f"{settings.name}/{account.id}: {'; '.join(lacking)}")
    options = {**profile.options, **settings.options}
    base_url = settings.base_url or Template(profile.base_url or "").fill(options)
    reveal = partial(_reveal, profile, settings, account)
    api = ApiAccount(
        profile=profile,
        base_url=base_url.rstrip("/"),
        fetch=fetch,
        signer=partial(make_signer, reveal=reveal, clock=wall_clock(costs.clock)),
        reveal=reveal,
    )
    if profile.login is not None:
        api = with_login(api, profile.login, reports.token, wall_clock(costs.clock))
    inventory = account.inventory.content
    context = ReadContext(
        api, _bounds(limits), reports, costs.clock, inventory, costs, account.daily_budget
    )
    provider = DeclarativeProvider(context, account.grade)
    return InventoryProvider(provider, inventory, account.grade) if inventory else provider


def _bounds(limits: Polling) -> Bounds:
    return Bounds(
        max_pages=limits.max_pages,
        concurrency=limits.concurrency,
        max_numbers=limits.max_numbers,
        max_records=limits.max_records,
        seconds=limits.timeout,
        rate=limits.rate,
    )


def _native(
    adapter: Adapter,
    settings: ProviderSettings,
    account: Account,
    fetch: Fetch,
    limits: Polling,
    reports: AdapterReports,
    costs: CostLedger,
) -> Provider:
    lacking = [
        *_adapter_problems(adapter, settings, ()),
        *_adapter_account_problems(adapter, settings, account, ()),
    ]
    if lacking:
        why = "; ".join(problem.text for problem in lacking)
        raise ValueError(f"{settings.name}/{account.id}: {why}")
    return adapter.make(
        AdapterAccount(
            name=adapter.name,
            base_url=(settings.base_url or "").rstrip("/"),
            fetch=fetch,
            credentials=partial(_credentials, account),
            options=adapter.option_values(settings.options),
            inventory=account.inventory.content,
            grade=account.grade,
            concurrency=limits.concurrency,
            limits=limits,
            reports=reports,
            clock=costs.clock,
            costs=costs,
        )
    )


def problems(settings: Settings) -> Iterator[Problem]:
    """Returns what the configuration lacks for the profiles it names, each problem at its key."""
    for index, provider in enumerate(settings.providers):
        at = ("providers", index)
        adapter = ADAPTERS.get(provider.profile)
        if adapter is None:
            yield from _problems_of_profile(provider, at)
            continue
        yield from _adapter_problems(adapter, provider, at)
        for position, account in enumerate(provider.accounts):
            place = (*at, "accounts", position)
            yield from _adapter_account_problems(adapter, provider, account, place)


def problems_of_profiles(data: Any, folder: Path) -> Iterator[Problem]:
    """The mistakes in the profiles' files that a configuration names which is not valid itself.

    Args:
        data: The configuration as read, of any shape.
        folder: What the paths in it are below.
    """
    for path, name in select(data, "providers", "*", "profile"):
        if not isinstance(name, str) or not (folder / name).is_file():
            continue
        try:
            load_profile(str(folder / name))
        except ConfigError as error:
            for located in error.errors:
                yield Problem(path, str(located), is_elsewhere=True)


def _problems_of_profile(provider: ProviderSettings, at: KeyPath) -> Iterator[Problem]:
    try:
        profile = load_profile(provider.profile)
    except ConfigError as error:
        for located in error.errors:
            yield Problem((*at, "profile"), str(located), is_elsewhere=True)
        return
    yield from _address_problems(profile, provider, at)
    for name in sorted(set(provider.options) - set(profile.options)):
        yield Problem((*at, "options", name), f"is not an option of profile {profile.name}")
    for position, account in enumerate(provider.accounts):
        yield from _account_problems(profile, account, (*at, "accounts", position))


def _address_problems(
    profile: Profile, provider: ProviderSettings, at: KeyPath
) -> Iterator[Problem]:
    """What the addresses of the profile lack, with the options that are configured."""
    if provider.base_url is None and profile.base_url is None:
        yield Problem((*at, "base_url"), f"is missing, profile {profile.name} needs one")
    options = {**profile.options, **provider.options}
    for key, text in addresses_of(profile):
        if key == ("base_url",) and provider.base_url is not None:
            continue
        where = ".".join(map(str, key))
        try:
            http_url(Template(text).fill(options))
        except ValueError as error:
            names = ", ".join(sorted(Template(text).names)) or "none"
            yield Problem(
                (*at, "options"),
                f"make no address of the profile's {where}, which {error};"
                f" expected other values of {names}",
            )


def _adapter_problems(
    adapter: Adapter, provider: ProviderSettings, at: KeyPath
) -> Iterator[Problem]:
    if adapter.needs_base_url and provider.base_url is None:
        yield Problem((*at, "base_url"), f"is missing, {adapter.name} needs one")
    if not adapter.takes_base_url and provider.base_url is not None:
        yield Problem((*at, "base_url"), f"is of no use, {adapter.name} sends no request")
    for name, text in adapter.option_problems(provider.options):
        yield Problem((*at, "options", name), text)


def _adapter_account_problems(
    adapter: Adapter, provider: ProviderSettings, account: Account, at: KeyPath
) -> Iterator[Problem]:
    if account.daily_budget:
        text = f"is of no use for {adapter.name}, whose options say what may be spent"
        yield Problem((*at, "daily_budget"), text)
    given = _credentials(account)
    for name, text in adapter.credential_problems(given, provider.options):
        yield Problem((*at, "credentials", name), text)
    yield from _push_problems(adapter.name, account, at, has_pushes=False)
    inventory = account.inventory
    # A file without content is broken, which is reported as that.
    is_broken = inventory.file is not None and not inventory.content
    lacking = None if is_broken else adapter.inventory_problem(inventory.content)
    if lacking is not None:
        yield Problem((*at, "inventory"), lacking)


def _account_problems(profile: Profile, account: Account, at: KeyPath) -> Iterator[Problem]:
    reachability = profile.reachability
    if account.daily_budget and (reachability is None or reachability.cost is None):
        text = f"is of no use, no request of profile {profile.name} costs money"
        yield Problem((*at, "daily_budget"), text)
    yield from _push_problems(profile.name, account, at, has_pushes=profile.pushes is not None)
    inventory = account.inventory
    is_broken = inventory.file is not None and not inventory.content
    has_phones = is_broken or any(entry.phones for entry in inventory.content.numbers)
    # Requests that cost money are not sent without a budget: then no phones are needed.
    is_sent = reachability is not None and not (reachability.cost and not account.daily_budget)
    if is_sent and asks_per_phone(profile) and profile.phones is None and not has_phones:
        text = f"has no phones, which profile {profile.name} asks for one by one"
        yield Problem((*at, "inventory"), f"{text}; expected numbers with their phones")
    for name in profile.credentials:
        if name not in account.credentials or not account.credentials[name].reveal():
            key = (*at, "credentials", name)
            yield Problem(key, f"credential {name} is missing, profile {profile.name} needs it")


def _push_problems(
    name: str, account: Account, at: KeyPath, *, has_pushes: bool
) -> Iterator[Problem]:
    pushes = account.pushes
    if not has_pushes and pushes.model_fields_set:
        text = f"is of no use, {name} describes nothing that its provider pushes"
        yield Problem((*at, "pushes"), text)
    elif pushes.secret is None and pushes.model_fields_set:
        text = "is missing, so the hook is closed; expected what proves the provider's messages"
        yield Problem((*at, "pushes", "secret"), text)


def _credentials(account: Account) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in account.credentials.items()}


def _reveal(profile: Profile, settings: ProviderSettings, account: Account) -> Values:
    secrets = {name: account.credentials[name].reveal() for name in profile.credentials}
    return {**profile.options, **settings.options, **secrets}
