"""The commands as a user types them: exit codes, what goes where, how soon help comes."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
BROKEN = REPOSITORY / "tests/config/broken"
GOOD = """\
providers:
  - name: north
    profile: generic
    base_url: https://api.example.com
    accounts:
      - id: hq
        credentials: {key: a, secret: b}
"""


def numwatch(
    *arguments: str, environ: dict[str, str] | None = None, cwd: Path = REPOSITORY
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **(environ or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_version_is_that_of_the_package() -> None:
    told = numwatch("--version")
    assert told.returncode == 0
    assert re.fullmatch(r"numwatch \d+\.\d+\.\d+\n", told.stdout)


def test_a_good_configuration_exits_0(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(GOOD)
    told = numwatch("check-config", str(path))
    assert (told.returncode, told.stdout, told.stderr) == (0, f"{path}: ok\n", "")


def test_a_broken_one_exits_1_and_tells_each_error_on_a_line() -> None:
    told = numwatch("check-config", "three_mistakes.yaml", cwd=BROKEN)
    assert told.returncode == 1
    assert told.stdout == (BROKEN / "three_mistakes.expected").read_text()


def test_what_a_profile_needs_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(GOOD.replace(", secret: b", "").replace("base_url", "#"))
    told = numwatch("check-config", "c.yaml", cwd=tmp_path)
    secret = "providers[0].accounts[0].credentials.secret"
    assert told.returncode == 1
    assert told.stdout.splitlines() == [
        "c.yaml:2: providers[0].base_url: is missing, profile generic needs one",
        f"c.yaml:7: {secret}: credential secret is missing, profile generic needs it",
    ]


def test_what_cannot_be_read_from_a_file_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(GOOD.replace("secret: b", "secret_file: nowhere"))
    told = numwatch("check-config", "c.yaml", cwd=tmp_path)
    assert len(told.stdout.splitlines()) == 1


def test_a_broken_rule_file_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]\n")
    (tmp_path / "c.yaml").write_text(GOOD + "rules: {files: [own.yml]}\n")
    told = numwatch("check-config", "c.yaml", cwd=tmp_path)
    assert told.returncode == 1
    assert "own.yml:1:" in told.stdout


@pytest.mark.parametrize("missing", ["nowhere.yaml", "."])
def test_a_missing_file_is_an_error_of_the_same_form(missing: str, tmp_path: Path) -> None:
    told = numwatch("check-config", missing, cwd=tmp_path)
    assert told.returncode == 1
    assert re.fullmatch(rf"{re.escape(missing)}:1: \(file\): cannot be read: .+\n", told.stdout)


def test_the_schema_is_one_json_document() -> None:
    told = numwatch("config", "schema")
    assert told.returncode == 0
    assert json.loads(told.stdout)["title"] == "numwatch configuration"


def test_the_page_is_markdown() -> None:
    assert numwatch("config", "schema", "--markdown").stdout.startswith("# Configuration\n")


def test_an_unknown_command_exits_2_and_says_so_on_standard_error() -> None:
    told = numwatch("wach")
    assert (told.returncode, told.stdout) == (2, "")
    assert "wach" in told.stderr


def test_help_imports_no_room() -> None:
    seen = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "agent", "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stderr
    slow = ("pydantic", "aiohttp", "numpy", "sqlalchemy", "structlog", "yaml", "agent.config")
    assert not [name for name in slow if re.search(rf"\| +{re.escape(name)}$", seen, re.MULTILINE)]


def test_help_comes_within_half_a_second_of_work() -> None:
    best = min(_seconds_of_work() for _ in range(3))
    assert best < 0.5


def _seconds_of_work() -> float:
    before = os.times()
    started = time.monotonic()
    assert numwatch("--help").returncode == 0
    after = os.times()
    busy = after.children_user + after.children_system
    return min(busy - before.children_user - before.children_system, time.monotonic() - started)
