"""The E-model, held to figures of ITU-T G.107 and to what must be true of any call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probing.hearing.quality import (
    Reception,
    mean_opinion_score,
    opinion_of_rating,
    transmission_rating,
)

RECEPTIONS = st.builds(
    Reception,
    packets=st.integers(1, 10_000),
    lost=st.integers(0, 10_000),
    jitter=st.floats(0, 500),
    round_trip=st.floats(0, 5_000),
    codec=st.sampled_from(["PCMA", "PCMU", "G729", "other"]),
)


@pytest.mark.parametrize(
    ("rating", "score"), [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)]
)
def test_scores_are_those_of_the_recommendation(rating: float, score: float) -> None:
    # ITU-T G.107, table B.1.
    assert opinion_of_rating(rating) == pytest.approx(score, abs=0.01)


def test_five_percent_loss_is_heard() -> None:
    good = mean_opinion_score(Reception(packets=1000))
    bad = mean_opinion_score(Reception(packets=950, lost=50))
    assert good is not None
    assert bad is not None
    assert good > 4.3
    assert 3.2 < bad < 4.0


def test_a_call_without_a_packet_has_no_quality() -> None:
    assert mean_opinion_score(Reception(sent=100)) is None


@given(RECEPTIONS, st.integers(1, 1000))
def test_more_loss_is_never_better(reception: Reception, more: int) -> None:
    worse = Reception(
        reception.packets,
        reception.lost + more,
        reception.sent,
        reception.jitter,
        reception.round_trip,
        reception.codec,
    )
    assert transmission_rating(worse) <= transmission_rating(reception)
    score = mean_opinion_score(reception)
    assert score is not None
    assert 1 <= score <= 4.5
