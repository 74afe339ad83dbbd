"""A profile whose operations are on several hosts, each behind the same guards."""

import contextlib
import json
import ssl

import pytest
import trustme
from aiohttp import web

from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings
from agent.net.exchange import ProviderError
from agent.providers.registry import build, problems
from agent.states import PollFailure
from tests.net.http_bench import open_client, serving
from tests.providers.profile_bench import Recorder, mistakes, number, profile_file

TEXT = """
options: {billing: "http://127.0.0.1:1"}
signing: {headers: {X-Key: "{key}"}}
numbers:
  path: /numbers
  records: items
  fields: {number: number, state: state}
balance:
  base_url: "{billing}/money"
  path: /balance
  fields: {amount: amount, currency: {const: CNY}}
"""


def provider(client, profile, url, options=None):
    settings = ProviderSettings(
        name="north",
        profile=profile,
        base_url=url,
        options=options or {},
        accounts=[Account(id="hq", credentials={"key": Secret("k-1")})],
    )
    return build(settings, settings.accounts[0], client.fetch, Polling())


async def test_each_operation_asks_its_own_host(bench, tmp_path):
    first = Recorder(lambda _: {"items": [number(1)]})
    second = Recorder(lambda _: {"amount": 12.5})
    async with serving(first) as api, serving(second) as billing:
        adapter = provider(
            bench.client, profile_file(tmp_path, TEXT), api.url, {"billing": billing.url}
        )
        listing = await adapter.numbers()
        balance = await adapter.balance()
    assert (len(listing.numbers), balance.amount) == (1, 12.5)
    assert [it.path for it in first.sent] == ["/numbers"]
    assert [it.path for it in second.sent] == ["/money/balance"]
    assert second.sent[0].headers["X-Key"] == "k-1"


async def test_a_next_link_from_one_host_of_the_profile_to_another_is_refused(bench, tmp_path):
    second = Recorder(lambda _: {"items": []})
    async with serving(second) as other:
        first = Recorder(lambda _: {"items": [number(1)], "next": f"{other.url}/numbers"})
        async with serving(first) as api:
            text = TEXT.replace("  records", "  paging: {kind: next, next: next}\n  records")
            adapter = provider(
                bench.client, profile_file(tmp_path, text), api.url, {"billing": other.url}
            )
            with pytest.raises(ProviderError) as caught:
                await adapter.numbers()
    assert caught.value.kind is PollFailure.PAGINATION
    assert not second.sent


async def test_a_next_link_stays_on_the_host_of_its_own_operation(bench, tmp_path):
    text = TEXT + (
        """
reachability:
  base_url: "{billing}"
  path: /phones
  paging: {kind: next, next: next}
  records: items
  fields: {number: number, id: number, phone: number, state: {const: ok}}
"""
    )

    def pages(sent):
        return {
            "items": [number(int(sent.query.get("p", 0)))],
            "next": "" if sent.query else "?p=1",
        }

    second = Recorder(lambda sent: {**pages(sent), "next": "" if sent.query else "/phones?p=1"})
    async with serving(Recorder(lambda _: {})) as api, serving(second) as other:
        adapter = provider(
            bench.client, profile_file(tmp_path, text), api.url, {"billing": other.url}
        )
        phones = await adapter.reachability([number(0)["number"]])
    assert len(phones) == 2
    assert [it.path for it in second.sent] == ["/phones", "/phones"]


async def test_egress_rules_hold_for_every_host(tmp_path):
    options = {"billing": "http://127.0.0.2:9"}
    async with (
        serving(Recorder(lambda _: {"items": [number(1)]})) as api,
        open_client(allow=("127.0.0.1/32",)) as client,
    ):
        adapter = provider(client, profile_file(tmp_path, TEXT), api.url, options)
        await adapter.numbers()
        with pytest.raises(ProviderError) as caught:
            await adapter.balance()
    assert caught.value.kind is PollFailure.EGRESS_DENIED


async def test_certificates_are_checked_on_every_host(tmp_path):
    known, unknown = trustme.CA(), trustme.CA()
    ca_file = tmp_path / "ca.pem"
    known.cert_pem.write_to_path(str(ca_file))

    async def answer(_request):
        return web.Response(
            text=json.dumps({"items": [number(1)], "amount": 1}), content_type="application/json"
        )

    async with contextlib.AsyncExitStack() as stack:
        api, billing = [
            await stack.enter_async_context(serving(answer, _context(authority)))
            for authority in (known, unknown)
        ]
        client = await stack.enter_async_context(open_client(ca_file=str(ca_file)))
        adapter = provider(client, profile_file(tmp_path, TEXT), api.url, {"billing": billing.url})
        assert len((await adapter.numbers()).numbers) == 1
        with pytest.raises(ProviderError) as caught:
            await adapter.balance()
    assert caught.value.kind is PollFailure.TLS


def _context(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


WHOLE = """\
name: example
title: Example
base_url: https://api.{region}.example.com
credentials: [key]
options: {region: north, billing: ""}
signing: {headers: {X-Key: "{key}"}}
numbers:
  path: /numbers
  fields: {number: number, state: {const: active}}
balance:
  base_url: "{billing}"
  path: /balance
  fields: {amount: amount, currency: {const: CNY}}
"""


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("{region}", "{key}", "3: base_url: has {key}, expected one of billing, region"),
        ('base_url: "{billing}"', "base_url: money", "11: balance.base_url: is not an http"),
        ('base_url: "{billing}"', 'base_url: "{region}"', "11: balance.base_url: is not an http"),
        ("{region: north", '{region: "a b"', "3: base_url: is not an http:// or https:// address"),
        ("{region: north", '{region: "x@y"', "3: base_url: has a user or password in it"),
    ],
)
def test_each_mistake_has_its_line_and_remedy(tmp_path, good, bad, expected):
    assert mistakes(tmp_path, WHOLE) == []
    found = mistakes(tmp_path, WHOLE.replace(good, bad, 1))
    assert [it for it in found if it.startswith(expected)], found
    assert len(found) == 1, found


def test_the_options_of_the_configuration_must_make_addresses(tmp_path):
    file = tmp_path / "example.yaml"
    file.write_text(WHOLE, encoding="utf-8")

    def found(**options):
        settings = ProviderSettings(
            name="north",
            profile=str(file),
            options=options,
            accounts=[Account(id="hq", credentials={"key": Secret("k")})],
        )

        class Whole:
            providers = (settings,)

        return [problem.text for problem in problems(Whole())]

    assert found(billing="https://billing.example.com") == []
    (text,) = found()
    assert "balance.base_url" in text
    assert text.endswith("expected other values of billing")
