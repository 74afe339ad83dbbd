"""A provider's own error code decides on every HTTP status, and is shown with its message."""

import asyncio
import json

import pytest
import yaml
from aiohttp import web

from agent.config.load import ConfigError
from agent.net.exchange import ProviderError
from agent.polling.budget import Budget
from agent.polling.deadline import poll_ends_at
from agent.polling.retry import with_retries
from agent.providers.profile.load import load_profile
from agent.states import PollFailure
from tests.net.http_bench import serving

NUMBER = "4006220001"
PROFILE = {
    "name": "coded",
    "title": "Coded",
    "credentials": ["key"],
    "signing": {"headers": {"X-Key": "{key}"}},
    "envelope": {
        "code": "Code",
        "ok": ["OK"],
        "absent_is_ok": True,
        "message": "Message",
        "errors": {
            "SignatureDoesNotMatch": "auth",
            "Throttling*": "throttle",
            "NoNumber": "not_found",
            "Broken": "fatal",
        },
        "not_found_message": "AOR .*not found",
    },
    "numbers": {"path": "/numbers", "records": "items", "fields": {"number": "n", "state": "s"}},
    "routing": {
        "path": "/routes/{number}",
        "records": "route",
        "fields": {"strategy": "strategy"},
    },
}
SECRET = "CANARY-of-the-account"


def described(tmp_path, **envelope):
    file = tmp_path / "coded.yaml"
    document = {**PROFILE, "envelope": {**PROFILE["envelope"], **envelope}}
    file.write_text(yaml.safe_dump(document))
    return str(file)


async def outcome(bench, tmp_path, status, body, headers=None, read="numbers"):
    async def handler(_request):
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, headers=headers)

    async with serving(handler) as server:
        provider = bench.provider(server.url, described(tmp_path), {"key": SECRET})
        if read == "routing":
            return await provider.routing([NUMBER])
        with pytest.raises(ProviderError) as caught:
            await provider.numbers()
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "SignatureDoesNotMatch", PollFailure.AUTH),
        (404, "SignatureDoesNotMatch", PollFailure.AUTH),
        (500, "SignatureDoesNotMatch", PollFailure.AUTH),
        (400, "Throttling", PollFailure.RATE_LIMITED),
        (503, "Throttling", PollFailure.RATE_LIMITED),
        (403, "Throttling", PollFailure.RATE_LIMITED),
        (400, "Surprise", PollFailure.HTTP_4XX),
        (400, "OK", PollFailure.HTTP_4XX),
        (401, "Surprise", PollFailure.AUTH),
        (403, "Surprise", PollFailure.AUTH),
        (429, "Surprise", PollFailure.RATE_LIMITED),
        (500, "Broken", PollFailure.HTTP_5XX),
    ],
)
async def test_the_code_decides_on_every_status_and_is_shown(bench, tmp_path, status, code, kind):
    body = {"Code": code, "Message": f"what {SECRET} did\nto 13812345678", "Other": "unmapped"}
    error = await outcome(bench, tmp_path, status, body, {"Retry-After": "7"})
    assert error.kind is kind
    assert f"HTTP {status}" in error.detail
    assert f"code {code} what <secret> did to 138****5678" in error.detail
    assert "unmapped" not in error.detail
    assert error.retry_after == (
        7
        if kind in {PollFailure.RATE_LIMITED, PollFailure.HTTP_4XX, PollFailure.HTTP_5XX}
        else None
    )


async def test_a_throttle_with_200_asks_for_a_pause_as_one_with_429_does(bench, tmp_path):
    body = {"Code": "Throttling", "Message": f"{SECRET}, slow down"}
    error = await outcome(bench, tmp_path, 200, body, {"Retry-After": "7"})
    assert (error.kind, error.retry_after) == (PollFailure.RATE_LIMITED, 7)
    assert "code Throttling <secret>, slow down" in error.detail
    long = {**body, "items": ["x" * 5000]}
    error = await outcome(bench, tmp_path, 200, long, {"Retry-After": "7"})
    assert error.kind is PollFailure.RATE_LIMITED


