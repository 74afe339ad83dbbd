"""Which tests run in one process where several do: those of one file, and all that share a world.

Files are begun by how many tests they have, the most first; those that take longest have few, and
would be what every process but one waits for at the end. So they are begun before all others.

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
LONG = (
    *("tests/integration/test_alertmanager_path.py", "tests/proofs/test_kills_in_trouble.py"),
    *("tests/browser/test_pages.py", "the rows' agents"),
    *("tests/proofs/test_clock_set_while_running.py", "tests/proofs/test_soak.py"),
    *("tests/cli/test_dial_command.py", "tests/web/test_conformance.py"),
    *("tests/app/test_clock_is_set.py", "tests/fuzz/test_parsers.py"),
    *("tests/app/test_no_recovery_from_silence.py", "tests/testcalls/test_api.py"),
    *("tests/integration/test_moved_clock.py", "tests/testcalls/test_joint_tests.py"),
    *("tests/browser/test_recording.py", "tests/probing/test_call_ends.py"),
    *("tests/replicas/test_upgrade.py", "tests/app/test_rules_gone.py"),
    *("tests/testcalls/test_kill.py", "tests/probing/test_engine.py"),
    *("tests/web/test_connections.py", "tests/integration/test_image.py"),
)
"""The groups that take more than half a minute, as ``--durations=0`` says, the longest first."""


class SharedWorlds(LoadGroupScheduling):
    """Sends the tests of a file to one process, and all files that share a world to one."""

    def schedule(self) -> None:
        """Give each process its first tests, those that take longest before all others."""
        is_first = self.collection is None
        super().schedule()
        if is_first:
            for group in reversed(LONG):
                if group in self.workqueue:
                    self.workqueue.move_to_end(group, last=False)

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
