"""Which tests run in one process where several do: those that share a world that is slow to begin.

pytest-xdist 3.8 groups tests by a suffix that it writes into their ids, which pytest 9.2 does not
use any more: its own grouping does nothing. Here the ids themselves say what belongs together.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadGroupScheduling

_ROOT = Path(__file__).parents[1]
_ROWS = "tests/source_rows/"
_INTEGRATION = "tests/integration/"
_STORY = re.compile(r"\bstory: Story\b")


class SharedWorlds(LoadGroupScheduling):
    """Sends tests that share a world to one process, and every other test to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test: the world that it shares, else the test itself."""
        file = nodeid.partition("::")[0]
        if file.startswith(_ROWS):
            return _ROWS
        return _INTEGRATION if _is_of_the_story(file) else nodeid


@cache
def _is_of_the_story(file: str) -> bool:
    if not file.startswith(_INTEGRATION):
        return False
    return _STORY.search((_ROOT / file).read_text(encoding="utf-8")) is not None
