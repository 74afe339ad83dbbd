"""Finds what is wrong with what is sent: templates, bodies, pages, windows."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from agent.net.timestamps import parse_offset
from agent.providers.profile.body_template import texts_of
from agent.providers.profile.json_path import path_of
from agent.providers.profile.operation import PHONE_NAMES
from agent.providers.profile.page_place import NAMES_OF_KIND, SIZE
from agent.providers.profile.request_schema import Paging, WindowSection
from agent.providers.profile.request_template import RequestTemplate
from agent.providers.profile.schema import Login, Operation, Profile, operations_of
from agent.providers.profile.windows import DAY_NAMES, DIRECTIVES, FORMATTED_NAMES, UNTIL_NAMES
from agent.providers.signing.check import check_template
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

_CARRIED: Final = {"offset": "the offset", "token": "the token"}  # nosec B105 # words of an error
"""What the parameter carries, for the styles of pages that have no usual name for it."""
_NAME_OF_KIND: Final = {"page": "page", "offset": "offset", "token": "cursor"}  # nosec B105 # names
_LINKED: Final = ("next", "token")
_NUMBERED: Final = ("page", "offset")


def check_request(
    section: Operation | Login, at: KeyPath, known: Collection[str]
) -> Iterator[Problem]:
    """Every mistake in the path, the parameters, the headers and the body of ``section``."""
    for key in ("body", "form"):
        if getattr(section, key) is not None and section.method == "GET":
            yield Problem((*at, key), "does not go with GET, expected method: POST")
    if section.body is not None and section.form is not None:
        yield Problem((*at, "form"), "does not go with body, expected one of them")
    if not section.path.startswith("/"):
        yield Problem((*at, "path"), "does not start with a slash")
    yield from check_template(section.path, (*at, "path"), known)
    for part in ("query", "headers", "form"):
        yield from check_texts(getattr(section, part) or {}, (*at, part), known)
    for key_path, text in texts_of(section.body, (*at, "body")):
        yield from check_template(text, key_path, known)


def check_texts(texts: Mapping[str, str], at: KeyPath, known: Collection[str]) -> Iterator[Problem]:
    """Every mistake in a mapping of templates."""
    for name, text in texts.items():
        yield from check_template(text, (*at, name), known)


def check_read(operation: Operation, at: KeyPath) -> Iterator[Problem]:
    """An operation that may not be one that only reads."""
    if operation.method != "GET" and not operation.read:
        yield Problem(
            (*at, "method"), "may change something, expected GET, or read: true beside a POST"
        )


def check_paging(operation: Operation, at: KeyPath) -> Iterator[Problem]:
    """What the paging of ``operation`` lacks, and what has no effect in it."""
    paging = operation.paging
    used = RequestTemplate(operation, {}).names
    if paging.kind in _LINKED and not paging.next:
        yield Problem(at, "does not say where the next page is, expected next: PATH")
    for key, kinds in _KEYS_OF_KINDS.items():
        if getattr(paging, key) is not None and paging.kind not in kinds:
            text = f"does not go with kind {paging.kind}, expected kind: {' or '.join(kinds)}"
            yield Problem((*at, key), text)
    yield from _check_places(paging, used, at)
    if operation.body is not None:
        placed = [("param", paging.param)] if paging.kind in _NAME_OF_KIND else []
        placed += [("size_param", paging.size_param)] if paging.size_param else []
        for key, path in placed:
            if _is_sent(paging, key, used):
                yield from _check_member(operation.body, path, (*at, key))


_KEYS_OF_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "next": _LINKED,
    "first_token": ("token",),
    "total_pages": _NUMBERED,
    "max_pages": (*_NUMBERED, *_LINKED),
    "size_param": (*_NUMBERED, *_LINKED),
}
"""The kinds of paging in which a key has an effect."""


def _check_places(paging: Paging, used: Collection[str], at: KeyPath) -> Iterator[Problem]:
    name = _NAME_OF_KIND.get(paging.kind)
    is_named = "param" in paging.model_fields_set
    carried = _CARRIED.get(paging.kind)
    if carried is not None and not is_named and name not in used:
        text = f"does not say which parameter takes {carried}, expected param: NAME"
        yield Problem(at, f"{text}, or {{{name}}} in the request")
    for key, in_request in (("param", name), ("size_param", SIZE)):
        if key in paging.model_fields_set and in_request in used:
            text = f"is of no use, {{{in_request}}} in the request says where it goes"
            yield Problem((*at, key), text)


def _is_sent(paging: Paging, key: str, used: Collection[str]) -> bool:
    return (SIZE if key == "size_param" else _NAME_OF_KIND[paging.kind]) not in used


def _check_member(body: Any, path: str, at: KeyPath) -> Iterator[Problem]:
    tree = body
    for step in path_of(path)[:-1]:
        tree = tree.get(step, {}) if isinstance(tree, dict) else None
    if not isinstance(tree, dict):
        yield Problem(
            at,
            "leads to no mapping of the body, expected keys with dots between, or a name such"
            ' as "{page|number}" in the body',
        )


def page_names(paging: Paging) -> frozenset[str]:
    """The names that paging adds to those of the request's templates."""
    return NAMES_OF_KIND[paging.kind]


