"""A test that its own limit does not end: the hard limit ends its process and shows where it is."""

import subprocess
import sys
from pathlib import Path

from tests.integration.processes import ROOT

CONFTEST = """
import tests.hard_limit
from tests.hard_limit import pytest_timeout_cancel_timer, pytest_timeout_set_timer

tests.hard_limit.GRACE = 1.0
"""
DEAF = """
import time

def test_takes_the_limit_for_its_own_error():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

def test_after_it():
    pass
"""
QUICK = """
def test_ends():
    pass
"""


def run(folder: Path, test: str, conftest: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_it.py").write_text(test)
    own = ("-c", "/dev/null", "--rootdir", str(folder), "-p", "no:xdist", "-p", "no:cacheprovider")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *own, "--timeout", "1", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_test_that_its_limit_does_not_end_is_shown_and_ended(tmp_path: Path) -> None:
    done = run(tmp_path, DEAF, CONFTEST)
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in test_takes_the_limit_for_its_own_error" in done.stderr
    assert "passed" not in done.stdout


def test_a_test_that_ends_is_left_alone(tmp_path: Path) -> None:
    done = run(tmp_path, QUICK, CONFTEST)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
