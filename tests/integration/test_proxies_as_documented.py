"""The lines of ``docs/security.md`` for nginx and Caddy, run by the real servers.

The configuration is taken from the document itself; only what the test's machine lacks (port 443,
files under ``/etc``, the public name) is replaced.
"""

import base64
import hashlib
import http.client
import json
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
import yaml

from tests.forks import running_numwatch
from tests.integration.alerting_peers import NUMBERS, world
from tests.integration.processes import (
    ROOT,
    free_port,
    get,
    needs,
    running,
    wait_until,
)

DOCUMENT = (ROOT / "docs/security.md").read_text()
NAME = "watch.example.com"
TOKEN = "token-of-an-agent-in-a-test-0123"
PHONE = "13800000001"
PASSWORD = "correct horse battery staple"

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {documented}
}}
"""


def documented(language: str) -> str:
    """The block of ``docs/security.md`` in ``language``."""
    found = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"docs/security.md has one block of {language}"
    return found[0]


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """``text`` with each of ``changes``, all of which must occur in it."""
    for old, new in changes.items():
        assert old in text, f"the document no longer has {old!r}"
        text = text.replace(old, new)
    return text


@dataclass
class Agent:
    """An agent that knows its public name and its token."""

    address: str
    folder: Path


@dataclass
class Answer:
    """The status and the body of a response."""

    status: int
    body: str


@dataclass
class Site:
    """A proxy with the agent behind it."""

    port: int
    authority: trustme.CA
    context: ssl.SSLContext = field(init=False)

    def __post_init__(self) -> None:
        self.context = ssl.create_default_context()
        self.authority.configure_trust(self.context)

    def send(
        self,
        path: str,
        body: object = None,
        *,
        user: str = "",
        host: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A GET, or a POST of ``body``, over TLS; logged in at the proxy as ``user``."""
        connection = _Connection(self.port, self.context)
        everything = {"Host": host or f"{NAME}:{self.port}", **(headers or {})}
        if user:
            login = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
            everything["Authorization"] = f"Basic {login}"
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            everything["Content-Type"] = "application/json"
        try:
            connection.request("GET" if data is None else "POST", path, data, everything)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode())
        finally:
            connection.close()


