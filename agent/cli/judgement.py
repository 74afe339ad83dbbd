"""Polls once and judges the health of every polled number."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from agent.cli.observation import (
    AccountReport,
    Report,
    check_and_store,
    poll_once,
    stored_baselines,
    stored_open_faults,
)
from agent.config.settings import Settings
from agent.health.account import AccountHealth, assess
from agent.health.findings import Finding, findings
from agent.model import AccountKey
from agent.states import Health


@dataclass(frozen=True)
class Judgement:
    """How the polled numbers are (docs/health.md), by account; judged at ``at``, epoch seconds."""

    at: float
    accounts: Mapping[AccountKey, AccountHealth]

    def of(self, account: AccountReport, number: str) -> tuple[Health, tuple[Finding, ...]]:
        """The health of a number, and what is wrong with it."""
        health = self.accounts.get((account.provider, account.account))
        row = None if health is None else health.result.number_row(number)
        if health is None or row is None:
            return Health.UNKNOWN, ()
        return health.health(row), findings(health, row, self.at)


NOT_JUDGED = Judgement(0.0, {})
"""Of nothing: the health of every number is unknown."""


async def poll_and_judge(
    settings: Settings, account: str | None = None
) -> tuple[Report, Judgement]:
    """Poll once, and judge by the facts and by the open tickets in the ledger.

    The configurations that were seen for the first time are stored.
    """
    report = await poll_once(settings, account)
    now, faults = time.time(), await stored_open_faults(settings)
    checked = await check_and_store(settings, report, await stored_baselines(settings), now)
    healths = {key: assess(result, now, faults.of(key)) for key, result in checked.items()}
    return report, Judgement(now, healths)
