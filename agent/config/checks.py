"""Constraints of a configuration beyond the type of each value.

The checks read the unvalidated data, so that their findings are reported together with the
type errors. Checks are independent: adding one to :data:`CHECKS` touches nothing else.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from agent.config.dial import dial_is_consistent
from agent.config.dial_plans import dial_plans_are_consistent
from agent.config.files import paths_lead_somewhere, profiles_exist
from agent.config.notice_checks import notices_reach_people
from agent.config.on_call import on_call_is_consistent
from agent.config.pace import Polling
from agent.config.report_checks import scheduled_reports_can_be_sent
from agent.config.schema import FILE_SUFFIX, settings_schema
from agent.config.secret import SECRET, Secret, visible_length
from agent.config.sink_checks import (
    callback_stages_can_be_reached,
    kinds_have_their_sections,
    sections_pass_the_checks_of_their_kind,
)
from agent.config.sink_configuration import CallbackSignature
from agent.config.sinks import SINK_CONFIGURATIONS, Sink
from agent.config.speech import speech_is_consistent
from agent.config.unvalidated import UnvalidatedConfig
from agent.config.values import GUARDS, OPEN_LISTEN, epoch_of, is_loopback, split_address
from agent.config.web_config import open_addresses_are_guarded, users_have_passwords
from agent.yamlfile.duration import duration_text, parse_duration
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem

Check = Callable[[UnvalidatedConfig], Iterator[Problem]]
_STANDARD_WEBHOOKS = frozenset(
    kind
    for kind, configuration in SINK_CONFIGURATIONS.items()
    if configuration.callback is CallbackSignature.STANDARD_WEBHOOKS
)
"""Kinds of sinks whose callbacks are signed as Standard Webhooks requires."""
_SINKS_OF_LADDERS = (
    ("tickets", "sla", "ladder", "*", "sinks"),
    ("tickets", "sla", "severe", "sinks"),
)
_LEAST_SIGNING_BYTES = 24
"""What Standard Webhooks asks of a secret."""
_AUTHORIZATION_SCHEME = re.compile("basic|bearer|token|digest|apikey", re.IGNORECASE)
_OTHER_HEADERS = frozenset({"authorization", "cookie", "host", "origin", "x-forwarded-for"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)


def names_are_unique(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Names of providers, accounts of one, sinks, plans and callers, and addresses, are unique."""
    yield from _unique(config, select(config.data, "providers", "*", "name"))
    for path, provider in select(config.data, "providers", "*"):
        yield from _unique(config, select(provider, "accounts", "*", "id", at=path))
    yield from _unique(config, select(config.data, "sinks", "*", "name"))
    yield from _unique(config, select(config.data, "inspections", "plans", "*", "name"))
    yield from _unique(config, select(config.data, "dial", "callers", "*", "name"))
    yield from _unique(config, select(config.data, "dial", "plans", "*", "name"))
    yield from _unique(config, select(config.data, "listen", "*"))


def _unique(config: UnvalidatedConfig, named: Iterable[tuple[KeyPath, Any]]) -> Iterator[Problem]:
    first: dict[str, KeyPath] = {}
    for path, name in named:
        if not isinstance(name, str):
            continue
        if name in first:
            line = config.lines.get(first[name], 1)
            yield Problem(path, f"is already used on line {line}, expected another")
        first.setdefault(name, path)


def planned_changes_end_after_they_start(config: UnvalidatedConfig) -> Iterator[Problem]:
    """A planned change ends after it starts, and its numbers are written as text."""
    for path, change in select(config.data, "drift", "planned", "*"):
        if not isinstance(change, dict):
            continue
        try:
            start = epoch_of(str(change.get("start")), "UTC")
            end = epoch_of(str(change.get("end")), "UTC", last=True)
        except ValueError:
            continue
        if end <= start:
            yield Problem((*path, "end"), "is not after start, expected a later day or time")


def stop_is_below_notice(config: UnvalidatedConfig) -> Iterator[Problem]:
    """The balance at which numbers stop is not above the one at which a warning is given."""
    for path, lines in select(config.data, "providers", "*", "accounts", "*", "thresholds"):
        if not isinstance(lines, dict):
            continue
        stop, notice = (_number(lines.get(key)) for key in ("stop", "notice"))
        if stop is not None and notice is not None and stop > notice:
            text = f"is above notice, got {stop:.15g}; expected at most {notice:.15g}"
            yield Problem((*path, "stop"), text)


