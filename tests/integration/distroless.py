"""The final stage of the Dockerfile without a registry: Debian's files, as the base has them.

Packages and layout are those of the base image, by its public build files: ``static``, ``base``,
``cc`` and ``python3`` for Debian 13. What cannot be had here skips the test with its reason.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.processes import ROOT, needs

SUITE, PYTHON = "trixie", "3.13"
PACKAGES = """
base-files netbase tzdata media-types ca-certificates libc6 libc-bin libssl3t64 libzstd1 zlib1g
libgomp1 libstdc++6 libgcc-s1 gcc-14-base libbz2-1.0 libdb5.3t64 libexpat1 liblzma5 libsqlite3-0
libuuid1 libncursesw6 libtinfo6 libcom-err2 libcrypt1 libgssapi-krb5-2 libk5crypto3 libkeyutils1
libkrb5-3 libkrb5support0 libnsl2 libreadline8t64 libtirpc3t64 libffi8 libpython3.13-minimal
libpython3.13-stdlib python3.13-minimal
"""
MIRROR = re.compile(r"^(?:URIs:|deb\b.*?)\s+(https?://\S+/debian)/?(?:\s|$)", re.MULTILINE)
IMPORTS = "import agent.cli.main, agent.cli.run, agent.demo.world_process"
"""What the commands of the tests import."""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def bring(what: str, command: Sequence[str | Path], cwd: Path = ROOT) -> None:
    """Run ``command``, which fetches something; skip the test with its last words if it fails."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=240
    )
    if done.returncode:
        pytest.skip(f"{what} cannot be had here: {(done.stderr or done.stdout).strip()[-200:]}")


def base(folder: Path) -> Path:
    """A root file system with the base image's contents: no shell, no package manager."""
    needs("apt-get")
    needs("dpkg-deb")
    apt, root, debs = folder / "apt", folder / "root", folder / "debs"
    for part in ("etc", "lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True)
    debs.mkdir()
    (apt / "etc/base.sources").write_text(
        f"Types: deb\nURIs: {mirror()}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    where = {"Etc::SourceList": "/dev/null", "Etc::SourceParts": apt / "etc"}
    where |= {"State::Lists": apt / "lists", "Cache": apt / "cache", "State::status": "/dev/null"}
    options = [f"-oDir::{key}={value}" for key, value in where.items()]
    options += ["-oAPT::Sandbox::User=root", "-oAcquire::Languages=none"]
    bring(f"the package list of Debian {SUITE}", ["apt-get", *options, "update", "--error-on=any"])
    bring(f"packages of Debian {SUITE}", ["apt-get", *options, "download", *PACKAGES.split()], debs)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
    for alias in ("python3", "python"):
        (root / "usr/bin" / alias).symlink_to(f"python{PYTHON}")
    authorities = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(b"".join(one.read_bytes() for one in authorities))
    return root


def mirror() -> str:
    """The first mirror of Debian that this machine's apt is set to."""
    for file in sorted(Path("/etc/apt").glob("sources.list*")) + sorted(
        Path("/etc/apt/sources.list.d").glob("*")
    ):
        if file.is_file() and (found := MIRROR.search(file.read_text())):
            return found[1]
    pytest.skip("apt is set to no mirror of Debian")


def install(root: Path, folder: Path) -> None:
    """numwatch and its locked packages at ``/opt/numwatch``, as the builder stage leaves them."""
    environment = root / "opt/numwatch"
    packages = environment / f"lib/python{PYTHON}/site-packages"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/python").symlink_to("/usr/bin/python3")
    (environment / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {PYTHON}\n")
    uv = [Path(sys.executable).parent / "uv", "pip", "install", "--quiet", "--link-mode", "copy"]
    uv += ["--target", packages, "--python-version", PYTHON, "--only-binary", ":all:"]
    bring("the locked packages", [*uv, "--require-hashes", "-r", "requirements.lock"])
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    bring("numwatch", [*uv, "--no-deps", "--no-index", *folder.glob("numwatch-*.whl")])
    shutil.move(packages / "bin/numwatch", environment / "bin/numwatch")
    program = environment / "bin/numwatch"
    lines = program.read_text().splitlines(keepends=True)
    program.write_text("".join(["#!/opt/numwatch/bin/python\n", *lines[1:]]))
    program.chmod(0o755)
    for path in ("data", "etc/numwatch", "proc", "dev", "tmp"):
        (root / path).mkdir(exist_ok=True)


@dataclass(frozen=True)
class Image:
    """A root file system with what the Dockerfile says of it, to be run by bubblewrap."""

    root: Path
    data: Path

    def instruction(self, name: str) -> list[str]:
        """The words of the final stage's only ``name`` in its exec form."""
        return list(json.loads(re.findall(rf"^\s*{name} (\[.*\])$", self.stage, re.MULTILINE)[-1]))

    @property
    def stage(self) -> str:
        """The final stage of the Dockerfile."""
        text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        return text[text.rindex("\nFROM ") :]

    @property
    def environ(self) -> dict[str, str]:
        """The variables that the final stage sets."""
        block = re.search(r"^ENV ((?:.*\\\n)*.*)$", self.stage, re.MULTILINE)
        assert block is not None
        pairs = shlex.split(block[1].replace("\\\n", " "))
        return dict(pair.split("=", 1) for pair in pairs)

    def command(self, *command: str) -> list[str]:
        """``command`` in the image: its user, no capability, a read-only root, two folders."""
        user = re.search(r"^USER (\d+):(\d+)$", self.stage, re.MULTILINE)
        assert user is not None
        words = ["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
        words += ["--uid", user[1], "--gid", user[2], "--cap-drop", "ALL", "--die-with-parent"]
        words += ["--ro-bind", str(self.root), "/", "--proc", "/proc", "--dev", "/dev"]
        words += ["--bind", str(self.data), "/data", "--clearenv", "--chdir", "/data"]
        for name, value in self.environ.items():
            words += ["--setenv", name, value]
        return [*words, *command]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The result of ``command`` in the image."""
        return subprocess.run(
            self.command(*command), capture_output=True, text=True, check=False, timeout=60
        )


def make(folder: Path) -> Image:
    """The image, made of what apt and the package index have; skips where that fails."""
    needs("bwrap")
    root = base(folder)
    install(root, folder)
    image = Image(root, folder / "data")
    image.data.mkdir(mode=0o700)
    probe = image.run("/usr/bin/python3", "-c", "")
    if probe.returncode:
        pytest.skip(f"no sandbox can be made here: {probe.stderr.strip()}")
    compile_(image)
    return image


def compile_(image: Image) -> None:
    """Leave bytecode of what a start imports, as the builder stage's pip does of everything."""
    command = image.command()
    command[command.index("--ro-bind")] = "--bind"
    command += ["--unsetenv", "PYTHONDONTWRITEBYTECODE", "/opt/numwatch/bin/python", "-c", IMPORTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
