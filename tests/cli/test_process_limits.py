"""Commands under small limits of the process say what is wrong and what to do, in our words."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1 << 20


def result(folder: Path, command: str, kind: int, limit: int) -> tuple[int, str]:
    """The exit status and standard error of a command that is refused its configuration."""
    config = folder / "config.yaml"
    config.write_text("nonsense: true\n")
    arguments = ("run", "--config", str(config)) if command == "run" else (command, str(config))

    def limited() -> None:
        resource.setrlimit(kind, (limit, limit))

    done = subprocess.run(
        (sys.executable, "-m", "agent", *arguments),
        preexec_fn=limited,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "kind", "limit", "option"),
    [
        ("check-config", resource.RLIMIT_AS, 150 * MIB, "ulimit -v 409600"),
        ("run", resource.RLIMIT_AS, 600 * MIB, "ulimit -v 1048576"),
        ("run", resource.RLIMIT_NOFILE, 32, "ulimit -n 256"),
    ],
)
def test_a_limit_that_is_too_small_is_said(
    tmp_path: Path, command: str, kind: int, limit: int, option: str
) -> None:
    status, text = result(tmp_path, command, kind, limit)
    assert status == 2
    assert option in text
    assert "numwatch needs at least" in text
    assert "OpenBLAS" not in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("kind", "limit"), [(resource.RLIMIT_AS, 400 * MIB), (resource.RLIMIT_NOFILE, 16)]
)
def test_the_least_limit_is_enough(tmp_path: Path, kind: int, limit: int) -> None:
    status, text = result(tmp_path, "check-config", kind, limit)
    assert status == 1
    assert "nonsense" in text
