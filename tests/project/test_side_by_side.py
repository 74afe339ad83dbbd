"""Tests that share a world run in one process, however many there are."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.integration.processes import ROOT
from tests.side_by_side import LONG, group_of

CONFTEST = "from tests.conftest import pytest_xdist_make_scheduler\n"
TESTS = """
import os
from pathlib import Path

import pytest

@pytest.mark.parametrize("index", range(8))
def test_notes_its_process(index):
    with Path(__file__).with_suffix(".processes").open("a") as notes:
        notes.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


def run_there(folder: Path, count: int) -> str:
    """What pytest prints about the tests in ``folder``, in so many processes."""
    own = ("-c", "/dev/null", "--rootdir", str(folder), "-p", "no:cacheprovider", "-v")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *own, "-n", str(count), "--dist=loadgroup", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return done.stdout


def processes(folder: Path, conftest: str) -> dict[str, set[str]]:
    """By file, the processes that its tests ran in."""
    (folder / "conftest.py").write_text(conftest)
    for name in ("test_one.py", "test_other.py"):
        (folder / name).write_text(TESTS)
    printed = run_there(folder, 2)
    assert "16 passed" in printed, printed
    noted: dict[str, set[str]] = defaultdict(set)
    for file in folder.glob("*.processes"):
        noted[file.stem] = set(file.read_text().split())
    return noted


def test_the_tests_of_a_file_run_in_one_process(tmp_path: Path) -> None:
    ran = processes(tmp_path, CONFTEST)
    assert {len(it) for it in ran.values()} == {1}
    assert len(ran["test_one"] | ran["test_other"]) == 2


def test_without_the_scheduler_they_are_spread(tmp_path: Path) -> None:
    """The control: what pytest-xdist does by itself."""
    assert max(len(it) for it in processes(tmp_path, "").values()) == 2


@pytest.mark.parametrize(
    ("file", "other"),
    [
        ("tests/source_rows/test_rows.py", "tests/source_rows/test_console.py"),
        ("tests/integration/test_story.py", "tests/integration/test_grafana_calls.py"),
        ("tests/deploy/test_kubernetes.py", "tests/deploy/test_several_pods.py"),
    ],
)
def test_files_that_share_a_world_are_one_group(file: str, other: str) -> None:
    assert group_of(file) == group_of(other)
    assert group_of("tests/integration/test_kamailio.py") not in {group_of(file), group_of(other)}


def test_what_is_begun_first_is_there() -> None:
    files = [it for it in LONG if it.startswith("tests/")]
    assert [it for it in files if group_of(it) != it or not (ROOT / it).is_file()] == []


def test_what_takes_longest_is_begun_before_the_rest(tmp_path: Path) -> None:
    """Each process has two files from the start; of the others the long one is the next."""
    named = [f"test_{place}.py" for place in range(9)]
    for name in named:
        (tmp_path / name).write_text("def test_it(): pass\n")
    long = "from tests import side_by_side\nside_by_side.LONG = ('test_8.py',)\n"
    (tmp_path / "conftest.py").write_text(CONFTEST + long)
    printed = run_there(tmp_path, 1)
    begun = re.findall(r"PASSED \S*(test_\d\.py)", printed)
    assert sorted(begun) == named, printed
    assert begun.index("test_8.py") <= 2
