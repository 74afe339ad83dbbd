"""Ticket stories: how many tickets, of what, how grave, with which members, and how they end."""

import pytest

from agent.states import NumberState
from agent.store.database import Database
from tests.tickets.driver import Run
from tests.tickets.stories import Beat, Story, StoryScene, Teller, listed

OUT, UNPAID = NumberState.SUSPENDED_VIOLATION, NumberState.SUSPENDED_ARREARS
EXPIRED, FROZEN = NumberState.EXPIRED, NumberState.FROZEN

ONE_NUMBER = {
    "a number is suspended": Story((Beat("down 1", {OUT: "1"}),), "number_down critical"),
    "its network says otherwise as well": Story(
        (Beat("down 1; mismatch 1", {OUT: "1"}),), "number_down critical 1"
    ),
    "and the move was impossible": Story(
        (Beat("down 1; mismatch 1; move 1", {OUT: "1"}),), "number_down critical 1"
    ),
    "the impossible move is told while its state waits": Story(
        (
            Beat("move 1", {OUT: "1"}, waits="down 1"),
            Beat("move 1", waits="down 1"),
            Beat("move 1; down 1"),
        ),
        "number_down critical 1",
    ),
    "an impossible move is not held up for long": Story(
        (Beat("move 1", waits="down 1"), Beat("move 1", waits="down 1", after=700)),
        "illegal_transition warning",
    ),
    "the impossible move alone": Story((Beat("move 1"),), "illegal_transition warning"),
    "the impossible move goes on for a day": Story(
        (Beat("down 1; move 1", {OUT: "1"}),), "number_down critical 1", lingers="move 1"
    ),
    "a mismatch and the move": Story((Beat("mismatch 1; move 1"),), "network_mismatch critical 1"),
    "a suspended number answers nothing": Story(
        (Beat("down 1", {OUT: "1"}), Beat("down 1; answers 1", after=300)),
        "number_down critical 1",
    ),
    "its calls are counted on when it is back": Story(
        (Beat("down 1; answers 1", {OUT: "1"}),), "number_down critical 1", lingers="answers 1"
    ),
    "a suspended number is busy": Story(
        (Beat("down 1; busy 1; capacity 1; answers 1", {OUT: "1"}),), "number_down critical 1"
    ),
    "all lines are busy": Story((Beat("busy 1; answers 1"),), "busy_rate warning 1"),
    "near its capacity": Story((Beat("capacity 1; busy 1; answers 1"),), "busy_rate warning 1"),
    "a low answer rate alone": Story((Beat("answers 1"),), "answer_rate warning"),
    "suspended, and its phones are dead": Story(
        (Beat("down 1; phones 1; phone 1", {OUT: "1"}),), "number_down critical 1"
    ),
    "suspended, with one phone left": Story(
        (Beat("down 1; redundancy 1; phone 1", {OUT: "1"}),), "number_down critical 1"
    ),
    "its phones died, then it was suspended": Story(
        (Beat("phones 1"), Beat("phones 1; down 1", {OUT: "1"}, after=300)),
        "number_down critical 1",
        folded="binding_down",
        total=2,
    ),
    "its phones had been dead for hours": Story(
        (Beat("phones 1"), Beat("phones 1; down 1", {OUT: "1"}, after=7200)),
        "number_down critical; binding_down critical",
        total=2,
    ),
    "dead phones answer nothing": Story(
        (Beat("phones 1; phone 1; answers 1"),), "binding_down critical 1"
    ),
    "dead phones and a drift are two": Story(
        (Beat("phones 1; drift 1"),), "binding_down critical; drift warning", total=2
    ),
    "suspended, and about to be reclaimed": Story(
        (Beat("down 1; reclaim 1", {OUT: "1"}),),
        "number_down critical; reclaim critical",
        total=2,
    ),
    "suspended, and the contract ends": Story(
        (Beat("down 1; contract 1", {OUT: "1"}),),
        "number_down critical; contract warning",
        total=2,
    ),
    "two numbers are two": Story(
        (Beat("down 1; move 1; answers 2", {OUT: "1"}),),
        "number_down critical 1; answer_rate warning",
        total=2,
    ),
}
SEVERAL = {
    "three at once": Story((Beat("down 1 2 3", {OUT: "1 2 3"}),), "provider_outage critical 1 2 3"),
    "three at once, with all that follows": Story(
        (Beat("down 1 2 3; move 1; answers 2; phones 3", {OUT: "1 2 3"}),),
        "provider_outage critical 1 2 3",
    ),
    "one broke twenty minutes before the others": Story(
        (
            Beat("down 9", {OUT: "9"}),
            Beat("down 9 1 2 3 4", {OUT: "1 2 3 4"}, after=1200),
        ),
        "number_down critical; provider_outage critical 1 2 3 4",
        total=2,
    ),
    "one broke twenty minutes before the rule fired": Story(
        (
            Beat("down 9", {OUT: "9"}),
            Beat("provider; down 9 1 2 3 4", {OUT: "1 2 3 4"}, after=1200),
        ),
        "number_down critical; provider_outage critical 1 2 3 4",
        total=2,
    ),
    "they broke one after the other": Story(
        (
            Beat("down 1", {OUT: "1"}),
            Beat("down 1 2", {OUT: "2"}, after=400),
            Beat("down 1 2 3", {OUT: "3"}, after=400),
        ),
        "provider_outage critical 1 2 3",
        folded="number_down; number_down",
        total=3,
    ),
    "a carrier's outage at its provider": Story(
        (Beat("carrier; provider; down 1 2 3 4", {OUT: "1 2 3 4"}),),
        "carrier_outage critical 1 2 3 4 provider_outage",
    ),
    "the provider's rule fires before the carrier's": Story(
        (
            Beat("provider; down 1 2 3 4", {OUT: "1 2 3 4"}),
            Beat("provider; carrier; down 1 2 3 4"),
        ),
        "carrier_outage critical 1 2 3 4 provider_outage",
        folded="provider_outage",
        total=2,
    ),
    "an unpaid number beside an outage": Story(
        (Beat("provider; down 1 2 3 4", {OUT: "1 2 3", UNPAID: "4"}),),
        "provider_outage critical 1 2 3; number_down critical",
        total=2,
    ),
    "an account is empty": Story(
        (Beat("stop; down 1 2 3", {UNPAID: "1 2 3"}),), "balance critical 1 2 3"
    ),
    "an account is empty and one number is expired": Story(
        (Beat("stop; down 1 2 3", {UNPAID: "1 2", EXPIRED: "3"}),),
        "balance critical 1 2; number_down critical",
        total=2,
    ),
    "four lint errors that have nothing in common": Story(
        (Beat("lint 1 2 3 4"),),
        "lint warning; lint warning; lint warning; lint warning",
        total=4,
    ),
    "an API is down": Story((Beat("api; down 1 2; phones 3"),), "provider_api critical 1 2 3"),
    "an API is down, and a number was so before": Story(
        (Beat("down 1", {FROZEN: "1"}), Beat("api; down 1", after=120)),
        "provider_api critical; number_down critical",
        total=2,
    ),
}
STORIES = {**ONE_NUMBER, **SEVERAL}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_a_story(database: Database, story: Story) -> None:
    teller = Teller(Run(database, StoryScene()))
    teller.run.scene.balance = 2.0 if "stop" in str(story.beats) else 500.0
    await teller.tell(story.beats)
    assert teller.stands() == listed(story.stands)
    assert teller.folded() == listed(story.folded)
    await teller.end(story.lingers)
    assert [it.subject for it in teller.run.tickets.open] == []
    assert await teller.total() == story.total
