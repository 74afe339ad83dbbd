"""The Twilio dialect against the shapes of Twilio's published description."""

import json
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.simulator.worlds import SID

ROOT = f"/global/2010-04-01/Accounts/{SID}"


async def _get(client, path):
    async with client.twilio(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_numbers_follow_next_page_uri_to_its_end(client):
    first = await _get(client, f"{ROOT}/IncomingPhoneNumbers.json?PageSize=1")
    assert first["next_page_uri"].startswith(f"{ROOT}/IncomingPhoneNumbers.json?PageSize=1&Page=1")
    second = await _get(client, first["next_page_uri"])
    assert second["next_page_uri"] is None
    numbers = [*first["incoming_phone_numbers"], *second["incoming_phone_numbers"]]
    assert [one["phone_number"] for one in numbers] == ["+85230080001", "+864006220009"]
    assert [one["status"] for one in numbers] == ["in-use", "in-use"]
    assert (second["page"], second["start"], second["end"]) == (1, 1, 1)


async def test_pages_cannot_be_counted_up_without_their_token(client):
    path = f"{ROOT}/IncomingPhoneNumbers.json?PageSize=1&Page=1"
    async with client.twilio(path) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 20006)


async def test_a_reclaimed_number_is_not_listed_any_more(client):
    client.running.apply({"number": "+85230080001", "set": {"state": "reclaimed"}})
    page = await _get(client, f"{ROOT}/IncomingPhoneNumbers.json")
    assert [one["phone_number"] for one in page["incoming_phone_numbers"]] == ["+864006220009"]


async def test_the_account_is_active_until_it_cannot_pay(client):
    assert (await _get(client, f"{ROOT}.json"))["status"] == "active"
    client.running.apply({"account": "global/overseas", "set": {"balance": 3}})
    assert (await _get(client, f"{ROOT}.json"))["status"] == "suspended"


async def test_the_account_is_suspended_when_no_number_works(client):
    states = {"state": "suspended_violation"}
    client.running.apply({"account": "global/overseas", "numbers": "all", "set": states})
    assert (await _get(client, f"{ROOT}.json"))["status"] == "suspended"


async def test_balance_is_text_with_a_currency(client):
    assert await _get(client, f"{ROOT}/Balance.json") == {
        "account_sid": SID,
        "balance": "250.00",
        "currency": "USD",
    }


async def test_calls_are_filtered_by_start_and_status(serve, clock):
    client = await serve(
        f"""
providers:
  - name: global
    dialect: twilio
    accounts:
      - id: overseas
        credentials: {{sid: {SID}, token: word}}
        numbers:
          - number: "+85230080001"
            bindings: [{{id: b1, phone: "13800000001"}}]
            calls: {{per_hour: 60, results: {{answered: 0.5, busy: 0.5}}}}
"""
    )
    clock.now += 3600
    every = (await _get(client, f"{ROOT}/Calls.json?PageSize=100"))["calls"]
    starts = [parsedate_to_datetime(call["start_time"]).timestamp() for call in every]
    assert 30 < len(every) < 100
    assert starts == sorted(starts, reverse=True)
    assert {call["status"] for call in every} == {"completed", "busy"}
    busy = (await _get(client, f"{ROOT}/Calls.json?PageSize=100&Status=busy"))["calls"]
    assert busy == [call for call in every if call["status"] == "busy"]
    later = (await _get(client, f"{ROOT}/Calls.json?PageSize=100&StartTime%3E=2100-01-01"))["calls"]
    assert later == []


@pytest.mark.parametrize(("user", "word"), [(SID, "wrong"), ("AC" + "1" * 32, "word"), ("", "")])
async def test_wrong_credentials_are_refused_in_twilios_words(client, user, word):
    async with client.twilio(f"{ROOT}/Balance.json", user, word) as answer:
        body = await answer.json()
        assert (answer.status, body["code"], body["status"]) == (401, 20003, 401)


async def test_another_accounts_resources_are_not_there(client):
    async with client.twilio(f"/global/2010-04-01/Accounts/AC{'9' * 32}/Balance.json") as answer:
        assert answer.status == 404


SPEC = Path(__file__).parents[3] / "shared" / "specs" / "twilio_api_v2010.get.json"


@pytest.mark.skipif(not SPEC.exists(), reason="Twilio's published description is not here")
@pytest.mark.parametrize(
    ("resource", "list_key", "schema"),
    [
        (".json", None, "api.v2010.account"),
        ("/Balance.json", None, "api.v2010.account.balance"),
        (
            "/IncomingPhoneNumbers.json",
            "incoming_phone_numbers",
            "api.v2010.account.incoming_phone_number",
        ),
    ],
)
async def test_only_published_fields_are_answered_in_published_types(
    client, resource, list_key, schema
):
    published = json.loads(SPEC.read_text())["components"]["schemas"][schema]["properties"]
    body = await _get(client, ROOT + resource)
    item = body[list_key][0] if list_key else body
    kinds = {"string": str, "boolean": bool, "integer": int, "object": dict, "array": list}
    assert item.keys() <= published.keys()
    for key, value in item.items():
        kind = kinds.get(published[key].get("type", ""), object)
        assert value is None or isinstance(value, kind), key
