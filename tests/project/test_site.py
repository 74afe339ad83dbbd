"""The documentation builds as a site, in both languages, and every link in it leads somewhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
NEEDED = ("mkdocs.yml", ".ci/site.py", "docs")


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in NEEDED:
        source, target = REPOSITORY / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for page in REPOSITORY.glob("*.md"):
        shutil.copy(page, tmp_path / page.name)
    return tmp_path


def test_the_site_builds_in_both_languages(copy: Path) -> None:
    done = build(copy)
    assert done.returncode == 0, done.stderr
    site = copy / "build/site"
    for page in ("getting-started.html", "alerts.html", "tickets.html", "diagnosis.html"):
        assert (site / page).is_file()
        chinese = (site / "zh" / page).read_text()
        title = re.search(r"<h1[^>]*>(.*?)<", chinese)
        assert title is not None
        assert re.search(r"[\u4e00-\u9fff]", title[1])


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    settings = (REPOSITORY / "mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(re.sub(r"^hooks:.*$", "", settings, flags=re.MULTILINE))
    (tmp_path / "docs/index.md").write_text("# A page\n\n[another](missing.md)\n")
    assert build(tmp_path).returncode != 0
