"""Templated webhooks: any form for any system, and a bad template costs no ticket."""

import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook

from agent.sinks.registry import SinkContext
from agent.sinks.webhook.renderer import Renderer, RenderResult
from agent.sinks.webhook.sink import WebhookSink
from tests.sinks.receiver import SECRET
from tests.sinks.sections import webhook_section
from tests.sinks.systems.recording import RecordingServer
from tests.sinks.test_webhook import row

VALUES = msgspec.Raw(b'{"ticket": {"id": "NW-1", "title": "a \\"b\\"", "n": 3}}')


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer()
    yield made
    await made.close()


@pytest.fixture
async def server() -> AsyncIterator[RecordingServer]:
    made = RecordingServer()
    yield made
    await made.stop()


async def send(server: RecordingServer, **template: Any) -> list[tuple[str, str]]:
    """Deliver one change; returns the faults of the template that were reported."""
    failed: list[tuple[str, str]] = []
    context = SinkContext(template_failed=lambda sink, part: failed.append((sink, part)))
    url = await server.start()
    sink = WebhookSink(webhook_section(f"{url}/usual?key=1", template=template), context)
    try:
        await sink.deliver(row(), time.time())
    finally:
        await sink.close()
    return failed


async def test_path_headers_and_body_are_as_the_template_says(server: RecordingServer) -> None:
    failed = await send(
        server,
        path="/tickets/{{ ticket.id | urlencode }}?kind={{ type }}",
        headers={"X-Ticket": "{{ ticket.id }}"},
        body='{"number": {{ ticket.id | tojson }}, "what": "{{ type }}"}',
    )
    assert failed == []
    ((path, headers, body),) = server.received
    assert path == "/tickets/NW-1?kind=ticket.opened"
    assert headers["x-ticket"] == "NW-1"
    assert json.loads(body) == {"number": "NW-1", "what": "ticket.opened"}
    Webhook(SECRET).verify(body, headers)


async def test_another_type_of_body_is_declared(server: RecordingServer) -> None:
    failed = await send(server, body="<t>{{ ticket.id }}</t>", content_type="application/xml")
    assert failed == []
    assert server.received[0][1]["content-type"] == "application/xml"
    assert server.received[0][2] == b"<t>NW-1</t>"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("body", "{{ ticket.nowhere }}"),
        ("body", "{{ 1 / 0 }}"),
        ("body", "not json {{ ticket.id }}"),
        ("body", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"),
        ("body", "{{ 'a' * 999999999 }}"),
        ("body", "{% for a in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}"),
        ("body", "{{ ticket.__class__.__mro__ }}"),
        ("path", "/a/{{ '../' }}secret"),
        ("path", "/a/%2e%2e/secret"),
        ("path", "/{{ '/elsewhere.example.com' }}"),
        ("path", "/a{{ '\\r\\n' }}"),
    ],
)
async def test_a_template_that_renders_nothing_valid_is_replaced_by_the_standard_form(
    server: RecordingServer, part: str, text: str
) -> None:
    assert await send(server, **{part: text}) == [("desk", part)]
    ((path, headers, body),) = server.received
    assert path == "/usual?key=1"
    assert body == row().payload
    Webhook(SECRET).verify(body, headers)


async def test_a_header_that_cannot_be_sent_is_left_out(server: RecordingServer) -> None:
    assert await send(server, headers={"X-A": "{{ 'a\\nB: c' }}", "X-B": "b"}) == [
        ("desk", "header")
    ]
    assert "x-a" not in server.received[0][1]
    assert server.received[0][1]["x-b"] == "b"


async def test_after_a_template_that_ran_too_long_the_next_is_rendered(renderer: Renderer) -> None:
    slow = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    first = await renderer.render({"body": slow}, VALUES)
    assert list(first.errors) == ["body"]
    assert await renderer.render({"body": "{{ ticket.n }}"}, VALUES) == RenderResult({"body": "3"})


async def test_the_process_has_nothing_of_the_environment_and_ends_with_its_sink(
    renderer: Renderer,
) -> None:
    await renderer.render({"body": "x"}, VALUES)
    pid = renderer.pid
    assert pid is not None
    with open(f"/proc/{pid}/environ", "rb") as environ:  # noqa: ASYNC230, PTH123
        assert environ.read() == b""
    await renderer.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_template_can_neither_read_files_nor_import(renderer: Renderer) -> None:
    tricks = {
        "globals": "{{ cycler.__init__.__globals__ }}",
        "include": "{% include '/etc/passwd' %}",
        "import": "{% import 'os' as os %}{{ os }}",
        "mutate": "{% set _ = ticket.update({'id': 1}) %}{{ ticket.id }}",
        "format": "{{ '{0.__class__}'.format(ticket) }}",
    }
    result = await renderer.render(tricks, VALUES)
    assert result.texts == {}
    assert set(result.errors) == set(tricks)
