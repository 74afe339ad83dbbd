"""Finds what is wrong with the ``pushes`` section of a profile, each mistake at its key."""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from agent.net.timestamps import parse_offset
from agent.providers.profile.path_check import check_path
from agent.providers.profile.push_reader import as_operation
from agent.providers.profile.push_schema import Place, PushAuth, PushKind, PushSection, fact_of
from agent.providers.profile.push_targets import PUSH_TARGETS
from agent.providers.profile.record_check import check_condition, check_records
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import Target
from agent.providers.profile.template import Template
from agent.providers.signing.check import check_template
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

CheckFields = Callable[[Operation, KeyPath, Target], Iterator[Problem]]

REQUEST_NAMES: Final = frozenset({"secret", "user", "method", "path", "query", "body"})
"""What the templates of a proof may use beside credentials and options."""
_AT: Final[KeyPath] = ("pushes",)


def check_pushes(
    section: PushSection, known: Collection[str], check_fields: CheckFields
) -> Iterator[Problem]:
    """Every mistake in ``section``; ``known`` are the profile's credentials and options."""
    yield from _auth(section.auth, (*_AT, "auth"), frozenset(known))
    if section.id is not None:
        yield from _place(section.id, (*_AT, "id"))
    for name, kind in section.kinds.items():
        yield from _kind(name, kind, (*_AT, "kinds", name), check_fields)


def _kind(name: str, kind: PushKind, at: KeyPath, check_fields: CheckFields) -> Iterator[Problem]:
    for text, condition in kind.when.items():
        yield from check_path(text, (*at, "when", text))
        yield from check_condition(condition, (*at, "when", text))
    operation, fact = as_operation(kind), fact_of(name, kind)
    yield from check_records(operation, at)
    if fact is None:
        names = ", ".join(PUSH_TARGETS)
        yield Problem(at, f"does not say what its records are, expected fact: one of {names}")
        return
    yield from check_fields(operation, at, PUSH_TARGETS[fact])
    if fact == "reachability" and not {"id", "phone"} & operation.fields.keys():
        text = "has neither id nor phone, expected one of them to tell whose state it is"
        yield Problem((*at, "fields"), text)


def _auth(auth: PushAuth, at: KeyPath, known: frozenset[str]) -> Iterator[Problem]:
    names = known | REQUEST_NAMES | auth.values.keys()
    if auth.timestamp is not None:
        names |= {"timestamp"}
        yield from _place(auth.timestamp, (*at, "timestamp"))
        try:
            parse_offset(auth.timestamp.zone)
        except ValueError:
            yield Problem((*at, "timestamp", "zone"), "is no offset, expected +08:00")
    for name, place in auth.values.items():
        yield from _place(place, (*at, "values", name))
        if name in known | REQUEST_NAMES | {"timestamp"}:
            yield Problem((*at, "values", name), f"{name} is taken, expected another name")
    if auth.basic:
        if auth.model_fields_set & {"header", "query", "field", "expected", "digests"}:
            yield Problem((*at, "basic"), "says all of the proof, expected nothing else beside it")
        return
    yield from _place(auth, at)
    for index, digest in enumerate(auth.digests):
        here: KeyPath = (*at, "digests", index)
        yield from check_template(digest.message, (*here, "message"), names)
        yield from check_template(digest.key or "", (*here, "key"), names)
        names |= {digest.name}
    yield from check_template(auth.expected, (*at, "expected"), names)
    yield from _uses(auth, at)


def _uses(auth: PushAuth, at: KeyPath) -> Iterator[Problem]:
    """What the proof must cover."""
    texts = [it for digest in auth.digests for it in (digest.message, digest.key or "")]
    used = frozenset().union(*(Template(it).names for it in (auth.expected, *texts)))
    if "secret" not in used:
        text = "proves nothing, as nobody needs the account's secret for it; expected {secret}"
        yield Problem((*at, "expected"), text)
    if auth.timestamp is not None and "timestamp" not in used:
        text = "is not covered by a digest, so anybody may change it; expected {timestamp} in one"
        yield Problem((*at, "timestamp"), text)


def _place(place: Place, at: KeyPath) -> Iterator[Problem]:
    given = [name for name in ("header", "query", "field") if getattr(place, name) is not None]
    if len(given) != 1:
        yield Problem(at, "does not say where it is, expected one of header, query and field")
    if place.field is not None:
        yield from check_path(place.field, (*at, "field"))
