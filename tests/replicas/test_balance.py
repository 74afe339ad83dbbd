"""What is taken and what is given away: all that is free, and little of what is held."""

from agent.replicas.balance import MINUTE, PATIENCE, MoveBudget, preferred, to_give, to_take

NAMES = [f"account:north/{index}" for index in range(40)]
MEMBERS = ("one", "two")


def test_what_is_preferred_is_taken_at_once_and_the_rest_after_a_while() -> None:
    free = dict.fromkeys(NAMES, 100.0)
    own = [name for name in NAMES if preferred(name, MEMBERS) == "one"]
    assert to_take(free, "one", MEMBERS, 100.0) == sorted(own)
    assert 0 < len(own) < len(NAMES)
    assert to_take(free, "one", MEMBERS, 100.0 + PATIENCE) == sorted(NAMES)


def test_only_what_another_is_preferred_for_is_given_away_and_not_too_much_of_it() -> None:
    surplus = to_give(NAMES, "one", MEMBERS, 5)
    assert len(surplus) == 5
    assert {preferred(name, MEMBERS) for name in surplus} == {"two"}
    assert to_give(NAMES, "one", ("one",), 5) == []
    assert to_give(NAMES, "one", (), 5) == []


def test_in_a_minute_a_twentieth_moves_and_at_least_one_of_each() -> None:
    moves = MoveBudget()
    assert moves.left(200, 1, 0.0) == 10
    moves.spend(10, 0.0)
    assert moves.left(200, 1, MINUTE - 1) == 0
    assert moves.left(200, 1, MINUTE) == 10
    assert MoveBudget().left(200, 5, 0.0) == 2, "five replicas give away as much as one"
    assert MoveBudget().left(3, 5, 0.0) == 1
