"""The configuration of the store: SQLite in the data folder, or a PostgreSQL.

What an address may say is that of libpq's connection URIs; what speaks of a session is left out,
because behind a pooler a session belongs to nobody.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import AfterValidator, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from agent.config.secret import Secret
from agent.config.section import Section
from agent.yamlfile.values import Duration

_SCHEMES: Final = frozenset({"postgresql", "postgres"})
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._%-]+)?(:(?P<port>\d{1,5}))?", re.ASCII)
_HIGHEST_PORT: Final = 65535
_TLS_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SESSIONS: Final = (
    *("any", "primary", "standby", "read-write", "read-only"),
    "prefer-standby",
)
_LEAST_CONNECTIONS: Final = 2
_MOST_CONNECTIONS: Final = 50


def _one_of(*words: str) -> Callable[[str], str]:
    return lambda value: "" if value in words else f"is none of {', '.join(words)}"


def _absolute_path(value: str) -> str:
    return "" if value.startswith("/") else "is not an absolute path"


def _anything(_value: str) -> str:
    return ""


_PARAMETERS: Final[dict[str, Callable[[str], str]]] = {
    "sslmode": _one_of(*_TLS_MODES),
    "sslrootcert": _absolute_path,
    "sslcert": _absolute_path,
    "sslkey": _absolute_path,
    "sslcrl": _absolute_path,
    "sslpassword": _anything,
    "target_session_attrs": _one_of(*_SESSIONS),
    "host": _anything,
    "port": _anything,
    "user": _anything,
    "password": _anything,
    "passfile": _absolute_path,
}
"""What may follow the question mark, each with what is wrong with a value; empty is nothing."""


def postgresql_url(secret: Secret) -> Secret:
    """Returns ``secret`` if it is the address of a PostgreSQL database.

    Raises:
        ValueError: when it is not; the text never repeats the address, which may hold a password.
    """
    try:
        parts = urlsplit(secret.reveal())
    except ValueError:
        raise ValueError("is not an address") from None
    if parts.scheme not in _SCHEMES or re.search(r"[\s\x00-\x1f]", secret.reveal()):
        raise ValueError("is not a postgresql:// address")
    if not parts.path.strip("/") or "/" in parts.path.strip("/"):
        raise ValueError("names no database after the host")
    if parts.fragment:
        raise ValueError("has a # in it; in a user's name or a password it is written %23")
    _check_hosts(parts)
    _check_parameters(parts)
    return secret


def _check_hosts(parts: SplitResult) -> None:
    *_, hosts = parts.netloc.rpartition("@")
    for number, host in enumerate(hosts.split(","), 1):
        match = _HOST.fullmatch(host)
        if match is None or int(match["port"] or 0) > _HIGHEST_PORT:
            raise ValueError(f"has no HOST or HOST:PORT as its host {number}")


def _check_parameters(parts: SplitResult) -> None:
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            shown = name if name.isidentifier() else "that name"
            raise ValueError(f"has no parameter {shown} (known are {known})")
        wrong = _PARAMETERS[name](value)
        if wrong:
            raise ValueError(f"has a {name} that {wrong}")


class _Address:
    """States in the JSON Schema what a store's address looks like."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        expected = "an address such as postgresql://numwatch:PASSWORD@db.example.com/numwatch"
        return {**handler(core), "x-expected": expected}


StoreUrl = Annotated[Secret, AfterValidator(postgresql_url), _Address()]
"""The address of a PostgreSQL database; the password in it makes all of it a secret."""


class Store(Section):
    """Where tickets, timeline, outbox and states are stored (``docs/scale.md``)."""

    url: StoreUrl | None = None
    """A PostgreSQL database, as ``postgresql://USER:PASSWORD@HOST/DATABASE``: several hosts by
    commas with ``target_session_attrs=read-write``, TLS by ``sslmode`` and ``sslrootcert``.
    Without it the store is the SQLite ledger in ``data_dir``. Read at the start."""
    replicas: bool = False
    """Whether several agents share the database and divide accounts and sinks among them. The same
    for all of them. Needs ``url``. Read at the start."""
    connections: Annotated[int, Field(ge=_LEAST_CONNECTIONS, le=_MOST_CONNECTIONS)] = 5
    """How many connections to PostgreSQL there are at most, beside one for the lease; two for the
    leases of a replica."""
    connect_timeout: Annotated[Duration, Field(ge=1, le=60)] = 5.0
    """The longest a connection to PostgreSQL may take, and the wait for a free one."""
    statement_timeout: Annotated[Duration, Field(ge=1, le=600)] = 30.0
    """The longest a statement may take in PostgreSQL; what it belongs to is tried again."""


def shown_url(secret: Secret) -> str:
    """The address without user, password and parameters, as errors and logs show it."""
    parts = urlsplit(secret.reveal())
    *_, hosts = parts.netloc.rpartition("@")
    query = dict(parse_qsl(parts.query))
    return f"postgresql://{hosts or query.get('host', '')}{parts.path}"
