"""``numwatch profile try``: one poll with a profile, shown step by step; nothing is stored."""

import asyncio
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from agent.cli.cost_pages import CommandPages
from agent.cli.language import locale, say
from agent.cli.runner import ExitStatus, run_command
from agent.config.load import load
from agent.config.settings import Account, ProviderSettings, Settings
from agent.i18n import ENGLISH, Joined, Message
from agent.i18n.failure_details import failure_text
from agent.i18n.words import word
from agent.masking import mask_phone, mask_text
from agent.net.decode import decode_body
from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.net.scrub import scrub
from agent.polling.budget import Budget
from agent.polling.redaction import AccountRedactor, secrets_of
from agent.providers.base import AdapterReports, Provider
from agent.providers.profile.load import read_profile
from agent.providers.profile.outline import Readers, outline, readers_of, readers_of_login
from agent.providers.profile.schema import Operation, Profile
from agent.providers.registry import build
from agent.states import Capability

REQUESTS: Final = 3
"""Requests of one capability that are shown, the first."""
NUMBERS: Final = 3
"""Numbers whose routing and phones are read."""
_CALLS_SECONDS: Final = 3600.0
_TIMES: Final = frozenset(
    {"contract_end", "reclaim_at", "licence_end", "identity_end", "started_at", "state_at"}
)
"""Fields whose values are times, in epoch seconds."""
_PHONES: Final = frozenset({"phone", "caller", "id", "binding", "voicemail_recipient"})
_LONGEST_VALUE: Final = 120
_NO_ACCOUNT: Final = Message("no account '{account}', expected one of: {accounts}")
_TIMEOUT: Final = Message("it did not end within polling.timeout")
_MAPPED: Final = Message("mapped:")
_MAPPED_OF: Final = Message("mapped, of {number}:")
_TIMES_SEEN: Final = Message("{word} ({count} times)")
_UNKNOWN: Final = Message("not mapped, so unknown: {name}: {words}")
_MISFIT: Final = Message("does not fit: {text}")
_FAILED: Final = Message("failed: {failure}")
_QUERY: Final = Message("query: {name} = {value}")
_BODY: Final = Message("body: {body}")
_HIDDEN: Final = Message("signed or sent, values hidden: {names}")
_ANSWER: Final = Message("HTTP {status}, {count} bytes")
_NOT_MAPPED: Final = Message("not mapped")


@dataclass
class Trial:
    """What one capability's requests, answers and reports were."""

    exchanges: list[tuple[Request, Answer | ProviderError]] = field(default_factory=list)
    words: dict[str, Mapping[str, int]] = field(default_factory=dict)
    misfits: list[str] = field(default_factory=list)


def try_profile(file: Path, config: Path, account: str) -> int:
    """Poll ``account`` with the profile in ``file`` and print what happens; 1 if a read failed."""

    def command() -> int:
        profile = read_profile(file)
        settings = load(config)
        chosen, of_account = _chosen(settings, account)
        provider = chosen.model_copy(update={"profile": str(file)})
        trier = _Trier(profile, settings, provider, of_account)
        return ExitStatus.OK if asyncio.run(trier.run()) else ExitStatus.FAILED

    return run_command(command, misuse=(ValueError, OSError))


def _chosen(settings: Settings, account: str) -> tuple[ProviderSettings, Account]:
    accounts = {
        f"{provider.name}/{of_provider.id}": (provider, of_provider)
        for provider in settings.providers
        for of_provider in provider.accounts
    }
    if account not in accounts:
        values = {"account": account, "accounts": ", ".join(accounts)}
        raise ValueError(say(_NO_ACCOUNT.with_values(**values), settings))
    return accounts[account]


class _Trier:
    def __init__(
        self, profile: Profile, settings: Settings, provider: ProviderSettings, account: Account
    ) -> None:
        self._profile = profile
        self._polling = settings.polling_of(provider, account)
        self._data_dir = Path(settings.data_dir)
        self._store = settings.store
        self._provider = provider
        self._account = account
        self._redact = AccountRedactor(secrets_of(provider, account, profile.options))
        self._locale = locale(settings)
        self._trial = Trial()

    def _say(self, message: Message, **values: object) -> str:
        return message.with_values(**values).text(self._locale)

    async def run(self) -> bool:
        """Read every capability and print it; returns whether all succeeded."""
        client = HttpClient(
            HttpClientLimits.of(self._polling),
            egress_allow=self._provider.egress_allow,
            ca_file=self._provider.ca_file,
        )
        try:
            adapter = build(
                self._provider,
                self._account,
                self._recording(
                    Budget(self._polling.rate, self._polling.concurrency).wrap(client.fetch)
                ),
                self._polling,
                reports=AdapterReports(
                    words=self._note_words, misfits=self._note_misfits, token=self._redact.add
                ),
                # What a trial pays for is paid for all the same.
                pages=CommandPages(self._data_dir, self._store),
            )
            return await self._read_all(adapter)
        finally:
            await client.close()

    def _note_words(self, name: str, words: Mapping[str, int]) -> None:
        self._trial.words[name] = words

    def _note_misfits(self, _capability: Capability, texts: Sequence[str]) -> None:
        self._trial.misfits += texts

    def _recording(self, fetch: Fetch) -> Fetch:
        async def fetch_recording(request: Request) -> Answer:
            exchanges = self._trial.exchanges
            try:
                answer = await fetch(request)
            except ProviderError as error:
                if len(exchanges) < REQUESTS:
                    exchanges.append((request, error))
                raise
            if len(exchanges) < REQUESTS:
                exchanges.append((request, answer))
            return answer

        return fetch_recording

    async def _read_all(self, adapter: Provider) -> bool:
        numbers: list[str] = []
        succeeded = True
        for capability in Capability:
            if capability not in adapter.capabilities:
                continue
            self._trial = Trial()
            facts: Any = None
            failure = ""
            try:
                async with asyncio.timeout(self._polling.timeout):
                    facts = await _READS[capability](adapter, numbers)
            except ProviderError as error:
                failure = _failure(error, self._locale)
            except TimeoutError:
                failure = self._say(_TIMEOUT)
            if capability is Capability.NUMBERS and facts is not None:
                numbers = [number.number for number in facts.numbers[:NUMBERS]]
            succeeded &= not failure
            for line in self._lines(capability, facts, failure):
                print(self._redact(line))  # noqa: T201 - the command's output
        return succeeded

    def _lines(self, capability: Capability, facts: Any, failure: str) -> Iterator[str]:
        yield f"== {_with_code(capability.value, self._locale)}"
        operation = getattr(self._profile, capability.value)
        for request, answer in self._trial.exchanges:
            yield from _request_lines(request, self._locale)
            yield from _answer_lines(answer, self._readers(request, operation), self._locale)
        mapped = {name for part in (operation, *operation.merge) for name in part.fields}
        for owner, fact in _first_facts(facts):
            yield "  " + self._say(_MAPPED_OF if owner else _MAPPED, number=owner)
            yield from _fact_lines(fact, mapped)
        for name, words in self._trial.words.items():
            shown = Joined(
                tuple(_TIMES_SEEN.with_values(word=it, count=count) for it, count in words.items()),
                ", ",
            )
            yield "  " + self._say(_UNKNOWN, name=name, words=shown)
        for text in self._trial.misfits:
            yield "  " + self._say(_MISFIT, text=text)
        if failure:
            yield "  " + self._say(_FAILED, failure=failure)

    def _readers(self, request: Request, operation: Operation) -> Readers:
        """What reads the answer to ``request``."""
        profile, login = self._profile, self._profile.login
        if request.is_login and login is not None:
            return readers_of_login(login, login.envelope or profile.envelope)
        sent = _operation_of(request, operation)
        return readers_of(sent, sent.envelope or profile.envelope)


