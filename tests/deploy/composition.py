"""The services of a Compose file as plain processes: commands, environments and health checks.

There is no container engine here. Places in a container become places in a folder, ports become
free ones, and an image's programs are those of this machine; a service whose program is not
installed is left out, and named. Not shown are therefore what confines a container, the images, and
what their entry points do: of PostgreSQL's, the user and the database are made here.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from tests.integration.processes import ROOT, RunningProcess, end, free_port, get, wait_until
from tests.postgresql_server import _account, _binaries

FILE = ROOT / "deploy" / "replicas" / "docker-compose.yml"
ENTRYPOINTS = {
    "build": [sys.executable, "-m", "agent"],
    "prom/prometheus": ["prometheus", "--storage.tsdb.path={folder}/tsdb"],
    "prom/alertmanager": ["prometheus-alertmanager", "--storage.path={folder}/storage"],
}
"""What an image runs, to which the service's command is added."""
PLACES = ("/etc/numwatch", "/data", "/run/secrets")
PORT = re.compile(r"(?<=127\.0\.0\.1:)\d{4,5}|(?<=port=)\d{4,5}")


def resolved(text: str, environment: dict[str, str]) -> dict[str, Any]:
    """The file with its variables, as Compose reads it."""

    def value(found: re.Match[str]) -> str:
        return environment[found["name"]]

    text = re.sub(r"\$\{(?P<name>\w+):\?[^}]*\}", value, text)
    document: dict[str, Any] = yaml.safe_load(text)
    return document


class Composition:
    """The services of the file in ``folder``; :meth:`start` them in the order they depend on."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._ports: dict[str, str] = {}
        self._running = ExitStack()
        self.services = resolved(FILE.read_text(encoding="utf-8"), environment)["services"]
        self.processes: dict[str, RunningProcess] = {}
        self.left_out: list[str] = []

    def port(self, text: str) -> str:
        """``text`` with free ports in place of the file's, the same for the same."""
        return PORT.sub(lambda it: self._ports.setdefault(it[0], str(free_port())), text)

    def start(self) -> None:
        """Start every service whose program there is, each when what it depends on is healthy."""
        for name, service in self.services.items():
            for other in service.get("depends_on", {}):
                self.until_healthy(other)
            command = self._command(name, service)
            if command is None:
                self.left_out.append(name)
            else:
                self._start(name, command, service.get("environment", {}))

    def until_healthy(self, name: str) -> None:
        """Wait until the health check of a service passes."""
        test = self.services[name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        words = [self.port(word) for word in test[1:]]
        if words[0].endswith("/python"):
            words[0] = sys.executable
        if words[0] == "pg_isready":
            words[0] = str(self._postgresql() / words[0])

        def is_healthy() -> bool:
            assert self.processes[name].poll() is None, self.log(name)
            done = subprocess.run(words, capture_output=True, check=False, timeout=30)
            return done.returncode == 0

        wait_until(is_healthy, 90, lambda: self.log(name))

    def page(self, name: str, path: str) -> str:
        """What a service answers at its first address."""
        (address,) = re.findall(r"127\.0\.0\.1:\d+", " ".join(self.services[name]["command"]))
        return get(f"http://{self.port(address)}{path}").decode()

    def log(self, name: str) -> str:
        """The end of what a service has written."""
        return (self._folder / name / "log").read_text(errors="replace")[-4000:]

    def close(self) -> None:
        """End all of them, the last one first."""
        self._running.close()

    @staticmethod
    def _postgresql() -> Path:
        binaries = _binaries()
        assert binaries is not None
        return binaries

    def _command(self, name: str, service: dict[str, Any]) -> list[str] | None:
        """The words of a service's process, with everything that it mounts in its folder."""
        folder = self._folder / name
        folder.mkdir()
        image = "build" if "build" in service else service["image"].partition(":")[0]
        if image == "postgres":
            return self._database(service)
        entrypoint = ENTRYPOINTS.get(image)
        if entrypoint is None or shutil.which(entrypoint[0]) is None:
            return None
        for volume in service.get("volumes", ()):
            source, place, *_ = volume.split(":")
            if source.startswith("."):
                self._mount(folder, FILE.parent / source, place)
        for secret in service.get("secrets", ()):
            (folder / Path(secret["target"]).relative_to("/")).write_text(
                self._environment["NUMWATCH_TOKEN"], encoding="utf-8"
            )
        words = [word.replace("{folder}", str(folder)) for word in entrypoint]
        return words + [self._placed(folder, self.port(it)) for it in service["command"]]

    def _mount(self, folder: Path, source: Path, place: str) -> None:
        mounted = folder / Path(place).relative_to("/")
        mounted.parent.mkdir(parents=True, exist_ok=True)
        text = self.port(source.read_text(encoding="utf-8"))
        mounted.write_text(self._placed(folder, text), encoding="utf-8")
        mounted.chmod(0o600)

    @staticmethod
    def _placed(folder: Path, text: str) -> str:
        for place in PLACES:
            text = re.sub(rf"(?<![\w.]){place}(?=/)", str(folder) + place, text)
        return text

    def _database(self, service: dict[str, Any]) -> list[str]:
        """What the image's entry point does first: a cluster with the user, and its database."""
        environment, binaries, account = service["environment"], self._postgresql(), _account()
        # Not in the folder: its user is another one, and the path of a socket is short.
        folder = Path(tempfile.mkdtemp(prefix="numwatch-composition-"))
        self._running.callback(shutil.rmtree, folder, ignore_errors=True)
        data, password = folder / "data", folder / "password"
        password.write_text(environment["POSTGRES_PASSWORD"], encoding="utf-8")
        for path in (folder, password):
            shutil.chown(path, account or os.getuid())
        options = [f"--username={environment['POSTGRES_USER']}", f"--pwfile={password}"]
        self._as(
            account, [binaries / "initdb", "--no-sync", "--auth=scram-sha-256", *options, data]
        )
        made = f"CREATE DATABASE {environment['POSTGRES_DB']};"
        if environment["POSTGRES_DB"] != "postgres":
            single = [binaries / "postgres", "--single", "-D", data, "postgres"]
            self._as(account, single, made)
        words = [self.port(word) for word in service["command"]]
        words = [str(binaries / words[0]), "-D", str(data), *words[1:]]
        return [*words, "-c", "fsync=off", "-c", f"unix_socket_directories={folder}"]

    def _as(self, account: str | None, words: list[str | Path], text: str = "") -> None:
        done = subprocess.run(
            words, user=account, cwd="/", input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        folder = self._folder / name
        given = {key: self.port(value) for key, value in environment.items()}
        user = _account() if name == "postgresql" else None
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT if user is None else "/",
                env={**os.environ, **given},
                user=user,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        self._running.callback(_ended(process))


def _ended(process: RunningProcess) -> Callable[[], None]:
    return lambda: end(process) if process.poll() is None else None
