"""The profiles of PBXs against answers as their documents and issues show them."""

import json

import pytest

from agent.net.exchange import ProviderError
from agent.states import PollFailure
from tests.net.http_bench import serving
from tests.providers.pbx_bench import pbx, states
from tests.providers.profile_bench import Recorder

LOGIN = {"user": "watch", "password": "s3cret-word"}


async def read(bench, profile, tree, *extensions):
    """The states of ``extensions``, and the one request that was sent for them."""
    recorder = Recorder(lambda _sent: tree)
    async with serving(recorder) as server:
        found = await states(pbx(bench, server.url, profile, *extensions, credentials=LOGIN))
    (sent,) = recorder.sent
    return found, sent


def row(user, realm="pbx.example.com"):
    return {"reg_user": user, "realm": realm, "token": f"{user}@{realm}", "expires": "1800003600"}


async def test_freeswitch_with_and_without_registrations(bench):
    tree = {"row_count": 1, "rows": [row("801")]}
    found, sent = await read(bench, "freeswitch", tree, "801", "802")
    assert found == {"801": ("ok", "registered"), "802": ("off", "not listed")}
    assert (sent.method, sent.path, sent.query) == (
        "GET",
        "/txtapi/show",
        {"registrations as json": ""},
    )
    found, _ = await read(bench, "freeswitch", {"row_count": 0}, "801")
    assert found == {"801": ("off", "not listed")}


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        ({"row_count": 2, "rows": [row("801")]}, PollFailure.PARTIAL),
        ({"row_count": 1}, PollFailure.PARTIAL),
        ({}, PollFailure.SCHEMA),
        ("-ERR no reply", PollFailure.SCHEMA),
        ({"row_count": 1, "rows": "many"}, PollFailure.SCHEMA),
    ],
)
async def test_freeswitch_that_does_not_answer_whole_says_nothing_of_phones(bench, tree, kind):
    with pytest.raises(ProviderError) as caught:
        await read(bench, "freeswitch", tree, "801")
    assert caught.value.kind is kind


def table(**contacts):
    aors = [
        {
            "AOR": aor,
            "Contacts": [
                {
                    "Contact": f"sip:{aor}@192.0.2.1:{index}",
                    "ContactID": f"{aor}{index}",
                    "Expires": it,
                }
                for index, it in enumerate(expires)
            ],
        }
        for aor, expires in contacts.items()
    ]
    return {"jsonrpc": "2.0", "id": 1, "result": {"Domains": [{"name": "location", "AORs": aors}]}}


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        ([2742], ("ok", "registered")),
        (["permanent"], ("ok", "permanent")),
        (["expired"], ("off", "expired")),
        (["deleted", "expired"], ("off", "deleted")),
        (["expired", 30], ("ok", "registered")),
        ([0], ("off", "0")),
        (["soon"], ("unknown", "soon")),
        ([], ("off", "not listed")),
    ],
)
async def test_opensips_says_of_each_contact_when_it_expires(bench, expires, expected):
    found, sent = await read(bench, "opensips", table(**{"801": expires, "802": [60]}), "801")
    assert found == {"801": expected}
    assert (sent.method, sent.path) == ("POST", "/mi")
    assert json.loads(sent.body)["method"] == "ul_dump"


async def test_opensips_without_the_module_is_an_error_and_no_empty_table(bench):
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "Method not found"}}
    with pytest.raises(ProviderError, match="Method not found"):
        await read(bench, "opensips", error, "801")
    with pytest.raises(ProviderError) as caught:
        await read(bench, "opensips", {"jsonrpc": "2.0", "id": 1, "result": {}}, "801")
    assert caught.value.kind is PollFailure.SCHEMA
