"""Whatever is configured, lints and effects come to an end and show nobody's number."""

import random
import re
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.lints import Lints
from agent.lints.facts import NumberFacts
from agent.lints.linter import Linter
from agent.lints.registry import LINTS
from agent.model import Number
from agent.routing.coverage import week
from agent.routing.effect import NOTHING, effect
from agent.routing.evaluate import Setting
from agent.states import NumberState
from tests.account_facts import NOW
from tests.routing.made_numbers import CALENDAR, phones, routing

LINTER = Linter(Lints.model_validate({"parameters": {"key_callers": ["13900001111"]}}))
MONDAY = date(2026, 9, 28)
seeds = st.integers(0, 2**32)


def made(seed):
    coin = random.Random(seed)
    return Setting(routing(coin), phones(coin), CALENDAR)


@settings(deadline=None, max_examples=60)
@given(seeds, st.text(max_size=12), st.text(max_size=12))
def test_lints_take_anything(seed, number, phone):
    setting = made(seed)
    bound = tuple(type(it)(it.id, phone, areas=it.areas) for it in setting.bound)
    facts = NumberFacts(
        Number(number, NumberState.ACTIVE), setting.routing, bound, (), LINTER.context_at(NOW)
    )
    findings = LINTER.findings(facts)
    assert sum(LINTS[it.lint].bit for it in findings) == LINTER.bits(facts)
    assert all(it.message.text("en") and it.message.text("zh-CN") for it in findings)


@settings(deadline=None, max_examples=60)
@given(seeds, seeds)
def test_effects_of_any_edit_have_words_and_show_nobody_s_number(seed, other):
    before, after = made(seed), made(other)
    effects = effect(before, after)
    assert effects
    assert all(re.search(r"[\u4e00-\u9fff]", it.text("zh-CN")) for it in effects)
    assert not re.search(r"1380000000\d", str([(it, it.text("en")) for it in effects]))
    assert effect(before, before) == (NOTHING,)


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_a_week_has_seven_whole_days(seed):
    days = week(made(seed), MONDAY)
    assert [len(day.picture) for day in days] == [48] * 7
    for day in days:
        edges = [0, *(it.end for it in day.stretches)]
        assert [it.start for it in day.stretches] == edges[:-1]
        assert edges[-1] == 1440
