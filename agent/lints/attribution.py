"""Lints of what belongs to whom: phones without a listed number, and the inventory."""

from collections.abc import Sequence
from typing import Final

from agent.i18n import Message
from agent.lints.facts import AccountFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, account_lint
from agent.masking import mask_phone

_SHOWN: Final = 3


def _examples(numbers: Sequence[str]) -> str:
    """How many, and the first few; masked, for a profile may take a phone for a number."""
    shown = ", ".join(map(mask_phone, numbers[:_SHOWN]))
    more = ", …" if len(numbers) > _SHOWN else ""
    return f"{len(numbers)} ({shown}{more})" if numbers else "0"


@account_lint(
    "L43",
    Level.WARNING,
    Message("phones under numbers that are not listed"),
    Message("{phones} phones are under numbers that the account does not list: {numbers}"),
)
def unlisted_phones(facts: AccountFacts) -> Result:
    """Phones whose number the account does not list, so that they are nobody's (L43)."""
    if not facts.unlisted:
        return None
    return {"phones": facts.unlisted_phones, "numbers": _examples(facts.unlisted)}


@account_lint(
    "L44",
    Level.WARNING,
    Message("provider and inventory disagree"),
    Message(
        "in the inventory and not listed: {missing}; listed and not in the inventory: {extra}; "
        "with other phones: {phones}"
    ),
)
def inventory_differs(facts: AccountFacts) -> Result:
    """Numbers or phones that only the provider or only the inventory has (L44)."""
    if not (facts.not_listed or facts.not_in_inventory or facts.other_phones):
        return None
    return {
        "missing": _examples(facts.not_listed),
        "extra": _examples(facts.not_in_inventory),
        "phones": _examples(facts.other_phones),
    }
