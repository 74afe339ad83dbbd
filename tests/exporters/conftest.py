"""promtool, which checks pages."""

import shutil
import subprocess
from collections.abc import Callable

import pytest


@pytest.fixture
def promtool() -> Callable[[bytes], str]:
    """Gives what ``promtool check metrics`` says of a page; nothing when it is satisfied."""
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool is not installed")

    def check(page: bytes) -> str:
        done = subprocess.run(
            [path, "check", "metrics"], input=page, capture_output=True, check=False, timeout=60
        )
        said = (done.stdout + done.stderr).decode(errors="replace")
        return said if said or not done.returncode else f"exit {done.returncode}"

    return check
