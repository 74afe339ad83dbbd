"""Validates what a profile's schema cannot express: names, paths and values that must agree."""

from collections.abc import Collection, Iterator
from functools import partial

from agent.providers.profile.addresses import check_addresses
from agent.providers.profile.extensions import check_extensions
from agent.providers.profile.merge_check import check_merges
from agent.providers.profile.merge_target import KEYS, merge_target
from agent.providers.profile.operation import NUMBER_NAMES, PHONE_NAMES
from agent.providers.profile.path_check import check_envelope, check_paths
from agent.providers.profile.push_check import check_pushes
from agent.providers.profile.record_check import RecordScope, check_records
from agent.providers.profile.request_check import (
    check_paging,
    check_phones,
    check_read,
    check_request,
    check_texts,
    check_window,
    page_names,
)
from agent.providers.profile.request_template import RequestTemplate
from agent.providers.profile.rule_check import check_rule
from agent.providers.profile.schema import Login, Operation, Profile, operations_of
from agent.providers.profile.targets import (
    ACCOUNT,
    PHONES,
    TARGETS,
    Need,
    Target,
    target_per_number,
    target_per_phone,
)
from agent.providers.profile.windows import WINDOW_NAMES
from agent.providers.signing.check import SigningCheck
from agent.states import Capability
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

_PER_NUMBER = frozenset({"routing", "reachability", "phones", "calls"})
_NAMES_OF = {
    Capability.ROUTING: NUMBER_NAMES,
    Capability.REACHABILITY: NUMBER_NAMES | PHONE_NAMES,
    Capability.CALLS: WINDOW_NAMES | NUMBER_NAMES,
}


def check_profile(profile: Profile) -> Iterator[Problem]:
    """Every mistake in ``profile``."""
    if not any(getattr(profile, capability.value) for capability in Capability):
        yield Problem((), "has no operation, expected at least numbers")
    known = frozenset(profile.credentials) | frozenset(profile.options)
    # A mistake in the profile's own section shows in every operation; one report of it is enough.
    yield from dict.fromkeys(_signing(profile, known))
    yield from check_addresses(profile)
    yield from check_texts(profile.headers, ("headers",), known)
    yield from check_envelope(profile.envelope, ("envelope",))
    if profile.login is not None:
        yield from _login(profile.login, profile, known)
    yield from check_phones(profile)
    if profile.pushes is not None:
        yield from check_pushes(profile.pushes, known, check_fields)
    operations = [("account", ACCOUNT, frozenset[str]()), ("phones", PHONES, NUMBER_NAMES)]
    operations += [
        (capability.value, TARGETS[capability], _NAMES_OF.get(capability, frozenset()))
        for capability in Capability
    ]
    for key, target, names in operations:
        operation = getattr(profile, key)
        if operation is not None:
            yield from _operation(operation, (key,), target, known | names)
            merged_names = (names - PHONE_NAMES) | NUMBER_NAMES
            yield from _merged(operation, key, target, known | merged_names)


def _signing(profile: Profile, known: frozenset[str]) -> Iterator[Problem]:
    check = SigningCheck(profile.credentials, known, has_login=profile.login is not None)
    yield from check.texts(profile.signing, lambda key: ("signing", key))
    for key, operation in operations_of(profile):
        signing = profile.signing.overlaid(operation.signing)
        own = operation.signing.model_fields_set if operation.signing else frozenset()
        yield from check.texts(signing, partial(_signing_path, key, own))
        at = (*key, "signing") if own else key
        has_list = isinstance(operation.body, list)
        yield from check.effective(signing, at, method=operation.method, has_list=has_list)


def _signing_path(operation: KeyPath, own: Collection[str], key: str) -> KeyPath:
    return (*operation, "signing", key) if key in own else ("signing", key)


