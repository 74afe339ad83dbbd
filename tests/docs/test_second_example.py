"""The second example of a profile, against a server that does as its page says."""

import asyncio
import base64
import collections
import hashlib
import hmac
import json
import re
import time
from pathlib import Path

import pytest
from aiohttp import web
from typer.testing import CliRunner

from agent.cli.main import app
from tests.net.http_bench import serving

PAGE = (Path(__file__).parents[2] / "docs/profile-example-login.md").read_text(encoding="utf-8")
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROFILE, CONFIGURATION = YAML.findall(PAGE)
SHOWN = re.search(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1].splitlines()
KEY, SECRET, TOKEN = "LK8801", "made-up-secret-of-lark", "0123456789abcdef"
TARGETS = ("13800000001|13900000002", "13800000003", "", None, "02287654321 |13800000005")
STATES = (1, 2, 3, 4, 0, 5, 9)
NAMES = {1: "active", 2: "suspended_arrears", 3: "suspended_violation", 4: "expired"}
NAMES |= {0: "open_unfunded", 5: "cancelled", 9: "unknown"}
PER_SECOND = 5


def record(place):
    return {
        "number": f"40062200{place + 1:02}",
        "status": STATES[place],
        "company": "示例公司",
        "expireDate": "2027-06-30",
        "forward": {"mode": 1, "targets": f"1380000001{place}" if place > 4 else TARGETS[place]},
    }


class Vendor:
    """Answers as the vendor's page says; the first token is taken back after one listing."""

    def __init__(self):
        self.logins = 0
        self.refused = collections.Counter()
        self.listings = 0
        self.times = collections.deque(maxlen=PER_SECOND)

    def answer(self, data, code=0, text="ok"):
        if code:
            self.refused[code] += 1
        return web.json_response({"code": code, "msg": text, "data": data})

    async def __call__(self, request):
        now = time.monotonic()
        if len(self.times) == PER_SECOND and now - self.times[0] < 0.9:
            return self.answer(None, 42900, "too many requests")
        self.times.append(now)
        if request.path == "/open/v1/token":
            return self.login(request)
        if request.headers.get("X-Token") != f"{TOKEN[:-1]}{self.logins}":
            return self.answer(None, 40100, "token wrong or expired")
        if request.path == "/open/v1/account":
            return self.answer({"balance": 128050, "frozen": 0})
        return self.listing(await request.json())

    def login(self, request):
        sent = request.headers
        text = f"{sent['X-Access-Key']}\n{sent['X-Timestamp']}".encode()
        proof = base64.b64encode(hmac.digest(SECRET.encode(), text, hashlib.sha256)).decode()
        if sent["X-Signature"] != proof or len(sent["X-Timestamp"]) != 13:
            return self.answer(None, 40101, "signature wrong")
        self.logins += 1
        return self.answer({"token": f"{TOKEN[:-1]}{self.logins}", "expiresIn": 7200})

    def listing(self, body):
        self.listings += 1
        if self.listings == 1:
            self.logins += 1  # as somebody else's login does: ours is refused from now on
        first = (body["pageNo"] - 1) * body["pageSize"]
        assert body["pageSize"] <= 50
        records = [record(place) for place in range(len(STATES))]
        return self.answer({"total": 7, "records": records[first : first + body["pageSize"]]})


async def run(tmp_path, *arguments, profile=PROFILE, secret=SECRET):
    vendor = Vendor()
    (tmp_path / "lark400.yaml").write_text(profile, encoding="utf-8")
    async with serving(vendor) as server:
        served = f"    base_url: {server.url}\n    egress_allow: [127.0.0.0/8]\n    accounts:"
        text = CONFIGURATION.replace("    accounts:", served)
        text = text.replace("profile: lark400", f"profile: {tmp_path}/lark400")
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        places = (str(tmp_path / it) if it.endswith(".yaml") else it for it in arguments)
        result = await asyncio.to_thread(
            CliRunner().invoke, app, [*places], env={"LARK_SK": secret}
        )
    return result, vendor


TRY = ("profile", "try", "lark400.yaml", "--account", "lark/hq", "--config", "config.yaml")


async def test_a_try_shows_what_the_page_says(tmp_path):
    checked, _ = await run(tmp_path, "profile", "check", "lark400.yaml")
    assert checked.exit_code == 0, checked.output
    result, vendor = await run(tmp_path, *TRY)
    assert result.exit_code == 0, result.output
    lines = iter(result.output.splitlines())
    # In this order, with other lines between.
    assert [line for line in SHOWN if line not in lines] == []
    assert vendor.refused == {40100: 1}, "a token that was taken back is got anew, once"
    assert SECRET not in result.output
    assert TOKEN[:-1] not in result.output


async def test_states_and_phones_are_those_of_the_page(tmp_path):
    result, vendor = await run(tmp_path, "poll", "--config", "config.yaml", "--json")
    assert vendor.refused[42900] == 0
    numbers = json.loads(result.stdout)["accounts"][0]["numbers"]
    assert [it["state"] for it in numbers] == [NAMES[state] for state in STATES]
    phones = [[(one["position"], one["state"]) for one in it["bindings"]] for it in numbers]
    two, one = [(1, "unknown"), (2, "unknown")], [(1, "unknown")]
    assert phones == [two, one, [], [], two, one, one]


MISTAKES = {
    "no state of the phones": (
        "    state: {const: unknown}\n",
        "",
        "reachability.fields: has no state, without which no record fits; expected state: PATH",
    ),
    "an empty separator": ('split: "|"', 'split: ""', "records.each.split: "),
}


@pytest.mark.parametrize(("right", "wrong", "said"), MISTAKES.values(), ids=MISTAKES.keys())
async def test_a_mistake_is_told_before_anything_is_sent(tmp_path, right, wrong, said):
    assert right in PROFILE
    result, vendor = await run(
        tmp_path, "profile", "check", "lark400.yaml", profile=PROFILE.replace(right, wrong)
    )
    assert result.exit_code == 1
    assert said in result.output.replace("\n", " ")
    assert vendor.logins == 0


async def test_phones_in_one_text_without_split_are_told_with_the_remedy(tmp_path):
    wrong = PROFILE.replace(', split: "|"', "")
    result, _ = await run(tmp_path, *TRY, profile=wrong)
    assert result.exit_code == 1
    assert 'expected a list; split: "|" reads a text of several' in result.output.replace("\n", " ")


async def test_a_wrong_secret_is_named(tmp_path):
    result, _ = await run(tmp_path, *TRY, secret="another-secret-of-nobody")
    assert "code 40101 signature wrong" in result.output
