"""The key: what is broken, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.states import Scope
from agent.tickets.key import key_of, subject_of, ticket_id

THING = {"provider": "north", "account": "hq", "number": "4006220001", "binding": "b1"}
NOISE = st.dictionaries(
    st.sampled_from(["severity", "route", "receiver", "team", "instance", "alertgroup", "state"]),
    st.text(max_size=8),
)


@given(
    noise=NOISE, other=NOISE, scope=st.sampled_from(["provider", "account", "number", "binding"])
)
def test_other_labels_never_matter(
    noise: dict[str, str], other: dict[str, str], scope: str
) -> None:
    about = {**THING, "scope": scope, "symptom": "number_down"}
    one = subject_of("A", {**noise, **about})
    assert key_of(one) == key_of(subject_of("B", {**other, **about}))


@given(
    values=st.lists(
        st.fixed_dictionaries({name: st.text(min_size=1, max_size=3) for name in THING}),
        min_size=2,
        max_size=2,
        unique_by=lambda it: tuple(it.values()),
    )
)
def test_different_things_have_different_keys(values: list[dict[str, str]]) -> None:
    keys = {
        key_of(subject_of("A", {**one, "scope": "binding", "symptom": "binding_down"}))
        for one in values
    }
    assert len(keys) == 2


def test_fields_do_not_run_into_each_other() -> None:
    one = subject_of("A", {"provider": "ab", "account": "c", "scope": "account"})
    other = subject_of("A", {"provider": "a", "account": "bc", "scope": "account"})
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize(
    ("labels", "scope"),
    [
        ({}, Scope.AGENT),
        ({"provider": "north"}, Scope.PROVIDER),
        ({"provider": "north", "account": "hq"}, Scope.ACCOUNT),
        ({**THING, "scope": "account"}, Scope.ACCOUNT),
        ({**THING, "scope": "nonsense"}, Scope.BINDING),
        ({"provider": "north", "account": "hq", "scope": "number"}, Scope.ACCOUNT),
        ({"carrier": "unicom", "scope": "carrier"}, Scope.CARRIER),
        ({**THING, "scope": "agent"}, Scope.AGENT),
    ],
)
def test_the_scope_is_the_told_one_or_the_narrowest(labels: dict[str, str], scope: Scope) -> None:
    assert subject_of("A", labels).scope is scope


def test_a_rule_without_symptom_is_a_family_of_its_own() -> None:
    one, other = (key_of(subject_of(name, {"scope": "agent"})) for name in ("A", "B"))
    assert one != other


def test_ids_are_stable_and_have_no_dots() -> None:
    key = key_of(subject_of("A", {**THING, "scope": "number", "symptom": "number_down"}))
    assert key == "939040a9b02d9a1d4fab9bb706aaad23"
    assert ticket_id(key, 2, "") == "NW-939040A9B02D-2", "as before ledgers had a mark"
    assert ticket_id(key, 2, "K7Q2XA") == "NW-939040A9B02D-K7Q2XA-2"
