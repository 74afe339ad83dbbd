"""What is learnt of accounts, as pages of the ledger: a page an account, under a prefix."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from agent.model import AccountKey

T = TypeVar("T")


def page_name(prefix: str, key: AccountKey) -> str:
    """The name of the page of an account."""
    return f"{prefix}{'/'.join(key)}"


def read_pages(
    prefix: str, pages: Mapping[str, bytes], kind: type[T]
) -> Iterator[tuple[AccountKey, T]]:
    """What ``pages``, which are MessagePack, have of each account.

    Raises:
        ValueError: if a page is damaged; names the page.
    """
    for name, content in pages.items():
        provider, _, account = name.removeprefix(prefix).partition("/")
        try:
            learnt = msgspec.msgpack.decode(content, type=kind)
        except msgspec.MsgspecError as error:
            raise ValueError(f"{name} cannot be read: {error}") from error
        yield (provider, account), learnt
