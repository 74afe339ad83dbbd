"""The address of the store: what it may say, and that it is never shown."""

import pytest

from agent.config.secret import Secret
from agent.config.store import Store, postgresql_url, shown_url


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:p@h/db", "postgresql://h/db"),
        (
            "postgres://u:p%40@h1:1,h2:2/db?target_session_attrs=read-write",
            "postgresql://h1:1,h2:2/db",
        ),
        (
            "postgresql://u@[::1]:5432/db?sslmode=verify-full&sslrootcert=/ca",
            "postgresql://[::1]:5432/db",
        ),
        ("postgresql://u@/db?host=/run/postgresql", "postgresql:///run/postgresql/db"),
    ],
)
def test_what_it_may_be(address: str, shown: str) -> None:
    store = Store(url=Secret(address))
    assert store.url is not None
    assert shown_url(store.url) == shown
    assert address not in repr(store)
    assert address not in store.model_dump_json()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("mysql://u:hidden@h/db", "is not a postgresql:// address"),
        ("postgresql://u:hidden@h", "names no database"),
        ("postgresql://u:hidden@h/db/x", "names no database"),
        ("postgresql://u:hid#den@h/db", "names no database|has a #"),
        ("postgresql://u:hidden@h:99999/db", "as its host 1"),
        ("postgresql://u:hidden@a,b c/db", "is not a postgresql:// address"),
        ("postgresql://u:hidden@h/db?statement_timeout=1", "has no parameter statement_timeout"),
        ("postgresql://u:hidden@h/db?sslmode=on", "has a sslmode that is none of disable"),
        ("postgresql://u:hidden@h/db?sslrootcert=ca.pem", "is not an absolute path"),
    ],
)
def test_what_it_may_not_be(address: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as raised:
        postgresql_url(Secret(address))
    assert "hid" not in str(raised.value)
