"""Headers of a profile and of its operations are templates, filled in for every request."""

import pytest
from aiohttp import web

from agent.config.load import ConfigError
from agent.providers.profile.load import read_profile
from tests.net.http_bench import serving

PROFILE = """\
name: example
title: Example
credentials: [key]
options: {tenant: main}
headers:
  X-Tenant: "{tenant}"
  X-Key: "key {key|upper}"
numbers:
  path: /numbers
  headers: {X-Tenant: "{tenant|base64}", X-Kind: number}
  records: items
  fields: {number: number, state: {const: active}}
routing:
  path: /routing/{number}
  headers: {X-Number: "{number}"}
  fields: {strategy: {const: sequential}}
"""


def profile_file(tmp_path, text=PROFILE):
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    return file


async def answer(request):
    return web.json_response({"items": [{"number": "4001234567"}]})


async def test_headers_are_filled_in_by_profile_and_operation(bench, tmp_path):
    async with serving(answer) as server:
        file = str(profile_file(tmp_path))
        provider = bench.provider(server.url, file, credentials={"key": "demo"})
        await provider.numbers()
        await provider.routing(["4001234567"])
    numbers, routing = (request.headers for request in server.requests)
    assert (numbers["X-Tenant"], numbers["X-Key"], numbers["X-Kind"]) == (
        "bWFpbg==",
        "key DEMO",
        "number",
    )
    assert (routing["X-Tenant"], routing["X-Number"]) == ("main", "4001234567")
    assert "X-Kind" not in routing


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (('"{tenant}"', '"{tenent}"'), "6: headers.X-Tenant: has {tenent}, expected one of key"),
        (('"{tenant}"', '"{tenant|b64}"'), "6: headers.X-Tenant: has the filter b64, expected one"),
        (
            ('"{number}"', '"{numbr}"'),
            "15: routing.headers.X-Number: has {numbr}, expected one of key, number, tenant",
        ),
    ],
)
def test_an_unknown_name_in_a_header_is_refused(tmp_path, change, error):
    file = profile_file(tmp_path, PROFILE.replace(*change))
    with pytest.raises(ConfigError) as caught:
        read_profile(file)
    assert error in str(caught.value)
