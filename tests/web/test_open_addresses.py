"""Addresses that other machines reach need a token that the operator has chosen."""

import pytest

from agent.web.server import ListenError, refuse_open_addresses


@pytest.mark.parametrize(
    "address", ["0.0.0.0:10400", "[::]:10400", ":10400", "192.0.2.7:10400", "numwatch.example:80"]
)
def test_an_open_address_is_refused_without_a_token(address: str) -> None:
    with pytest.raises(ListenError, match=r"web\.token"):
        refuse_open_addresses(["127.0.0.1:10400", address])


def test_addresses_of_this_machine_alone_are_not() -> None:
    refuse_open_addresses(["127.0.0.1:10400", "[::1]:10400", "localhost:10400", "127.9.9.9:1"])
