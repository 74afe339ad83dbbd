"""Token login through real HTTP: one login for all, renewed in time, refused once, never shown."""

import asyncio
import json
from urllib.parse import parse_qs

import pytest

from agent.net.exchange import ProviderError
from agent.states import PollFailure
from tests.net.http_bench import serving
from tests.providers.signing.login_server import (
    CREDENTIALS,
    TokenServer,
    answer,
    profile_file,
)

NUMBERS = [f"400{index:07}" for index in range(100)]


@pytest.fixture
async def server():
    tokens = TokenServer()
    async with serving(tokens) as running:
        tokens.url, tokens.seen = running.url, running.requests
        yield tokens


def account(bench, tmp_path, url, *changes, **limits):
    return bench.provider(url, profile_file(tmp_path, *changes), CREDENTIALS, **limits)


async def failure_of(awaitable) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await awaitable
    return caught.value


async def test_a_token_is_got_first_and_sent_as_bearer(bench, tmp_path, server):
    listing = await account(bench, tmp_path, server.url).numbers()
    assert [number.number for number in listing.numbers] == ["4001234567"]
    (body, _, _), *others = server.logins
    assert json.loads(body) == {"name": "demo-user", "password": "demo-password"}
    assert not others
    assert server.refused == 0


async def test_a_hundred_requests_at_once_cause_one_login(bench, tmp_path, server):
    server.pause = 0.2
    provider = account(bench, tmp_path, server.url, concurrency=100)
    await asyncio.gather(provider.numbers(), provider.balance(), provider.routing(NUMBERS))
    assert len(server.seen) == 103
    assert len(server.logins) == 1


async def test_a_hundred_refused_requests_cause_one_login(bench, tmp_path, server):
    provider = account(bench, tmp_path, server.url, concurrency=100)
    await provider.numbers()
    server.valid, server.pause = "another", 0.3
    assert len(await provider.routing(NUMBERS)) == 100
    assert len(server.logins) == 2
    assert server.refused >= 1


@pytest.mark.parametrize("with_code", [False, True], ids=["HTTP 401", "a code on HTTP 200"])
async def test_a_refused_token_is_replaced_once(bench, tmp_path, server, with_code):
    server.refuse_with_code = with_code
    provider = account(bench, tmp_path, server.url)
    await provider.numbers()
    server.valid = "another"
    await provider.numbers()
    assert len(server.logins) == 2
    assert server.refused == 1


@pytest.mark.parametrize("with_code", [False, True], ids=["HTTP 401", "a code on HTTP 200"])
async def test_two_refusals_end_the_poll_as_auth(bench, tmp_path, with_code):
    tokens = TokenServer()
    tokens.refuse_with_code = with_code

    async def refusing(request):
        reply = await tokens(request)
        if request.path == "/login":
            tokens.given, tokens.valid = tokens.valid, "another"
        return reply

    async with serving(refusing) as running:
        error = await failure_of(account(bench, tmp_path, running.url).numbers())
    assert error.kind is PollFailure.AUTH
    assert len(tokens.logins) == tokens.refused == 2
    assert tokens.given not in str(error)


async def test_a_refused_login_is_auth_and_is_not_repeated_at_once(bench, tmp_path, server):
    server.login_status = 400
    provider = account(bench, tmp_path, server.url)
    error = await failure_of(provider.numbers())
    assert error.kind is PollFailure.AUTH
    assert error.detail == "login: POST /login: HTTP 400 Bad Request, code 9 wrong <secret>"
    again = await failure_of(provider.balance())
    assert again.kind is PollFailure.AUTH
    assert len(server.logins) == 1
    assert [request.path for request in server.seen] == ["/login"]


