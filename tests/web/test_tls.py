"""TLS as a ``web.config.yml`` says: served, renewed and refused over real connections."""

import asyncio
import dataclasses
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import bcrypt
import pytest
import trustme
import yaml
from aiohttp import web
from structlog.testing import capture_logs

from agent.config.settings import Settings
from agent.store.server_certificate import trust_server_certificate
from agent.web.app import make_app
from agent.web.server import ListenError, serve, urls
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import Facts
from tests.web.test_roles import HASH, login

AUTHORITY = trustme.CA()
SERVER = AUTHORITY.issue_cert("127.0.0.1", "watch.example.com")
ANNA = AUTHORITY.issue_cert("anna@example.com")
STRANGER = trustme.CA().issue_cert("anna@example.com")
TLS = {"cert_file": "server.pem", "key_file": "server.key"}
CLIENTS = {**TLS, "client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.pem"}


def trusting() -> ssl.SSLContext:
    """A client's context that trusts the authority of the tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    AUTHORITY.configure_trust(context)
    return context


class Site:
    """A served application, its files and its clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.write_certificate(SERVER)
        AUTHORITY.cert_pem.write_to_path(str(folder / "ca.pem"))

    def write(self, **sections: object) -> None:
        """Replace the file as an editor does, so that nobody reads half of it."""
        new = self.folder / "new"
        new.write_text(yaml.safe_dump(sections))
        new.replace(self.folder / "web.config.yml")

    def write_certificate(self, issued: trustme.LeafCert) -> None:
        for name, content in (
            ("server.pem", b"".join(it.bytes() for it in issued.cert_chain_pems)),
            ("server.key", issued.private_key_pem.bytes()),
        ):
            (self.folder / "new").write_bytes(content)
            (self.folder / "new").replace(self.folder / name)

    async def get(
        self,
        path: str = "/api/numbers",
        certificate: trustme.LeafCert | None = None,
        headers: dict[str, str] | None = None,
        **limits: ssl.TLSVersion,
    ) -> aiohttp.ClientResponse:
        context = trusting()
        for name, version in limits.items():
            setattr(context, name, version)
        if certificate is not None:
            certificate.configure_cert(context)
        connector = aiohttp.TCPConnector(ssl=context)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"{self.url}{path}", headers=headers) as answer,
        ):
            await answer.read()
            return answer

    async def serial(self) -> int:
        """The serial number of the certificate that a new connection is shown."""
        context = trusting()
        host, _, port = self.url.removeprefix("https://").rpartition(":")
        _reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        shown = writer.get_extra_info("peercert")["serialNumber"]
        writer.close()
        return int(shown, 16)


Start = Callable[..., Awaitable[Site]]


@pytest.fixture
async def start(
    services: WebServices, facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Start]:
    monkeypatch.setattr("agent.web.live_web_config.WATCH_SECONDS", 0.02)
    runners: list[web.AppRunner] = []

    async def begin(*listen: str, **sections: object) -> Site:
        site = Site(tmp_path)
        site.write(**sections)
        (tmp_path / "data").mkdir(exist_ok=True)
        changes = {
            "web": {"config_file": str(tmp_path / "web.config.yml")},
            "data_dir": str(tmp_path / "data"),
        }
        facts.settings = Settings.model_validate({**facts.settings.model_dump(), **changes})
        app = make_app(dataclasses.replace(services, listen=listen))
        runner = await serve(app, ["127.0.0.1:0"])
        runners.append(runner)
        site.url = urls(runner)[0]
        return site

    yield begin
    for runner in runners:
        await runner.cleanup()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - the condition is about files
            await asyncio.sleep(0.02)


async def test_pages_are_served_over_tls_alone(start: Start) -> None:
    site = await start(tls_server_config=TLS)
    assert site.url.startswith("https://")
    answer = await site.get()
    assert answer.status == 200
    assert answer.version == aiohttp.HttpVersion11
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(site.url.replace("https", "http"))
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(site.url)


