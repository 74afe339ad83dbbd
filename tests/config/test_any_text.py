"""Whatever the text: settings or located errors, never an exception of another kind."""

from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.config.load import ConfigError, load
from agent.config.schema import json_schema
from agent.config.settings import Settings
from tests.config.samples import GOOD, PROFILES
from tests.proof_size import size

FIXTURE_IS_SAFE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=size(50, 500),
)
KEYS = sorted(
    set(json_schema()["properties"])
    | {"name", "id", "profile", "accounts", "credentials", "polling", "intervals", "secret_file"}
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["30s", "${HOME}", "${", "generic", "10.0.0.0/8", "whsec_", "http://[", "\0"])
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def loads_or_tells(path: Path) -> None:
    errors = []
    try:
        assert isinstance(load(path, {"HOME": "h"}, PROFILES), Settings)
    except ConfigError as error:
        errors = error.errors
        assert errors
    last = len(path.read_bytes().decode("utf-8", "replace").splitlines()) + 1
    for one in errors:
        assert 1 <= one.line <= last
        assert one.key
        assert len(str(one).splitlines()) == 1


@FIXTURE_IS_SAFE
@given(content=st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    loads_or_tells(path)


@FIXTURE_IS_SAFE
@given(text=st.text("ab:- \n\t[]{}&*!|>'\"#%@`?,<=~0123.$", max_size=80))
def test_any_text_of_yamls_own_characters(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(text)
    loads_or_tells(path)


@FIXTURE_IS_SAFE
@given(tree=TREES)
@example(tree={"[key]": None})
@example(tree={"contacts": {"[key]": {"[key]": 1}}, "providers": [{"options": {"[key]": 1}}]})
def test_any_tree_with_our_keys(tmp_path: Path, tree: object) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    loads_or_tells(path)


@FIXTURE_IS_SAFE
@given(data=st.data(), tree=TREES)
def test_a_good_file_with_one_part_replaced(
    tmp_path: Path, data: st.DataObject, tree: object
) -> None:
    whole = yaml.safe_load(GOOD)
    place = data.draw(st.sampled_from(_places(whole)))
    holder = reduce(getitem, place[:-1], whole)
    holder[place[-1]] = tree
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    loads_or_tells(path)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of ``value`` below the whole."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for step, part in inside:
        found.append((*path, step))
        if isinstance(part, dict | list):
            found += _places(part, (*path, step))
    return found
