"""The profiles of Telnyx and Vonage against mocks of what these have published of their APIs.

The mock repeats its examples whatever is asked for, so a few of them are cut; each cut says why.
"""

import copy
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from agent.model import Balance, Number
from agent.net.exchange import ProviderError
from agent.states import BindingKind, BindingState, NumberState
from tests.integration.contract_mock import (
    START_SECONDS,
    read_description,
    reading_mock,
    serving_description,
)

TELNYX, VONAGE = "telnyx_v2.published.get.json", "vonage.mock.json"
TELNYX_PATHS = ("/phone_numbers", "/phone_numbers/voice", "/balance")
VONAGE_PATHS = ("/account/numbers", "/account/get-balance")
UNCUT = "/uncut"
"""Before the path of an operation that is served as it was published."""

pytestmark = [pytest.mark.integration, pytest.mark.timeout(START_SECONDS + 60)]


def cut_telnyx() -> dict[str, Any]:
    description = read_description(TELNYX)
    description["paths"] = {path: description["paths"][path] for path in TELNYX_PATHS}
    for path in TELNYX_PATHS:
        description["paths"][UNCUT + path] = copy.deepcopy(description["paths"][path])
    schemas = description["components"]["schemas"]
    schemas["PublishedMeta"] = copy.deepcopy(schemas["PaginationMeta"])
    listing = _schema(description, "/phone_numbers")["properties"]
    # Errors come beside numbers only where a parameter asks for them, which is never sent.
    del listing["errors"]
    # The example is one of 55 numbers, on page 2 of 3, and the mock has no other page.
    meta = schemas["PaginationMeta"]["properties"]
    meta["total_results"]["example"] = meta["total_pages"]["example"] = 1
    # The schema has the number; the example of it has not.
    voice = schemas["PhoneNumberWithVoiceSettings"]
    assert "phone_number" in voice["properties"]
    voice["example"]["phone_number"] = "+19705555098"
    return description


def _schema(description: dict[str, Any], path: str) -> dict[str, Any]:
    answer = description["paths"][path]["get"]["responses"]["200"]
    schema: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return schema


def add_vonage(description: dict[str, Any]) -> None:
    """Add Vonage's operations; the names of its components begin with a letter and ``_``."""
    vonage = read_description(VONAGE)
    for path in VONAGE_PATHS:
        operation = vonage["paths"][path]["get"]
        # The description is of 2021: key and secret in the query. Its login by header, which it
        # declares too, keeps them out of the logs of proxies.
        operation["security"] = [{"A_basicAuth": []}]
        operation["parameters"] = [it for it in operation["parameters"] if "auth" not in str(it)]
        description["paths"][path] = vonage["paths"][path]
    for kind, components in vonage["components"].items():
        description["components"].setdefault(kind, {}).update(components)


@pytest.fixture(scope="module")
def mock_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    description = cut_telnyx()
    add_vonage(description)
    with serving_description(description, tmp_path_factory.mktemp("mock")) as url:
        yield url


async def test_what_telnyx_publishes_comes_out_right(mock_url: str) -> None:
    async with reading_mock(mock_url, "telnyx", {"api_key": "KEY0123"}) as provider:
        number = Number(
            number="+19705555098",
            state=NumberState.ACTIVE,
            native_status="active",
            company="customer-reference",
        )
        listing = await provider.numbers()
        assert (listing.numbers, listing.invalid_records) == ((number,), 0)
        phones = await provider.reachability([number.number])
        [phone] = phones[number.number]
        assert (phone.phone, phone.kind) == ("+13035559123", BindingKind.UNKNOWN)
        assert phone.state is BindingState.UNKNOWN
        balance = await provider.balance()
        assert isinstance(balance, Balance)
        assert (balance.amount, balance.currency) == (400.0, "USD")


async def test_an_example_that_contradicts_itself_costs_its_own_facts(mock_url: str) -> None:
    """The control: what was cut away would have been noticed."""
    async with reading_mock(mock_url + UNCUT, "telnyx", {"api_key": "KEY0123"}) as provider:
        with pytest.raises(ProviderError, match="10007") as caught:
            await provider.numbers()
        assert caught.value.kind == "api_error"
        assert (await provider.balance()).amount == 400.0


async def test_what_vonage_publishes_comes_out_right(mock_url: str) -> None:
    secrets = {"api_key": "abcd1234", "api_secret": "ABCDEFGH01234abc"}
    async with reading_mock(mock_url, "vonage", secrets) as provider:
        listing = await provider.numbers()
        number = Number(number="+447700900000", state=NumberState.UNKNOWN)
        assert (listing.numbers, listing.invalid_records) == ((number,), 0)
        phones = await provider.reachability([number.number])
        [phone] = phones[number.number]
        application = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
        assert (phone.id, phone.kind) == (application, BindingKind.PBX)
        balance = await provider.balance()
        assert (round(balance.amount, 2), balance.currency) == (10.17, "EUR")


@pytest.mark.parametrize("path", ["/balance", "/account/numbers"])
async def test_the_mocks_refuse_who_does_not_log_in(mock_url: str, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(mock_url + path) as answer:
        assert answer.status in {401, 403}
