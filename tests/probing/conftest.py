"""A SIP endpoint of the simulator, and calls to it by the real engine."""

from collections.abc import AsyncIterator

import pytest

from agent.probing.engine.protocol import Order
from agent.simulator.telephony.behaviour import BEHAVIOURS
from agent.simulator.telephony.endpoint import SipEndpoint, open_endpoint


@pytest.fixture
async def endpoint() -> AsyncIterator[SipEndpoint]:
    one = await open_endpoint(lambda number, _caller: BEHAVIOURS.get(number))
    yield one
    one.close()


def order(endpoint: SipEndpoint, number: str, **changed: object) -> Order:
    """A call to ``number`` at the endpoint."""
    return order_at(*endpoint.address, number, **changed)


def order_at(host: str, port: int, number: str, **changed: object) -> Order:
    """A call to ``number`` by the trunk at ``host`` and ``port``."""
    values = {
        "uri": f"sip:{number}@{host}:{port}",
        "user": "100",
        "domain": f"{host}:{port}",
        "local_address": "127.0.0.1",
        "longest": 8.0,
        "talk": 1.0,
    }
    return Order(**{**values, **changed})
