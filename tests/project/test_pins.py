"""What the forge and the containers run is pinned, kept up to date, and audited."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
COMMIT = re.compile(r"@[0-9a-f]{40}$")


def read(path: str) -> Any:
    return yaml.safe_load((REPOSITORY / path).read_text(encoding="utf-8"))


def unpinned(workflow: dict[str, Any]) -> list[str]:
    """The actions and images of a workflow that a tag's owner could change."""
    jobs = workflow["jobs"].values()
    actions = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    images = [job["container"] for job in jobs if "container" in job]
    return [one for one in actions if not COMMIT.search(one)] + [
        one for one in images if not DIGEST.search(one)
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_and_images_of_workflows_are_pinned(path: Path) -> None:
    assert unpinned(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


def test_an_action_with_a_tag_would_be_noticed() -> None:
    job = {"container": "debian:bookworm", "steps": [{"uses": "actions/checkout@v5"}, {"run": "x"}]}
    assert unpinned({"jobs": {"one": job}}) == ["actions/checkout@v5", "debian:bookworm"]


def test_the_bases_of_the_image_are_pinned() -> None:
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(bases) == 2
    assert [base for base in bases if not DIGEST.search(base)] == []


@pytest.mark.parametrize(
    "path", ["deploy/docker-compose.yml", "deploy/replicas/docker-compose.yml"]
)
def test_the_images_of_the_compositions_are_pinned_and_confined(path: str) -> None:
    services = read(path)["services"]
    images = [service["image"] for service in services.values() if "image" in service]
    assert [image for image in images if not DIGEST.search(image)] == []
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_every_kind_of_pin_is_kept_up_to_date() -> None:
    kept = {
        one["package-ecosystem"]: one.get("directory") or one["directories"]
        for one in read(".github/dependabot.yml")["updates"]
    }
    composed = ["/deploy", "/deploy/replicas"]
    assert kept == {"pip": "/", "github-actions": "/", "docker": "/", "docker-compose": composed}


# --- the audit


def test_the_workflow_audits_and_proves_that_the_audit_finds_something() -> None:
    steps = [step.get("run") for step in read(".github/workflows/ci.yml")["jobs"]["audit"]["steps"]]
    assert steps.index(".ci/audit.sh control") < steps.index(".ci/audit.sh locks")
    for job in read(".github/workflows/ci.yml")["jobs"].values():
        assert not any("continue-on-error" in step for step in [job, *job["steps"]])
    script = (REPOSITORY / ".ci/audit.sh").read_text(encoding="utf-8")
    assert "pip-audit --strict" in script
    for lock in REPOSITORY.glob("requirements*.lock"):
        assert f"-r {lock.name}" in script


def test_what_a_clean_clone_must_pass_needs_no_advisories() -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "lint", "test"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "audit" not in shown
    assert "advisories" in (REPOSITORY / ".ci/run").read_text(encoding="utf-8").lower()


FOUND = '{"dependencies": [{"name": "aiohttp", "vulns": [{"id": "PYSEC-2024-24"}]}]}'
CLEAN = '{"dependencies": [{"name": "aiohttp", "vulns": []}]}'


@pytest.mark.parametrize(
    ("what", "status", "report", "expected"),
    [
        pytest.param("control", 1, FOUND, 0, id="the-planted-pin-is-found"),
        pytest.param("control", 0, CLEAN, 1, id="an-index-without-advisory-data"),
        pytest.param("control", 1, "", 1, id="an-audit-that-could-not-be-made"),
        pytest.param("control", 2, FOUND, 1, id="an-audit-that-broke-on-the-way"),
        pytest.param("locks", 0, CLEAN, 0, id="no-advisory-for-the-locks"),
        pytest.param("locks", 1, FOUND, 1, id="an-advisory-for-the-locks"),
        pytest.param("locks", 1, "", 1, id="the-locks-could-not-be-audited"),
        pytest.param("", 0, CLEAN, 2, id="neither"),
    ],
)
def test_the_audit_fails_closed(
    what: str, status: int, report: str, expected: int, tmp_path: Path
) -> None:
    shutil.copytree(REPOSITORY / ".ci", tmp_path / ".ci")
    audit = tmp_path / ".venv/bin/pip-audit"
    audit.parent.mkdir(parents=True)
    audit.write_text(f"#!/bin/sh\necho '{report}'\nexit {status}\n")
    audit.chmod(0o755)
    done = subprocess.run(
        [tmp_path / ".ci/audit.sh", what],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == expected, done.stdout + done.stderr
