"""The plan of polling an account: its settings, and whether a change of them needs a restart."""

from dataclasses import dataclass
from pathlib import Path

from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings, Settings
from agent.model import AccountKey
from agent.polling.redaction import secrets_of


@dataclass(frozen=True)
class Plan:
    """Everything that decides how one account is polled."""

    provider: ProviderSettings
    account: Account
    polling: Polling
    profile_mtime: int | None
    """Modification time of the profile's file in nanoseconds; ``None`` for a bundled profile."""

    @property
    def key(self) -> AccountKey:
        """Provider and account."""
        return self.provider.name, self.account.id

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The account's secrets, which must never be shown."""
        return secrets_of(self.provider, self.account)

    def same_as(self, other: "Plan | None") -> bool:
        """Whether polling may go on undisturbed when ``other`` replaces this plan."""
        return self is other or (
            other is not None
            and self.account == other.account
            and self.polling == other.polling
            and self.profile_mtime == other.profile_mtime
            and _without_accounts(self.provider) == _without_accounts(other.provider)
        )


def plans_of(settings: Settings) -> dict[AccountKey, Plan]:
    """One plan per configured account, in the order of the configuration."""
    mtimes = {provider.profile: _mtime(provider.profile) for provider in settings.providers}
    return {
        (provider.name, account.id): Plan(
            provider,
            account,
            settings.polling_of(provider, account),
            mtimes[provider.profile],
        )
        for provider in settings.providers
        for account in provider.accounts
    }


def _mtime(profile: str) -> int | None:
    try:
        return Path(profile).stat().st_mtime_ns
    except OSError:
        return None


def _without_accounts(provider: ProviderSettings) -> ProviderSettings:
    # Another account of the same provider may change without disturbing this one.
    return provider.model_copy(update={"accounts": [], "polling": None})
