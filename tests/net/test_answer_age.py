"""The age of answers by their own headers, whatever the clocks of server and agent show."""

from dataclasses import dataclass, field
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.net.answer_age import ASKED_AGAIN, FIRST_DOUBT, LONGEST_DOUBT, TOLERANCE, AnswerAges

DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
EPOCH = 1_790_000_000.0


@dataclass
class World:
    """A server and an agent; time is monotonic seconds, both clocks may be wrong by so much."""

    server: float = 0.0
    agent: float = 0.0
    ages: AnswerAges = field(default_factory=AnswerAges)

    def asks(
        self,
        at: float,
        *,
        made: float | None = None,
        age: str = "",
        took: float = 0.2,
        question: int | None = None,
    ):
        """The age of an answer that was made at ``made``, without one when it was asked for."""
        headers = {"Date": formatdate(EPOCH + (at if made is None else made) + self.server)}
        headers |= {"Age": age} if age else {}
        now = EPOCH + self.agent + at + took
        return self.ages.age(headers, at, at + took, now, question)


CLOCKS = [0.0, 3.0, -3.0, MINUTE, -MINUTE, HOUR, -HOUR, 8 * HOUR, DAY, -DAY, 400 * DAY, -400 * DAY]


@pytest.mark.parametrize("agent", CLOCKS)
@pytest.mark.parametrize("server", [0.0, MINUTE, -8 * HOUR])
def test_whatever_the_clocks_show_answers_made_when_asked_for_are_fresh(server, agent):
    world = World(server, agent)
    ages = [world.asks(30.0 * n) for n in range(20)]
    assert ages[4:] == [0.0] * 16
    is_ahead = agent - server > TOLERANCE
    assert ages[0] == (pytest.approx(agent - server, abs=2) if is_ahead else 0.0)


@pytest.mark.parametrize("agent", CLOCKS)
@pytest.mark.parametrize("old", [20.0, MINUTE, HOUR, DAY])
def test_an_answer_that_was_made_before_is_so_much_older(agent, old):
    world = World(agent=agent)
    for n in range(10):
        world.asks(30.0 * n)
    assert world.asks(300.0, made=300 - old) == pytest.approx(old, abs=2)
    assert world.asks(330.0) == 0.0


@pytest.mark.parametrize("agent", CLOCKS)
def test_a_cached_answer_grows_old_and_is_never_believed(agent):
    world = World(agent=agent)
    for n in range(10):
        world.asks(30.0 * n)
    for n in range(11, 600):
        old = 30.0 * n - 270
        assert world.asks(30.0 * n, made=270.0) == pytest.approx(old, abs=2)


@pytest.mark.parametrize("agent", [0.0, MINUTE, DAY])
def test_a_cached_answer_at_the_start_is_not_believed_either(agent):
    """Where our clock is not behind: then it could not be known before the second one."""
    world = World(agent=agent)
    for n in range(200):
        age = world.asks(30.0 * n, made=-DAY)
        assert age >= DAY - 2


def test_a_clock_that_was_set_back_is_believed_once_it_has_passed_what_it_said():
    world = World()
    for n in range(10):
        assert world.asks(30.0 * n) == 0.0
    world.server = -10 * MINUTE
    ages = {30.0 * n: world.asks(30.0 * n) for n in range(10, 60)}
    assert all(ages[at] == pytest.approx(600, abs=2) for at in ages if at < 900)
    assert all(age == 0.0 for at, age in ages.items() if at > 960)


def test_a_clock_that_was_set_back_by_days_is_believed_after_an_hour():
    world = World()
    world.asks(0.0)
    world.server = -3 * DAY
    ages = {30.0 * n: world.asks(30.0 * n) for n in range(1, 200)}
    assert all(age > 2 * DAY for at, age in ages.items() if at < LONGEST_DOUBT)
    assert all(age == 0.0 for at, age in ages.items() if at > LONGEST_DOUBT + MINUTE)


def test_answers_of_another_clock_among_fresh_ones_are_believed_after_an_hour():
    """Servers behind one address; a cache would serve the same ``Date`` again and again."""
    world = World()
    for n in range(300):
        assert world.asks(30.0 * n) == 0.0
        age = world.asks(30.0 * n + 10, made=30.0 * n + 10 - DAY)
        is_doubted = 30.0 * n <= LONGEST_DOUBT
        assert age == (pytest.approx(DAY, abs=2) if is_doubted else 0.0)


@pytest.mark.parametrize("ahead", [20.0, 15 * MINUTE, DAY])
def test_answers_of_a_clock_ahead_make_the_others_not_old(ahead):
    world = World()
    for n in range(300):
        made = 30.0 * n + (ahead if n % 3 == 1 else 0.0)
        assert world.asks(30.0 * n, made=made) == 0.0


def test_a_clock_that_was_ahead_for_a_while_and_came_back_makes_nothing_old():
    world = World()
    for n in range(200):
        world.server = 15 * MINUTE if 50 <= n < 100 else 0.0
        assert world.asks(30.0 * n) == 0.0