class _Connection(http.client.HTTPSConnection):
    """Connects to this machine and expects the certificate of the public name."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=10)
        self._trust = context

    def connect(self) -> None:
        """Connect, naming the public name in the handshake."""
        http.client.HTTPConnection.connect(self)
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=NAME)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    folder = tmp_path_factory.mktemp("agent")
    world_at, agent_at = (f"127.0.0.1:{free_port()}" for _ in range(2))
    (folder / "world.yaml").write_text(yaml.safe_dump(world(), allow_unicode=True))
    config = folder / "agent.yaml"
    simulator = ("simulate", "--world", str(folder / "world.yaml"), "--listen", world_at)
    log = folder / "world.log"
    with running_numwatch(*simulator, "--write-config", str(config), log=log):
        wait_until(lambda: get(f"http://{world_at}/world"), 30, "the world answers")
        settings = yaml.safe_load(config.read_text())
        settings |= {"listen": [agent_at], "data_dir": str(folder / "data")}
        settings["web"] = {
            "external_url": f"https://{NAME}",
            "token": TOKEN,
            "trusted_proxies": ["127.0.0.1/32"],
        }
        config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        with running_numwatch("run", "--config", str(config), log=folder / "agent.log"):
            wait_until(lambda: get(f"http://{agent_at}/-/ready"), 60, "the agent is ready")
            yield Agent(agent_at, folder)


def _certificates(folder: Path) -> trustme.CA:
    authority = trustme.CA()
    certificate = authority.issue_cert(NAME)
    certificate.private_key_pem.write_to_path(folder / "watch.key")
    for index, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(folder / "watch.pem", append=index > 0)
    return authority


def _nginx(agent: Agent, folder: Path, port: int) -> list[str]:
    binary = needs("nginx")
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (folder / "htpasswd").write_text(f"anna:{{SHA}}{digest}\nwei:{{SHA}}{digest}\n")
    (folder / "operators.conf").write_text(f'"anna" "Bearer {TOKEN}";\n')
    lines = replaced(
        documented("nginx"),
        {
            "listen 443": f"listen 127.0.0.1:{port}",
            "/etc/ssl/": f"{folder}/",
            "/etc/nginx/numwatch.htpasswd": f"{folder}/htpasswd",
            "/etc/nginx/numwatch-operators.conf": f"{folder}/operators.conf",
            "127.0.0.1:10400": agent.address,
        },
    )
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, documented=lines))
    # Workers of nginx give root's rights up, and must then read the password file.
    folder.chmod(0o755)
    return [binary, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "user root;"]


def _caddy(agent: Agent, folder: Path, port: int) -> list[str]:
    binary = needs("caddy")
    hashed = subprocess.run(
        [binary, "hash-password", "--plaintext", PASSWORD],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.strip()
    (folder / "users").write_text(f"anna {hashed}\nwei {hashed}\n")
    lines = replaced(
        documented("caddy"),
        {
            f"{NAME} {{": f"https://{NAME}:{port} {{",
            "/etc/ssl/": f"{folder}/",
            "/etc/caddy/numwatch-users": f"{folder}/users",
            "{$NUMWATCH_TOKEN}": TOKEN,
            "127.0.0.1:10400": agent.address,
        },
    )
    options = "{\n    admin off\n    auto_https disable_redirects\n    skip_install_trust\n}\n"
    (folder / "Caddyfile").write_text(options + lines)
    return [binary, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


PROXIES: Mapping[str, Callable[[Agent, Path, int], list[str]]] = {"nginx": _nginx, "caddy": _caddy}


@pytest.fixture(scope="module", params=PROXIES)
def site(
    agent: Agent, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    authority = _certificates(folder)
    command = PROXIES[request.param](agent, folder, port)
    with ExitStack() as ends:
        ends.enter_context(running(command, folder / "proxy.log"))
        site = Site(port, authority)
        wait_until(lambda: site.send("/").status == 401, 30, f"the proxy; see {folder}/proxy.log")
        yield site


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/numbers", "/-/reload"])
def test_without_a_login_the_proxy_shows_nothing(site: Site, path: str) -> None:
    assert site.send(path).status == 401
    assert site.send(path, {}).status == 401
    assert site.send(path, headers={"Authorization": f"Bearer {TOKEN}"}).status == 401


def test_a_viewer_reads_masked_pages_and_changes_nothing(site: Site) -> None:
    page = site.send(f"/numbers/{NUMBERS[0]}", user="wei")
    numbers = site.send(f"/api/numbers/{NUMBERS[0]}", user="wei")
    assert (page.status, numbers.status) == (200, 200)
    assert PHONE not in page.body + numbers.body
    assert site.send("/-/reload", {}, user="wei").status == 401
    local = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}
    assert site.send("/-/reload", {}, user="wei", headers=local).status == 401


def test_an_operator_changes_things(site: Site) -> None:
    assert site.send("/-/reload", {}, user="anna").status == 200
    assert site.send("/api/tickets/replay", {}, user="anna").status == 200


def test_a_page_of_another_site_uses_no_operators_login(site: Site) -> None:
    """The proxy adds the token to whatever an operator's browser sends, so the agent refuses it."""
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert site.send("/-/reload", {}, user="anna", headers=headers).status == 403
    own = {"Origin": f"https://{NAME}", "Sec-Fetch-Site": "same-origin"}
    assert site.send("/-/reload", {}, user="anna", headers=own).status == 200


def test_a_name_that_is_made_to_lead_here_reads_nothing(site: Site) -> None:
    answer = site.send("/", user="anna", host="rebound.example")
    # nginx passes the name on and the agent refuses it; Caddy has no such site: an empty answer.
    assert answer.status == 421 or (answer.status, answer.body) == (200, "")


def test_senders_of_webhooks_need_their_own_token_and_no_login(site: Site) -> None:
    alerts = {"version": "4", "status": "firing", "receiver": "numwatch", "alerts": []}
    assert site.send("/hooks/alertmanager", alerts).status == 401
    wrong = {"Authorization": "Bearer a wrong one of some length"}
    assert site.send("/hooks/alertmanager", alerts, headers=wrong).status == 401
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert site.send("/hooks/alertmanager", alerts, headers=right).status in {200, 400}
