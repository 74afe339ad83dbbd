"""The fault ``new_word`` at the wire: words of a list are new, everything else is as it was."""

from agent.simulator.responses import NEW_NUMBER, NEW_WORD, replace_words
from tests.simulator.worlds import SID


async def test_every_word_is_new_and_nothing_else(client):
    healthy = await client.data("/v1/numbers")
    client.running.apply({"provider": "north", "fault": {"kind": "new_word"}})
    faulty = await client.data("/v1/numbers")
    assert {item["state"] for item in faulty["items"]} == {NEW_WORD}
    without = [[{**item, "state": ""} for item in page["items"]] for page in (healthy, faulty)]
    assert without[0] == without[1]


async def test_it_is_in_another_dialects_words_too(client):
    client.running.apply({"provider": "global", "fault": {"kind": "new_word"}})
    async with client.twilio(f"/global/2010-04-01/Accounts/{SID}.json") as answer:
        assert (await answer.json())["status"] == NEW_WORD


def test_numbers_become_a_new_number_and_switches_and_absence_stay():
    before = {"a": 1, "b": [{"a": "word"}, {"a": None}], "c": {"a": True}, "d": 2}
    assert replace_words(before, frozenset({"a"})) == {
        "a": NEW_NUMBER,
        "b": [{"a": NEW_WORD}, {"a": None}],
        "c": {"a": True},
        "d": 2,
    }


async def test_every_request_is_remembered_with_what_it_asks_for(client):
    await client.data("/v1/numbers")
    async with client.session.post(f"{client.running.url}/north/v1/numbers"):
        pass
    requests = list(client.running.world.providers["north"].requests)
    assert [(it.operation, it.is_read, it.account) for it in requests] == [
        ("GET /v1/numbers", True, "hq"),
        ("POST /v1/numbers", False, ""),
    ]