def _number(value: object) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def polls_outlast_requests(config: UnvalidatedConfig) -> Iterator[Problem]:
    """A poll may take at least as long as one of its requests, on every level."""
    everywhere = (
        *select(config.data, "polling"),
        *select(config.data, "providers", "*", "polling"),
        *select(config.data, "providers", "*", "accounts", "*", "polling"),
    )
    sections = {path: section for path, section in everywhere if isinstance(section, dict)}
    for path, section in sections.items():
        levels = [("polling",), (*path[:2], "polling"), path]
        timeout = _in_force("timeout", levels, sections)
        request = _in_force("request_timeout", levels, sections)
        own = [key for key in ("timeout", "request_timeout") if key in section]
        if own and timeout is not None and request is not None and timeout < request:
            got = f"timeout is {duration_text(timeout)}, request_timeout {duration_text(request)}"
            yield Problem(
                (*path, own[0]),
                f"a poll ends before one request may, {got}; expected timeout to be the longer",
            )


def _in_force(key: str, levels: list[KeyPath], sections: dict[KeyPath, Any]) -> float | None:
    """Seconds of ``key`` at the last of ``levels`` that has it; ``None`` where it is broken."""
    value: object = Polling.model_fields[key].default
    for level in levels:
        value = sections.get(level, {}).get(key, value)
    try:
        return parse_duration(value)
    except ValueError:
        return None


def waits_grow(config: UnvalidatedConfig) -> Iterator[Problem]:
    """``retry_first`` is at most ``retry_longest``, and that at most ``give_up_after``."""
    for path, sink in select(config.data, "sinks", "*"):
        for short, long in (("retry_first", "retry_longest"), ("retry_longest", "give_up_after")):
            yield from _is_shorter(path, sink, short, long)


def _is_shorter(path: KeyPath, sink: object, short: str, long: str) -> Iterator[Problem]:
    if not isinstance(sink, dict) or not {short, long} & sink.keys():
        return
    try:
        low, high = (
            parse_duration(sink.get(k, Sink.model_fields[k].default)) for k in (short, long)
        )
    except ValueError:
        return
    if low > high:
        key, other = (short, f"at most {long}") if short in sink else (long, f"at least {short}")
        bound = duration_text(high if key is short else low)
        yield Problem((*path, key), f"does not fit, expected {other}, which is {bound}")


def signing_secrets_are_whole(config: UnvalidatedConfig) -> Iterator[Problem]:
    """A signing secret is ``whsec_`` followed by base64, as Standard Webhooks requires."""
    callbacks = (
        found
        for path, sink in select(config.data, "sinks", "*")
        if isinstance(sink, dict) and sink.get("kind") in _STANDARD_WEBHOOKS
        for key in ("secret", "former_secret")
        for found in select(sink, "callback", key, at=path)
    )
    complaints = (
        found
        for key in ("secret", "former_secret")
        for found in select(config.data, "intake", "complaints", key)
    )
    for path, secret in (*select(config.data, "sinks", "*", "secret"), *callbacks, *complaints):
        text = secret.reveal() if isinstance(secret, Secret) else secret
        if not isinstance(text, str):
            continue
        key = _signing_key(text)
        if not key:
            yield Problem(path, "is not a signing secret, expected whsec_ and base64 behind it")
        elif len(key) < _LEAST_SIGNING_BYTES:
            expected = f"whsec_ and base64 of {_LEAST_SIGNING_BYTES} bytes or more"
            yield Problem(path, f"is too short, expected {expected}")


def _signing_key(text: str) -> bytes:
    """The bytes to sign with; none where ``text`` is not a signing secret."""
    try:
        encoded = text.removeprefix("whsec_") if text.startswith("whsec_") else ""
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def headers_can_be_sent(config: UnvalidatedConfig) -> Iterator[Problem]:
    """A header's name is an HTTP token and its value a single line."""
    polled = select(config.data, "intake", "alertmanager", "headers", "*")
    templated = select(config.data, "sinks", "*", "template", "headers", "*")
    for path, value in (
        *select(config.data, "sinks", "*", "headers", "*"),
        *templated,
        *polled,
    ):
        text = value.reveal() if isinstance(value, Secret) else value
        if not _HEADER_NAME.fullmatch(str(path[-1])):
            yield Problem(path, "is not a header's name, expected letters, digits and dashes")
        elif isinstance(text, str) and re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text):
            yield Problem(path, "has a line break or control character, expected one line")


