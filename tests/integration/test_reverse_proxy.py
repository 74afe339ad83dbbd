"""An agent behind a real nginx with its defaults: there, too, nobody is local."""

import json
import os
import stat
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from agent.store.directory import TOKEN_NAME
from tests.forks import numwatch_done, running_numwatch
from tests.integration.alerting_peers import world
from tests.integration.processes import free_port, get, needs, running, wait_until

CONFIG = """
daemon off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{plain}; location / {{ proxy_pass http://{agent}; }}
  }}
  server {{
    listen 127.0.0.1:{named};
    location / {{ proxy_pass http://{agent}; proxy_set_header Host $http_host; }}
  }}
}}
"""
CHANGES = (
    ("/-/reload", None),
    ("/api/tickets/replay", None),
    ("/api/tickets/t-1/actions", {"action": "accept", "actor": "x", "reason": "y"}),
    ("/api/numbers/4006220001/baseline", {"by": "x", "note": "y"}),
    ("/hooks/alertmanager", {"version": "4", "alerts": []}),
    ("/hooks/complaints", {"number": "4006220001"}),
)


@dataclass
class Proxied:
    """An agent, an nginx that passes requests on, and one that passes their Host header on too."""

    agent: str
    plain: str
    named: str
    config: Path
    data: Path

    @property
    def token(self) -> str:
        return (self.data / TOKEN_NAME).read_text().strip()


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    nginx = needs("nginx")
    folder = tmp_path_factory.mktemp("proxied")
    world_at, agent_at = (f"127.0.0.1:{free_port()}" for _ in range(2))
    plain, named = free_port(), free_port()
    (folder / "world.yaml").write_text(yaml.safe_dump(world(), allow_unicode=True))
    config = folder / "agent.yaml"
    simulator = ("simulate", "--world", str(folder / "world.yaml"), "--listen", world_at)
    (folder / "nginx.conf").write_text(
        CONFIG.format(folder=folder, agent=agent_at, plain=plain, named=named)
    )
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    log = folder / "world.log"
    with running_numwatch(*simulator, "--write-config", str(config), log=log):
        wait_until(lambda: get(f"http://{world_at}/world"), 30, "the world answers")
        settings = yaml.safe_load(config.read_text())
        settings |= {"listen": [agent_at], "data_dir": str(folder / "data")}
        settings["intake"] = {}
        settings["web"] = {"external_url": "https://watch.example.com"}
        config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        with (
            running_numwatch("run", "--config", str(config), log=folder / "agent.log"),
            running(command, folder / "nginx.log"),
        ):
            wait_until(lambda: get(f"http://{agent_at}/-/ready"), 60, "the agent is ready")
            wait_until(lambda: get(f"http://127.0.0.1:{plain}/-/ready"), 30, "nginx passes on")
            yield Proxied(
                f"http://{agent_at}",
                f"http://127.0.0.1:{plain}",
                f"http://127.0.0.1:{named}",
                config,
                folder / "data",
            )


def send(url: str, body: object = None, **headers: str) -> int:
    """The status of a POST, or of a GET where ``body`` is an Ellipsis."""
    data = None if body is ... else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("path_and_body", CHANGES, ids=lambda it: it[0])
def test_behind_a_plain_proxy_nobody_is_local(proxied: Proxied, path_and_body: tuple) -> None:
    path, body = path_and_body
    for base in (proxied.plain, proxied.agent):
        assert send(base + path, body) == 401
        assert send(base + path, body, Authorization="Bearer ") == 401
        assert send(base + path, body, **{"X-Forwarded-For": "127.0.0.1"}) == 401


def test_the_token_is_let_in_through_the_proxy(proxied: Proxied) -> None:
    bearer = {"Authorization": f"Bearer {proxied.token}"}
    assert send(proxied.plain + "/-/reload", **bearer) == 200
    alerts = {"version": "4", "alerts": [], "status": "firing", "receiver": "numwatch"}
    assert send(proxied.plain + "/hooks/alertmanager", alerts, **bearer) in (200, 400)
    assert send(proxied.plain + "/hooks/complaints", {"number": "4006220001"}, **bearer) == 200


def test_pages_are_read_through_the_proxy_under_the_agents_own_name_alone(proxied: Proxied) -> None:
    assert send(proxied.plain + "/", ...) == 200
    assert send(proxied.named + "/", ..., Host="watch.example.com") == 200
    assert send(proxied.named + "/", ..., Host="rebound.example") == 421
    assert send(proxied.named + "/metrics", ..., Host="rebound.example:10400") == 421


def test_the_token_is_private_and_its_place_is_said(proxied: Proxied) -> None:
    path = proxied.data / TOKEN_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(proxied.token) >= 32
    logged = (proxied.data.parent / "agent.log").read_text()
    assert str(path) in logged
    assert proxied.token not in logged


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "NUMWATCH_TOKEN"}
    return numwatch_done(*arguments, environ=environment)


def test_the_command_line_beside_the_agent_works_unchanged(proxied: Proxied) -> None:
    replayed = command("tickets", "replay", "--url", proxied.agent, "--json")
    assert (replayed.returncode, json.loads(replayed.stdout)) == (0, {"replayed": 0})
    queried = command("query", "1+1", "--url", proxied.agent, "--json")
    assert queried.returncode == 0
    # nginx listens there, and has no token of an agent to give.
    through = command("tickets", "replay", "--url", proxied.plain)
    assert through.returncode == 1
    assert "NUMWATCH_TOKEN" in through.stderr


def test_an_open_address_without_a_token_is_refused(proxied: Proxied, tmp_path: Path) -> None:
    settings = yaml.safe_load(proxied.config.read_text())
    settings |= {"listen": ["0.0.0.0:0"], "data_dir": str(tmp_path / "data")}
    config = tmp_path / "open.yaml"
    config.write_text(yaml.safe_dump(settings))
    line = next(
        number
        for number, text in enumerate(config.read_text().splitlines(), 1)
        if "0.0.0.0" in text
    )
    checked = command("check-config", str(config))
    assert checked.returncode == 1
    assert f"{config}:{line}: listen[0]: " in checked.stdout
    assert "web.allow_open_listen" in checked.stdout
    assert command("run", "--config", str(config)).returncode == 2
    settings["listen"] = ["127.0.0.1:0"]
    config.write_text(yaml.safe_dump(settings))
    asked = command("run", "--config", str(config), "--listen", "0.0.0.0:0")
    assert asked.returncode == 2
    assert "web.token" in asked.stderr
    for allowed in ({"allow_open_listen": True}, {"token": "correct horse battery"}):
        settings |= {"web": allowed, "listen": ["0.0.0.0:0"]}
        config.write_text(yaml.safe_dump(settings))
        assert command("check-config", str(config)).returncode == 0
