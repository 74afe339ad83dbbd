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
    Cause.CHARGES_UNEXPLAINED: CauseText(
        Message("Charges that calls do not explain"),
        (
            Message(
                "Have the provider freeze outgoing calls of {account} and lower its cap: {spent} "
                "{currency} went in the last hour."
            ),
            Message(
                "Change the password and the keys of {account} ({contact}); end every session and "
                "look at who may sign in."
            ),
            Message(
                "Compare the provider's bill with the calls and the changed phones below, and "
                "dispute what is not yours: within five months, at the provider first."
            ),
        ),
        (
            Message("Was a fee charged, or has the price risen?"),
            Message("Does anybody know of the phones that were bound of late?"),
            Message("Who knows the password and the keys of {account}?"),
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
