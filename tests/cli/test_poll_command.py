"""``numwatch poll``: one round over real HTTP, printed for people and for programs."""

import json

import pytest

from agent.cli.judgement import poll_and_judge
from agent.cli.observation import poll_once
from agent.cli.poll import document
from agent.cli.poll_report import lines
from agent.cli.words import Words
from agent.config.secret import Secret
from agent.config.settings import Account
from agent.simulator.server import start
from agent.simulator.world import World
from tests.polling.polling_bench import settings_of

WORLD = """
seed: 7
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: demo-secret}
        balance: 20.5
        currency: CNY
        numbers:
          - number: "4006220001"
            state: suspended_arrears
            reason: 欠费停机
            routing: {blacklist: ["13911112222"]}
            bindings:
              - {id: b1, phone: "13800000001", kind: mobile, position: 1, state: arrears}
              - {id: b2, phone: "02287654321", kind: landline, position: 2, state: ok}
          - {number: "4006220002", bindings: [{id: b1, phone: "13800000003", position: 1}]}
"""
PHONES = ("13800000001", "02287654321", "13911112222", "13800000003")
HQ = Account(id="hq", credentials={"key": Secret("demo"), "secret": Secret("demo-secret")})
LOST = Account(id="lost", credentials={"key": Secret("demo"), "secret": Secret("wrong-one")})


@pytest.fixture
async def url():
    async with await start(World.parse(WORLD)) as running:
        yield running.base_url("north")


def settings(url, *accounts):
    return settings_of(*accounts, polling={"timeout": 20, "request_timeout": 10}, base_url=url)


def rendered(report, judgement):
    return "\n".join(line.plain for line in lines(report, judgement, Words("en"), 160))


async def test_everything_the_provider_reports_is_in_the_document(url):
    report, judgement = await poll_and_judge(settings(url, HQ))
    assert not report.failed
    printed = json.loads(json.dumps(document(report, judgement)))
    (account,) = printed["accounts"]
    assert printed["ok"]
    assert all(poll["ok"] for poll in account["capabilities"].values())
    assert set(account["capabilities"]) == {
        "numbers", "routing", "reachability", "balance", "calls",
    }  # fmt: skip
    assert account["balance"]["currency"] == "CNY"
    assert account["balance"]["amount"] == pytest.approx(20.5, abs=0.5)
    first, second = account["numbers"]
    assert (first["number"], first["state"]) == ("4006220001", "suspended_arrears")
    assert first["native_status"] == "suspended_arrears"
    assert first["routing"]["blacklist"] == ["139****2222"]
    assert [binding["phone"] for binding in first["bindings"]] == ["138****0001", "022****4321"]
    assert second["state"] == "low_balance"
    assert (first["health"], second["health"]) == ("down", "degraded")
    assert second["findings"] == [{"code": "state", "detail": "low_balance"}]


async def test_no_phone_and_no_secret_is_shown_anywhere(url):
    polled = await poll_and_judge(settings(url, HQ, LOST))
    for text in (json.dumps(document(*polled), ensure_ascii=False), rendered(*polled)):
        assert not [phone for phone in PHONES if phone in text]
        assert "demo-secret" not in text
        assert "wrong-one" not in text


async def test_people_see_what_is_broken_first_and_what_to_do(url):
    report, judgement = await poll_and_judge(settings(url, HQ, LOST))
    assert report.failed
    text = rendered(report, judgement)
    assert text.index("4006220001") < text.index("4006220002")
    for words in ("suspended: arrears", "1 of 2 reachable (in arrears)", "below the notice line"):
        assert words in text
    assert "numbers failed: credentials refused" in text
    assert "what to do: check the account's credentials" in text


async def test_one_account_can_be_chosen(url):
    report = await poll_once(settings(url, HQ, LOST), "north/hq")
    assert [account.account for account in report.accounts] == ["hq"]
    assert not report.failed
    with pytest.raises(ValueError, match="expected one of: north/hq, north/lost"):
        await poll_once(settings(url, HQ, LOST), "north/nowhere")


async def test_a_provider_that_is_not_there_is_a_failure_with_advice():
    report, judgement = await poll_and_judge(settings("http://127.0.0.1:9", HQ))
    (account,) = document(report, judgement)["accounts"]
    assert report.failed
    assert account["numbers"] == []
    assert account["balance"] is None
    assert account["capabilities"]["numbers"]["reason"] == "connect"
    assert "is up" in account["capabilities"]["numbers"]["advice"]
