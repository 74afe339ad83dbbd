"""A credential that a template cannot take ends the poll with a reason and shows nothing of it."""

import pytest

from agent.net.exchange import ProviderError, Request
from agent.providers.signing.section import Signing
from agent.providers.signing.signers import make_signer
from agent.states import PollFailure


@pytest.mark.parametrize(
    ("text", "why"), [("{secret|unbase64}", "base64"), ("{secret|unhex}", "hexadecimal")]
)
def test_a_key_in_the_wrong_encoding(text, why):
    section = Signing.model_validate({"headers": {"X": text}})
    sign = make_signer(section, lambda: {"secret": "no+such=encoding!"}, lambda: 0.0)
    with pytest.raises(ProviderError) as caught:
        sign(Request("GET", "https://x.example/", label="GET /x"))
    assert caught.value.kind is PollFailure.AUTH
    assert caught.value.detail == f"GET /x: cannot be signed: {text}: secret is not {why}"