async def test_an_answer_that_only_mentions_a_throttle_is_none(bench, tmp_path):
    async def handler(_request):
        return web.json_response({"Code": "OK", "items": [{"n": NUMBER, "s": "Throttling"}]})

    async with serving(handler) as server:
        provider = bench.provider(server.url, described(tmp_path), {"key": SECRET})
        assert [it.state for it in (await provider.numbers()).numbers] == ["unknown"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"Message": "AOR 801 not found"}),
        (404, {"Code": "NoNumber"}),
        (400, {"Code": "NoNumber"}),
        (200, {"Code": "Other", "Message": "AOR 801 not found"}),
    ],
)
async def test_a_number_is_not_found_by_code_or_message_on_any_status(
    bench, tmp_path, status, body
):
    assert await outcome(bench, tmp_path, status, body, read="routing") == {}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"Code": "SignatureDoesNotMatch"}, PollFailure.AUTH),
        (404, {"Code": "Throttling"}, PollFailure.RATE_LIMITED),
        (503, {"Code": "Throttling"}, PollFailure.RATE_LIMITED),
        (404, {"Code": "Surprise"}, None),
        (404, "<html>Not found</html>", None),
        (503, "", None),
    ],
)
async def test_a_status_of_numbers_that_do_not_exist_is_read_like_every_other(
    bench, tmp_path, status, body, kind
):
    PROFILE["routing"]["not_found_status"] = [404, 503]
    try:
        if kind is None:
            assert await outcome(bench, tmp_path, status, body, read="routing") == {}
            return
        with pytest.raises(ProviderError) as caught:
            await outcome(bench, tmp_path, status, body, {"Retry-After": "7"}, read="routing")
    finally:
        del PROFILE["routing"]["not_found_status"]
    assert caught.value.kind is kind
    assert caught.value.retry_after == (7 if kind is PollFailure.RATE_LIMITED else None)


@pytest.mark.parametrize(
    "body",
    ["", "<html>Bad gateway</html>", "[1]", '{"Code": {"a": 1}}', "[" * 5000, "x" * 300_000],
)
async def test_other_bodies_leave_the_status_to_speak(bench, tmp_path, body):
    error = await outcome(bench, tmp_path, 400, body)
    assert error.kind is PollFailure.HTTP_4XX
    assert error.detail == "GET /numbers: HTTP 400 Bad Request"


def test_a_pattern_that_is_none_is_refused_at_load(tmp_path):
    with pytest.raises(ConfigError, match=r"envelope.not_found_message: is no regular expression"):
        load_profile(described(tmp_path, not_found_message="AOR (not found"))


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "7"}])
async def test_a_throttle_with_200_is_obeyed_as_one_with_429_is(bench, tmp_path, headers):
    answers = [{"Code": "Throttling.User"}, {"Code": "OK", "items": [{"n": NUMBER, "s": "active"}]}]
    waits = []

    async def handler(_request):
        return web.json_response(answers.pop(0), headers=headers)

    async def no_wait(seconds):
        waits.append(seconds)

    async with serving(handler) as server:
        budget = Budget(100.0, 2, jitter=lambda: 0.0)
        fetch = with_retries(budget.wrap(bench.client.fetch), 3, sleep=no_wait)
        provider = bench.provider(server.url, described(tmp_path), {"key": SECRET}, fetch=fetch)
        if headers:
            soon = asyncio.get_running_loop().time() + 1
            with poll_ends_at(soon), pytest.raises(ProviderError) as caught:
                await provider.numbers()
            assert caught.value.kind is PollFailure.RATE_LIMITED
            assert budget.remaining_pause() > 6
            return
        assert [it.number for it in (await provider.numbers()).numbers] == [NUMBER]
    assert len(waits) == 1