_Read = Callable[[Provider, Sequence[str]], Any]
_READS: Final[Mapping[Capability, _Read]] = {
    Capability.NUMBERS: lambda adapter, _: adapter.numbers(),
    Capability.ROUTING: lambda adapter, numbers: adapter.routing(numbers),
    Capability.REACHABILITY: lambda adapter, numbers: adapter.reachability(numbers),
    Capability.BALANCE: lambda adapter, _: adapter.balance(),
    Capability.CALLS: lambda adapter, _: adapter.calls(time.time() - _CALLS_SECONDS),
}


def _failure(error: ProviderError, locale: str) -> str:
    """The kind of a failure in words and as the code, with what is known of it."""
    return f"{_with_code(error.kind.value, locale)}: {failure_text(error.detail, locale)}"


def _with_code(code: str, locale: str) -> str:
    """A code as it is in profiles; for readers of another language after its word."""
    name = word(code)
    if locale == ENGLISH or isinstance(name, str):
        return code
    return f"{name.text(locale)} ({code})"


def _operation_of(request: Request, operation: Operation) -> Operation:
    """That of the operations which ``request`` is of; the first where it cannot be told."""
    return next(
        (
            part
            for part in (operation, *operation.merge)
            if request.label.endswith(f"{part.method} {part.path}")
        ),
        operation,
    )


def _request_lines(request: Request, locale: str) -> Iterator[str]:
    yield f"  {request.method} {request.url}"
    for name, text in request.params:
        value = scrub(text, _LONGEST_VALUE)
        yield "    " + _QUERY.with_values(name=name, value=value).text(locale)
    if request.body:
        body = scrub(request.body.decode("utf-8", "replace"), 400)
        yield "    " + _BODY.with_values(body=body).text(locale)
    signed = request.sign(request) if request.sign else request
    added = sorted({*signed.headers, *dict(signed.params)} - {*dict(request.params)})
    if added:
        yield "    " + _HIDDEN.with_values(names=", ".join(added)).text(locale)


def _answer_lines(answer: Answer | ProviderError, readers: Readers, locale: str) -> Iterator[str]:
    if isinstance(answer, ProviderError):
        yield "    " + _FAILED.with_values(failure=_failure(answer, locale)).text(locale)
        return
    values = {"status": answer.status, "count": len(answer.body)}
    yield "    " + _ANSWER.with_values(**values).text(locale)
    try:
        tree = decode_body(answer.body, answer.charset)
    except ProviderError as error:
        yield f"    {failure_text(error.detail, locale)}"
        return
    for line in outline(tree, readers):
        yield f"      {line.path}: {line.shape} -> {line.reader or _NOT_MAPPED.text(locale)}"


def _first_facts(facts: Any) -> Iterator[tuple[str, Any]]:
    if facts is None:
        return
    if isinstance(facts, Mapping):
        for number, of_number in list(facts.items())[:NUMBERS]:
            several = of_number if isinstance(of_number, tuple) else (of_number,)
            yield from ((mask_phone(number), fact) for fact in several[:1])
        return
    listed = getattr(facts, "numbers", facts if isinstance(facts, tuple) else (facts,))
    yield from (("", fact) for fact in listed[:1])


def _fact_lines(fact: Any, mapped: Container[str]) -> Iterator[str]:
    for name in fact.__struct_fields__:
        if name in mapped:
            value = getattr(fact, name)
            if name in _TIMES and isinstance(value, float):
                value = datetime.fromtimestamp(value, UTC)
            yield f"    {name} = {_shown(name, value)} ({type(value).__name__})"


def _shown(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    text = scrub(str(value), _LONGEST_VALUE)
    return mask_phone(text) if name in _PHONES else mask_text(text)
