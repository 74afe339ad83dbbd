"""A browser plays what was heard in a test call, and jumps to a moment of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.calling_agent import BUSY, CallingAgent, calling_agent
from tests.browser.visits import Visits

pytestmark = pytest.mark.integration

_HAS_DATA = 2
"""HTMLMediaElement.HAVE_CURRENT_DATA."""
_PLAY = """() => {
  const sound = document.querySelector("audio");
  sound.dataset.first = "yes";
  return sound.play().then(() => "playing", error => String(error));
}"""
_STATE = """sound => ({error: sound.error && sound.error.message, time: sound.currentTime,
  duration: sound.duration, data: sound.readyState, ended: sound.ended,
  reach: sound.seekable.length ? sound.seekable.end(0) : 0})"""
_ADVANCES = "() => (document.querySelector('audio').currentTime > 0.3)"
_JUMP = """sound => new Promise(done => {
  sound.addEventListener("seeked", () => done(), {once: true});
  sound.pause();
  sound.currentTime = sound.duration - 0.5;
})"""
_ERROR_OF = """path => new Promise(done => {
  const sound = new Audio(path);
  sound.onerror = () => done(sound.error.message);
  sound.load();
})"""
_CHANGE = "() => new Promise(done => { const all = new EventSource('/events');"
_CHANGE += " all.addEventListener('changed', () => { all.close(); setTimeout(done, 0); }); })"


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CallingAgent]:
    with calling_agent(tmp_path_factory.mktemp("calls")) as running:
        yield running


def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.locator("audio").evaluate(_STATE)
    return found


@pytest.fixture
def window(calling: CallingAgent, visits: Callable[..., Visits]) -> Visits:
    """A window of somebody who has logged in."""
    opened = visits(calling.url, http_credentials=calling.login)
    opened.load("/audit")  # A page that everybody may read asks nobody for a login.
    opened.load(f"/test-calls/{calling.calls[BUSY]['id']}?lang=en")
    return opened


def test_a_recording_is_played_to_its_end_while_the_page_is_refreshed(window: Visits) -> None:
    page, sound = window.page, window.page.locator("audio")
    assert page.evaluate(_PLAY) == "playing"
    page.wait_for_function(_ADVANCES)
    # What is new since then is not shown at once: the sound would stop.
    page.evaluate(_CHANGE)
    now = state(page)
    assert (now["error"], sound.get_attribute("data-first")) == (None, "yes")
    assert now["data"] >= _HAS_DATA
    assert now["duration"] > 1
    page.wait_for_function("() => document.querySelector('audio:not([data-first])')")
    assert window.problems == []


def test_a_listener_jumps_to_a_moment(window: Visits) -> None:
    page, sound = window.page, window.page.locator("audio")
    page.evaluate(_PLAY)
    page.wait_for_function(_ADVANCES)
    before = state(page)
    assert before["reach"] == pytest.approx(before["duration"])
    sound.evaluate(_JUMP)
    assert state(page)["time"] > before["duration"] - 1
    assert window.problems == []


def test_a_browser_calls_any_refusal_a_format_error(window: Visits) -> None:
    # So nobody has a player who may not listen, or where nothing is stored.
    error = window.page.evaluate(_ERROR_OF, f"/api/test-calls/{'0' * 32}/recording")
    assert "Format error" in error
    assert any("404" in it for it in window.problems)


def test_who_may_not_listen_has_no_player(
    calling: CallingAgent, visits: Callable[..., Visits]
) -> None:
    page = visits(calling.url).load(f"/test-calls/{calling.calls[BUSY]['id']}?lang=en")
    assert page.locator("main h1").is_visible()
    assert page.locator("audio").count() == 0


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_pages_of_test_calls_fit_every_window(
    calling: CallingAgent, window: Visits, lang: str
) -> None:
    calls = [f"/test-calls/{it['id']}" for it in calling.calls.values()]
    wrong = {}
    for path in ("/test-calls", f"/numbers/{BUSY}", *calls):
        window.load(f"{path}?lang={lang}")
        wrong[path] = [*window.overflows(), *window.covered_labels(), *window.violations()]
    assert {path: found for path, found in wrong.items() if found} == {}
    assert window.problems == []
