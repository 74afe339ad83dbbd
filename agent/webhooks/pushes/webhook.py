"""``POST /hooks/providers/{provider}/{account}``: messages of providers, stored, then merged."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from agent.model import AccountKey
from agent.net.decode import decode_body
from agent.net.exchange import ProviderError
from agent.polling.pushed import PushOutcome
from agent.providers.profile.push_reader import PushRead
from agent.providers.pushed import PushedCall, PushedFacts, PushedPhone, dated
from agent.webhooks.auth import TokenCheck
from agent.webhooks.handler import (
    RequestOutcome,
    RequestRefusedError,
    WebhookHandler,
    acceptance_response,
    json_response,
    read_whole_body,
)
from agent.webhooks.limits import RequestSlot
from agent.webhooks.pushes.hooks import PushHook
from agent.webhooks.pushes.proof import UnprovenError, place_text
from agent.webhooks.pushes.repository import Message, PushRepository
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

PATH = "/hooks/providers/{provider}/{account}"
SOURCE = "providers"
DUPLICATE, UNDESCRIBED, ACCEPTED = "duplicate", "undescribed", "accepted"
_MOST_FIELDS = 500

TakePushed = Callable[[AccountKey, PushedFacts, float], Awaitable[Sequence[PushOutcome]]]
"""Merges facts into an account's snapshot; returns what became of each."""


class PushWebhook(WebhookHandler):
    """Receives what providers push.

    Args:
        messages: Where they are stored.
        hooks: Returns the open hooks by account.
        take: Merges the facts.
        telemetry: Counts messages and facts.
        clock: Epoch seconds.
        tokens: Limits how many wrong credentials are compared.
    """

    def __init__(
        self,
        messages: PushRepository,
        hooks: Callable[[], Mapping[AccountKey, PushHook]],
        take: TakePushed,
        telemetry: Telemetry,
        clock: Callable[[], float],
        tokens: TokenCheck,
    ) -> None:
        super().__init__(SOURCE, PATH, telemetry, tokens)
        self._messages = messages
        self._hooks = hooks
        self._take = take
        self._clock = clock
        self._misfitting: set[tuple[AccountKey, str]] = set()

    async def post(self, request: web.Request) -> web.Response:
        """Handle one message; answers 2xx only once its facts are durable and merged."""
        hook = self._find(request)
        before = None if hook is None else self._last_refusal
        response = await super().post(request)
        refusal = self._last_refusal
        if hook is not None and refusal is not None and refusal is not before:
            self._telemetry.pushes.labels(*hook.account, refusal.outcome.value).inc()
        return response

    def _find(self, request: web.Request) -> PushHook | None:
        names = request.match_info
        return self._hooks().get((names["provider"], names["account"]))

    def _hook(self, request: web.Request) -> PushHook:
        hook = self._find(request)
        if hook is None:
            raise RequestRefusedError(
                RequestOutcome.CLOSED,
                "no account of this name takes pushes",
                "an account with a pushes section, whose profile describes pushes",
            )
        return hook

    def _credentials(self, request: web.Request) -> str:
        hook = self._find(request)
        return "" if hook is None else hook.proof.credentials(request)

    def _authorize(self, request: web.Request) -> bool:
        hook = self._hook(request)
        try:
            if hook.proof.needs_body:
                hook.proof.check_head(request, self._clock())
                return False
            hook.proof.verify(request, b"", None, self._clock())
        except UnprovenError as error:
            raise _unauthorized(error) from None
        return True

    async def _process(self, request: web.Request, slot: RequestSlot) -> web.Response:
        # Looked up again: a reload may have closed the hook since it was authorized.
        hook = self._hook(request)
        key = "pushes.max_body of the account"
        body = await read_whole_body(request, hook.max_body, key, slot)
        async with hook.reading:
            tree, read = await self._read(hook, request, body)
        if read is None:
            self._telemetry.pushes.labels(*hook.account, UNDESCRIBED).inc()
            return _reply(hook, 0)
        message = _message(hook, request, _Content(body, tree, read), self._clock())
        return await self._store(hook, message, read)

    async def _read(
        self, hook: PushHook, request: web.Request, body: bytes
    ) -> tuple[Any, PushRead | None]:
        """The decoded body, proven, and the facts in it."""
        form, charset = hook.section.format == "form", request.charset
        if not hook.proof.needs_tree:
            # Nothing is decoded for somebody who has proven nothing.
            self._verify(hook, request, body, None)
        try:
            tree = await asyncio.to_thread(_decoded, body, charset, form=form)
        except ValueError as error:
            # Whoever cannot sign learns nothing else; without a tree nothing in it can prove.
            if hook.proof.needs_tree:
                self._verify(hook, request, body, None)
            raise _invalid(str(error)) from None
        if hook.proof.needs_tree:
            self._verify(hook, request, body, tree)
        try:
            read = await asyncio.to_thread(hook.reader.read, tree)
        except ProviderError as error:
            self._note_misfits(hook, "", [error.detail])
            raise _invalid(error.detail) from None
        if read is not None:
            self._report(hook, read)
            if not read.facts and read.page.invalid:
                text = "; ".join(read.page.misfits) or "no record fits"
                raise _invalid(f"{read.kind}: {text}")
        return tree, read

    def _verify(self, hook: PushHook, request: web.Request, body: bytes, tree: Any) -> None:
        if not hook.proof.needs_body:
            return
        try:
            hook.proof.verify(request, body, tree, self._clock())
        except (UnprovenError, ProviderError) as error:
            text = error if isinstance(error, UnprovenError) else "the signature cannot be read"
            raise _unauthorized(text) from None

    async def _store(self, hook: PushHook, message: Message, read: PushRead) -> web.Response:
        now, counted = self._clock(), self._telemetry.pushes
        if message.facts and not await self._messages.add(hook.account, message, now):
            counted.labels(*hook.account, DUPLICATE).inc()
            return _reply(hook, 0)
        outcomes = await self._take(hook.account, message.facts, now)
        counted.labels(*hook.account, ACCEPTED).inc()
        for outcome, count in Counter(outcomes).items():
            labels = (*hook.account, read.fact, outcome.value)
            self._telemetry.pushed_facts.labels(*labels).inc(count)
        return _reply(hook, len(message.facts))

    def _report(self, hook: PushHook, read: PushRead) -> None:
        """Count what could not be used of a message."""
        page = read.page
        for name, count in page.unmapped:
            field = f"pushes.{read.kind}.{name}"
            self._telemetry.values_unmapped.labels(*hook.account, field).inc(count)
        if page.invalid:
            labels = (*hook.account, read.fact, "invalid")
            self._telemetry.pushed_facts.labels(*labels).inc(page.invalid)
        self._note_misfits(hook, read.kind, page.misfits)

    def _note_misfits(self, hook: PushHook, kind: str, texts: Sequence[str]) -> None:
        """Log a line where messages of a kind begin to misfit, and none for each of them."""
        key = (hook.account, kind)
        if texts and key not in self._misfitting:
            account = "/".join(hook.account)
            log.warning("push_misfits", account=account, kind=kind, first=texts[0])
            self._misfitting.add(key)
        elif not texts:
            self._misfitting.discard(key)


