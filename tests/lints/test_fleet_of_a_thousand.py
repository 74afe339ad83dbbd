"""A real-looking fleet of 1,000 numbers is linted quickly."""

import random
import time

from agent.lints.facts import NumberFacts
from agent.lints.finding import lint_view
from agent.model import Number
from agent.states import NumberState
from tests.lints.lint_cases import FIXTURES, LINTER, NOW, Case

COUNT = 1000
LONGEST = 10.0
"""Seconds of CPU: a hundred times what it takes; a lint that is quadratic takes more."""
WRONG_EVERY = 4


def fleet():
    """Numbers with every feature; each fourth has something wrong."""
    coin = random.Random(7)
    wrong = [case for cases, _ in FIXTURES.values() for case in cases]
    right = [case for _, cases in FIXTURES.values() for case in cases]
    context = LINTER.context_at(NOW)
    for index in range(COUNT):
        case: Case = coin.choice(wrong if index % WRONG_EVERY == 0 else right)
        facts = case.facts(LINTER)
        number = Number(f"4006{index:06d}", NumberState.ACTIVE, carrier="unicom")
        yield NumberFacts(number, facts.routing, facts.bound, facts.drifted, context)


def test_a_thousand_numbers_are_linted_in_words_in_linear_time():
    numbers = list(fleet())
    began = time.process_time()
    findings = [lint_view(finding) for facts in numbers for finding in LINTER.findings(facts)]
    assert time.process_time() - began < LONGEST
    assert len({finding.lint for finding in findings}) > 30
