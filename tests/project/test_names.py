"""No identifier is one of the words that a reader would need a key for."""

import io
import tokenize
from collections import Counter
from collections.abc import Mapping

from tests.project.modules import CODE, sources

RIDDLES = frozenset(
    ("told", "asked", "kept", "heard", "judge", "tend", "shelf", "witness", "keeper", "turnstile")
)
PUBLISHED = {("agent.web.configuration", "heard")}
"""Names that stay because they are stored or published: a field of the API's documents."""


def riddles(code: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """How often each module has one of the words as an identifier, by module and word."""
    return Counter(
        (name, token.string)
        for name, text in code.items()
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NAME and token.string in RIDDLES
    )


def test_no_identifier_is_a_riddle() -> None:
    assert dict(riddles(sources(CODE))).keys() - PUBLISHED == set()


def test_a_riddle_would_be_noticed_and_a_text_is_none() -> None:
    code = {"a.one": "def tell(told):\n    return told\n", "a.two": "TEXT = 'told'  # asked\n"}
    assert riddles(code) == {("a.one", "told"): 2}
