"""Every test of the contract runs for every row of the table."""

from collections.abc import AsyncIterator, Iterator

import pytest

from agent.simulator.dialects import DIALECTS
from tests.providers.contract.contract_bench import ContractBench, contract_bench
from tests.providers.contract.subject import Subject
from tests.providers.contract.subjects import SUBJECTS


@pytest.fixture(params=SUBJECTS, ids=lambda subject: subject.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    """One adapter or profile."""
    chosen: Subject = request.param
    return chosen


class NoRateWindows:
    """Stands in for the limits of providers where it is not they that are tested."""

    async def wait(self, _limits: object) -> None:
        """Return at once."""

    def take(self, _limits: object) -> bool:
        """Every request is within the limits."""
        return True


@pytest.fixture(autouse=True)
def _without_a_vendors_rate(request: pytest.FixtureRequest, subject: Subject) -> Iterator[None]:
    """At the rate that a vendor allows most tests would only wait; one keeps it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("at_the_vendors_rate") is None:
            patch.setattr("agent.polling.budget.RateWindows", NoRateWindows)
            patch.setattr(DIALECTS[subject.name], "per_second", 1_000_000, raising=False)
        yield


@pytest.fixture
async def bench(subject: Subject) -> AsyncIterator[ContractBench]:
    """Its account, not polled yet."""
    async with contract_bench(subject) as running:
        yield running