async def test_old_versions_of_tls_are_refused(start: Start) -> None:
    site = await start(tls_server_config={**TLS, "min_version": "TLS13"})
    assert (await site.get(minimum_version=ssl.TLSVersion.TLSv1_3)).status == 200
    with pytest.raises(aiohttp.ClientError):
        await site.get(maximum_version=ssl.TLSVersion.TLSv1_2)


async def test_chosen_cipher_suites_are_used(start: Start) -> None:
    suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    site = await start(tls_server_config={**TLS, "max_version": "TLS12", "cipher_suites": [suite]})
    context = trusting()
    host, _, port = site.url.removeprefix("https://").rpartition(":")
    _reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
    assert writer.get_extra_info("cipher")[:2] == ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2")
    writer.close()


async def test_a_clients_certificate_is_asked_for_and_verified(start: Start) -> None:
    site = await start(tls_server_config=CLIENTS)
    assert (await site.get(certificate=ANNA)).status == 200
    for certificate in (None, STRANGER):
        with pytest.raises((aiohttp.ClientError, ssl.SSLError, ConnectionError)):
            await site.get(certificate=certificate)


async def test_a_client_of_another_name_is_refused(start: Start) -> None:
    site = await start(
        tls_server_config={**CLIENTS, "client_allowed_sans": ["berta@example.com", "10.0.0.1"]}
    )
    with pytest.raises((aiohttp.ClientError, ssl.SSLError, ConnectionError)):
        await site.get(certificate=ANNA)
    for name in ("berta@example.com", "10.0.0.1"):
        assert (await site.get(certificate=AUTHORITY.issue_cert(name))).status == 200


async def test_a_certificate_proves_no_role(start: Start, facts: Facts) -> None:
    site = await start(tls_server_config=CLIENTS, basic_auth_users={"wallboard": HASH})
    assert (await site.get(certificate=ANNA)).status == 401
    assert (await site.get(certificate=ANNA, headers=login("wallboard"))).status == 200
    assert (await site.get(certificate=ANNA, headers=AUTHORIZED)).status == 200


async def test_a_renewed_certificate_is_served_and_open_connections_stay(start: Start) -> None:
    site = await start(tls_server_config=TLS)
    context = trusting()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=1)) as kept:
        async with kept.get(f"{site.url}/-/healthy") as answer:
            port = answer.connection and answer.connection.transport
        renewed = AUTHORITY.issue_cert("127.0.0.1")
        before = await site.serial()
        site.write_certificate(renewed)

        async def is_renewed() -> bool:
            return await site.serial() != before

        await until(is_renewed)
        async with kept.get(f"{site.url}/-/healthy") as answer:
            assert answer.status == 200
            assert (answer.connection and answer.connection.transport) is port


async def test_users_change_without_a_restart(start: Start) -> None:
    site = await start(tls_server_config=TLS, basic_auth_users={"wallboard": HASH})
    assert (await site.get(headers=login("wallboard"))).status == 200
    other = bcrypt.hashpw(b"another", bcrypt.gensalt(4)).decode()
    site.write(tls_server_config=TLS, basic_auth_users={"desk": other})

    async def is_changed() -> bool:
        return (await site.get(headers=login("desk", "another"))).status == 200

    await until(is_changed)
    assert (await site.get(headers=login("wallboard"))).status == 401


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"tls_server_config": {**TLS, "key_file": "none.key"}}, "key_file: cannot be read"),
        ({"tls_server_config": {**TLS, "cert_file": "ca.pem"}}, "no certificate and its key"),
        ({"tls_server_config": TLS, "basic_auth_users": {"a": "b"}}, "is not a password's hash"),
        ({"tls_server_config": {**TLS, "min_version": "TLS10"}}, "min_version"),
        ({"basic_auth_users": {"wallboard": HASH}}, "TLS is not switched off"),
        ({"rate_limit": {"burst": 1}}, "rate_limit: is not supported"),
    ],
    ids=["no key", "no certificate", "no hash", "old version", "no TLS", "unknown key"],
)
async def test_a_wrong_file_changes_nothing_and_is_said(
    start: Start, sections: dict[str, object], said: str
) -> None:
    site = await start(tls_server_config=TLS, basic_auth_users={"wallboard": HASH})
    serial = await site.serial()
    with capture_logs() as lines:
        site.write(**sections)

        async def is_said() -> bool:
            return any(line["event"] == "web_config_refused" for line in lines)

        await until(is_said)
        assert (await site.get(headers=login("wallboard"))).status == 200
        assert (await site.get()).status == 401
        assert await site.serial() == serial
        await asyncio.sleep(0.1)
    (line,) = [line for line in lines if line["event"] == "web_config_refused"]
    assert said in str(line["errors"])
    site.write(tls_server_config=TLS)

    async def is_mended() -> bool:
        return (await site.get()).status == 200

    await until(is_mended)


