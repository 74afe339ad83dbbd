"""What a diagnosis may look at: the newest findings of every account, the settings, the time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agent.baselines.baseline import Baselines
from agent.checks.result import CheckResult
from agent.config.settings import Settings

_SEPARATORS: Final = re.compile(r"[\s\-‐-―－.()（）·]")
_COUNTRY_CODE: Final = re.compile(r"(?:\+|00)86(?=\d{9,})")


@dataclass(frozen=True)
class DiagnosisContext:
    """Everything that is known, at one instant."""

    settings: Settings
    now: float
    """Epoch seconds."""
    accounts: Mapping[tuple[str, str], CheckResult]
    """The newest findings by provider and account."""
    baselines: Baselines | None = None
    """What numbers were seen to be configured as, also numbers that are listed no more."""

    def of_provider(self, provider: str) -> Iterator[CheckResult]:
        """The findings of every account at ``provider``, ordered."""
        return (self.accounts[key] for key in sorted(self.accounts) if key[0] == provider)

    def with_number(self, number: str, provider: str = "", account: str = "") -> list[CheckResult]:
        """The accounts that have ``number``, narrowed to a provider and account if given."""
        return [
            self.accounts[key]
            for key in sorted(self.accounts)
            if provider in ("", key[0])
            and account in ("", key[1])
            and self.accounts[key].number_row(number) is not None
        ]

    def local(self) -> datetime:
        """The instant as the clock on the wall shows it where schedules are read."""
        return self._local(self.now)

    def told(self, instant: float) -> str:
        """``instant`` (epoch seconds) as people read it: local, to the minute, with its zone."""
        return self._local(instant).isoformat(sep=" ", timespec="minutes")

    def _local(self, instant: float) -> datetime:
        return datetime.fromtimestamp(instant, ZoneInfo(self.settings.timezone))


def normalize_number(number: str) -> str:
    """Returns ``number`` without separators and the country code of China, as providers list it."""
    return _COUNTRY_CODE.sub("", _SEPARATORS.sub("", number), count=1)
