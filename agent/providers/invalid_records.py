"""Records that could not be used: reported always, and too many of them fail the read.

A share of them is a provider's slip; more than a fifth means that the answer is not what the
adapter or profile describes, and what remains would be taken for everything.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from agent.net.exchange import ProviderError
from agent.providers.base import AdapterReports
from agent.states import Capability, PollFailure

_FIFTH: Final = 5


class ReadRecords(Protocol):
    """Records of one read, counted."""

    @property
    def parts(self) -> int:
        """Those that were to be mapped."""
        ...

    @property
    def invalid(self) -> int:
        """Those of them that do not fit."""
        ...

    @property
    def misfits(self) -> Sequence[str]:
        """What is wrong with the first of these."""
        ...


def check_records(
    reports: AdapterReports,
    capability: Capability,
    label: str,
    read: ReadRecords,
    what: str = "do not fit",
) -> None:
    """Report the invalid records of a read; ``label`` names it, ``what`` is said of them.

    Raises:
        ProviderError: ``schema`` when they are more than a fifth.
    """
    if not read.invalid:
        return
    reports.invalid(capability, read.invalid)
    reports.misfits(capability, read.misfits)
    if read.invalid * _FIFTH > read.parts:
        counts = f"{read.invalid} of {read.parts} records {what}"
        why = "; ".join((counts, *read.misfits[:1]))
        raise ProviderError(PollFailure.SCHEMA, f"{label}: {why}")