async def test_a_file_that_appears_mends_a_wrong_one(start: Start) -> None:
    site = await start(tls_server_config=TLS)
    before = await site.serial()
    with capture_logs() as lines:
        site.write(tls_server_config={"cert_file": "next.pem", "key_file": "next.key"})

        async def is_said() -> bool:
            return any(line["event"] == "web_config_refused" for line in lines)

        await until(is_said)
    renewed = AUTHORITY.issue_cert("127.0.0.1")
    (site.folder / "next.key").write_bytes(renewed.private_key_pem.bytes())
    (site.folder / "next.pem").write_bytes(renewed.cert_chain_pems[0].bytes())

    async def is_renewed() -> bool:
        return await site.serial() != before

    await until(is_renewed)


async def test_users_are_not_lost_where_others_reach_the_agent(start: Start) -> None:
    site = await start("0.0.0.0:0", tls_server_config=TLS, basic_auth_users={"wallboard": HASH})
    with capture_logs() as lines:
        site.write(tls_server_config=TLS)

        async def is_said() -> bool:
            return any(line["event"] == "web_config_refused" for line in lines)

        await until(is_said)
    assert (await site.get()).status == 401


async def test_http2_is_said_not_to_be_served(start: Start) -> None:
    with capture_logs() as lines:
        await start(tls_server_config=TLS, http_server_config={"http2": True})
    assert any(line["event"] == "http2_not_served" for line in lines)


async def test_browsers_are_told_to_stay_with_tls(start: Start) -> None:
    headers = {"Strict-Transport-Security": "max-age=31536000"}
    site = await start(tls_server_config=TLS, http_server_config={"headers": headers})
    answer = await site.get("/")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-numwatch_csrf=")
    assert "Secure" in cookie


async def test_a_wrong_file_at_the_start_is_an_error(start: Start) -> None:
    with pytest.raises(ListenError, match=r"web\.config\.yml:\d+: tls_server_config\.key_file"):
        await start(tls_server_config={**TLS, "key_file": "none.key"})


async def test_silent_and_numerous_handshakes_hold_up_nobody(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.web.acceptor.HANDSHAKES_OF_A_PEER", 8)
    monkeypatch.setattr("agent.web.acceptor.HANDSHAKE_TIMEOUT", 0.3)
    site = await start(tls_server_config=TLS)
    host, _, port = site.url.removeprefix("https://").rpartition(":")
    silent = [await asyncio.open_connection(host, int(port)) for _ in range(40)]
    async with asyncio.timeout(10):
        for reader, writer in silent:
            assert await reader.read() == b""
            writer.close()
    assert (await site.get()).status == 200


async def test_the_certificate_is_kept_for_commands_beside_the_agent(start: Start) -> None:
    site = await start(tls_server_config=TLS)
    kept = site.folder / "data" / "served-certificate.pem"
    assert kept.read_text().count("BEGIN CERTIFICATE") == 1
    assert "PRIVATE" not in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    trust = trust_server_certificate(kept.parent, os.getuid())
    assert trust_server_certificate(kept.parent, os.getuid() + 1) is None
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{site.url.replace('127.0.0.1', 'localhost')}/api/numbers", ssl=trust) as it,
    ):
        assert it.status == 200
    site.write_certificate(AUTHORITY.issue_cert("127.0.0.1"))

    async def is_another() -> bool:
        async with aiohttp.ClientSession() as session:
            try:
                await session.get(f"{site.url}/-/healthy", ssl=trust or True)
            except aiohttp.ClientConnectorCertificateError:
                return True
        return False

    await until(is_another)
