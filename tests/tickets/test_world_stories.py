"""Stories from the world's side: number, scope, grade, members and end of the tickets, exactly."""

import pytest

from agent.store.database import Database
from tests.proof_size import is_full
from tests.tickets.world_stories.stories import Story, stories
from tests.tickets.world_stories.teller import Teller

WHOLE = is_full()
STORIES = stories()
EVERY = 1 if WHOLE else 5
"""Of the stories, one in so many is told."""
SPEEDS = (1, 10, 50) if WHOLE else (10,)


def wrong(story: Story, told) -> list[str]:
    problems = list(told.mistakes)
    if sorted(told.standing) != sorted(story.expected):
        problems.append(f"stood {sorted(told.standing)}, expected {sorted(story.expected)}")
    if told.left_open:
        problems.append(f"left open: {told.left_open}")
    if set(told.ends) - {story.resolution}:
        problems.append(f"ended as {told.ends}")
    return [f"{story.name}: {it}" for it in problems]


def test_there_are_sixty_stories() -> None:
    assert len({story.name for story in STORIES}) == len(STORIES) >= 60


@pytest.mark.timeout(900)
@pytest.mark.parametrize("speed", SPEEDS)
async def test_the_tickets_are_those_that_the_world_deserves(
    database: Database, speed: int
) -> None:
    chosen = STORIES[::EVERY]
    told = await Teller(database, chosen, speed).tell()
    pairs = zip(chosen, told, strict=True)
    assert [problem for story, it in pairs for problem in wrong(story, it)] == []
