"""Words that a machine wrote down of a call are stored masked, shown, and found by a search."""

from dataclasses import replace
from typing import Any

import pytest

from agent.privacy.person import person_of
from agent.privacy.store_search import search_store
from agent.probing.observation import Observation
from tests.testcalls.conftest import SUSPENDED, CallScene
from tests.testcalls.served_calls import asking, call

pytestmark = pytest.mark.timeout(120)
PHONE, MASKED = "13800001111", "138****1111"


async def test_words_are_stored_masked_shown_and_found(
    scene: CallScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def with_words(observation: Observation, *_: Any) -> Observation:
        said = f"您拨打的电话{PHONE}已停机"
        return replace(observation, early=replace(observation.early, words=said))

    monkeypatch.setattr("agent.probing.call.with_words", with_words)
    async with asking(scene) as client:
        _, lines = await call(client, SUSPENDED)
        shown = lines[-1]["call"]
        (stored,) = await scene.calls.ledger.of_number(SUSPENDED)
        assert stored.words == f"您拨打的电话{MASKED}已停机"
        assert shown["words"] == stored.words
        for lang, name in (("en", "Words, written down by a machine"), ("zh-CN", "机器识别")):
            async with client.get(f"/test-calls/{shown['id']}?lang={lang}") as answer:
                page = await answer.text()
            assert name in page
            assert stored.words in page
    rows = search_store(scene.agent.database, person_of(PHONE, ""))
    assert "test_calls" in {it.table.name async for it in rows}
