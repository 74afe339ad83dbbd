"""Baselines as the commands, the API and the pages use them: looked at and approved."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from agent.baselines.baseline import Baseline
from agent.baselines.planned import Plan, planned_for
from agent.baselines.report import BaselineReport
from agent.baselines.repository import BaselineRepository
from agent.checks.result import CheckResult
from agent.model import AccountKey

log = structlog.get_logger(__name__)


class BaselineService:
    """Answers for baselines.

    Args:
        shelf: Where they are kept.
        checked: What the checks found, by account.
        plans: The planned changes.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        shelf: BaselineRepository,
        checked: Callable[[], Mapping[AccountKey, CheckResult]],
        plans: Callable[[], Sequence[Plan]],
        clock: Callable[[], float],
    ) -> None:
        self._shelf = shelf
        self._checked = checked
        self._plans = plans
        self._clock = clock

    async def report(
        self, number: str, provider: str = "", account: str = ""
    ) -> BaselineReport | None:
        """The number's baseline and what differs from it; ``None`` when nobody has the number.

        Raises:
            StoreError: when the ledger refuses.
            ValueError: when what is kept is damaged.
        """
        held = self._holder(number, provider, account)
        if held is None:
            return None
        place = held.snapshot.provider, held.snapshot.account, number
        return BaselineReport(
            held,
            number,
            self._shelf.book.get(*place),
            held.differences(number),
            held.drift_since.get(number),
            planned_for(self._plans(), *place, self._clock()),
            await self._shelf.history(*place),
        )

    async def approve(
        self, number: str, by: str, note: str, provider: str = "", account: str = ""
    ) -> Baseline | None:
        """Make the number's present configuration the approved one; ``None``: nobody has it.

        Raises:
            LookupError: when its configuration is not wholly known.
            StoreError: when the ledger refuses; the baseline is then as it was.
        """
        held = self._holder(number, provider, account)
        if held is None:
            return None
        baseline = await self._shelf.approve(held.snapshot, number, self._clock(), by, note)
        place = f"{held.snapshot.key}/{number}"
        log.info("baseline_approved", number=place, version=baseline.version, by=by)
        return baseline

    def _holder(self, number: str, provider: str, account: str) -> CheckResult | None:
        holders = (
            checked
            for key, checked in self._checked().items()
            if provider in ("", key[0])
            and account in ("", key[1])
            and checked.number_row(number) is not None
        )
        return next(holders, None)
