"""Test calls on the agent's pages: the number's section, the form, one call and the list."""

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient

from tests.app.conftest import until
from tests.testcalls.conftest import ANSWERS, BUSY, CLOSED, CallScene
from tests.testcalls.served_calls import asking, call

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def pages(scene: CallScene) -> AsyncIterator[TestClient]:
    """The agent's pages, with its token."""
    async with asking(scene) as client:
        yield client


async def get(pages: TestClient, path: str, status: int = 200) -> str:
    async with pages.get(path) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


async def press(pages: TestClient, number: str, **fields: str) -> tuple[int, str, str]:
    """Send the form of the number's page: the status, where it leads to, and what it shows."""
    page = await get(pages, f"/numbers/{number}?lang=en")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    path = f"/numbers/{number}/test-call?lang=en"
    sent = {"csrf_token": token[1], **fields}
    async with pages.post(path, data=sent, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_a_call_is_begun_on_the_number_s_page_and_followed_to_its_end(
    scene: CallScene, pages: TestClient
) -> None:
    scene.behave(BUSY, "busy_tone")
    before = await get(pages, f"/numbers/{BUSY}?lang=en")
    assert "No test call has been made lately." in before
    status, location, text = await press(pages, BUSY, caller="simulated", reason="a try")
    assert status == 303, text
    calling = await get(pages, location)
    assert 'http-equiv="refresh"' in calling
    assert f"calling {BUSY} from simulated" in calling
    await until(lambda: scene.board.of(("north", "hq")).get(BUSY), "the call has ended")
    shown = await get(pages, location)
    assert 'http-equiv="refresh"' not in shown
    assert re.search(r'<audio controls preload="none" src="/api/test-calls/\w+/recording', shown)
    assert "it works: the control number answered" in shown
    assert "busy tone" in shown
    assert "忙音" in await get(pages, location.replace("lang=en", "lang=zh-CN"))
    assert "down" in shown
    await until(lambda: scene.agent.checked("north", "hq").probes.get(BUSY), "checks know it")
    section = (await get(pages, f"/numbers/{BUSY}?lang=en")).partition('id="test-calls"')[2]
    assert "the control number answered" in section
    assert location.partition("?")[0] in section


async def test_what_is_refused_is_said_on_the_page_and_the_form_stays_filled(
    scene: CallScene, pages: TestClient
) -> None:
    status, _, text = await press(pages, CLOSED, caller="simulated", reason="tonight&now")
    assert status == 409
    assert "is not to be called at this hour" in text
    assert 'value="tonight&amp;now"' in text
    assert scene.calls_of(CLOSED) == 0
    status, _, _ = await press(pages, CLOSED, caller="simulated", at_any_time="yes")
    assert status == 303


async def test_the_list_has_filters_and_both_languages(pages: TestClient) -> None:
    assert "尚未拨测过" in await get(pages, "/test-calls?lang=zh-CN")
    await call(pages, ANSWERS)
    listed = await get(pages, f"/test-calls?lang=zh-CN&number={ANSWERS}&caller=simulated")
    assert "已接通" in listed
    assert "没有符合所选条件的拨测" in await get(pages, f"/test-calls?lang=zh-CN&number={BUSY}")
    assert "没有符合所选条件的拨测" in await get(pages, "/test-calls?lang=zh-CN&caller=other")


async def test_a_call_that_another_agent_makes_is_waited_for_and_not_for_ever(
    scene: CallScene, pages: TestClient
) -> None:
    now = int(scene.agent._clock())
    assert 'http-equiv="refresh"' in await get(pages, f"/test-calls/{'a' * 32}?since={now}")
    await get(pages, f"/test-calls/{'a' * 32}?since={now - 3600}", 404)
    await get(pages, f"/test-calls/{'a' * 32}", 404)


async def test_viewers_see_calls_and_neither_hear_nor_place_them(
    scene: CallScene, pages: TestClient
) -> None:
    _, lines = await call(pages, ANSWERS, keep_recording=True)
    path = f"/test-calls/{lines[-1]['call']['id']}?lang=en"
    assert "<audio" in await get(pages, path)
    pages.session.headers.pop("Authorization")
    shown = await get(pages, path)
    assert "the other side was heard" in shown
    assert "<audio" not in shown
    async with pages.post(f"/numbers/{ANSWERS}/test-call", data={}) as answer:
        assert answer.status in {401, 403}
    assert scene.calls_of(ANSWERS) == 1
