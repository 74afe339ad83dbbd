"""Constraints of a configuration beyond the type of each value.

The checks read the unvalidated data, so that their findings are reported together with the
type errors. Checks are independent: adding one to :data:`CHECKS` touches nothing else.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from agent.config.files import paths_lead_somewhere, profiles_exist
from agent.config.pace import Polling
from agent.config.secret import Secret
from agent.config.sink_checks import (
    callback_secrets_are_long_enough,
    callback_stages_can_be_reached,
    kinds_have_their_sections,
    sections_pass_the_checks_of_their_kind,
)
from agent.config.sink_configuration import CallbackSignature
from agent.config.sinks import SINK_CONFIGURATIONS, Sink
from agent.config.unvalidated import UnvalidatedConfig
from agent.config.values import epoch_of
from agent.yamlfile.duration import duration_text, parse_duration
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem

Check = Callable[[UnvalidatedConfig], Iterator[Problem]]
_SINK_SECRETS = frozenset({"token", "password"})
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
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)


def names_are_unique(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Names of providers, of a provider's accounts and of sinks, and addresses, are unique."""
    yield from _unique(config, select(config.data, "providers", "*", "name"))
    for path, provider in select(config.data, "providers", "*"):
        yield from _unique(config, select(provider, "accounts", "*", "id", at=path))
    yield from _unique(config, select(config.data, "sinks", "*", "name"))
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
        if isinstance(text, str) and not _is_signing_secret(text):
            yield Problem(path, "is not a signing secret, expected whsec_ and base64 behind it")


def _is_signing_secret(text: str) -> bool:
    try:
        return text.startswith("whsec_") and bool(
            base64.b64decode(text.removeprefix("whsec_"), validate=True)
        )
    except (binascii.Error, ValueError):
        return False


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


def secrets_are_not_empty(config: UnvalidatedConfig) -> Iterator[Problem]:
    """No credential, token or header is empty: that happens when a variable was forgotten."""
    accounts = select(config.data, "providers", "*", "accounts", "*", "credentials", "*")
    headers = select(config.data, "sinks", "*", "headers", "*")
    intake = (
        *select(config.data, "intake", "alertmanager", "headers", "*"),
        *select(config.data, "intake", "alertmanager", "token"),
        *select(config.data, "intake", "alertmanager", "former_token"),
    )
    sinks = select(config.data, "sinks", "*", "*", "*")
    tokens = ((path, value) for path, value in sinks if path[-1] in _SINK_SECRETS)
    for path, value in (*accounts, *headers, *intake, *tokens):
        if value == "":
            yield Problem(path, "is empty, expected text")


def ladders_name_sinks(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Each sink that is to be notified of a breach exists."""
    known = {name for _path, name in select(config.data, "sinks", "*", "name")}
    for step in _SINKS_OF_LADDERS:
        for path, name in select(config.data, *step, "*"):
            if isinstance(name, str) and name not in known:
                names = ", ".join(sorted(filter(None, map(str, known)))) or "a sink under sinks"
                yield Problem(path, f"is no sink, got {name}; expected {names}")


CHECKS: tuple[Check, ...] = (
    ladders_name_sinks,
    names_are_unique,
    profiles_exist,
    paths_lead_somewhere,
    stop_is_below_notice,
    planned_changes_end_after_they_start,
    polls_outlast_requests,
    waits_grow,
    signing_secrets_are_whole,
    kinds_have_their_sections,
    sections_pass_the_checks_of_their_kind,
    callback_secrets_are_long_enough,
    callback_stages_can_be_reached,
    headers_can_be_sent,
    secrets_are_not_empty,
)


def check(config: UnvalidatedConfig) -> list[Problem]:
    """Returns the problems that the checks find."""
    return [problem for check_config in CHECKS for problem in check_config(config)]