def check_window(
    window: WindowSection | None, at: KeyPath, used: Collection[str], *, is_calls: bool
) -> Iterator[Problem]:
    """Every mistake in ``window``; ``used`` are the names in the templates of the request."""
    needs_format = not FORMATTED_NAMES.isdisjoint(used)
    if window is None:
        if needs_format:
            yield Problem(at, "is missing, expected a format for the names that end in _formatted")
        return
    if not is_calls:
        yield Problem(at, "is for calls, which are asked for by time; expected it there")
        return
    if window.span is not None and (UNTIL_NAMES | DAY_NAMES).isdisjoint(used):
        yield Problem(
            at,
            "has a span, but the request no end of it; expected {until} or another of its"
            " forms in the request",
        )
    if window.zone is not None:
        yield from _check_zone(window.zone, (*at, "zone"))
    if window.format is None:
        if needs_format:
            text = "is missing, expected a format for the names that end in _formatted"
            yield Problem((*at, "format"), text)
    elif not needs_format:
        text = "is of no use, expected {since_formatted} or {day_formatted} in the request"
        yield Problem((*at, "format"), text)
    else:
        yield from _check_format(window.format, (*at, "format"))


def _check_zone(zone: str, at: KeyPath) -> Iterator[Problem]:
    try:
        parse_offset(zone)
    except ValueError:
        yield Problem(at, "is no offset, expected +08:00")


def _check_format(text: str, at: KeyPath) -> Iterator[Problem]:
    letters = [part[:1] for part in text.replace("%%", "").split("%")[1:]]
    unknown = [letter for letter in letters if letter not in DIRECTIVES]
    if unknown or not letters:
        known = ", ".join(f"%{letter}" for letter in "YmdHMSyjz")
        yield Problem(at, f"is no format of a time, expected some of {known}")


def asks_per_phone(profile: Profile) -> bool:
    """Whether the profile asks for the state of each bound phone."""
    operation = profile.reachability
    used = frozenset() if operation is None else RequestTemplate(operation, {}).names
    return not PHONE_NAMES.isdisjoint(used)


def check_phones(profile: Profile) -> Iterator[Problem]:
    """Every mistake in how the profile asks for phones one by one."""
    is_asked = asks_per_phone(profile)
    if profile.phones is not None and not is_asked:
        text = "is of no use, expected {phone} or {phone_id} in the request of reachability"
        yield Problem(("phones",), text)
    for at, operation in operations_of(profile):
        if at == ("reachability",) and is_asked:
            yield from _check_asked(operation, at)
            continue
        text = "is for what is asked once per phone, expected {phone} in the request"
        for key in ("cost", "every", "max_age", "only_mobiles"):
            if getattr(operation, key):
                yield Problem((*at, key), f"{text} of reachability")
        if operation.absent_state is not None and not operation.extensions:
            where = "of reachability, or extensions: true where extensions are listed"
            yield Problem((*at, "absent_state"), f"{text} {where}")
        elif operation.absent_state is not None and _may_be_no_listing(profile, operation):
            text = "would hold for everyone where an answer, an error perhaps, has no list"
            how = "paging: {total: PATH}, or an envelope with codes of success"
            yield Problem((*at, "absent_state"), f"{text}; expected {how}")


def _may_be_no_listing(profile: Profile, operation: Operation) -> bool:
    """Whether an answer without the list, of whatever shape, counts as an empty one."""
    envelope = operation.envelope or profile.envelope
    is_confirmed = envelope is not None and not envelope.absent_is_ok
    return operation.records.empty_when_absent and not (is_confirmed or operation.paging.total)


def _check_asked(operation: Operation, at: KeyPath) -> Iterator[Problem]:
    if operation.paging.kind != "none":
        text = "does not go with {phone} in the request: the answer is about one phone"
        yield Problem((*at, "paging"), text)
    if operation.merge:
        text = "does not go with {phone} in the request, expected all fields in one answer"
        yield Problem((*at, "merge"), text)
    if operation.max_age is not None and operation.max_age < operation.asked_every:
        yield Problem(
            (*at, "max_age"), "is shorter than every, so phones would be unknown in between"
        )
