"""Finds what is wrong with the ``signing`` sections of a profile, each mistake at its key."""

from collections.abc import Callable, Collection, Iterator
from itertools import chain

from agent.net.timestamps import parse_offset
from agent.providers.profile.filters import FILTERS, FROM_RAW
from agent.providers.profile.template import Template
from agent.providers.signing.named.table import NAMED_SIGNERS, PARAMETERS
from agent.providers.signing.section import Signing
from agent.providers.signing.signers import REQUEST_NAMES
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

_DECIDED_BY_SIGNER = ("nonce_length", "parameters", "digests", "basic", "bearer")
_CREDENTIALS = ("key_credential", "secret_credential", "token_credential")


def check_template(text: str, at: KeyPath, known: Collection[str]) -> Iterator[Problem]:
    """Names that ``text`` may not use, and filters that there are not."""
    for name, filters in Template(text).uses:
        if name not in known:
            names = ", ".join(sorted(known)) or "none, as the profile has no credentials"
            yield Problem(at, f"has {{{name}}}, expected one of {names}")
        for each in filters:
            if each not in FILTERS:
                text_of_filters = ", ".join(sorted(FILTERS))
                yield Problem(at, f"has the filter {each}, expected one of {text_of_filters}")


class SigningCheck:
    """Checks sections of one profile.

    Args:
        credentials: The profile's credentials.
        names: Every name the templates may use beside those of the request.
        has_login: Whether requests must place the login's token.
    """

    def __init__(
        self, credentials: Collection[str], names: Collection[str], *, has_login: bool = False
    ) -> None:
        self._credentials = credentials
        self._names = frozenset(names) | (frozenset({"token"}) if has_login else frozenset())
        self._has_login = has_login

    def texts(self, signing: Signing, path: Callable[[str], KeyPath]) -> Iterator[Problem]:
        """Mistakes in single texts of a section; ``path`` returns where one of its keys is."""
        names = self._names | REQUEST_NAMES
        raw: set[str] = set()
        for index, digest in enumerate(signing.digests):
            here: KeyPath = (*path("digests"), index)
            yield from check_template(digest.message, (*here, "message"), names)
            yield from check_template(digest.key or "", (*here, "key"), names)
            if digest.name in names:
                yield Problem((*here, "name"), f"{digest.name} is taken, expected another name")
            if digest.key is not None and digest.algorithm == "none":
                yield Problem((*here, "algorithm"), "does not go with key, expected sha256")
            names |= {digest.name}
            if digest.encoding == "raw":
                raw.add(digest.name)
        for key, text in _placements(signing, path):
            yield from check_template(text, key, names)
            yield from _raw_uses(text, key, raw)
        for name in ("action", "version", "service", "region"):
            yield from check_template(getattr(signing, name) or "", path(name), self._names)
        if signing.zone is not None:
            try:
                parse_offset(signing.zone)
            except ValueError:
                yield Problem(path("zone"), "is no offset, expected +08:00")

    def effective(
        self, signing: Signing, at: KeyPath, *, method: str, has_list: bool = False
    ) -> Iterator[Problem]:
        """Mistakes of the section that holds for one operation, that at ``at``.

        ``signing`` is the profile's section with the operation's keys in it; ``has_list`` says that
        the request's body is a list.
        """
        if has_list and signing.body:
            yield Problem(at, "adds members to the body, which is a list; expected keys and values")
        if method == "GET" and signing.body:
            yield Problem(at, "has a signing.body, which does not go with GET, expected POST")
        if signing.signer == "none":
            yield from _without_signer(signing, at)
        else:
            yield from self._with_signer(signing, at)
        if self._has_login and _places(signing) and "token" not in _names_of(signing):
            text = "does not place the login's token, expected {token} in bearer, headers or query"
            yield Problem(at, text)

    def _with_signer(self, signing: Signing, at: KeyPath) -> Iterator[Problem]:
        name = signing.signer
        signer = NAMED_SIGNERS[name]
        for key in signer.needs:
            if not getattr(signing, key):
                text = f"has no signing.{key}, which signer {name} needs"
                yield Problem(at, f"{text}, expected {key}: TEXT here or in the profile's signing")
        for key in PARAMETERS:
            if getattr(signing, key) and key not in (*signer.needs, *signer.may_have):
                yield Problem(at, f"has signing.{key}, which signer {name} does not have")
        for key in _DECIDED_BY_SIGNER:
            if key in signing.model_fields_set and getattr(signing, key):
                yield Problem(at, f"has signing.{key}, which does not go with signer {name}")
        for key in _CREDENTIALS:
            credential = getattr(signing, key)
            if credential is not None and credential not in self._credentials:
                known = ", ".join(sorted(self._credentials)) or "the profile has none"
                yield Problem(
                    at,
                    f"needs the credential {credential} for signer {name}, expected it under"
                    f" credentials, or {key}: NAME with one of {known}",
                )


def _without_signer(signing: Signing, at: KeyPath) -> Iterator[Problem]:
    for key in PARAMETERS:
        if getattr(signing, key):
            known = ", ".join(NAMED_SIGNERS)
            yield Problem(
                at, f"has signing.{key}, which only a signer has, expected signer: one of {known}"
            )


def _placements(
    signing: Signing, path: Callable[[str], KeyPath] = lambda key: (key,)
) -> list[tuple[KeyPath, str]]:
    """Every text that is sent, with its key."""
    texts: list[tuple[KeyPath, str]] = []
    if signing.basic:
        texts.append(((*path("basic"), "user"), signing.basic.user))
        texts.append(((*path("basic"), "password"), signing.basic.password))
    for part in ("headers", "query", "body"):
        texts += [((*path(part), name), text) for name, text in getattr(signing, part).items()]
    if signing.bearer is not None:
        texts.append((path("bearer"), signing.bearer))
    return texts


def _places(signing: Signing) -> bool:
    return signing.signer != "none" or bool(_placements(signing))


def _names_of(signing: Signing) -> frozenset[str]:
    texts = [text for _, text in _placements(signing)]
    texts += chain.from_iterable((it.message, it.key or "") for it in signing.digests)
    return frozenset().union(*(Template(text).names for text in texts))


def _raw_uses(text: str, at: KeyPath, raw: Collection[str]) -> Iterator[Problem]:
    for name, filters in Template(text).uses:
        if name in raw and FROM_RAW.isdisjoint(filters):
            yield Problem(at, f"has raw bytes, expected {{{name}|base64}} or {{{name}|hex}}")
