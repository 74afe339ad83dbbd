"""The tencent_ccc adapter where the simulator has no reason to bring it.

Shapes are those of the vendor's data types; its dialect in the simulator is met by the contract.
"""

import json
from itertools import pairwise

import pytest
from aiohttp import web

from agent.config.settings import Polling, ProviderSettings
from agent.net.exchange import ProviderError
from agent.polling.budget import Budget
from agent.providers.registry import build, problems
from agent.providers.tencent_ccc.api import BILLING, CONTACT_CENTRE, address_of
from agent.states import CallResult, PollFailure
from tests.net.http_bench import ReportCounts, serving

NOW = 1_800_000_000.0
DAY = 86400
CREDENTIALS = {
    "secret_id": "AKIDofTheTests1234",
    "secret_key": "s3cretOfTheTests",
    "sdk_app_id": "1400000400",
}
NUMBER = {"Number": "00864006220001", "State": 1}


def provider_settings(url, credentials=CREDENTIALS, **more):
    account = {"id": "hq", "credentials": credentials, **more.pop("account", {})}
    section = {"name": "tencent", "profile": "tencent_ccc", "accounts": [account], **more}
    return ProviderSettings.model_validate(section | ({"base_url": url} if url else {}))


def provider(bench, url, fetch=None, **more):
    settings = provider_settings(url, **more)
    bench.counts = ReportCounts()
    return build(
        settings,
        settings.accounts[0],
        fetch or bench.client.fetch,
        Polling(),
        reports=bench.counts.reports(),
        clock=lambda: NOW,
    )


def response(**members):
    return web.json_response({"Response": {**members, "RequestId": "x"}})


def refusal(code, status=200, **headers):
    body = {"Response": {"Error": {"Code": code, "Message": "no"}, "RequestId": "x"}}
    return web.json_response(body, status=status, headers=headers)


def answering(calls, **answers):
    """A handler with an answer, or a function of the parameters, for each action."""

    async def handle(request):
        action, params = request.headers["X-TC-Action"], json.loads(await request.read())
        calls.append((action, params))
        answer = answers[action]
        if isinstance(answer, dict):
            return response(**answer)
        return answer(params)

    return handle


LISTING = {"TotalCount": 1, "Numbers": [NUMBER]}


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthFailure.SignatureFailure", PollFailure.AUTH),
        ("AuthFailure.UnauthorizedOperation", PollFailure.AUTH),
        ("UnauthorizedOperation.CamNoAuth", PollFailure.AUTH),
        ("RequestLimitExceeded", PollFailure.RATE_LIMITED),
        ("RequestLimitExceeded.UinLimitExceeded", PollFailure.RATE_LIMITED),
        ("InvalidParameterValue.InstanceNotExist", PollFailure.API_ERROR),
        ("InternalError.DBError", PollFailure.API_ERROR),
    ],
)
async def test_an_error_is_what_its_code_says_whatever_the_status(bench, status, code, kind):
    async def handle(_request):
        return refusal(code, status)

    async with serving(handle) as server:
        with pytest.raises(ProviderError, match=code) as caught:
            await provider(bench, server.url).balance()
    assert caught.value.kind is kind
    assert caught.value.detail.startswith("DescribeAccountBalance: ")


async def test_a_throttle_with_200_pauses_the_account_as_one_with_429_does(bench):
    async def handle(_request):
        return refusal("RequestLimitExceeded", **{"Retry-After": "7"})

    async with serving(handle) as server:
        budget = Budget(100.0, 2)
        fetch = budget.wrap(bench.client.fetch)
        with pytest.raises(ProviderError) as caught:
            await provider(bench, server.url, fetch=fetch).balance()
    assert caught.value.retry_after == 7
    assert budget.remaining_pause() > 6


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"TotalCount": "one", "Numbers": []}, "no count at TotalCount"),
        ({"TotalCount": 1}, "no records at Numbers; keys there: RequestId, TotalCount"),
        ({"TotalCount": 1, "Numbers": ["x"]}, "record 0: is a text of 1 characters"),
        (
            {"TotalCount": 1, "Numbers": [{"State": 1}]},
            "record 0: number is missing at Number; keys there: State",
        ),
        ({"TotalCount": 2, "Numbers": [NUMBER]}, "a page came twice"),
    ],
)
async def test_a_listing_of_another_shape_names_the_record_and_the_field(bench, answer, words):
    async with serving(answering([], DescribeNumbers=answer)) as server:
        with pytest.raises(ProviderError) as caught:
            await provider(bench, server.url).numbers()
    assert words in caught.value.detail


