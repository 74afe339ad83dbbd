"""The texts about causes in an account's money and in what lies stored there.

Source: docs/reference/domain.md §2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agent.i18n import Message
from agent.states import Cause


@dataclass(frozen=True)
class CauseText:
    """The texts about one cause."""

    title: Message
    """The cause in a few words."""
    steps: tuple[Message, ...] = ()
    """The next steps, in order."""
    questions: tuple[Message, ...] = ()
    """Questions that no interface answers."""


ACCOUNT_TEXTS: Final[Mapping[Cause, CauseText]] = {
    Cause.BALANCE_EXHAUSTED: CauseText(
        Message("Balance used up"),
        (
            Message(
                "Top up {account} ({contact}): {balance} {currency} left, numbers are suspended "
                "below {stop}."
            ),
        ),
        (Message("Is the spend higher than usual, and why?"),),
    ),
    Cause.SPEND_CAP_REACHED: CauseText(
        Message("Monthly spend cap reached"),
        (Message("Raise the monthly cap of {account} ({contact}), or wait for the new month."),),
        (
            Message("Was the cap set on purpose?"),
            Message("Is the traffic genuine?"),
        ),
    ),
    Cause.RECORDINGS_EXPIRING: CauseText(
        Message("Recordings about to be deleted"),
        (
            Message(
                "Export the recordings of {number} before {date}: the provider keeps them for "
                "{days} days, and they are evidence in a dispute."
            ),
            Message("Have them exported regularly, or kept for longer ({contact})."),
        ),
        (Message("Does a dispute rest on one of these recordings?"),),
    ),
}
"""Each is among the texts of all causes."""