async def test_a_login_that_fails_for_the_moment_keeps_its_reason(bench, tmp_path, server):
    server.login_status = 503
    provider = account(bench, tmp_path, server.url)
    assert (await failure_of(provider.numbers())).kind is PollFailure.HTTP_5XX
    server.login_status = 200
    await provider.numbers()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, 401, PollFailure.AUTH),
        (400, 429, PollFailure.RATE_LIMITED),
        (403, 429, PollFailure.RATE_LIMITED),
        (403, 9, PollFailure.AUTH),
    ],
)
async def test_the_code_of_a_login_decides_on_every_status(
    bench, tmp_path, server, status, code, kind
):
    server.login_status, server.login_code = status, code
    errors = 'errors: {"401": auth}'
    provider = account(
        bench, tmp_path, server.url, (errors, 'errors: {"401": auth, "429": throttle}')
    )
    error = await failure_of(provider.numbers())
    assert error.kind is kind
    assert f"HTTP {status}" in error.detail
    assert f"code {code} wrong <secret>" in error.detail
    assert error.retry_after == (7 if kind is PollFailure.RATE_LIMITED else None)


ANSWERS = [
    ({"code": 401, "message": "wrong demo-password"}, "code 401 wrong <secret>"),
    ({"code": 0, "data": {}}, "no token at data.token"),
    ({"data": {"token": 5}}, "no token at data.token"),
    ({"code": 0, "data": {"token": "a\nb"}}, "the token at data.token is no printable text"),
    ({"code": 0, "data": {"token": "x" * 20_000}}, "the token at data.token is no printable text"),
]


@pytest.mark.parametrize(("tree", "words"), ANSWERS)
async def test_an_answer_without_a_token_is_auth(bench, tmp_path, tree, words):
    async def reply(_request):
        return answer(tree)

    async with serving(reply) as running:
        error = await failure_of(account(bench, tmp_path, running.url).numbers())
    assert error.kind is PollFailure.AUTH
    assert error.detail == f"login: POST /login: {words}"


LOGIN_BODY = '  body: {name: "{user}", password: "{password}"}\n'


async def test_a_form_login_signed_with_basic_and_a_token_in_the_query(bench, tmp_path, server):
    async def reply(request):
        if request.path == "/login":
            return await server(request)
        assert request.query["access_token"] == server.valid
        assert request.headers["X-App"] == f"demo-user {server.valid}"
        assert "Authorization" not in request.headers
        return answer({"code": 0, "items": [{"number": "4001234567"}]})

    changes = (
        (
            LOGIN_BODY,
            (
                "  form: {grant_type: client credentials}\n"
                '  query: {from: "{user}"}\n  headers: {X-Login: "{user|upper}"}\n'
                '  signing: {basic: {user: "{user}", password: "{password}"}}\n'
            ),
        ),
        (
            "numbers:\n",
            (
                'signing:\n  query: {access_token: "{token}"}\n'
                '  headers: {X-App: "{user} {token}"}\nnumbers:\n'
            ),
        ),
    )
    async with serving(reply) as running:
        await account(bench, tmp_path, running.url, *changes).numbers()
    ((body, headers, path),) = server.logins
    assert parse_qs(body.decode()) == {"grant_type": ["client credentials"]}
    assert headers["Authorization"] == "Basic ZGVtby11c2VyOmRlbW8tcGFzc3dvcmQ="
    assert headers["X-Login"] == "DEMO-USER"
    assert path == "/login?from=demo-user"


async def test_a_token_from_a_header_of_another_host(bench, tmp_path):
    """As Huawei's IAM gives it: HTTP 201, the token in ``X-Subject-Token``."""

    async def identity(_request):
        tree = {"token": {"expires_at": "2126-11-29T13:47:58.512000Z"}}
        return answer(tree, 201, {"X-Subject-Token": "subject-token"})

    async def reply(request):
        assert request.headers["X-Auth-Token"] == "subject-token"
        return answer({"code": 0, "items": [{"number": "4001234567"}]})

    async with serving(identity) as iam, serving(reply) as running:
        changes = (
            ("  token: data.token\n", "  token_header: X-Subject-Token\n"),
            ("  expires_in: data.expires_in\n", "  expires_at: token.expires_at\n"),
            ("  path: /login\n", f"  path: /v3/auth/tokens\n  base_url: {iam.url}\n"),
            ("numbers:\n", 'signing: {headers: {X-Auth-Token: "{token}"}}\nnumbers:\n'),
        )
        await account(bench, tmp_path, running.url, *changes).numbers()
    assert [request.path for request in iam.requests] == ["/v3/auth/tokens"]
    assert [request.path for request in running.requests] == ["/numbers"]