async def test_an_empty_list_may_be_null(bench):
    answers = {
        "DescribeNumbers": {"TotalCount": 0, "Numbers": None},
        "DescribeCCCBuyInfoList": {"TotalCount": 0, "SdkAppIdBuyList": None},
        "DescribeExtensions": {"Total": 0, "ExtensionList": None},
    }
    async with serving(answering([], **answers)) as server:
        adapter = provider(bench, server.url)
        assert (await adapter.numbers()).numbers == ()
        assert await adapter.reachability(["4006220001"]) == {}


@pytest.mark.parametrize(
    "bought",
    ["many", [{"SdkAppId": 1400000400, "PhoneNumBuyList": [{"PhoneNum": "x"}]}], ["x"]],
)
async def test_purchases_of_another_shape_fail_the_poll_and_can_be_left_out(bench, bought):
    answers = {"DescribeNumbers": LISTING, "DescribeCCCBuyInfoList": {"SdkAppIdBuyList": bought}}
    calls = []
    async with serving(answering(calls, **answers)) as server:
        with pytest.raises(ProviderError, match="DescribeCCCBuyInfoList") as caught:
            await provider(bench, server.url).numbers()
        assert caught.value.kind is PollFailure.SCHEMA
        calls.clear()
        adapter = provider(bench, server.url, options={"purchases": "no"})
        listing = await adapter.numbers()
    assert [it.contract_end for it in listing.numbers] == [None]
    assert [action for action, _ in calls] == ["DescribeNumbers"]


async def test_purchases_of_another_instance_say_nothing(bench):
    bought = [
        {"SdkAppId": 1400000999, "PhoneNumBuyList": [{"PhoneNum": "00864006220001", "EndTime": 9}]},
        {"SdkAppId": 1400000400, "PhoneNumBuyList": None},
    ]
    answers = {"DescribeNumbers": LISTING, "DescribeCCCBuyInfoList": {"SdkAppIdBuyList": bought}}
    async with serving(answering([], **answers)) as server:
        listing = await provider(bench, server.url).numbers()
    assert [it.contract_end for it in listing.numbers] == [None]


def call(session, **more):
    return {
        "SessionId": session,
        "Caller": "008613900001111",
        "Callee": "00864006220001",
        "StartTimestamp": int(NOW) - 100,
        "AcceptTimestamp": 0,
        "EndedTimestamp": int(NOW) - 60,
        "Direction": 0,
        "CallType": 2,
        "Duration": 0,
        "EndStatus": 104,
        **more,
    }


async def calls_of(bench, *records, since=NOW - 600, **more):
    answer = {"TotalCount": len(records), "TelCdrList": list(records)}
    async with serving(answering([], DescribeTelCdr=answer)) as server:
        return await provider(bench, server.url, **more).calls(since)


async def test_only_calls_to_a_number_count(bench):
    calls = await calls_of(
        bench,
        call("in"),
        call("out", Direction=1, CallType=1),
        call("web", CallType=3),
        call("between seats", CallType=6),
        call("of an older interface", CallType=None),
    )
    assert [it.id for it in calls] == ["in", "of an older interface"]


@pytest.mark.parametrize(
    ("end", "result"),
    [
        (1, CallResult.ANSWERED),
        (17, CallResult.NO_ANSWER),
        (100, CallResult.CALLER_BLACKLISTED),
        (103, CallResult.ABANDONED),
        (104, CallResult.NO_ANSWER),
        (105, CallResult.OFF),
        (106, CallResult.CLOSED_HOURS),
        (107, CallResult.ANSWERED),
        (205, CallResult.NONEXISTENT),
        (207, CallResult.SUSPENDED),
        (211, CallResult.UNKNOWN),
        (232, CallResult.ANSWERED),
    ],
)
async def test_a_call_ends_as_its_code_says(bench, end, result):
    (made,) = await calls_of(bench, call("a", EndStatus=end))
    assert made.result is result
    assert bench.counts.unmapped == {}


