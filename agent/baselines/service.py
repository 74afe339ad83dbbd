"""Baselines for commands, API and pages: report the drift of a number, approve a configuration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from agent.baselines.baseline import Baseline
from agent.baselines.drift import Difference
from agent.baselines.planned import PlannedPeriod, planned_for
from agent.baselines.repository import BaselineRepository
from agent.checks.result import CheckResult
from agent.model import AccountKey

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class BaselineReport:
    """One number's baseline, the drift from it, and its history."""

    checked: CheckResult
    number: str
    baseline: Baseline | None
    """The effective baseline; ``None`` before its configuration was ever complete."""
    differences: tuple[Difference, ...]
    since: float | None
    """Epoch seconds at which drift was first observed; ``None`` if its beginning was not."""
    planned: PlannedPeriod | None
    """The planned change in progress."""
    history: Sequence[Baseline]
    """Earlier baselines, oldest first."""


class BaselineService:
    """Reports and approves baselines.

    Args:
        repository: Where baselines are stored.
        checked: Returns the newest check result of every account.
        plans: Returns the configured planned changes.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        repository: BaselineRepository,
        checked: Callable[[], Mapping[AccountKey, CheckResult]],
        plans: Callable[[], Sequence[PlannedPeriod]],
        clock: Callable[[], float],
    ) -> None:
        self._repository = repository
        self._checked = checked
        self._plans = plans
        self._clock = clock

    async def report(
        self, number: str, provider: str = "", account: str = ""
    ) -> BaselineReport | None:
        """Returns the number's baseline and drift; ``None`` if no account has the number.

        Raises:
            StoreError: if the ledger cannot be read.
            ValueError: if a stored history is damaged.
        """
        check_result = self._account_with(number, provider, account)
        if check_result is None:
            return None
        key = check_result.snapshot.provider, check_result.snapshot.account, number
        return BaselineReport(
            check_result,
            number,
            self._repository.book.get(*key),
            check_result.differences(number),
            check_result.drift_since.get(number),
            planned_for(self._plans(), *key, self._clock()),
            await self._repository.history(*key),
        )

    async def approve(
        self, number: str, by: str, note: str, provider: str = "", account: str = ""
    ) -> Baseline | None:
        """Approve the number's present configuration; returns ``None`` if no account has it.

        Raises:
            LookupError: if the configuration is not completely known.
            StoreError: if the ledger cannot be written; the baseline is unchanged.
        """
        check_result = self._account_with(number, provider, account)
        if check_result is None:
            return None
        baseline = await self._repository.approve(
            check_result.snapshot, number, self._clock(), by, note
        )
        key = f"{check_result.snapshot.key}/{number}"
        log.info("baseline_approved", number=key, version=baseline.version, by=by)
        return baseline

    def _account_with(self, number: str, provider: str, account: str) -> CheckResult | None:
        holders = (
            checked
            for key, checked in self._checked().items()
            if provider in ("", key[0])
            and account in ("", key[1])
            and checked.number_row(number) is not None
        )
        return next(holders, None)
