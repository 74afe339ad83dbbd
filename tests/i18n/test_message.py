"""Messages are rendered in the reader's locale."""

import subprocess
import sys

import pytest

from agent.i18n import Joined, Message, contextual, plural, translate


@pytest.mark.parametrize(
    ("locale", "text"), [("en", "a; b"), ("zh-CN", "a；b"), ("zh", "a; b"), ("fr", "a; b")]
)
def test_locales_are_spelled_one_way_and_others_read_english(locale: str, text: str) -> None:
    assert Joined(("a", Message("b"))).text(locale) == text


def test_a_value_that_is_a_text_is_rendered_in_the_same_locale() -> None:
    message = Message("between {inner}", {"inner": Joined(("a", "b"))})
    assert (message.text("en"), message.text("zh-CN")) == ("between a; b", "between a；b")


def test_values_are_formatted() -> None:
    assert translate("en", "{days:.1f} days", days=2) == "2.0 days"
    assert Message("{a} {b}", {"a": 1}).with_values(b=2).text("en") == "1 2"


def test_a_missing_value_is_an_error_unless_the_values_have_a_default() -> None:
    class Dash(dict[str, object]):
        def __missing__(self, key: str) -> str:
            return "-"

    assert Message("{reason}", Dash()).text("en") == "-"
    with pytest.raises(KeyError):
        Message("{reason}").text("en")


def test_braces_in_values_are_shown_as_they_are() -> None:
    assert Message("{name}", {"name": "{evil.__class__}"}).text("en") == "{evil.__class__}"


def test_counts_choose_the_grammatical_number() -> None:
    calls = [plural("{count} call", "{count} calls", count).text("en") for count in (0, 1, 2)]
    assert calls == ["0 calls", "1 call", "2 calls"]


def test_a_context_is_not_shown() -> None:
    assert contextual("clock", "not in any catalogue").text("zh-CN") == "not in any catalogue"


def test_equal_messages_are_one_key() -> None:
    assert len({Message("{a}", {"a": 1}), Message("{a}", {"a": 1}), Message("{a}", {"a": 2})}) == 2


def test_english_needs_no_parser_of_catalogues() -> None:
    code = (
        "import sys; from agent.i18n import Message; Message('Number').text('en');"
        "sys.exit('babel' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