async def test_a_wait_ends_with_the_answer_or_with_the_call(bench):
    accepted = {"AcceptTimestamp": int(NOW) - 88, "EndStatus": 1, "Duration": 28}
    answered, given_up = await calls_of(bench, call("a", **accepted), call("b"))
    assert (answered.wait_seconds, answered.talk_seconds) == (12, 28)
    assert (given_up.wait_seconds, given_up.talk_seconds) == (40, None)


async def test_the_seat_of_a_call_is_the_phone_of_the_inventory(bench):
    phones = [{"id": "desk", "extension": "8001"}, {"id": "mobile", "phone": "13800000001"}]
    inventory = {"numbers": [{"number": "4006220001", "phones": phones}]}
    calls = await calls_of(
        bench,
        call("a", SeatUser={"ExtensionNumber": "8001", "Phone": "008613800000001"}),
        call("b", SeatUser={"ExtensionNumber": "", "Phone": "008613800000001"}),
        call("c", SeatUser={"ExtensionNumber": "8009", "Phone": ""}),
        call("d", SeatUser={"Phone": "008613900009999"}),
        call("e", SeatUser=None),
        account={"inventory": inventory},
    )
    assert [it.binding for it in calls] == ["desk", "mobile", "8009", "", ""]


async def test_windows_are_shorter_than_90_days_and_reach_back_180(bench):
    calls = []
    answer = {"TotalCount": 0, "TelCdrList": []}
    async with serving(answering(calls, DescribeTelCdr=answer)) as server:
        await provider(bench, server.url).calls(NOW - 400 * DAY)
    windows = [(it["StartTimeStamp"], it["EndTimeStamp"]) for _, it in calls]
    assert all(0 <= end - start < 90 * DAY for start, end in windows)
    assert windows[0][0] > NOW - 180 * DAY
    assert windows[-1][1] == NOW
    assert {start - end for (_, end), (start, _) in pairwise(windows)} == {1}


async def test_an_extension_that_the_inventory_does_not_know_stands_under_itself(bench):
    extensions = [
        {"ExtensionId": "8001", "Status": 100, "Register": True},
        {"ExtensionId": "8002", "Status": 0, "Register": False, "Password": "of-the-extension"},
    ]
    answer = {"Total": 2, "ExtensionList": extensions}
    phones = [{"extension": "8001"}, {"extension": "8003"}, {"phone": "13800000001"}]
    inventory = {"numbers": [{"number": "4006220001", "phones": phones}]}
    async with serving(answering([], DescribeExtensions=answer)) as server:
        adapter = provider(bench, server.url, account={"inventory": inventory})
        found = await adapter.reachability(["4006220001"])
    states = {key: [(it.id, it.state.value) for it in phones] for key, phones in found.items()}
    assert states == {
        "4006220001": [("8001", "ok"), ("8003", "unknown"), ("13800000001", "unknown")],
        "8002": [("8002", "off")],
    }
    assert "of-the-extension" not in repr(found)


@pytest.mark.parametrize(
    ("base_url", "billing"),
    [
        ("https://ccc.tencentcloudapi.com", "https://billing.tencentcloudapi.com"),
        ("https://ccc.intl.tencentcloudapi.com", "https://billing.intl.tencentcloudapi.com"),
        ("http://127.0.0.1:8080/tencent", "http://127.0.0.1:8080/tencent"),
        ("https://gateway.example.com/a", "https://gateway.example.com/a"),
    ],
)
def test_billing_is_beside_the_contact_centre(base_url, billing):
    assert address_of(base_url, CONTACT_CENTRE) == base_url
    assert address_of(base_url, BILLING) == billing


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sdk_app_id": "hotline"}, "expected the instance's number, digits in quotes"),
        ({"sdk_app_id": ""}, "credential sdk_app_id is missing"),
        ({"secret_key": ""}, "credential secret_key is missing"),
        ({"region": "ap-guangzhou"}, "is not a credential of tencent_ccc"),
    ],
)
def test_check_config_says_what_the_credentials_lack(changed, words):
    settings = provider_settings(None, {**CREDENTIALS, **changed})
    found = [it.text for it in problems(SettingsOfOne(settings))]
    assert len(found) == 1
    assert words in found[0]
    assert "hotline" not in found[0]


class SettingsOfOne:
    """Settings with one provider."""

    def __init__(self, provider):
        self.providers = [provider]


def test_the_address_is_known_and_no_inventory_is_needed():
    assert list(problems(SettingsOfOne(provider_settings(None)))) == []
