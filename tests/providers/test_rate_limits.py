"""Rate limits that a profile declares, for all requests and for one operation."""

import pytest

from agent.net.exchange import RateLimit
from tests.net.http_bench import serving
from tests.providers.profile_bench import Recorder, mistakes, profile_file

TEXT = """
rate_limit: {requests: 5, per: 100ms}
numbers:
  path: /numbers
  records: items
  fields: {number: number, state: state}
routing:
  path: /routing/{number}
  rate_limit: {requests: 2, per: 100ms}
  fields: {strategy: {const: sequential}}
"""


async def test_a_profile_declares_limits_for_all_and_for_one_operation(bench, tmp_path):
    recorder = Recorder(lambda _: {})
    sent = []

    async def fetch(request):
        sent.append(request)
        return await bench.client.fetch(request)

    async with serving(recorder) as server:
        adapter = bench.provider(
            server.url, profile_file(tmp_path, TEXT), {"key": "k"}, fetch=fetch
        )
        await adapter.routing(["4000000001"])
    everything, routing = RateLimit(5, 0.1), RateLimit(2, 0.1, "routing")
    assert sent[0].rate_limits == (everything, routing)
    assert adapter.rates == {"numbers": 50.0, "routing": 20.0}


WHOLE = f"name: example\ntitle: Example\nbase_url: https://api.example.com{TEXT}"


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("requests: 2", "requests: 0", "11: routing.rate_limit.requests: must be at least 1"),
        ("requests: 5", "calls: 5", "4: rate_limit.requests: is missing"),
        ("per: 100ms}\nnumbers", "per: soon}\nnumbers", "4: rate_limit.per: is not a duration"),
    ],
)
def test_each_mistake_has_its_line_and_remedy(tmp_path, good, bad, expected):
    assert mistakes(tmp_path, WHOLE) == []
    found = mistakes(tmp_path, WHOLE.replace(good, bad, 1))
    assert [it for it in found if it.startswith(expected)], found
