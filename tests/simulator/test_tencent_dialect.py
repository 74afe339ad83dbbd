"""The dialect tencent_ccc takes what the vendor's SDK signs and refuses what the vendor does."""

import json
from datetime import UTC, datetime

import pytest
import time_machine

from tests.simulator.worlds import NOON

pytestmark = pytest.mark.filterwarnings(
    # What the SDK calls and how it is written is its vendor's business.
    "ignore::DeprecationWarning",
    "ignore::SyntaxWarning",
)
ID, KEY, INSTANCE = "AKIDofTheTests1234", "s3cretOfTheTests", 1400000400
WORLD = f"""
seed: 7
providers:
  - name: tencent
    dialect: tencent_ccc
    accounts:
      - id: hq
        credentials: {{secret_id: {ID}, secret_key: {KEY}, sdk_app_id: "{INSTANCE}"}}
        balance: 120.5
        page_size: 1000
        generate: {{count: 130, first: "4008000000", bindings: 1}}
"""


def signed_by_the_sdk(server, action, params, key=KEY, moment=NOON, service="ccc"):
    """Headers and body that the vendor's SDK sends."""
    from tencentcloud.common.abstract_client import AbstractClient  # noqa: PLC0415 - see above
    from tencentcloud.common.credential import Credential  # noqa: PLC0415
    from tencentcloud.common.http.request import RequestInternal  # noqa: PLC0415

    host = server.url.removeprefix("http://")
    client = AbstractClient(Credential(ID, key), "")
    client._service, client._apiVersion = service, "2020-02-10"
    client._endpoint = client.profile.httpProfile.endpoint = host
    client._requestPath = "/tencent/"
    request = RequestInternal(host, "POST", "/tencent/")
    with time_machine.travel(datetime.fromtimestamp(moment, UTC), tick=False):
        client._build_req_with_tc3_signature(action, params, request)
    return dict(request.header), request.data.encode()


async def answer(client, headers, body):
    url = f"{client.running.url}/tencent/"
    async with client.session.post(url, headers=headers, data=body) as got:
        assert got.status == 200
        return (await got.json())["Response"]


@pytest.fixture
async def tencent(serve):
    return await serve(WORLD)


async def read(client, action="DescribeNumbers", **params):
    wanted = {"SdkAppId": INSTANCE, **params}
    return await answer(client, *signed_by_the_sdk(client.running, action, wanted))


async def test_what_the_sdk_signs_is_answered_page_by_page_from_0(tencent):
    pages = [await read(tencent, PageNumber=it, PageSize=100) for it in range(3)]
    assert [len(page["Numbers"]) for page in pages] == [100, 30, 0]
    assert {page["TotalCount"] for page in pages} == {130}
    assert pages[0]["Numbers"][0]["Number"] == "00864008000000"
    assert len((await read(tencent))["Numbers"]) == 20


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key": "another-key"}, "AuthFailure.SignatureFailure"),
        ({"moment": NOON - 400}, "AuthFailure.SignatureExpire"),
        ({"service": "billing"}, "AuthFailure.SignatureFailure"),
    ],
)
async def test_another_signature_is_refused(tencent, changed, code):
    params = {"SdkAppId": INSTANCE}
    signed = signed_by_the_sdk(tencent.running, "DescribeNumbers", params, **changed)
    assert (await answer(tencent, *signed))["Error"]["Code"] == code


async def test_a_body_or_a_key_that_was_changed_afterwards_is_refused(tencent):
    headers, body = signed_by_the_sdk(tencent.running, "DescribeNumbers", {"SdkAppId": INSTANCE})
    changed = body.replace(b"400", b"401")
    got = await answer(tencent, headers, changed)
    assert got["Error"]["Code"] == "AuthFailure.SignatureFailure"
    headers["Authorization"] = headers["Authorization"].replace(ID, "AKIDofAnother12345")
    got = await answer(tencent, headers, body)
    assert got["Error"]["Code"] == "AuthFailure.SecretIdNotFound"
    got = await answer(tencent, {**headers, "Authorization": "Bearer x"}, body)
    assert got["Error"]["Code"] == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize(
    ("action", "params", "code"),
    [
        ("DescribeNumbers", {"SdkAppId": 1}, "InvalidParameterValue.InstanceNotExist"),
        ("DescribeNumbers", {"SdkAppId": str(INSTANCE)}, "InvalidParameter"),
        ("DescribeNumbers", {"PageNumber": -1}, "InvalidParameterValue"),
        ("DescribeStaffInfoList", {"PageSize": 10_000}, "InvalidParameterValue"),
        ("DescribeTelCdr", {"PageSize": 101}, "InvalidParameterValue"),
        ("DescribeTelCdr", {"PageSize": 100}, "MissingParameter"),
        ("DisableCCCPhoneNumber", {}, "InvalidAction"),
    ],
)
async def test_what_the_vendor_does_not_take_is_refused(tencent, action, params, code):
    window = {"StartTimeStamp": int(NOON) - 60, "EndTimeStamp": int(NOON)}
    more = window if params.get("PageSize") == 101 else {}
    assert (await read(tencent, action, **{**more, **params}))["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [(89, 0, True), (90, 0, False), (179, 100, True), (181, 100, False), (0, 1, False)],
)
async def test_windows_are_limited(tencent, start, end, taken):
    window = {
        "StartTimeStamp": int(NOON) - start * 86400,
        "EndTimeStamp": int(NOON) - end * 86400,
    }
    got = await read(tencent, "DescribeTelCdr", PageSize=10, PageNumber=0, **window)
    assert ("Error" not in got) is taken, got


async def test_the_21st_request_of_a_second_is_refused(tencent):
    headers, body = signed_by_the_sdk(tencent.running, "DescribeNumbers", {"SdkAppId": INSTANCE})
    got = [await answer(tencent, headers, body) for _ in range(60)]
    codes = {it["Error"]["Code"] for it in got if "Error" in it}
    assert codes == {"RequestLimitExceeded"}
    assert "Error" not in got[0]


async def test_a_request_that_is_no_json_is_refused(tencent):
    headers, _ = signed_by_the_sdk(tencent.running, "DescribeNumbers", {"SdkAppId": INSTANCE})
    assert json.dumps(await answer(tencent, headers, b"x")).count("AuthFailure") == 1
