"""A token got at run time is a secret: no failure, log line, record or evidence shows it."""

import time

import pytest
from structlog.testing import capture_logs

from agent.config.secret import Secret
from agent.config.settings import Account
from agent.fleet import Fleet
from agent.polling.pollers import Pollers
from agent.polling.recorder import ResponseRecorder
from agent.states import Capability, PollFailure
from exporters.telemetry import Telemetry
from tests.net.http_bench import serving
from tests.polling.polling_bench import settings_of, until
from tests.providers.signing.login_server import CREDENTIALS, TokenServer, profile_file

KEY = ("north", "hq")


class Polled:
    """One account of a token server, polled for real and recorded."""

    def __init__(self, tokens, url, tmp_path, **polling):
        self.tokens = tokens
        self.fleet = Fleet()
        self.recorder = ResponseRecorder(time.time)
        self.pollers = Pollers(self.fleet, Telemetry(), recorder=self.recorder)
        account = Account(
            id="hq", credentials={name: Secret(text) for name, text in CREDENTIALS.items()}
        )
        file = profile_file(tmp_path)
        self.settings = settings_of(account, polling=polling, base_url=url, profile=file)

    def status(self, capability=Capability.NUMBERS):
        return self.fleet.get(*KEY).polls[capability]

    def texts(self):
        """Everything that is recorded or shown of the account."""
        answers = [answer.request for answer in self.recorder.answers(KEY)]
        failures = [f"{it.request} {it.detail}" for it in self.recorder.failures(KEY)]
        polls = [status.detail for status in self.fleet.get(*KEY).polls.values()]
        return "\n".join([*answers, *failures, *polls])


@pytest.fixture
async def tokens():
    tokens = TokenServer()
    async with serving(tokens) as running:
        tokens.url, tokens.seen = running.url, running.requests
        yield tokens


@pytest.mark.parametrize("tail", ["x" * 20, "long" * 300], ids=["short", "long"])
async def test_no_failure_repeats_a_refused_token(tokens, tmp_path, tail):
    tokens.long_tail, tokens.refuse_with_code = tail, True
    polled = Polled(tokens, tokens.url, tmp_path)
    log_in = tokens._log_in

    async def log_in_and_forget(request):
        reply = await log_in(request)
        tokens.given, tokens.valid = tokens.valid, "another"
        return reply

    tokens._log_in = log_in_and_forget
    with capture_logs() as logs:
        await polled.pollers.prepare(polled.settings)
        await polled.pollers.poll_once(*KEY)
        await polled.pollers.stop()
    status = polled.status()
    assert status.failure is PollFailure.AUTH
    assert "code 401" in status.detail
    shown = f"{polled.texts()} {logs}"
    for token in (tokens.given, tail):
        assert token[:16] not in shown
    assert "demo-password" not in shown


async def test_the_login_is_not_recorded_and_its_token_is_removed_from_evidence(tokens, tmp_path):
    polled = Polled(tokens, tokens.url, tmp_path)
    await polled.pollers.prepare(polled.settings)
    await polled.pollers.poll_once(*KEY)
    await polled.pollers.stop()
    recorded = list(polled.recorder.answers(KEY))
    assert recorded
    assert not [it for it in recorded if "login" in it.request]
    # What the answers themselves repeat is removed where evidence is written.
    assert polled.recorder.tokens(KEY) == (tokens.valid,)


async def test_a_refused_login_is_not_recorded_either(tokens, tmp_path):
    tokens.login_status = 401
    polled = Polled(tokens, tokens.url, tmp_path)
    await polled.pollers.prepare(polled.settings)
    await polled.pollers.poll_once(*KEY)
    await polled.pollers.stop()
    assert polled.status().failure is PollFailure.AUTH
    assert polled.recorder.failures(KEY) == []
    assert list(polled.recorder.answers(KEY)) == []


async def test_a_refused_login_stops_polling(tokens, tmp_path):
    tokens.login_status = 403
    polled = Polled(tokens, tokens.url, tmp_path, breaker_pause=600, intervals={"numbers": 0.05})
    await polled.pollers.start(polled.settings)
    await until(lambda: polled.fleet.get(*KEY) and polled.status().failure)
    attempts = len(tokens.logins)
    await until(lambda: polled.status(Capability.BALANCE).failure)
    await polled.pollers.stop()
    assert polled.status().failure is PollFailure.AUTH
    assert "not polled again before" in polled.status().detail
    assert attempts == len(tokens.logins) == 1


async def test_a_login_passes_the_egress_guard(tokens, tmp_path):
    """It goes where every request goes: a refused address reaches no server."""
    polled = Polled(tokens, tokens.url, tmp_path)
    settings = polled.settings
    closed = settings.providers[0].model_copy(update={"egress_allow": []})
    await polled.pollers.prepare(settings.model_copy(update={"providers": [closed]}))
    await polled.pollers.poll_once(*KEY)
    await polled.pollers.stop()
    assert polled.status().failure is PollFailure.EGRESS_DENIED
    assert tokens.seen == []


async def test_a_login_and_what_waits_for_it_fit_into_one_place_of_the_budget(tokens, tmp_path):
    polled = Polled(tokens, tokens.url, tmp_path, concurrency=1)
    await polled.pollers.prepare(polled.settings)
    outcomes = await polled.pollers.poll_once(*KEY)
    tokens.valid = "another"
    outcomes += await polled.pollers.poll_once(*KEY)
    await polled.pollers.stop()
    assert [outcome.failure for outcome in outcomes] == [None] * 6
    assert len(tokens.logins) == 2
