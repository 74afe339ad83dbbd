"""`make lint` runs bandit, which would find something; each exception has its reason."""

import re
import subprocess
import sys
from pathlib import Path

from tests.project.modules import CODE

REPOSITORY = Path(__file__).parents[2]
EXCEPTION = re.compile(r"#\s*nosec\b(?P<rest>.*)$", re.MULTILINE)
REASONED = re.compile(r" B\d{3} # \S.+")
SCRIPTS = sorted((REPOSITORY / ".ci").glob("*.py"))


def bandit(*paths: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bandit", "--quiet", "--configfile", "pyproject.toml", *paths]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=110
    )


def unreasoned(text: str) -> list[str]:
    """The exceptions from bandit without the test they except, or without a reason."""
    return [one[0] for one in EXCEPTION.finditer(text) if not REASONED.match(one["rest"])]


def test_a_planted_weakness_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import pickle\n\n\ndef load(data: bytes) -> object:\n    return pickle.loads(data)\n"
    )
    done = bandit(planted)
    assert done.returncode == 1
    assert "B301" in done.stdout


def test_linting_runs_bandit() -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "lint"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"bandit .*--recursive agent exporters \.ci$", shown, re.MULTILINE)


def test_every_exception_has_its_reason() -> None:
    found = {file.name: unreasoned(file.read_text(encoding="utf-8")) for file in CODE + SCRIPTS}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_an_exception_without_a_reason_would_be_noticed() -> None:
    assert unreasoned("a = 1  # nosec\n") == ["# nosec"]
    assert unreasoned("a = 1  # nosec B105\n") == ["# nosec B105"]
    assert unreasoned("a = 1  # nosec B105 # a name\n") == []