def test_a_clock_that_is_set_forward_makes_nothing_old():
    world = World()
    for n in range(10):
        world.asks(30.0 * n)
    world.server = HOUR
    assert all(world.asks(30.0 * n) == 0.0 for n in range(10, 100))


def test_our_clock_may_be_set_at_any_time():
    world = World()
    for n in range(100):
        world.agent = (n % 7) * DAY
        assert world.asks(30.0 * n) == 0.0


def test_an_agent_whose_clock_is_ahead_waits_a_minute():
    world = World(agent=HOUR)
    ages = {10.0 * n: world.asks(10.0 * n) for n in range(20)}
    assert all(age == pytest.approx(HOUR, abs=2) for at, age in ages.items() if at < FIRST_DOUBT)
    assert all(age == 0.0 for at, age in ages.items() if at > FIRST_DOUBT + 10)


def test_an_answer_that_takes_long_is_not_old():
    world = World()
    world.asks(0.0)
    assert world.asks(30.0, made=30.5, took=40.0) == 0.0
    assert world.asks(80.0) == 0.0


@pytest.mark.parametrize(
    ("age", "seconds"),
    [("6", 6.0), ("86400", DAY), (" 100 ", 100.0), ("5", 0.0), ("0", 0.0)]
    + [(text, 0.0) for text in ("-1", "soon", "9" * 30, "1e3", "١٠٠", "100, 200")],
)
def test_the_age_header_says_it_outright(age, seconds):
    assert World().asks(0.0, age=age) == seconds


@pytest.mark.parametrize("date", [{}, {"Date": "soon"}, {"Date": "x" * 1000}])
def test_without_a_date_nothing_is_known_of_the_age(date):
    assert AnswerAges().age(date, 0.0, 1.0, EPOCH) == 0.0
    assert AnswerAges().age({**date, "Age": "100"}, 0.0, 1.0, EPOCH) == 100.0


@given(
    st.floats(-400 * DAY, 400 * DAY),
    st.floats(-400 * DAY, 400 * DAY),
    st.lists(st.tuples(st.floats(0.5, 600), st.floats(0, 60)), min_size=2, max_size=40),
)
def test_answers_made_when_asked_for_are_fresh_after_the_first_minute(server, agent, requests):
    world, at, begun = World(server, agent), 0.0, None
    for pause, took in requests:
        age = world.asks(at, took=took)
        assert age == 0.0 or at - (begun or 0.0) <= FIRST_DOUBT + 600
        begun = at + took if begun is None else begun
        at += took + pause


@given(st.floats(10, 10 * DAY), st.lists(st.floats(0.5, 600), min_size=1, max_size=40))
def test_what_was_made_once_is_at_least_as_old_as_it_was_seen(first, pauses):
    world, at = World(), 0.0
    world.asks(at)
    for pause in pauses:
        at += pause
        assert world.asks(at, made=-first) >= first + at - 2


@pytest.mark.parametrize("step", [-DAY, -HOUR, -MINUTE, MINUTE, HOUR, DAY])
def test_a_clock_that_server_and_agent_share_makes_nothing_old_when_it_is_set(step):
    world = World()
    for n in range(10):
        assert world.asks(30.0 * n) == 0.0
    world.server = world.agent = step
    assert [world.asks(30.0 * n) for n in range(10, 60)] == [0.0] * 50
    assert world.asks(1800.0, made=1800 - 600) >= 500


@pytest.mark.parametrize("step", [-DAY, -HOUR, HOUR, DAY])
def test_an_old_answer_stays_old_when_our_clock_is_set(step):
    world = World()
    for n in range(10):
        world.asks(30.0 * n)
    world.agent = step
    assert world.asks(300.0, made=300 - 600) == pytest.approx(600, abs=2)
    assert world.asks(330.0) == 0.0


@pytest.mark.parametrize("ahead", [MINUTE, HOUR, DAY, 400 * DAY])
def test_the_same_question_asked_again_tells_that_our_clock_is_ahead(ahead):
    world = World(agent=ahead)
    first = [world.asks(float(n), question=n) for n in range(3)]
    assert first == [pytest.approx(ahead, abs=2)] * 3
    assert world.asks(ASKED_AGAIN, question=0) == 0.0
    assert [world.asks(ASKED_AGAIN + n, question=n) for n in range(1, 9)] == [0.0] * 8
    # What is old is old from then on.
    assert world.asks(30.0, made=1.0, question=1) == pytest.approx(29, abs=2)


@pytest.mark.parametrize("ahead", [0.0, HOUR])
def test_a_cache_that_repeats_its_answers_is_never_believed(ahead):
    """Not even one that repeats yesterday's questions in their order and their rhythm."""
    world = World(agent=ahead)
    for n in range(50):
        assert world.asks(float(n), made=n - DAY, question=n) >= DAY - 2
    for again in range(1, 10):
        for n in range(50):
            at = 100.0 * again + n
            assert world.asks(at, made=n - DAY, question=n) >= DAY - 2
