"""An agent that serves TLS, as an operator starts it; commands beside it; promtool's opinion."""

import json
import os
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import yaml
from typer.testing import CliRunner

from agent.cli.main import app
from agent.config.web_config import read_web_config
from tests.forks import running_numwatch
from tests.integration.processes import free_port, wait_until

AUTHORITY = trustme.CA()
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "web.config.yml"


def write_certificate(issued: trustme.LeafCert, folder: Path, name: str) -> None:
    (folder / f"{name}.crt").write_bytes(b"".join(it.bytes() for it in issued.cert_chain_pems))
    (folder / f"{name}.key").write_bytes(issued.private_key_pem.bytes())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tls")
    write_certificate(AUTHORITY.issue_cert("watch.example.com"), made, "watch")
    shutil.copy(EXAMPLE, made / "web.config.yml")
    return made


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """The address of an agent with the example's TLS, and without any configured token."""
    port = free_port()
    account = {"id": "hq", "credentials": {"key": "demo", "secret": "demo-secret"}}
    provider = {"name": "north", "profile": "generic", "accounts": [account]}
    settings = {
        "listen": [f"127.0.0.1:{port}"],
        "data_dir": str(folder / "data"),
        "web": {"config_file": "web.config.yml"},
        "providers": [{**provider, "base_url": f"http://127.0.0.1:{free_port()}"}],
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    (folder / "config.yaml").chmod(0o600)
    command = ("run", "--config", str(folder / "config.yaml"))
    with running_numwatch(*command, log=folder / "agent.log"):
        wait_until(lambda: read(f"https://127.0.0.1:{port}/-/healthy"), 60, "the agent answers")
        yield f"127.0.0.1:{port}"


def read(url: str) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    AUTHORITY.configure_trust(context)
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


@pytest.fixture
def nothing_of_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token and no authority of the environment helps."""
    for name in os.environ:
        if name.startswith("NUMWATCH_"):
            monkeypatch.delenv(name)


@pytest.mark.usefixtures("nothing_of_outside")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_commands_on_the_same_machine_reach_the_agent(address: str, scheme: str) -> None:
    """Its certificate is of another name and of an authority that nobody here knows."""
    command = ["tickets", "list", "--json", "--url", f"{scheme}://{address}"]
    listed = CliRunner().invoke(app, command)
    assert listed.exit_code == 0, listed.output
    assert json.loads(listed.stdout) == []
    # What changes something needs the token, which is found beside the certificate.
    replayed = CliRunner().invoke(app, ["tickets", "replay", "--url", f"{scheme}://{address}"])
    assert replayed.exit_code == 0, replayed.output


@pytest.mark.usefixtures("nothing_of_outside")
def test_who_has_another_certificate_is_not_the_agent(address: str, folder: Path) -> None:
    kept = folder / "data" / "served-certificate.pem"
    right = kept.read_bytes()
    try:
        kept.write_bytes(trustme.CA().issue_cert("watch.example.com").cert_chain_pems[0].bytes())
        refused = CliRunner().invoke(app, ["tickets", "list", "--url", f"https://{address}"])
        assert refused.exit_code != 0
        assert "CERTIFICATE_VERIFY_FAILED" in refused.output + refused.stderr
    finally:
        kept.write_bytes(right)


@pytest.mark.usefixtures("nothing_of_outside")
def test_an_authority_of_the_environment_is_trusted(
    address: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from another machine, where nothing is found; the name has to be right there."""
    AUTHORITY.cert_pem.write_to_path(str(folder / "ca.pem"))
    monkeypatch.setenv("NUMWATCH_CA_FILE", str(folder / "ca.pem"))
    monkeypatch.setattr("agent.cli.client.local_trust", lambda _url: None)
    refused = CliRunner().invoke(app, ["tickets", "list", "--url", f"https://{address}"])
    assert "is not valid for" in refused.output + refused.stderr
    monkeypatch.setenv("NUMWATCH_CA_FILE", str(folder / "none.pem"))
    refused = CliRunner().invoke(app, ["tickets", "list", "--url", f"https://{address}"])
    assert "NUMWATCH_CA_FILE" in refused.output + refused.stderr


def test_promtool_accepts_the_example(folder: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    command = [promtool, "check", "web-config", str(folder / "web.config.yml")]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    reading = read_web_config(folder / "web.config.yml")
    assert reading.problems == []
    assert reading.context is not None
    # And it is no judge that says yes to everything.
    spoilt = folder / "spoilt.yml"
    spoilt.write_text(f"{EXAMPLE.read_text()}rate_limits: 1\n")
    command[-1] = str(spoilt)
    assert subprocess.run(command, capture_output=True, timeout=30, check=False).returncode != 0
    assert "rate_limits" in str(read_web_config(spoilt).problems[0])
