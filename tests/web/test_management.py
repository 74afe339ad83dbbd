"""Health, readiness, reload, metrics, and what every answer carries."""

import gzip

import pytest

from agent.web.security import HEADERS

PATHS = (
    "/",
    "/metrics",
    "/-/healthy",
    "/-/ready",
    "/api/numbers",
    "/api/accounts",
    "/api/tickets",
    "/api/openapi.json",
    "/static/numwatch.css",
    "/api/nowhere",
    "/nowhere",
)


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_security_headers(client, path):
    answer = await client.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PATHS[:9])
async def test_head_answers_as_get_without_a_body(client, path):
    got, headed = await client.get(path), await client.head(path)
    assert headed.status == got.status == 200
    assert headed.headers["Content-Type"] == got.headers["Content-Type"]
    assert await headed.read() == b""


async def test_healthy_is_always_200(client, facts):
    facts.not_ready = "no poll has ended yet"
    answer = await client.get("/-/healthy")
    assert (answer.status, await answer.text()) == (200, "numwatch is healthy.\n")


async def test_ready_says_why_not(client, facts):
    facts.not_ready = "no poll has ended yet"
    answer = await client.get("/-/ready")
    assert answer.status == 503
    assert "no poll has ended yet" in await answer.text()
    facts.not_ready = None
    assert (await client.get("/-/ready")).status == 200


async def test_reload(client, facts):
    answer = await client.post("/-/reload")
    assert (answer.status, facts.reloads) == (200, 1)
    facts.reload_errors = ["config.yaml:3: listen: not an address, expected HOST:PORT"]
    answer = await client.post("/-/reload")
    assert answer.status == 400
    assert facts.reload_errors[0] in (await answer.text()).splitlines()


async def test_reload_is_not_a_get(client, facts):
    answer = await client.get("/-/reload")
    assert (answer.status, answer.headers["Allow"], facts.reloads) == (405, "POST", 0)


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("none", 200)]
)
async def test_another_sites_page_cannot_reload(client, facts, site, status):
    answer = await client.post("/-/reload", headers={"Sec-Fetch-Site": site})
    assert (answer.status, facts.reloads) == (status, int(status == 200))


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text;version=1.0.0"])
async def test_metrics_plain_and_compressed(client, accept):
    plain = await client.get("/metrics", headers={"Accept": accept, "Accept-Encoding": "identity"})
    packed = await client.get(
        "/metrics", headers={"Accept": accept, "Accept-Encoding": "gzip"}, auto_decompress=False
    )
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    text = await plain.read()
    assert b"numwatch_build_info" in text
    assert gzip.decompress(await packed.read()) == text
    assert plain.headers["Content-Type"].startswith("application/openmetrics" if accept else "text")


async def test_a_fault_inside_is_told_without_the_inside(client, facts):
    facts.settings = None
    answer = await client.get("/api/accounts")
    assert answer.status == 500
    body = await answer.json()
    assert set(body) == {"error", "expected"}
    assert "NoneType" not in body["error"]
