"""What of an installation can be wrong beside its ledger: Python, token, clock, ports, egress.

Only reads go out: one request to the address of each provider, without credentials.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from agent.config.settings import ProviderSettings, Settings
from agent.i18n import Message
from agent.i18n.environment import locale_of
from agent.i18n.failure_details import in_words
from agent.i18n.words import word
from agent.lints.linter import read_calendar
from agent.net.exchange import ProviderError, Request
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.polling.journal import ADVICE
from agent.providers.profile.addresses import addresses_of
from agent.providers.profile.load import load_profile
from agent.providers.profile.template import Template
from agent.providers.registry import ADAPTERS
from agent.routing.calendar import DayKind
from agent.states import PollFailure
from agent.store import StoreError
from agent.store.access_token import read_token
from agent.store.directory import holder_of
from agent.store.finding import Finding, Status, ok
from agent.web.server import parse_address

_OLDEST_PYTHON: Final = (3, 11)
_CLOCK_TOLERANCE: Final = 30.0
"""Seconds by which clocks may differ: signatures of most providers expire after some minutes."""


async def inspect_installation(
    config: Path, settings: Settings, *, is_offline: bool = False
) -> list[Finding]:
    """What is found of the installation that ``config`` sets up; offline nothing is sent."""
    providers = [] if is_offline else settings.providers
    answers = await asyncio.gather(*(_ask(settings, it) for it in providers))
    return [
        _python(),
        ok("configuration", config, Message("passes check-config")),
        _mode(config),
        _token(settings),
        *_ports(settings),
        *(finding for findings in answers for finding in findings),
        _calendar(settings),
        _terminal(),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        return ok("python", sys.executable, Message("version {version}", {"version": version}))
    text = Message("version {version} is too old", {"version": version})
    action = Message("install Python 3.11 or newer")
    return Finding("python", Status.BROKEN, sys.executable, text, action)


def _mode(config: Path) -> Finding:
    mode = config.stat().st_mode & 0o777
    if not mode & 0o077:
        return ok("readers", config, Message("readable for its owner alone"))
    text = Message("readable for others ({mode})", {"mode": f"{mode:04o}"})
    action = Message("chmod 600, if it holds a secret")
    return Finding("readers", Status.OK, str(config), text, action)


def _token(settings: Settings) -> Finding:
    if settings.web.token is not None:
        return ok("token", "web.token", Message("is set"))
    directory = Path(settings.data_dir)
    try:
        found = read_token(directory)
    except OSError:
        found = ""
    if found:
        return ok("token", directory, Message("the agent has made one"))
    text = Message("there is none yet")
    return Finding("token", Status.OK, str(directory), text, Message("the first start makes it"))


def _ports(settings: Settings) -> Iterator[Finding]:
    try:
        is_running = bool(holder_of(Path(settings.data_dir)))
    except StoreError:
        # The check of the folder says what is wrong with it.
        is_running = False
    for listen in settings.listen:
        host, port = parse_address(listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if is_running:
                    yield ok("port", listen, Message("an agent listens there"))
                    continue
                text = Message("cannot be listened at ({reason})", {"reason": error.strerror})
                action = Message("end what listens there, or change listen")
                yield Finding("port", Status.BROKEN, listen, text, action)
            else:
                yield ok("port", listen, Message("is free"))


def _addresses_of(provider: ProviderSettings) -> list[str]:
    """The addresses that are sent to, each once; none where the adapter has its own."""
    if provider.base_url:
        return [str(provider.base_url)]
    if provider.profile in ADAPTERS:
        return []
    profile = load_profile(provider.profile)
    options = {**profile.options, **provider.options}
    filled = (Template(text).fill(options) for _, text in addresses_of(profile))
    return list(dict.fromkeys(filled))


async def _ask(settings: Settings, provider: ProviderSettings) -> list[Finding]:
    """Whether each address can be reached, and how far its clock is from ours."""
    limits = HttpClientLimits.of(settings.polling_of(provider, provider.accounts[0]))
    client = HttpClient(limits, egress_allow=provider.egress_allow, ca_file=provider.ca_file)
    findings: list[Finding] = []
    try:
        for address in _addresses_of(provider):
            where = f"{provider.name} {address}"
            findings.append(await _reached(client, where, address))
            findings += _clock(where, client.skew)
    finally:
        await client.close()
    return findings


async def _reached(client: HttpClient, where: str, address: str) -> Finding:
    # Any answer will do: without credentials most addresses answer that there is nothing.
    request = Request("GET", address, accept=frozenset(range(400, 600)), label="GET")
    try:
        answer = await client.fetch(request)
    except ProviderError as error:
        if error.kind is PollFailure.REDIRECT:
            return ok("egress", where, Message("answers with a redirection"))
        values: dict[str, object] = {"reason": in_words(error.detail) or word(error.kind.value)}
        text = Message("cannot be reached ({reason})", values)
        return Finding("egress", Status.BROKEN, where, text, Message(ADVICE[error.kind]))
    return ok("egress", where, Message("answers (HTTP {status})", {"status": answer.status}))


def _clock(where: str, skew: float | None) -> Iterator[Finding]:
    if skew is None:
        return
    text = Message("its clock is {seconds} s from ours", {"seconds": abs(round(skew))})
    if abs(skew) <= _CLOCK_TOLERANCE:
        yield ok("clock", where, text)
    else:
        action = Message("set this machine's clock (timedatectl), or tell the provider")
        yield Finding("clock", Status.WARNING, where, text, action)


def _calendar(settings: Settings) -> Finding:
    today = datetime.now(UTC).date()
    if read_calendar(settings.calendar).kind(today) is not DayKind.UNPUBLISHED:
        known = Message("those of {year} are known", {"year": today.year})
        return ok("holidays", "calendar", known)
    text = Message("those of {year} are not known", {"year": today.year})
    action = Message("update numwatch, or name them under calendar")
    return Finding("holidays", Status.WARNING, "calendar", text, action)


def _terminal() -> Finding:
    encoding = (sys.stdout.encoding or "?").lower()
    language = locale_of(os.environ)
    text = Message("its encoding is {encoding}", {"encoding": encoding})
    if encoding.replace("-", "") == "utf8":
        return ok("terminal", language, text)
    action = Message("set LANG to a locale of UTF-8, such as C.UTF-8")
    return Finding("terminal", Status.WARNING, language, text, action)
