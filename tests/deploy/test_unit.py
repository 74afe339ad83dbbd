"""The systemd unit is one that systemd reads whole: no key, section or value is unknown to it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.processes import ROOT, needs

UNIT = ROOT / "deploy/systemd/numwatch.service"


def verified(text: str, folder: Path) -> tuple[bool, str]:
    """Whether systemd has nothing to say of a unit, and what it says.

    The program stands elsewhere here: it must be one that exists.
    """
    unit = folder / UNIT.name
    unit.write_text(text.replace("/opt/numwatch/bin/numwatch", sys.executable), encoding="utf-8")
    command = [needs("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    return done.returncode == 0 and not said.strip(), said


def test_systemd_reads_the_unit_whole(tmp_path: Path) -> None:
    fine, said = verified(UNIT.read_text(encoding="utf-8"), tmp_path)
    assert fine, said


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("ProtectClock=yes", "ProtectClok=yes"),
        ("RestartSec=5s", "RestartSec=soon"),
        ("[Install]", "[Instal]"),
        ("/opt/numwatch/bin/numwatch run", "/opt/numwatch/bin/numwatsch run"),
    ],
)
def test_a_mistake_is_named(line: str, wrong: str, tmp_path: Path) -> None:
    """The control: systemd itself goes on without a line that it does not know."""
    text = UNIT.read_text(encoding="utf-8")
    assert line in text
    fine, said = verified(text.replace(line, wrong), tmp_path)
    assert not fine
    assert said.strip()