def _login(login: Login, profile: Profile, known: frozenset[str]) -> Iterator[Problem]:
    at: KeyPath = ("login",)
    yield from check_request(login, at, known)
    check = SigningCheck(profile.credentials, known)
    yield from check.texts(login.signing, lambda key: (*at, "signing", key))
    yield from check.effective(login.signing, (*at, "signing"), method=login.method)
    for first, second in (("token", "token_header"), ("expires_in", "expires_at")):
        if getattr(login, first) and getattr(login, second):
            yield Problem((*at, second), f"does not go with {first}, expected one of them")
    if not login.token and not login.token_header:
        yield Problem(at, "does not say where the token is, expected token: PATH or token_header")
    if "token" in known:
        yield Problem(
            at, "gets the token, expected another name for the credential or option token"
        )


def _operation(
    operation: Operation, at: KeyPath, target: Target, known: frozenset[str]
) -> Iterator[Problem]:
    yield from check_read(operation, at)
    yield from check_request(operation, at, known | page_names(operation.paging))
    yield from check_paging(operation, (*at, "paging"))
    used = RequestTemplate(operation, {}).names
    is_calls = at[0] == Capability.CALLS.value
    yield from check_window(operation.window, (*at, "window"), used, is_calls=is_calls)
    yield from check_paths(operation, at)
    yield from check_records(operation, at)
    yield from check_envelope(operation.envelope, (*at, "envelope"))
    if not PHONE_NAMES.isdisjoint(used):
        target = target_per_phone(target)
    elif operation.extensions or not NUMBER_NAMES.isdisjoint(used):
        target = target_per_number(target, operation.fields)
    is_listing = used.isdisjoint(PHONE_NAMES | NUMBER_NAMES)
    yield from check_extensions(operation, at, is_listing=is_listing)
    yield from check_fields(operation, at, target)


def _merged(
    operation: Operation, name: str, target: Target, known: frozenset[str]
) -> Iterator[Problem]:
    """Every mistake in what is merged into ``operation``."""
    yield from check_merges(operation, name, target)
    if name not in KEYS:
        return
    for index, merged in enumerate(operation.merge):
        at = (name, "merge", index)
        yield from _operation(merged, at, merge_target(name, target, operation, merged), known)


def check_fields(operation: Operation, at: KeyPath, target: Target) -> Iterator[Problem]:
    """Every mistake in the fields of ``operation``, which make ``target``."""
    fields = {field.name: field for field in target.fields}
    scope = RecordScope(operation)
    for name, rule in operation.fields.items():
        key = (*at, "fields", name)
        if name not in fields:
            yield Problem(key, f"is not a known field, expected one of {', '.join(fields)}")
        else:
            yield from check_rule(rule, key, fields[name], scope)
    for name, field in fields.items():
        if field.need is Need.IDENTITY and name not in operation.fields:
            text = f"has no {name}, which every record must have"
            remedy = f"; expected {name}: PATH, or {{number}} in the request to ask once per number"
            yield Problem((*at, "fields"), text + remedy * (at[0] in _PER_NUMBER))
    yield from _not_told(operation, at, target)
    required = operation.skip_without
    if required is not None and required not in fields:
        yield Problem((*at, "skip_without"), f"is not a field, expected one of {', '.join(fields)}")
    elif required is not None and required not in operation.fields:
        text = "is not mapped, so every record would be left out; expected it among fields"
        yield Problem((*at, "skip_without"), text)


def _not_told(operation: Operation, at: KeyPath, target: Target) -> Iterator[Problem]:
    """What every record is expected to say and no operation reads: none of them would fit."""
    mapped = {name for part in (operation, *operation.merge) for name in part.fields}
    for field in target.fields:
        if field.need is Need.EXPECTED and field.name not in mapped:
            has_unknown = isinstance(field.reading, type)
            remedy = f", or {field.name}: {{const: unknown}} where the API does not tell it"
            text = f"has no {field.name}, without which no record fits; expected {field.name}: PATH"
            yield Problem((*at, "fields"), text + remedy * has_unknown)
