"""Reads the answers of Asterisk's REST interface: endpoints and device states.

The words are those of its ``rest-api/api-docs``. A phone that is not registered counts as switched
off, as in :mod:`agent.providers.kamailio.answers`.
"""

from collections.abc import Mapping
from typing import Any, Final

from agent.net.exchange import ProviderError
from agent.net.scrub import scrub
from agent.states import BindingState, PollFailure

PhoneState = tuple[BindingState, str]

OF_ENDPOINT: Final[Mapping[str, BindingState]] = {
    "online": BindingState.OK,
    "offline": BindingState.OFF,
    "unknown": BindingState.UNKNOWN,
}
OF_DEVICE: Final[Mapping[str, BindingState]] = {
    "NOT_INUSE": BindingState.OK,
    "INUSE": BindingState.OK,
    "RINGING": BindingState.OK,
    "RINGINUSE": BindingState.OK,
    "ONHOLD": BindingState.OK,
    "BUSY": BindingState.BUSY,
    "UNAVAILABLE": BindingState.OFF,
    "INVALID": BindingState.NONEXISTENT,
    "UNKNOWN": BindingState.UNKNOWN,
}


def endpoints_of(tree: Any) -> dict[str, str]:
    """The state word of every endpoint, by its lower-case ``TECHNOLOGY/resource``.

    Raises:
        ProviderError: ``schema`` when the answer is not a list of endpoints.
    """
    if not isinstance(tree, list):
        raise _schema("GET /endpoints", "is no list")
    endpoints: dict[str, str] = {}
    for record in tree:
        fields = record if isinstance(record, dict) else {}
        technology, resource = fields.get("technology"), fields.get("resource")
        if not isinstance(technology, str) or not isinstance(resource, str):
            raise _schema("GET /endpoints", "has an endpoint without technology or resource")
        # The state is optional; without one it is unknown.
        endpoints[f"{technology}/{resource}".lower()] = str(fields.get("state", "unknown"))
    return endpoints


def device_word(tree: Any) -> str:
    """The state word of a device.

    Raises:
        ProviderError: ``schema`` when the answer is not a device.
    """
    word = tree.get("state") if isinstance(tree, dict) else None
    if not isinstance(word, str):
        raise _schema("GET /deviceStates/{device}", "has no state")
    return word


def phone_state(endpoint: str | None, device: str | None) -> tuple[PhoneState, list[str]]:
    """The state of a phone by its endpoint's and its device's word, and the words not known.

    The device's word is what a call would meet, so it counts first; where it says nothing the
    endpoint's does. An endpoint that Asterisk does not list and whose device says nothing stays
    unknown: it may be a mistake of the inventory.
    """
    unmapped = [
        f"{scrub(word, 40)}"
        for word, known in ((device, OF_DEVICE), (endpoint, OF_ENDPOINT))
        if word is not None and word not in known
    ]
    words = " ".join(scrub(word, 40) for word in (endpoint, device) if word is not None)
    by_device = OF_DEVICE.get(device or "", BindingState.UNKNOWN)
    by_endpoint = OF_ENDPOINT.get(endpoint or "", BindingState.UNKNOWN)
    state = by_endpoint if by_device is BindingState.UNKNOWN else by_device
    return (state, words or "no such endpoint"), unmapped


def _schema(label: str, text: str) -> ProviderError:
    return ProviderError(PollFailure.SCHEMA, f"{label}: the answer {text}")
