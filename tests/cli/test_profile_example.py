"""The worked example of the documents: its profile against a server that does as its page says."""

import asyncio
import hashlib
import re
from pathlib import Path

from aiohttp import web
from typer.testing import CliRunner

from agent.cli.main import app
from tests.net.http_bench import serving

PAGE = (Path(__file__).parents[2] / "docs/profile-example.md").read_text(encoding="utf-8")
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEXT = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = dict(zip(("profile", "config"), YAML.findall(PAGE), strict=True))
SHOWN = TEXT.search(PAGE)[1].splitlines()
SECRET = "made-up-secret-of-blue-horn"
NUMBERS = [
    {
        "hotline": "4006220001",
        "status": 1,
        "endTime": "2027-06-30 23:59:59",
        "customer": "示例公司",
    },
    {
        "hotline": "4006220002",
        "status": 2,
        "endTime": "2027-01-31 23:59:59",
        "customer": "示例公司",
    },
    {"hotline": "4006220003", "status": 4, "endTime": "", "customer": "示例公司"},
]
DATA = {
    "/v2/hotlines": {"total": 3, "list": NUMBERS},
    "/v2/balance": {"balance": 128050, "frozen": 0},
}


async def vendor(request):
    """Answers as the vendor's page says."""
    signed = f"{request.query['appId']}{request.query['ts']}{SECRET}".encode()
    if request.query["sign"] != hashlib.md5(signed, usedforsecurity=False).hexdigest().upper():
        return web.json_response({"code": 1001, "msg": "wrong signature"})
    return web.json_response({"code": 0, "msg": "ok", "data": DATA[request.path]})


async def run(tmp_path, *arguments, secret=SECRET):
    (tmp_path / "bluehorn.yaml").write_text(BLOCKS["profile"], encoding="utf-8")
    async with serving(vendor) as server:
        served = f"    base_url: {server.url}\n    egress_allow: [127.0.0.1]\n    accounts:"
        text = BLOCKS["config"].replace("    accounts:", served)
        (tmp_path / "config.yaml").write_text(
            text.replace("profile: bluehorn", f"profile: {tmp_path}/bluehorn"), encoding="utf-8"
        )
        places = (str(tmp_path / it) if it.endswith(".yaml") else it for it in arguments)
        return await asyncio.to_thread(
            CliRunner().invoke, app, [*places], env={"BLUEHORN_SECRET": secret}
        )


async def test_the_profile_has_no_mistake(tmp_path):
    result = await run(tmp_path, "profile", "check", "bluehorn.yaml")
    assert result.exit_code == 0, result.output


TRY = ("profile", "try", "bluehorn.yaml", "--account", "bluehorn/hq", "--config", "config.yaml")


async def test_a_try_shows_what_the_page_says(tmp_path):
    result = await run(tmp_path, *TRY)
    lines = iter(result.output.splitlines())
    # In this order, with other lines between.
    assert [line for line in SHOWN if line not in lines] == []
    assert result.exit_code == 0


async def test_a_wrong_secret_is_named(tmp_path):
    result = await run(tmp_path, *TRY, secret="another-secret-of-nobody")
    assert "code 1001 wrong signature" in result.output


async def test_the_numbers_are_shown(tmp_path):
    result = await run(tmp_path, "poll", "--config", "config.yaml", "--json")
    assert {it["hotline"] for it in NUMBERS} == set(re.findall(r'"(400\d{7})"', result.output))
    assert '"suspended_arrears"' in result.output
