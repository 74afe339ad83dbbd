"""What a user installs: locked by hash, listed whole, under licences that may be shipped."""

import functools
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
WRONG = "0" * 64


@functools.cache
def script() -> ModuleType:
    """``.ci/dependencies.py`` as a module."""
    spec = importlib.util.spec_from_file_location(
        "dependencies", REPOSITORY / ".ci/dependencies.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def needed(name: str, extras: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The packages that ``name`` needs here, with versions, as the installed metadata says."""
    for text in distribution(name).requires or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in ("", *extras)):
            yield canonicalize_name(one.name), distribution(one.name).version
            yield from needed(one.name, tuple(one.extras))


@pytest.fixture(scope="module")
def bill() -> dict[str, object]:
    made = subprocess.run(
        # `make sbom` validates as well, which takes a quarter of a minute.
        [sys.executable, ".ci/dependencies.py", "sbom", "--no-validate"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert made.returncode == 0, made.stderr
    document: dict[str, object] = json.loads(made.stdout)
    return document


def test_the_bill_of_materials_is_what_is_installed_at_run_time(bill: dict) -> None:
    listed = {canonicalize_name(one["name"]): one["version"] for one in bill["components"]}
    assert listed == dict(needed("numwatch"))


def test_the_bill_of_materials_names_the_release_and_its_direct_needs(bill: dict) -> None:
    about = bill["metadata"]["component"]
    assert (bill["bomFormat"], about["name"]) == ("CycloneDX", "numwatch")
    assert about["version"] == distribution("numwatch").version
    links = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert any(ref.startswith("aiohttp==") for ref in links[about["bom-ref"]])
    assert {ref for refs in links.values() for ref in refs} <= links.keys()


def test_development_tools_are_in_no_bill_of_materials(bill: dict) -> None:
    names = {canonicalize_name(one["name"]) for one in bill["components"]}
    assert not names & {"pytest", "hatchling", "bandit", "pip"}


def test_an_environment_that_differs_from_the_lock_is_refused() -> None:
    with pytest.raises(script().DependencyError, match=r"aiohttp 3\.9\.1, this environment has 3"):
        script().installed({"aiohttp": "3.9.1"})
    with pytest.raises(script().DependencyError, match="has nothing"):
        script().installed({"no-such-package-anywhere": "1"})


def test_a_lock_is_read_for_this_platform() -> None:
    text = (
        "a==1 ; sys_platform == 'nowhere' \\\n    --hash=sha256:0\nB_c==2 \\\n    --hash=sha256:1\n"
    )
    assert script().locked(text) == {"b-c": "2"}


def test_the_list_of_licences_is_as_generated() -> None:
    page = (REPOSITORY / "docs/licences.md").read_text(encoding="utf-8")
    assert page == script().licences(), "run `make docs`"


@pytest.mark.parametrize("expression", ["GPL-3.0-only", "MIT AND AGPL-3.0-or-later", "", "Custom"])
def test_a_licence_that_is_not_allowed_is_refused(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script(), "licence", lambda _name: expression)
    with pytest.raises(script().DependencyError, match="not allowed"):
        script().licences()


# --- hashes


def wheel(folder: Path) -> tuple[Path, str]:
    """A package of one file, and its SHA-256."""
    path = folder / "planted-1.0-py3-none-any.whl"
    about = "Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n"
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("planted.py", "")
        archive.writestr("planted-1.0.dist-info/METADATA", about)
        archive.writestr("planted-1.0.dist-info/WHEEL", kind)
        archive.writestr("planted-1.0.dist-info/RECORD", "")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but pip, to be copied: making one takes seconds."""
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


def install(folder: Path, environment: Path, lock: str, installer: str) -> tuple[bool, str]:
    """Whether ``.ci/install.sh`` installed the planted package from ``lock``, and its output."""
    shutil.copytree(REPOSITORY / ".ci", folder / ".ci")
    (folder / "requirements.lock").write_text(lock)
    # Without a line of its own, pip installs no uv; the one of this environment is put in place.
    (folder / "requirements-installer.lock").write_text("# nothing\n")
    shutil.copytree(environment, folder / ".venv", symlinks=True)
    if installer == "uv":
        shutil.copy(Path(sys.executable).parent / "uv", folder / ".venv/bin/uv")
    done = subprocess.run(
        ["bash", ".ci/install.sh", "requirements.lock"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PIP_NO_INDEX": "1", "UV_NO_INDEX": "1"},
    )
    # numwatch itself is not there to install, so that the script ends badly either way.
    return any(folder.glob(".venv/lib/*/site-packages/planted.py")), done.stdout + done.stderr


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("installer", "digest", "expected"),
    [
        pytest.param("uv", "", True, id="the-right-hash-by-uv"),
        pytest.param("uv", WRONG, False, id="a-wrong-hash-by-uv-and-pip"),
        pytest.param("pip", "", True, id="the-right-hash-by-pip"),
        pytest.param("uv", None, False, id="no-hash-by-uv-and-pip"),
    ],
)
def test_only_a_package_with_its_hash_is_installed(
    installer: str, digest: str | None, expected: bool, environment: Path, tmp_path: Path
) -> None:
    path, right = wheel(tmp_path)
    lock = f"planted @ {path.as_uri()}"
    if digest is not None:
        lock += f" --hash=sha256:{digest or right}"
    present, output = install(tmp_path, environment, f"{lock}\n", installer)
    assert present is expected, output
    if not expected:
        assert "hash" in output.lower()
    assert ("==> uv did not do it" in output) is not (expected and installer == "uv")
