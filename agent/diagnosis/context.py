"""The input of a diagnosis: the latest check results of all accounts, the settings, the time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agent.baselines.baseline import Baselines
from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.diagnosis.caller_reports import ReportsOf, no_reports
from agent.model import AccountKey

_SEPARATORS: Final = re.compile(r"[\s\-‐-―－.()（）·]")
_COUNTRY_CODE: Final = re.compile(r"(?:\+|00)86(?=\d{9,})")


@dataclass(frozen=True)
class DiagnosisContext:
    """Everything that is known at one instant."""

    settings: Settings
    now: float
    """Epoch seconds."""
    accounts: Mapping[AccountKey, CheckResult]
    """The latest check result of each account."""
    baselines: Baselines | None = None
    """The recorded configurations, those of numbers that are no longer listed included."""
    reports: ReportsOf = no_reports
    """What callers have reported of a number."""

    def select(self, provider: str = "", account: str = "") -> Iterator[CheckResult]:
        """The results of the accounts at ``provider`` with the id ``account``; empty means any."""
        return (
            self.accounts[key]
            for key in sorted(self.accounts)
            if provider in ("", key[0]) and account in ("", key[1])
        )

    def local_time(self) -> datetime:
        """The instant in the time zone in which schedules are read."""
        return self._local(self.now)

    def format_time(self, instant: float) -> str:
        """``instant`` (epoch seconds) for people: local, to the minute, with its UTC offset."""
        return self._local(instant).isoformat(sep=" ", timespec="minutes")

    def _local(self, instant: float) -> datetime:
        return datetime.fromtimestamp(instant, ZoneInfo(self.settings.timezone))


def normalize_number(number: str) -> str:
    """Returns ``number`` without separators and the country code of China, as providers list it."""
    return _COUNTRY_CODE.sub("", _SEPARATORS.sub("", number), count=1)
