"""What happens in the demo's world, as whoever watches reads it."""

import pytest

from agent.demo.world_events import world_text

ACCOUNT = {"provider": "north", "account": "hq"}


@pytest.mark.parametrize(
    ("entry", "english", "chinese"),
    [
        (
            {"kind": "set", "text": "", "values": {"balance": "9.8"}, **ACCOUNT},
            "north/hq: the balance is 9.80",
            "north/hq：余额为 9.80",
        ),
        (
            {"kind": "fault_began", "text": "", "values": {"fault": "http_500"}, **ACCOUNT},
            "north/hq: its API begins to fail (HTTP 500)",
            "north/hq：接口开始出错（HTTP 500）",
        ),
    ],
)
def test_amounts_have_their_cents_and_faults_the_words_of_the_field(entry, english, chinese):
    assert (world_text(entry, "en"), world_text(entry, "zh-CN")) == (english, chinese)