def replicas_share_a_database(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Only a PostgreSQL can be shared."""
    for path, store in select(config.data, "store"):
        is_shared = isinstance(store, dict) and store.get("replicas") is True
        if is_shared and "url" not in store and f"url{FILE_SUFFIX}" not in store:
            yield Problem((*path, "replicas"), "needs a PostgreSQL to share, expected store.url")


def secrets_are_strong(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Every secret has its least length in visible characters (``agent.config.secret``).

    A blank one means that a variable or a line was forgotten.
    """
    for path, text in _texts(config.data):
        schema = settings_schema().at(path)
        if schema is None or schema.get("x-kind") != SECRET:
            continue
        least = int(schema["minLength"])
        expected = f"{least} characters or more" if least > 1 else "text"
        length = visible_length(text)
        if length < least:
            fault = "is too short" if length else "is empty"
            yield Problem(_as_written(path, config), f"{fault}, expected {expected}")
        elif path[-2:-1] == ("headers",) and _AUTHORIZATION_SCHEME.fullmatch(text.strip()):
            yield Problem(_as_written(path, config), "has a scheme only, expected what follows it")


def _texts(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every text below ``value``, and every secret that was read from a file."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
    elif isinstance(value, str | Secret):
        yield path, value.reveal() if isinstance(value, Secret) else value


def _as_written(path: KeyPath, config: UnvalidatedConfig) -> KeyPath:
    """The key that the file has for the secret at ``path``: its own, or the one of its file."""
    from_file = (*path[:-1], f"{path[-1]}{FILE_SUFFIX}")
    return from_file if from_file in config.lines else path


def open_addresses_have_a_token(config: UnvalidatedConfig) -> Iterator[Problem]:
    """An agent that other machines reach has TLS and users, or a token chosen by its operator."""
    web = config.data.get("web") if isinstance(config.data, dict) else None
    section = web if isinstance(web, dict) else {}
    if section.get("token") is not None or section.get("allow_open_listen") is True:
        return
    if open_addresses_are_guarded(config):
        return
    for path, address in select(config.data, "listen", "*"):
        if isinstance(address, str) and not is_loopback(split_address(address)[0]):
            yield Problem(path, f"{OPEN_LISTEN}, expected {GUARDS}")


def trusted_headers_have_proxies(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Headers that name users are believed from certain addresses, and name nothing else."""
    for path, section in select(config.data, "web", "trusted_headers"):
        if not isinstance(section, dict):
            continue
        proxies = [it for _path, it in select(config.data, "web", "trusted_proxies", "*")]
        if not proxies:
            yield Problem(path, "is set without web.trusted_proxies, expected the proxy's network")
        if any(str(it).endswith("/0") for it in proxies):
            text = "believes everybody, since web.trusted_proxies has a network of all addresses"
            yield Problem(path, f"{text}; expected the proxy's network")
        for key in ("user", "groups"):
            if str(section.get(key)).lower() in _OTHER_HEADERS:
                yield Problem((*path, key), "has another meaning, expected a header of its own")


def ladders_name_sinks(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Each sink that is to be notified of a breach exists."""
    known = {name for _path, name in select(config.data, "sinks", "*", "name")}
    for step in _SINKS_OF_LADDERS:
        for path, name in select(config.data, *step, "*"):
            if isinstance(name, str) and name not in known:
                names = ", ".join(sorted(filter(None, map(str, known)))) or "a sink under sinks"
                yield Problem(path, f"is no sink, got {name}; expected {names}")


CHECKS: tuple[Check, ...] = (
    dial_is_consistent,
    dial_plans_are_consistent,
    ladders_name_sinks,
    names_are_unique,
    notices_reach_people,
    on_call_is_consistent,
    profiles_exist,
    paths_lead_somewhere,
    scheduled_reports_can_be_sent,
    speech_is_consistent,
    stop_is_below_notice,
    planned_changes_end_after_they_start,
    polls_outlast_requests,
    waits_grow,
    signing_secrets_are_whole,
    replicas_share_a_database,
    secrets_are_strong,
    open_addresses_have_a_token,
    trusted_headers_have_proxies,
    users_have_passwords,
    kinds_have_their_sections,
    sections_pass_the_checks_of_their_kind,
    callback_stages_can_be_reached,
    headers_can_be_sent,
)


def check(config: UnvalidatedConfig) -> list[Problem]:
    """Returns the problems that the checks find."""
    return [problem for check_config in CHECKS for problem in check_config(config)]
