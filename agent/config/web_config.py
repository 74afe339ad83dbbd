"""``web.config_file``: a ``web.config.yml`` of Prometheus' exporter-toolkit.

Its keys are TLS (``tls_server_config``), users (``basic_auth_users``, who are viewers) and
``http_server_config``. Every key that is not supported is refused by name, with its line, since
whoever wrote it relies on what it does.
"""

import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError

from agent.config.secret import Secret
from agent.config.tls_server import (
    TlsFileError,
    TlsServer,
    WebConfigSection,
    contradictions,
    server_context,
)
from agent.config.unvalidated import UnvalidatedConfig
from agent.config.web import Web
from agent.config.web_users import basic_auth_problems, is_visible, named_user_problems
from agent.yamlfile.paths import KeyPath, key_text, one_line, select
from agent.yamlfile.problems import LocatedProblem, Problem, locate
from agent.yamlfile.reader import Format, read_yaml
from agent.yamlfile.schema import SchemaTree
from agent.yamlfile.validation import problems_of

_TLS, _USERS = "tls_server_config", "basic_auth_users"
_FORMAT = Format(max_bytes=256 * 1024, when_empty=f"is empty, expected {_TLS} or {_USERS}")
_PROXY = "is not supported; let a reverse proxy in front of the agent"
_INLINE = "is not supported, expected the name of a file under"
_OWN_HEADER = "is not supported: the agent sends its own"
_UNSUPPORTED = {
    "rate_limit": f"{_PROXY} limit rates",
    "cert": f"{_INLINE} cert_file",
    "key": f"{_INLINE} key_file",
    "client_ca": f"{_INLINE} client_ca_file",
    "curve_preferences": "is not supported, expected none: the curves are those of OpenSSL",
    "Content-Security-Policy": _OWN_HEADER,
    "X-Frame-Options": _OWN_HEADER,
    "X-Content-Type-Options": _OWN_HEADER,
    "X-XSS-Protection": "is not supported: browsers have removed what it switched on",
}
"""Keys of exporter-toolkit that the agent does not know, and what to do instead."""


class ResponseHeaders(WebConfigSection):
    """Headers that are added to responses."""

    hsts: str = Field(default="", alias="Strict-Transport-Security", max_length=200)
    """How long browsers are to use TLS only."""


class HttpServer(WebConfigSection):
    """How the agent serves HTTP."""

    http2: bool = True
    """Has no effect: the agent speaks HTTP/1.1. Said in the log where it is on."""
    headers: ResponseHeaders = ResponseHeaders()


class WebConfig(WebConfigSection):
    """A whole ``web.config.yml``."""

    tls_server_config: TlsServer | None = None
    http_server_config: HttpServer | None = None
    basic_auth_users: dict[str, Secret] = Field(default={})


@dataclass(frozen=True)
class WebConfigReading:
    """What a ``web.config.yml`` holds, or what is wrong with it."""

    config: WebConfig = field(default_factory=WebConfig)
    context: ssl.SSLContext | None = None
    """The TLS context; ``None`` where the file asks for no TLS."""
    problems: list[LocatedProblem] = field(default_factory=list)
    """Every mistake; with any, only ``files`` counts."""
    files: tuple[Path, ...] = ()
    """The file itself, and those that it names."""


def read_web_config(path: Path, shown: str = "") -> WebConfigReading:
    """Reads the file at ``path`` and the files it names; call it in a thread.

    Mistakes name the file as ``shown``, by default with its path.
    """
    document = read_yaml(path, _FORMAT, "a web.config.yml")
    config, context, problems = None, None, list(document.problems)
    files = [path]
    if document.data is not None:
        problems += basic_auth_problems(_users_of(document.data))
        config, found = _validated(document.data)
        problems += found
    if config is not None and config.tls_server_config is not None:
        tls = config.tls_server_config
        files += (path.parent / name for name in tls.files())
        problems += [_below_tls(it) for it in contradictions(tls)]
        try:
            context = server_context(tls, path.parent)
        except TlsFileError as error:
            problems.append(Problem((_TLS, error.key), str(error)))
    located = locate(shown or str(path), problems, document.lines)
    if located or config is None:
        return WebConfigReading(problems=located, files=tuple(files))
    return WebConfigReading(config, context, files=tuple(files))


def _below_tls(problem: Problem) -> Problem:
    return Problem((_TLS, *problem.path), problem.text)


@cache
def _schema() -> SchemaTree:
    return SchemaTree(WebConfig.model_json_schema())


def _validated(data: object) -> tuple[WebConfig | None, list[Problem]]:
    if not isinstance(data, dict):
        return None, [Problem((), f"is not a mapping, expected {_TLS} or {_USERS}")]
    try:
        return WebConfig.model_validate(data), []
    except ValidationError as error:
        found = problems_of(error, _schema(), data, _users_of(data))
        return None, [_with_advice(problem) for problem in found]


def _users_of(data: object) -> dict[KeyPath, object]:
    users = data.get(_USERS) if isinstance(data, dict) else None
    return {(_USERS, name): it for name, it in users.items()} if isinstance(users, dict) else {}


def _with_advice(problem: Problem) -> Problem:
    is_unknown = problem.text.startswith("is not a known key")
    advice = _UNSUPPORTED.get(str(problem.path[-1])) if is_unknown else None
    return problem if advice is None else Problem(problem.path, advice)


def users_have_passwords(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Every user has a name of their own and a bcrypt hash, and ``web.config_file`` can be read."""
    users = dict(select(config.data, "web", _USERS, "*"))
    yield from basic_auth_problems({path: it for path, it in users.items() if is_visible(it)})
    yield from named_user_problems(config.data, {str(path[-1]) for path in users})
    for path, name in select(config.data, "web", "config_file"):
        if not isinstance(name, str):
            continue
        reading = read_web_config(config.folder / name, one_line(name))
        for problem in reading.problems:
            key = "" if problem.key == key_text(()) else f"{problem.key}: "
            text = f"{problem.file}:{problem.line}: {key}{problem.text}"
            yield Problem(path, text, is_elsewhere=True)
        yield from _repeated(config, path, reading.config)
        if users:
            yield Problem(path, f"is given besides {_USERS}, expected one of the two")


def _repeated(config: UnvalidatedConfig, path: KeyPath, file: WebConfig) -> Iterator[Problem]:
    """Users of the file who are users with a role as well."""
    named = {name for _path, name in select(config.data, "web", "users", "*", "name")}
    for name in sorted(named & file.basic_auth_users.keys()):
        text = (
            f"has the user {one_line(name)}, who is in web.users as well; expected one of the two"
        )
        yield Problem(path, text, is_elsewhere=True)


def with_users_of_file(web: Web, folder: Path) -> Web:
    """``web`` with the users of its ``config_file``, which is made absolute from ``folder``."""
    if web.config_file is None:
        return web
    path = folder / web.config_file
    users = read_web_config(path).config.basic_auth_users
    return web.model_copy(update={"config_file": str(path), _USERS: users})


def open_addresses_are_guarded(config: UnvalidatedConfig) -> bool:
    """Whether connections are encrypted and reading needs a login, so that others may connect."""
    names = [name for _path, name in select(config.data, "web", "config_file")]
    if not names or not isinstance(names[0], str):
        return False
    return is_guarded(
        read_web_config(config.folder / names[0]), list(select(config.data, "web", "users", "*"))
    )


def is_guarded(file: WebConfigReading, users: Sequence[object]) -> bool:
    """The same of a file that is read, with the ``users`` of the configuration beside it."""
    return file.context is not None and bool(users or file.config.basic_auth_users)
