"""Names of bound phones give nobody's phone away."""

from hypothesis import given
from hypothesis import strategies as st

from agent.checks.phone_columns import binding_labels
from agent.model import Binding

phones = st.integers(13000000000, 19999999999).map(str)


def test_an_id_is_its_own_label():
    assert binding_labels([Binding("b1", "13800000001"), Binding("801001", "x")]) == (
        "b1",
        "801001",
    )


def test_an_id_that_may_be_a_local_phone_is_masked():
    assert binding_labels([Binding("10000001", "x")]) == ("****0001",)


def test_an_id_that_is_the_phone_is_masked_and_stays_distinct():
    pair = [Binding("13811110001", "13811110001"), Binding("13822220001", "13822220001")]
    assert binding_labels(pair) == ("138****0001", "138****0001#2")


@given(st.lists(st.tuples(phones, st.booleans()), max_size=6))
def test_labels_are_distinct_and_hide_every_phone(drawn):
    bound = [Binding(phone if own else f"+86{phone}", phone) for phone, own in drawn]
    labels = binding_labels(bound)
    assert len(set(labels)) == len(bound)
    assert not any(each.phone in label for each in bound for label in labels)
