"""An SMS gateway by templates: what is sent, and what its codes mean."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.gateway import GatewayServer
from tests.sinks.systems.server import answer
from tests.sinks.systems.sms import FIRST, SECOND
from tests.sinks.test_sms import messages, two_receivers


@pytest.fixture
async def gateway(harness: DispatcherHarness) -> AsyncIterator[GatewayServer]:
    async with harness.connect(two_receivers(GatewayServer)(harness.clock)) as server:
        assert isinstance(server, GatewayServer)
        yield server


async def test_each_receiver_gets_the_text_of_the_template_in_their_language(
    harness: DispatcherHarness, gateway: GatewayServer, writer: ChangeWriter
) -> None:
    ticket = await harness.story(writer)
    (chinese,), (english,) = gateway.of_phone(FIRST), gateway.of_phone(SECOND)
    assert chinese.texts[0].startswith("新建: 4006220001")
    assert english.texts[0].startswith("New: 4006220001")
    assert english.texts[0].endswith(f"({ticket})")
    assert (await messages(harness, ticket))["li"].reference == "m1"


async def test_a_repeat_after_a_lost_answer_has_the_same_id(
    harness: DispatcherHarness, gateway: GatewayServer, writer: ChangeWriter
) -> None:
    gateway.fail(takes_effect=True)
    await harness.story(writer)
    await harness.pass_time(60, step=10)
    references = [body["ref"] for _method, _path, body in gateway.requests]
    assert len(references) == 3
    assert len(set(references)) == len(gateway.sent) == 2


@pytest.mark.parametrize(("trouble", "held"), [("receiver", 0), ("throttled", 0), ("hold", 1)])
async def test_the_gateways_codes_mean_what_the_section_says(
    harness: DispatcherHarness,
    gateway: GatewayServer,
    writer: ChangeWriter,
    trouble: str,
    held: int,
) -> None:
    if trouble == "hold":
        gateway.balance = 0
    elif trouble == "receiver":
        gateway.blocked |= {FIRST, SECOND}
    else:
        gateway.day_limit = 0
    await harness.story(writer)
    dead = await harness.outbox.dead_letters()
    assert harness.sample("numwatch_sink_held", sink="desk") == held
    assert len(dead) == (1 if trouble == "receiver" else 0)


async def test_a_template_that_cannot_be_filled_holds_the_sink(
    harness: DispatcherHarness, gateway: GatewayServer, writer: ChangeWriter
) -> None:
    section = harness.sections[0]
    own = section.sms_gateway.model_copy(update={"body": '{"to": {{ phone }}, {{ wrong }}}'})
    harness.sections[0] = section.model_copy(update={"sms_gateway": own})
    await harness.story(writer)
    assert gateway.requests == []
    reason = {"sink": "desk", "reason": "template"}
    assert harness.sample("numwatch_sink_failures_total", **reason) == 1
    assert harness.sample("numwatch_sink_held", sink="desk") == 1


class FormGateway(GatewayServer):
    """One that is asked by GET and answers 200 and nothing else."""

    def section(self) -> dict[str, object]:
        query = {"mobile": "{{ phone }}", "content": "{{ text }}"}
        own = {"method": "GET", "query": query, "receivers": self.receivers()}
        return {"sms_gateway": own}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        fields = parse_qs(request.query_string)
        self.accept(fields["mobile"][0], fields["content"], "", "")
        return answer({})


async def test_a_gateway_that_is_asked_by_query_gets_encoded_parameters(
    harness: DispatcherHarness, writer: ChangeWriter
) -> None:
    async with harness.connect(FormGateway(harness.clock)) as gateway:
        ticket = await harness.story(writer)
        (sent,) = gateway.of_phone(FIRST)
        assert ticket in sent.texts[0]
        assert sent.texts[0].startswith("新建: 4006220001, ")
