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
    result = numwatch("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"numwatch \d+\.\d+\.\d+\n", result.stdout)


def test_a_good_configuration_exits_0(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(GOOD)
    result = numwatch("check-config", str(path))
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{path}: ok\n", "")


def test_a_broken_configuration_exits_1_with_each_error_on_a_line() -> None:
    result = numwatch("check-config", "three_mistakes.yaml", cwd=BROKEN)
    assert result.returncode == 1
    assert result.stdout == (BROKEN / "three_mistakes.expected").read_text()


def test_a_setting_that_a_profile_needs_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(GOOD.replace(", secret: b", "").replace("base_url", "#"))
    result = numwatch("check-config", "c.yaml", cwd=tmp_path)
    secret = "providers[0].accounts[0].credentials.secret"
    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        "c.yaml:2: providers[0].base_url: is missing, profile generic needs one",
        f"c.yaml:7: {secret}: credential secret is missing, profile generic needs it",
    ]


def test_a_secret_file_that_cannot_be_read_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(GOOD.replace("secret: b", "secret_file: nowhere"))
    result = numwatch("check-config", "c.yaml", cwd=tmp_path)
    assert len(result.stdout.splitlines()) == 1


def test_a_broken_rule_file_is_reported_too(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]\n")
    (tmp_path / "c.yaml").write_text(GOOD + "rules: {files: [own.yml]}\n")
    result = numwatch("check-config", "c.yaml", cwd=tmp_path)
    assert result.returncode == 1
    assert "own.yml:1:" in result.stdout


@pytest.mark.parametrize("missing", ["nowhere.yaml", "."])
def test_a_missing_file_is_an_error_of_the_same_form(missing: str, tmp_path: Path) -> None:
    result = numwatch("check-config", missing, cwd=tmp_path)
    assert result.returncode == 1
    assert re.fullmatch(rf"{re.escape(missing)}:1: \(file\): cannot be read: .+\n", result.stdout)


def test_the_schema_is_one_json_document() -> None:
    result = numwatch("config", "schema")
    assert result.returncode == 0
    schema = json.loads(result.stdout)
    assert schema["title"] == "numwatch configuration"
    assert {"signing", "login"} <= schema["$defs"]["Profile"]["properties"].keys()


def test_the_page_is_markdown() -> None:
    assert numwatch("config", "schema", "--markdown").stdout.startswith("# Configuration\n")


def test_an_unknown_command_exits_2_and_says_so_on_standard_error() -> None:
    result = numwatch("wach")
    assert (result.returncode, result.stdout) == (2, "")
    assert "wach" in result.stderr


def test_help_imports_nothing_slow() -> None:
    imports = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "agent", "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stderr
    slow = ("pydantic", "aiohttp", "numpy", "sqlalchemy", "structlog", "yaml", "agent.config")
    assert not [
        name for name in slow if re.search(rf"\| +{re.escape(name)}$", imports, re.MULTILINE)
    ]


def test_help_takes_less_than_half_a_second_of_work() -> None:
    best = min(_seconds_of_work() for _ in range(3))
    assert best < 0.5


def _seconds_of_work() -> float:
    before = os.times()
    started = time.monotonic()
    assert numwatch("--help").returncode == 0
    after = os.times()
    busy = after.children_user + after.children_system
    return min(busy - before.children_user - before.children_system, time.monotonic() - started)
