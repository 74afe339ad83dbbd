"""The dialect of Alibaba Cloud: signatures of the official SDK, sizes of pages, limits, errors."""

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import aiohttp
import pytest

from agent.simulator.server import start
from agent.simulator.world import World
from tests.simulator.worlds import NOON

WORLD = """
seed: 7
providers:
  - name: ali
    dialect: aliyun
    accounts:
      - id: hq
        credentials: {key: LTAI-demo, secret: s3cret, auth_code: Auth0riz}
        balance: 1234.5
        numbers:
          - number: "4006220001"
            routing: {wait_seconds: 25}
            bindings:
              - {id: b1, phone: "13800000001", state: off}
              - {id: b2, phone: "13300000002", state: off, carrier: telecom}
          - {number: "95013100001", bindings: [{id: b1, phone: "13800000003"}]}
          - {number: "057188880001"}
"""
VERSIONS = {"dyvms": "2017-05-25", "ccc": "2020-07-01", "bss": "2017-12-14", "dytns": "2020-02-17"}


@dataclass
class Caller:
    """Calls operations, signed by the description of the signature."""

    url: str
    session: aiohttp.ClientSession
    now: float = NOON

    async def call(self, product, action, changed=None, sent=None, **query):
        path = f"/ali/{product}/"
        headers = {
            "x-acs-action": action,
            "x-acs-version": VERSIONS[product],
            "x-acs-date": datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            **(changed or {}),
        }
        headers["Authorization"] = self.authorization(path, headers, query)
        async with self.session.post(
            f"{self.url}{path}?{urlencode(sent or query)}", headers=headers
        ) as answer:
            return answer.status, await answer.json()

    def authorization(self, path, headers, query):
        host = self.url.removeprefix("http://")
        lines = "".join(f"{k}:{v}\n" for k, v in sorted({**headers, "host": host}.items()))
        names = ";".join(sorted({*headers, "host"}))
        pairs = "&".join(f"{k}={quote(v, safe='~')}" for k, v in sorted(query.items()))
        digest = headers["x-acs-content-sha256"]
        form = f"POST\n{path}\n{pairs}\n{lines}\n{names}\n{digest}"
        text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(form.encode()).hexdigest()}"
        signature = hmac.new(b"s3cret", text.encode(), hashlib.sha256).hexdigest()
        return f"ACS3-HMAC-SHA256 Credential=LTAI-demo,SignedHeaders={names},Signature={signature}"


@pytest.fixture
async def ali():
    async with (
        await start(World.parse(WORLD), clock=lambda: NOON) as running,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(running.url, session)


async def test_each_product_answers_in_its_own_shape(ali):
    status, body = await ali.call("bss", "QueryAccountBalance")
    assert (status, body["Code"], body["Data"]["AvailableAmount"]) == (200, "200", "1,234.50")
    query = {"PageNo": "1", "PageSize": "10"}
    _, body = await ali.call("dyvms", "QueryVmsVirtualNumberRelationByPage", **query)
    assert [it["VirtualNumber"] for it in body["Model"]["Data"]] == ["95013100001"]
    query = {"PageNumber": "1", "PageSize": "100", "InstanceId": "hotline"}
    _, body = await ali.call("ccc", "ListPhoneNumbers", **query)
    assert {it["Number"] for it in body["Data"]["List"]} == {"4006220001", "057188880001"}
    _, body = await ali.call("dyvms", "QueryCallInPoolTransferConfig", PhoneNumber="4006220001")
    assert body["Data"]["TransferTimeout"] == "25"
    assert len(body["Data"]["Details"]) == 2


@pytest.mark.parametrize(
    ("product", "changed", "sent", "code"),
    [
        ("bss", {}, {"OwnerId": "2"}, "SignatureDoesNotMatch"),
        ("bss", {"x-acs-content-sha256": "0" * 64}, None, "InvalidContent"),
        ("bss", {"x-acs-date": "2026-11-28T00:00:00Z"}, None, "InvalidTimeStamp.Expired"),
        ("bss", {"x-acs-version": "2017-05-25"}, None, "InvalidAction.NotFound"),
        ("dyvms", {}, None, "InvalidAction.NotFound"),
    ],
)
async def test_what_is_not_signed_for_it_is_refused(ali, product, changed, sent, code):
    status, body = await ali.call(product, "QueryAccountBalance", changed, sent)
    assert status in {400, 404}
    assert body["Code"] == code


async def test_a_nonce_is_taken_once(ali):
    nonce = {"x-acs-signature-nonce": "once"}
    assert (await ali.call("bss", "QueryAccountBalance", nonce))[0] == 200
    assert (await ali.call("bss", "QueryAccountBalance", nonce))[1]["Code"] == "SignatureNonceUsed"


@pytest.mark.parametrize(
    ("query", "accepted"),
    [
        ({"PageNo": "1", "PageSize": "10"}, True),
        ({"PageNo": "1", "PageSize": "11"}, False),
        ({"PageNo": "0", "PageSize": "10"}, False),
        ({"PageNo": "1"}, False),
        ({"PageNo": "1", "PageSize": "10", "QueryDate": "2026-11-28"}, False),
    ],
)
async def test_records_come_by_day_in_pages_of_ten(ali, query, accepted):
    query = {"PhoneNumber": "4006220001", "QueryDate": "2026-11-28 00:00:00", **query}
    status, body = await ali.call("dyvms", "QueryCallInTransferRecord", **query)
    assert (status == 200) == accepted, body
    assert "Result" not in str(body)


async def test_a_phone_is_answered_for_once_a_minute_and_telecom_never_says_off(ali):
    query = {"AuthCode": "Auth0riz", "Mask": "NORMAL"}
    found = {}
    for phone in ("13800000001", "13300000002"):
        _, body = await ali.call("dytns", "PhoneNumberStatusForVoice", InputNumber=phone, **query)
        found[phone] = body["Data"]
    assert found == {
        "13800000001": {"Status": "POWER_OFF", "Carrier": "CMCC"},
        "13300000002": {"Status": "NORMAL", "Carrier": "CTCC"},
    }
    status, body = await ali.call(
        "dytns", "PhoneNumberStatusForVoice", InputNumber="13800000001", **query
    )
    assert (status, body["Code"]) == (200, "RequestFrequencyLimit")
    query = {**query, "AuthCode": "other", "InputNumber": "13800000001"}
    status, body = await ali.call("dytns", "PhoneNumberStatusForVoice", **query)
    assert (status, body["Code"]) == (200, "AuthCodeNotExist")
