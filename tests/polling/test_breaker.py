"""The breaker, held against a plain model of what it promises."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.polling.breaker import CLOSED, NOT_COUNTED, OPENS_AT_ONCE, BreakerLimits, BreakerState
from agent.states import PollFailure

LIMITS = BreakerLimits(failures=3, pause=60.0)
COUNTED = sorted(set(PollFailure) - NOT_COUNTED - OPENS_AT_ONCE)


class BreakerMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 1000.0
        self.breaker = CLOSED
        self.in_a_row = 0
        self.opened_at = None

    @rule(seconds=st.floats(0.1, 100))
    def time_goes_by(self, seconds):
        self.now += seconds

    @precondition(lambda self: self.breaker.allows(self.now))
    @rule()
    def a_poll_succeeds(self):
        self.breaker = self.breaker.after_success()
        self.in_a_row, self.opened_at = 0, None

    @precondition(lambda self: self.breaker.allows(self.now))
    @rule(kind=st.sampled_from(COUNTED))
    def a_poll_fails(self, kind):
        self.breaker = self.breaker.after_failure(kind, self.now, LIMITS)
        self.in_a_row += 1
        if self.in_a_row >= LIMITS.failures or self.opened_at is not None:
            self.opened_at = self.now

    @precondition(lambda self: self.breaker.allows(self.now))
    @rule()
    def the_credentials_are_refused(self):
        self.breaker = self.breaker.after_failure(PollFailure.AUTH, self.now, LIMITS)
        self.in_a_row += 1
        self.opened_at = self.now

    @rule(kind=st.sampled_from(sorted(NOT_COUNTED)))
    def something_happens_that_does_not_count(self, kind):
        before = self.breaker
        self.breaker = self.breaker.after_failure(kind, self.now, LIMITS)
        assert self.breaker is before

    @invariant()
    def it_is_open_exactly_during_a_pause(self):
        pausing = self.opened_at is not None and self.now < self.opened_at + LIMITS.pause
        assert self.breaker.allows(self.now) is not pausing

    @invariant()
    def after_the_pause_it_is_half_open_until_a_poll_succeeds(self):
        if self.opened_at is None:
            assert self.breaker.state(self.now) is BreakerState.CLOSED
        elif self.now >= self.opened_at + LIMITS.pause:
            assert self.breaker.state(self.now) is BreakerState.HALF_OPEN


TestBreaker = BreakerMachine.TestCase


def test_refused_credentials_open_it_at_the_first_failure():
    breaker = CLOSED.after_failure(PollFailure.AUTH, 0.0, LIMITS)
    assert breaker.state(1.0) is BreakerState.OPEN
    assert breaker.reason is PollFailure.AUTH


@pytest.mark.parametrize("kind", COUNTED)
def test_any_other_failure_needs_as_many_in_a_row_as_configured(kind):
    breaker = CLOSED
    for _ in range(LIMITS.failures - 1):
        breaker = breaker.after_failure(kind, 0.0, LIMITS)
        assert breaker.allows(0.0)
    assert not breaker.after_failure(kind, 0.0, LIMITS).allows(0.0)
