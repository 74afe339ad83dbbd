"""An account that is shown again shows what one shows that was never shown before.

Negative control: the blocks of each step differ from those of the step before.
"""

from typing import Any

import pytest

from agent.checks.charges import Charges
from agent.model import Balance, Snapshot
from agent.states import Capability, PollFailure
from exporters.block import Block
from tests.account_facts import NOW, changed, make_snapshot, number, polled
from tests.series.page import Page, samples

ONE, TWO = "4006220001", "4006220002"
Found = dict[str, Any]
RECLAIMED = make_snapshot(number(ONE, "reclaimed"), number(TWO, "reclaimed"))
LEFT = make_snapshot(number(ONE, "reclaimed"), gone=frozenset({TWO}))
TWO_NUMBERS = make_snapshot(number(ONE), number(TWO))
USUAL = Charges("CNY", calls=3, spent=4.0, usual=5.0)
TOO_MANY = {
    **make_snapshot().polls,
    Capability.NUMBERS: polled(failure=PollFailure.TOO_MANY),
}
STEPS: dict[str, tuple[Snapshot, Snapshot, Found, Found]] = {
    "balance": (make_snapshot(), make_snapshot(balance=Balance(1.0, "CNY")), {}, {}),
    "currency": (make_snapshot(), make_snapshot(balance=Balance(120.5, "HKD")), {}, {}),
    "no balance": (make_snapshot(), make_snapshot(balance=None), {}, {}),
    "gone, with the same states": (RECLAIMED, LEFT, {}, {}),
    "one number more": (
        make_snapshot(number(ONE)),
        make_snapshot(number(ONE), number(TWO)),
        {},
        {},
    ),
    "charges": (make_snapshot(), make_snapshot(), {}, {"charges": USUAL}),
    "other charges": (
        make_snapshot(),
        make_snapshot(),
        {"charges": USUAL},
        {"charges": USUAL._replace(spent=40.0)},
    ),
    "over the limit": (make_snapshot(), make_snapshot(polls=TOO_MANY), {}, {}),
    "under it again": (make_snapshot(polls=TOO_MANY), make_snapshot(), {}, {}),
}


def of_account(shown: dict[str, Block]) -> dict[str, dict[Any, float]]:
    return {name: samples(it) for name, it in shown.items() if name.startswith("numwatch_account")}


@pytest.mark.parametrize("step", STEPS)
def test_what_is_shown_again_is_what_would_be_shown_anew(step: str) -> None:
    before, after, first, then = STEPS[step]
    page = Page()
    former = of_account(page.show(before, **first))
    again = of_account(page.show(changed(after), NOW + 1, **then))
    assert again == of_account(Page().show(changed(after), NOW + 1, **then))
    assert again != former, "the step changes nothing"