def _decoded(body: bytes, charset: str | None, *, form: bool) -> Any:
    """The body as JSON values; raises ``ValueError`` whose text holds nothing of it."""
    if not form:
        try:
            return decode_body(body, charset, "the message")
        except ProviderError as error:
            raise ValueError(error.detail) from None
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise ValueError(f"the message: no form of up to {_MOST_FIELDS} fields in UTF-8") from None
    if len(dict(pairs)) != len(pairs):
        raise ValueError("the message: a form has the same field twice")
    return dict(pairs)


@dataclass(frozen=True, repr=False)
class _Content:
    """A body, decoded, and the facts in it."""

    body: bytes
    tree: Any
    read: PushRead


def _message(hook: PushHook, request: web.Request, content: _Content, now: float) -> Message:
    """The message with what a repeat of it has too: its id, its content, or what it is about."""
    body, tree, read = content.body, content.tree, content.read
    facts = [dated(fact, now) for fact in read.facts]
    place, stamp = hook.section.id, hook.proof.auth.timestamp
    identity = "" if place is None else place_text(place, request, tree)
    if identity:
        return Message(_digest("id", identity.encode()), facts)
    if stamp is not None:
        sent = hook.proof.credentials(request) + place_text(stamp, request, tree)
        return Message(_digest("signed", sent.encode("utf-8", "replace"), body), facts)
    if read.tell_apart:
        return Message(_digest("content", body), facts)
    subjects = sorted(_subject(fact) for fact in read.facts)
    return Message(_digest("about", repr(subjects).encode()), facts, is_undated=True)


def _subject(fact: Any) -> tuple[str, ...]:
    if isinstance(fact, PushedCall):
        return "call", fact.call.id
    if isinstance(fact, PushedPhone):
        return "phone", fact.number, *fact.key
    return "number", fact.number


def _digest(kind: str, *parts: bytes) -> str:
    digest = sha256(kind.encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _reply(hook: PushHook, count: int) -> web.Response:
    if hook.section.reply is not None:
        return json_response(hook.section.reply)
    return acceptance_response(count, ())


def _unauthorized(why: object) -> RequestRefusedError:
    expected = "a message proven as the profile's pushes.auth says, with the account's secret"
    return RequestRefusedError(RequestOutcome.UNAUTHORIZED, str(why), expected)


def _invalid(why: str) -> RequestRefusedError:
    return RequestRefusedError(RequestOutcome.INVALID, why, "what the profile's pushes describe")
