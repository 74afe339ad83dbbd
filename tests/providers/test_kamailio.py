"""The kamailio adapter where a real Kamailio is hard to bring into the state.

The answers are those that Kamailio 5.6.3 gave and those that usrloc's source writes; what a real
one does is in tests/integration/test_kamailio.py.
"""

import base64
import json

import pytest
from aiohttp import web

from agent.net.exchange import ProviderError
from agent.states import PollFailure
from tests.net.http_bench import serving
from tests.providers.pbx_bench import pbx, states


def contact(expires):
    return {"Contact": {"Address": "sip:801@10.0.0.1", "Expires": expires}}


def aor(name, *expires):
    return {"AoR": name, "Contacts": [contact(it) for it in expires]}


def result(value):
    return web.json_response({"jsonrpc": "2.0", "result": value, "id": 1})


def error(message, status=500):
    body = {"jsonrpc": "2.0", "error": {"code": status, "message": message}, "id": 1}
    return web.json_response(body, status=status)


def answering(**answers):
    """A handler with one answer for each method; a response can be sent only once, so a copy is."""

    async def handle(request):
        call = json.loads(await request.read())
        answer = answers[call["method"].replace(".", "_")]
        headers = {"Content-Type": answer.headers.get("Content-Type", "text/plain")}
        return web.Response(body=answer.body, status=answer.status, headers=headers)

    return handle


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        ([3600], ("ok", "registered")),
        (["permanent"], ("ok", "registered")),
        (["expired"], ("off", "registration expired")),
        (["deleted", "expired"], ("off", "registration expired")),
        (["expired", 30], ("ok", "registered")),
        ([0], ("off", "registration expired")),
        ([], ("off", "not registered")),
    ],
)
async def test_the_contacts_of_an_address_of_record_say_whether_it_is_registered(
    bench, expires, expected
):
    async with serving(answering(ul_lookup=result(aor("801", *expires)))) as server:
        assert await states(pbx(bench, server.url, "kamailio", "801")) == {"801": expected}


@pytest.mark.parametrize("message", ["AOR not found in location table", "AOR has no contacts"])
async def test_an_absent_address_is_not_registered_and_kamailio_is_not_down(bench, message):
    async with serving(answering(ul_lookup=error(message))) as server:
        found = await states(pbx(bench, server.url, "kamailio", "801"))
        assert found == {"801": ("off", "not registered")}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Method Not Found", "load the module"),
        ("Domain table not found", "set the option location"),
        ("Domain missing in AOR", "user@domain"),
    ],
)
async def test_an_error_of_the_configuration_is_said_as_such_with_its_remedy(bench, message, words):
    async with serving(answering(ul_lookup=error(message))) as server:
        with pytest.raises(ProviderError, match=words) as caught:
            await states(pbx(bench, server.url, "kamailio", "801"))
    assert caught.value.kind is PollFailure.SCHEMA
    assert "configuration error" in caught.value.detail


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error("Internal error creating outer rpc"), PollFailure.API_ERROR),
        (web.Response(status=500, text="<html>oops"), PollFailure.HTTP_5XX),
        (web.Response(status=502, text="<html>oops"), PollFailure.HTTP_5XX),
        (web.Response(status=401), PollFailure.AUTH),
        (web.Response(status=404), PollFailure.HTTP_4XX),
        (web.Response(text="hello"), PollFailure.DECODE),
        (web.json_response([]), PollFailure.SCHEMA),
        (web.json_response({"ok": True}), PollFailure.SCHEMA),
        (result({"AoR": "801"}), PollFailure.SCHEMA),
        (result(aor("801", "soon")), PollFailure.SCHEMA),
        (result(aor("801", True)), PollFailure.SCHEMA),
        (result({"Contacts": [None]}), PollFailure.SCHEMA),
        (result(None), PollFailure.SCHEMA),
    ],
)
async def test_what_is_not_understood_fails_the_poll_and_says_nothing_of_a_phone(
    bench, answer, kind
):
    async with serving(answering(ul_lookup=answer)) as server:
        with pytest.raises(ProviderError) as caught:
            await states(pbx(bench, server.url, "kamailio", "801"))
    assert caught.value.kind is kind
    assert "801" not in caught.value.detail


async def test_the_listing_fails_while_kamailio_does_not_answer(bench):
    async with serving(answering(core_version=result("kamailio 5.6.3"))) as server:
        provider = pbx(bench, server.url, "kamailio", "801")
        listing = await provider.numbers()
    assert [it.state for it in listing.numbers] == ["unknown"]
    with pytest.raises(ProviderError):
        await provider.numbers()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["AP"], "ok"),
        (["IP"], "off"),
        (["DP"], "off"),
        (["DX"], "off"),
        (["AX"], "unknown"),
        (["TP"], "unknown"),
        (["TX"], "unknown"),
        (["ZZ"], "unknown"),
        (["IP", "AP"], "ok"),
        (["IP", "AX"], "unknown"),
        ([], "unknown"),
    ],
)
async def test_the_flags_of_a_trunk_in_all_its_sets(bench, flags, expected):
    sets = [
        {
            "SET": {
                "ID": at,
                "TARGETS": [{"DEST": {"URI": "sip:GW:5060;transport=tcp", "FLAGS": it}}],
            }
        }
        for at, it in enumerate(flags)
    ]
    async with serving(answering(dispatcher_list=result({"RECORDS": sets}))) as server:
        found = await states(pbx(bench, server.url, "kamailio", "sip:gw:5060"))
    assert found["sip:gw:5060"][0] == expected


async def test_a_dispatcher_without_any_set_leaves_trunks_unknown(bench):
    async with serving(answering(dispatcher_list=error("No Destination Sets"))) as server:
        found = await states(pbx(bench, server.url, "kamailio", "sip:gw:5060"))
    assert found == {"sip:gw:5060": ("unknown", "not in the dispatcher")}


async def test_a_login_is_sent_and_nothing_but_reads(bench):
    methods = set()

    async def handle(request):
        login = base64.b64encode(b"watch:s3cret-word").decode()
        assert request.headers["Authorization"] == f"Basic {login}"
        call = json.loads(await request.read())
        methods.add(call["method"])
        answers = {
            "ul.lookup": aor("801", 60),
            "dispatcher.list": {"RECORDS": []},
            "core.version": "kamailio",
        }
        return result(answers[call["method"]])

    credentials = {"user": "watch", "password": "s3cret-word"}
    async with serving(handle) as server:
        extensions = ("801", "sip:gw:5060")
        provider = pbx(bench, server.url, "kamailio", *extensions, credentials=credentials)
        await provider.numbers()
        await states(provider)
    assert methods == {"ul.lookup", "dispatcher.list", "core.version"}
