"""Which tests run in one process where several do: those of one file, and all that share a world.

pytest-xdist 3.8 groups tests by a suffix that it writes into their ids, which pytest 9.2 does not
use any more: its own grouping does nothing. Here the ids themselves say what belongs together.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadGroupScheduling

_ROOT = Path(__file__).parents[1]
_STORY = re.compile(r"\bstory: Story\b")
_WORLDS: Mapping[str, re.Pattern[str]] = {
    "the rows' agents": re.compile(r"tests/source_rows/"),
    # Loading schemas and models takes longest.
    "kubernetes": re.compile(r"tests/deploy/test_(kubernetes|several_pods)\.py"),
}
"""By a name for it, the files whose tests share what takes long to begin."""


class SharedWorlds(LoadGroupScheduling):
    """Sends the tests of a file to one process, and all files that share a world to one."""

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test."""
        return group_of(nodeid.partition("::")[0])


@cache
def group_of(file: str) -> str:
    """The world that the tests of ``file`` share with those of others, else the file."""
    world = next((name for name, files in _WORLDS.items() if files.match(file)), None)
    if world is not None:
        return world
    is_of_the_story = file.startswith("tests/integration/") and _STORY.search(
        (_ROOT / file).read_text(encoding="utf-8")
    )
    return "the story" if is_of_the_story else file
