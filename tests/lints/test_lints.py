"""Every lint of docs/reference/domain.md §4 finds what it is for, and nothing else."""

import re

import pytest

from agent.config.lints import Lints
from agent.lints.facts import NumberFacts
from agent.lints.finding import Level
from agent.lints.linter import Linter
from agent.lints.registry import LINTS
from agent.model import Number
from agent.states import NumberState
from tests.lints.lint_cases import ACCOUNT_FIXTURES, FIXTURES, LINTER, NOW, Case, bound, routed

ALL = [f"L{number:02d}" for number in range(1, 47)]
FINDING = [(name, case) for name, (wrong, _) in FIXTURES.items() for case in wrong]
SILENT = [(name, case) for name, (_, right) in FIXTURES.items() for case in right]


def find(case, linter=LINTER, now=NOW):
    return {finding.lint: finding for finding in linter.findings(case.facts(linter, now))}


def test_all_of_the_domain_s_lints_are_here_with_fixtures_both_ways():
    assert sorted(LINTS) == ALL
    both = {**FIXTURES, **ACCOUNT_FIXTURES}
    assert sorted(both) == ALL
    assert all(wrong and right for wrong, right in both.values())


@pytest.mark.parametrize("name", ALL)
def test_every_lint_says_where_it_comes_from_and_has_a_title_in_both_languages(name):
    lint = LINTS[name]
    assert re.search(rf"domain\.md §4|\({name}\)", lint.check.__doc__)
    assert lint.title.text("en")
    assert re.search(r"[\u4e00-\u9fff]", lint.title.text("zh-CN"))


@pytest.mark.parametrize(("name", "case"), FINDING)
def test_it_finds_what_it_is_for(name, case):
    finding = find(case)[name]
    assert finding.level is LINTS[name].level
    english, chinese = finding.message.text("en"), finding.message.text("zh-CN")
    assert english
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert not re.search(r"\{|13800000001|02287654321", english + chinese)


@pytest.mark.parametrize(("name", "case"), SILENT)
def test_it_does_not_find_what_is_right(name, case):
    assert name not in find(case)


@pytest.mark.parametrize(
    ("name", "wrong", "right"), [(name, *both) for name, both in ACCOUNT_FIXTURES.items()]
)
def test_accounts(name, wrong, right):
    for facts in wrong:
        assert name in {finding.lint for finding in LINTER.account_findings(facts)}
    for facts in right:
        assert name not in {finding.lint for finding in LINTER.account_findings(facts)}


@pytest.mark.parametrize(("name", "case"), FINDING + SILENT)
def test_bits_agree_with_findings(name, case):
    facts = case.facts(LINTER)
    bits = LINTER.bits(facts)
    assert {key for key, lint in LINTS.items() if bits & lint.bit} == set(find(case)), name


def test_what_is_unknown_is_never_a_finding():
    silent = NumberFacts(
        Number("4006220001", NumberState.UNKNOWN), None, None, (), LINTER.context_at(NOW)
    )
    assert LINTER.findings(silent) == ()


def test_levels_can_be_set_and_lints_left_out():
    linter = Linter(Lints.model_validate({"levels": {"L04": "error", "L05": "off"}}))
    case = bound(Case({}, {}).bound[0])
    assert find(case)["L05"].level is Level.WARNING
    assert find(case, linter).keys() == {"L04"}
    assert find(case, linter)["L04"].level is Level.ERROR


def test_parameters_can_be_set():
    linter = Linter(Lints.model_validate({"parameters": {"wait_several": "25s"}}))
    assert "L06" in find(routed(), linter)
    assert "L06" not in find(routed())
