"""From the home page to the broken number and its cause, by clicking as a person does."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import DOWN
from tests.browser.visits import Visits

pytestmark = pytest.mark.integration

Open = Callable[..., Visits]
WORDS = {"en": "suspended: arrears", "zh-CN": "欠费停机"}
WELL = "4008100000"


def says_cause(page: Page, lang: str) -> bool:
    """Whether the page is that of the broken number, and says why nobody gets through."""
    state = page.locator("#state")
    expect(state.locator("h1")).to_have_text(DOWN)
    expect(state).to_have_class("hero down")
    return WORDS[lang] in state.inner_text()


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
@pytest.mark.parametrize("way", ["row", "ticket", "tile"])
def test_the_broken_number_is_two_clicks_from_home(
    agent: str, visits: Open, lang: str, way: str
) -> None:
    window = visits(agent)
    page = window.load(f"/?lang={lang}")
    if way == "row":
        page.locator("main section a.number", has_text=DOWN).first.click()
    elif way == "tile":
        page.locator(".tiles .down a[href*='health=down']").click()
        page.locator("table.numbers a.number", has_text=DOWN).first.click()
    else:
        page.locator("main tr", has_text=DOWN).locator("a[href*='/tickets/']").first.click()
        page.locator(f"main a[href*='/numbers/{DOWN}']").first.click()
    assert says_cause(page, lang)
    assert window.problems == []


def test_a_number_that_is_well_is_not_taken_for_the_broken_one(agent: str, visits: Open) -> None:
    page = visits(agent).load(f"/numbers/{WELL}?lang=en")
    assert WORDS["en"] not in page.locator("#state").inner_text()
    page.set_default_timeout(100)
    with pytest.raises(AssertionError):
        expect(page.locator("#state")).to_have_class("hero down", timeout=100)
