"""When a token is renewed, and what waits for whom: a clock of the test, no HTTP."""

import asyncio

import pytest

from agent.net.exchange import Answer, ProviderError, Request
from agent.providers.signing.token_login import REFUSED_PAUSE, Token, TokenLogin
from agent.states import PollFailure

REQUEST = Request("GET", "https://x.example/")


class Account:
    """A login whose answers the test decides, and a clock that it turns."""

    def __init__(self, lifetime=1000.0):
        self.now, self.lifetime, self.takes = 0.0, lifetime, 0.0
        self.failure: ProviderError | None = None
        self.gate: asyncio.Event | None = None
        self.given: list[str] = []
        self.reported: list[str] = []
        self.sent: list[str] = []
        self.login = TokenLogin(
            self._request_token, on_token=self.reported.append, clock=lambda: self.now
        )
        self.fetch = self.login.wrap(self._fetch)

    async def _request_token(self):
        self.given.append(f"token-{len(self.given) + 1}")
        text = self.given[-1]
        if self.gate is not None:
            await self.gate.wait()
        self.now += self.takes
        if self.failure is not None:
            raise self.failure
        return Token(text, self.lifetime)

    async def _fetch(self, _request):
        self.sent.append(self.login.text)
        return Answer(200, {}, b"{}", None)


@pytest.mark.parametrize(("lifetime", "early"), [(1000.0, 60.0), (100.0, 10.0)])
async def test_a_token_is_renewed_shortly_before_its_end(lifetime, early):
    account = Account(lifetime)
    await account.fetch(REQUEST)
    account.now = lifetime - early - 0.1
    await account.fetch(REQUEST)
    account.now = lifetime - early + 0.1
    await account.fetch(REQUEST)
    assert account.sent == ["token-1", "token-1", "token-2"]
    assert account.reported == ["token-1", "token-2"]


async def test_a_token_that_cannot_be_renewed_is_used_to_its_end():
    account = Account(100.0)
    await account.fetch(REQUEST)
    account.failure = ProviderError(PollFailure.TIMEOUT, "no answer")
    account.now = 95.0
    await account.fetch(REQUEST)
    assert account.sent == ["token-1", "token-1"]
    account.now = 100.0
    with pytest.raises(ProviderError, match="timeout"):
        await account.fetch(REQUEST)


async def test_a_token_that_ends_during_its_login_is_used_all_the_same():
    account = Account(1.0)
    account.takes = 5.0
    await account.fetch(REQUEST)
    assert account.sent == ["token-1"]


async def test_a_failed_login_fails_for_all_that_wait():
    account = Account()
    account.gate = asyncio.Event()
    account.failure = ProviderError(PollFailure.AUTH, "refused")
    waiting = [asyncio.create_task(account.fetch(REQUEST)) for _ in range(100)]
    await asyncio.sleep(0)
    account.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {str(error) for error in results} == {"auth: refused"}
    assert len(set(map(id, results))) == 100, "each raises an error of its own"
    assert len(account.given) == 1


async def test_a_cancelled_login_is_taken_over_by_one_that_waits():
    account = Account()
    account.gate = asyncio.Event()
    waiting = [asyncio.create_task(account.fetch(REQUEST)) for _ in range(10)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    account.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert account.sent == ["token-2"] * 9
    assert len(account.given) == 2


async def test_a_waiting_request_that_is_cancelled_disturbs_no_other():
    account = Account()
    account.gate = asyncio.Event()
    waiting = [asyncio.create_task(account.fetch(REQUEST)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    account.gate.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert account.sent == ["token-1", "token-1"]


async def test_a_refused_login_waits_before_it_is_sent_again():
    account = Account()
    account.failure = ProviderError(PollFailure.AUTH, "refused")
    for _ in range(5):
        with pytest.raises(ProviderError, match="refused"):
            await account.fetch(REQUEST)
    assert len(account.given) == 1
    account.failure = None
    account.now = REFUSED_PAUSE
    await account.fetch(REQUEST)
    assert account.sent == ["token-2"]
