"""The asterisk adapter against a server that behaves as the documents of ARI say.

Written from Asterisk's rest-api/api-docs (endpoints.json, deviceStates.json): ``GET /deviceStates``
lists only what ARI itself controls, ``GET /deviceStates/{deviceName}`` tells every device,
``state`` of an endpoint may be missing.
"""

import base64
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from agent.net.exchange import ProviderError
from agent.states import PollFailure
from tests.net.http_bench import serving
from tests.providers.pbx_bench import NUMBER, pbx, states

CREDENTIALS = {"user": "watch", "password": "s3cret-word"}


@dataclass
class AsteriskServer:
    """What an Asterisk says of its endpoints and devices; both may change while it runs."""

    endpoints: dict[str, str | None] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)

    async def handle(self, request):
        self.requests.append((request.method, request.raw_path))
        login = base64.b64encode(b"watch:s3cret-word").decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return web.json_response({"error": "Unauthorized"}, status=401)
        # Like Asterisk, the path is split before it is decoded: PJSIP%2F801 is one name.
        match request.raw_path.split("/"):
            case ["", "ari", "endpoints"]:
                return web.json_response(list(map(self._endpoint, self.endpoints)))
            case ["", "ari", "deviceStates", name]:
                device = name.replace("%2F", "/")
                state = self.devices.get(device, "INVALID")
                return web.json_response({"name": device, "state": state})
        return web.json_response({"message": "Resource not found"}, status=404)

    def _endpoint(self, name):
        technology, resource = name.split("/")
        record = {"technology": technology, "resource": resource, "channel_ids": []}
        state = self.endpoints[name]
        return record if state is None else {**record, "state": state}


@pytest.fixture
async def asterisk():
    world = AsteriskServer()
    async with serving(world.handle) as server:
        yield world, f"{server.url}/ari"


def account(bench, url, *extensions, **options):
    return pbx(bench, url, "asterisk", *extensions, credentials=CREDENTIALS, options=options)


@pytest.mark.parametrize(
    ("endpoint", "device", "expected"),
    [
        ("online", "NOT_INUSE", "ok"),
        ("online", "INUSE", "ok"),
        ("online", "RINGING", "ok"),
        ("online", "RINGINUSE", "ok"),
        ("online", "ONHOLD", "ok"),
        ("online", "BUSY", "busy"),
        ("offline", "UNAVAILABLE", "off"),
        ("unknown", "UNKNOWN", "unknown"),
        ("unknown", "INVALID", "nonexistent"),
        ("online", "UNKNOWN", "ok"),
        ("offline", "UNKNOWN", "off"),
        (None, "UNKNOWN", "unknown"),
    ],
)
async def test_the_words_of_endpoint_and_device(bench, asterisk, endpoint, device, expected):
    world, url = asterisk
    world.endpoints["PJSIP/801"], world.devices["PJSIP/801"] = endpoint, device
    found = await states(account(bench, url, "801"))
    assert found["801"][0] == expected
    assert device in found["801"][1]
    assert not bench.counts.unmapped


async def test_states_change_between_two_polls(bench, asterisk):
    world, url = asterisk
    provider = account(bench, url, "801")
    world.endpoints["PJSIP/801"], world.devices["PJSIP/801"] = "online", "NOT_INUSE"
    assert (await states(provider))["801"][0] == "ok"
    world.endpoints["PJSIP/801"], world.devices["PJSIP/801"] = "offline", "UNAVAILABLE"
    assert (await states(provider))["801"][0] == "off"


async def test_a_word_that_nobody_described_is_unknown_and_counted(bench, asterisk):
    world, url = asterisk
    world.endpoints["PJSIP/801"], world.devices["PJSIP/801"] = "sleeping", "DREAMING"
    assert await states(account(bench, url, "801")) == {"801": ("unknown", "sleeping DREAMING")}
    assert bench.counts.unmapped == {"reachability.state": 2}


async def test_without_device_states_the_endpoints_are_one_request(bench, asterisk):
    world, url = asterisk
    world.endpoints |= {"PJSIP/801": "online", "PJSIP/802": "offline"}
    provider = account(bench, url, "801", "802", "803", device_states="no")
    assert await states(provider) == {
        "801": ("ok", "online"),
        "802": ("off", "offline"),
        "803": ("unknown", "no such endpoint"),
    }
    assert world.requests == [("GET", "/ari/endpoints")]


async def test_another_technology_and_the_case_of_its_name(bench, asterisk):
    world, url = asterisk
    world.endpoints |= {"SIP/801": "online", "IAX2/trunk": "offline"}
    provider = account(bench, url, "801", "IAX2/trunk", technology="sip", device_states="no")
    assert [state for state, _ in (await states(provider)).values()] == ["ok", "off"]


async def test_an_endpoint_without_a_state_is_unknown(bench, asterisk):
    world, url = asterisk
    world.endpoints["PJSIP/801"] = None
    provider = account(bench, url, "801", device_states="no")
    assert await states(provider) == {"801": ("unknown", "unknown")}


async def test_a_wrong_password_fails_numbers_and_phones_and_is_not_repeated(bench, asterisk):
    _world, url = asterisk
    wrong = {"user": "watch", "password": "wr0ng-word"}
    provider = pbx(bench, url, "asterisk", "801", credentials=wrong)
    for read in (provider.numbers(), provider.reachability([NUMBER])):
        with pytest.raises(ProviderError) as caught:
            await read
        assert caught.value.kind is PollFailure.AUTH
        assert "wr0ng-word" not in caught.value.detail


async def test_a_wrong_address_is_http_4xx(bench, asterisk):
    _world, url = asterisk
    with pytest.raises(ProviderError) as caught:
        await account(bench, f"{url}/nowhere", "801").numbers()
    assert caught.value.kind is PollFailure.HTTP_4XX


@pytest.mark.parametrize("body", [{}, [{}], [{"technology": "PJSIP"}], [1], "x"])
async def test_an_answer_of_another_shape_fails_the_poll(bench, body):
    async def handle(_request):
        return web.json_response(body)

    async with serving(handle) as server:
        with pytest.raises(ProviderError) as caught:
            await states(account(bench, server.url, "801"))
    assert caught.value.kind is PollFailure.SCHEMA


async def test_nothing_but_reads_is_sent(bench, asterisk):
    world, url = asterisk
    provider = account(bench, url, "801", "802")
    await provider.numbers()
    await states(provider)
    assert {method for method, _ in world.requests} == {"GET"}
    assert ("GET", "/ari/deviceStates/PJSIP%2F801") in world.requests
