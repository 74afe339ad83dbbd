"""The agent starts under what the systemd unit forbids, applied by bubblewrap and libseccomp.

systemd itself runs on few machines that run tests; its own list of calls is asked of it.
"""

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.integration.processes import ROOT, free_port, get, needs, numwatch, running, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

UNIT = ROOT / "deploy/systemd/numwatch.service"
LAUNCHER = Path(__file__).with_name("unit_launcher.py")


def setting(name: str) -> list[str]:
    """The values of a setting of the unit, one for each line that has it."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


@cache
def calls(group: str) -> frozenset[str]:
    """The system calls of a group of systemd's, groups within it included."""
    shown = subprocess.run(
        [needs("systemd-analyze"), "syscall-filter", group],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    members = re.findall(r"^    (?!#)(\S+)$", shown, re.MULTILINE)
    inner = [calls(member) for member in members if member.startswith("@")]
    return frozenset(one for one in members if not one.startswith("@")).union(*inner)


def allowed() -> frozenset[str]:
    """The system calls that the unit's filters leave, read as systemd reads them."""
    result: frozenset[str] = frozenset()
    for line in setting("SystemCallFilter"):
        groups = [calls(group) for group in line.removeprefix("~").split()]
        union = frozenset[str]().union(*groups)
        result = result - union if line.startswith("~") else result | union
    return result


@pytest.fixture
def sandbox(tmp_path: Path) -> list[str]:
    """The words before a command that runs as the unit runs it, with ``tmp_path`` as its state."""
    bwrap = needs("bwrap")
    python = "/usr/bin/python3"
    probe = subprocess.run([python, "-c", "import seccomp"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("python3-seccomp is not installed; `make servers` as root installs it")
    rules = {"calls": sorted(allowed()), "families": setting("RestrictAddressFamilies")[0].split()}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    words = [bwrap, "--unshare-user", "--unshare-pid", "--uid", "61000", "--gid", "61000"]
    words += ["--cap-drop", "ALL", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev"]
    words += ["--proc", "/proc", "--tmpfs", "/tmp"]
    words += ["--ro-bind", str(ROOT), str(ROOT), "--bind", str(tmp_path), str(tmp_path)]
    words += ["--chdir", str(ROOT), python, str(LAUNCHER), str(tmp_path / "rules.json")]
    if subprocess.run([*words, "/bin/true"], capture_output=True, check=False).returncode:
        pytest.skip("no sandbox can be made here")
    return words


FORBIDDEN = {
    "memory that is written and run": "import mmap; mmap.mmap(-1, 4096, prot=7)",
    "a socket of the kernel": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "a priority": "import os; os.setpriority(os.PRIO_PROCESS, 0, 5)",
    "a processor of its own": "import os; os.sched_setaffinity(0, {0})",
    "a write outside its state": "open('/var/tmp/probe', 'w')",
}


@pytest.mark.parametrize("code", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_what_the_unit_forbids_fails(code: str, sandbox: list[str]) -> None:
    """The control: the restrictions are there."""
    python = numwatch()[0]
    done = subprocess.run(
        [*sandbox, python, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert re.search(r"(Permission|OS)Error", done.stderr)
    assert subprocess.run([*sandbox, python, "-c", ""], check=False).returncode == 0


def test_the_agent_starts_under_the_restrictions(sandbox: list[str], tmp_path: Path) -> None:
    at = f"127.0.0.1:{free_port()}"
    command = [*sandbox, *numwatch("demo", "--listen", at, "--data", str(tmp_path / "data"))]
    with running(command, tmp_path / "log"):
        wait_until(lambda: get(f"http://{at}/-/ready"), 90, "ready")
        assert b"numwatch_" in get(f"http://{at}/metrics")
    assert "PermissionError" not in (tmp_path / "log").read_text(errors="replace")
