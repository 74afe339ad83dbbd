"""What comes out of the repository: wheel, locks, container, unit, and what make promises."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==\S+", re.MULTILINE)
PLANNED = {"demo", "test", "test-fast", "lint", "bench", "docs"}


def build(folder: Path, source: Path = REPOSITORY, **environ: str) -> Path:
    """The wheel that is built from ``source`` into ``folder``."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=60,
        env={**os.environ, **environ},
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel built from the repository."""
    return set(zipfile.ZipFile(build(tmp_path_factory.mktemp("wheel"))).namelist())


def test_a_wheel_is_built_to_the_same_bytes_elsewhere_and_later(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for file in tracked():
        if (REPOSITORY / file).is_file():
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / file, copy / file)  # with new times and modes
    here = build(tmp_path / "here", SOURCE_DATE_EPOCH="1767225600")
    there = build(tmp_path / "there", copy, SOURCE_DATE_EPOCH="1767225600", TZ="Asia/Shanghai")
    assert here.read_bytes() == there.read_bytes()
    later = build(tmp_path / "later", SOURCE_DATE_EPOCH="1767229200")
    assert here.read_bytes() != later.read_bytes(), "the control: another time, other bytes"


def tracked(*rooms: str) -> set[str]:
    if shutil.which("git") is None or not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", *rooms], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.split())


def test_the_wheel_has_every_file_of_the_program(wheel: set[str]) -> None:
    present = {file for file in tracked("agent", "exporters") if (REPOSITORY / file).exists()}
    assert present - wheel == set()


def test_the_wheel_has_the_alert_rules_their_runbooks_and_the_licence(wheel: set[str]) -> None:
    files = {
        file for file in tracked("alert_rules", "docs/runbooks") if (REPOSITORY / file).exists()
    }
    shipped = {f"agent/{file.removeprefix('docs/')}" for file in files}
    assert {"agent/runbooks/BalanceLow.md", "agent/runbooks/zh/BalanceLow.md"} <= shipped
    assert shipped <= wheel
    assert "agent/py.typed" in wheel
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_the_wheel_has_nothing_else_at_the_top(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} <= {
        "agent",
        "exporters",
    }


@pytest.mark.parametrize(
    "lock",
    [
        "requirements.lock",
        "requirements-build.lock",
        "requirements-dev.lock",
        "requirements-installer.lock",
    ],
)
def test_every_locked_package_has_its_hashes(lock: str) -> None:
    text = (REPOSITORY / lock).read_text()
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    assert [block for block in blocks[1:] if "--hash=sha256:" not in block] == []


def test_every_dependency_is_locked() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    run, build = settings["project"]["dependencies"], settings["dependency-groups"]["build"]
    dev = settings["project"]["optional-dependencies"]["dev"]
    assert missing("requirements.lock", run) == set()
    assert missing("requirements-build.lock", build) == set()
    assert missing("requirements-dev.lock", [*run, *build, *dev]) == set()
    assert missing("requirements.lock", build) == {"hatchling", "editables"}


def missing(lock: str, wanted: list[str]) -> set[str]:
    names = {re.split(r"[^A-Za-z0-9._-]", one)[0].lower().replace("_", "-") for one in wanted}
    locked = set(LOCKED.findall((REPOSITORY / lock).read_text()))
    return names - {name.lower().replace("_", "-") for name in locked}


def test_make_has_what_the_documentation_promises() -> None:
    help_text = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"make (\S+)", help_text)) >= PLANNED


def test_the_progress_of_an_installation_can_be_read(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    lock.write_text(
        "aiohttp==3.14.5 \\\n    --hash=sha256:0\nyarl==1.25.1 \\\n    --hash=sha256:1\n"
    )
    pip = (
        "WARNING: noise\n"
        "Collecting aiohttp==3.14.5 (from -r x.lock (line 1))\n"
        "Processing /a/yarl-1.25.1-cp311-cp311-linux_x86_64.whl (from -r x.lock)\n"
        "Installing collected packages: yarl, aiohttp\n"
    )
    shown = progress(lock, pip + "Successfully installed aiohttp-3.14.5 yarl-1.25.1\n")
    assert shown.splitlines() == [
        "      1/2 aiohttp 3.14.5",
        "      2/2 yarl 1.25.1",
        "    unpacking 2 packages, some seconds ...",
        "    done",
    ]
    assert "ERROR: hash mismatch" in progress(lock, pip + "ERROR: hash mismatch\n")


def progress(lock: Path, pip: str) -> str:
    return subprocess.run(
        [sys.executable, str(REPOSITORY / ".ci/progress.py"), str(lock)],
        input=pip,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_failed_installation_is_not_taken_for_a_good_one(tmp_path: Path) -> None:
    """The negative control: where neither installer can do it, make fails and says why."""
    for file in ("Makefile", "pyproject.toml", ".ci/install.sh", ".ci/progress.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / file, tmp_path / file)
    for lock in ("requirements.lock", "requirements-build.lock", "requirements-installer.lock"):
        (tmp_path / lock).write_text("nothing-of-the-kind @ file:///nowhere.whl\n")
    made = subprocess.run(
        ["make", f"PYTHON={sys.executable}", ".venv/.run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode != 0
    assert not (tmp_path / ".venv/.run").exists()
    assert "uv did not do it" in made.stdout
    assert "ERROR" in made.stdout


def test_the_dockerfile_runs_as_nobody_with_a_health_check() -> None:
    text = (REPOSITORY / "Dockerfile").read_text()
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER (?!0|root)\d+:\d+$", last, re.MULTILINE)
    assert "/-/healthy" in last
    assert "--require-hashes" in text
    assert "curl" not in text


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint is not installed beside this Python")
    process = subprocess.run(
        [hadolint, "Dockerfile"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stdout) == (0, "")


UNIT = REPOSITORY / "deploy/systemd/numwatch.service"
EXPOSURE = 12
"""The most exposure that is accepted, in tenths."""


def exposed_more(unit: Path) -> tuple[bool, str]:
    """Whether a unit is not well formed or exposed more than is accepted, and what was said."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    process = subprocess.run(
        [analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    return process.returncode != 0, process.stdout + process.stderr


def test_the_unit_is_exposed_little() -> None:
    more, said = exposed_more(UNIT)
    assert not more, said


@pytest.mark.parametrize(
    "line", ["CapabilityBoundingSet=", "PrivateDevices=yes", "SystemCallFilter=@system-service"]
)
def test_a_unit_with_a_weaker_line_is_exposed_too_much(line: str, tmp_path: Path) -> None:
    text = UNIT.read_text()
    assert f"\n{line}\n" in text
    weaker = tmp_path / UNIT.name
    weaker.write_text(text.replace(f"\n{line}\n", "\n"))
    more, said = exposed_more(weaker)
    assert more, said


def test_the_unit_keeps_the_ledger_and_restarts_what_passes() -> None:
    text = UNIT.read_text()
    for line in ("StateDirectory=numwatch", "RestartPreventExitStatus=2", "TimeoutStopSec=150s"):
        assert f"\n{line}\n" in text
    assert "\nRestart=on-failure\n" in text


def test_pre_commit_fetches_nothing() -> None:
    config = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
    assert {one["repo"] for one in config["repos"]} == {"local"}
    assert {hook["language"] for one in config["repos"] for hook in one["hooks"]} == {"system"}


@pytest.mark.parametrize(
    "script", [".ci/run", ".ci/install.sh", "tests/integration/install_servers.sh"]
)
def test_the_scripts_are_executable_and_well_formed(script: str) -> None:
    path = REPOSITORY / script
    assert path.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", path], check=True)


def test_ci_ends_with_the_tests() -> None:
    lines = (REPOSITORY / ".ci/run").read_text().strip().splitlines()
    assert lines[-1] == "make test COVERAGE="
    assert "set -euo pipefail" in lines
