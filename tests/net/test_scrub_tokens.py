"""Long secrets, such as tokens, are removed from texts whole and in every usual spelling."""

import base64
import json
from random import Random
from urllib.parse import quote

import pytest

from agent.config.secret import Secret
from agent.net.scrub import Redactor

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TOKEN = ".".join("".join(Random(7).choices(LETTERS, k=length)) for length in (36, 900, 43))
SPELLINGS = {
    "plain": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "in JSON": json.dumps,
    "base64": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "base64, shifted": lambda text: base64.b64encode(f"u:{text}".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "its first half": lambda text: text[: len(text) // 2],
    "its last half": lambda text: text[len(text) // 2 :],
}


def windows(text, size=12):
    return {text[at : at + size] for at in range(len(text) - size)}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_nothing_of_a_long_token_is_left(spelling):
    echo = SPELLINGS[spelling](TOKEN)
    shown = Redactor([Secret(TOKEN)])(f"the token {echo} has expired")
    assert shown.startswith("the token ")
    assert shown.endswith(" has expired")
    assert "<secret>" in shown
    assert windows(shown).isdisjoint(windows(echo))


def test_without_the_token_the_echo_stays():
    """The negative control."""
    other = Redactor([Secret(TOKEN[::-1])])
    assert other(f"the token {TOKEN} has expired") == f"the token {TOKEN} has expired"
