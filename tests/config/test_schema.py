"""The schema and the reference page say what the settings are, no more and no less."""

import re
from pathlib import Path

import pytest

from agent.config.reference import page
from agent.config.schema import json_schema, sections
from agent.config.section import Section
from agent.config.settings import Settings
from agent.config.shape import Kind, fields_of, shape_at, written_keys

REPOSITORY = Path(__file__).parents[2]
ALL = (Settings, *sections())


@pytest.mark.parametrize("section", ALL, ids=lambda section: section.__name__)
def test_every_key_of_the_settings_is_in_the_schema(section: type[Section]) -> None:
    schema = json_schema()
    told = schema if section is Settings else schema["$defs"][section.__name__]
    assert set(written_keys(section)) == set(told["properties"])
    assert all(key["description"].endswith(".") for key in told["properties"].values())
    assert told["additionalProperties"] is False


def test_every_section_is_in_the_schema() -> None:
    ours = {it for it in Section.__subclasses__() if it.__module__.startswith("agent.config.")}
    assert set(sections()) == ours - {Settings}


def test_durations_secrets_and_variables_are_as_users_write_them() -> None:
    definitions = json_schema()["$defs"]
    written, seconds, variable = definitions["Polling"]["properties"]["timeout"]["anyOf"]
    assert definitions["Polling"]["properties"]["timeout"]["default"] == "30s"
    assert re.search(written["pattern"], "1h30m")
    assert not re.search(written["pattern"], "soon")
    assert (seconds["exclusiveMinimum"], seconds["maximum"]) == (0, 3600)
    assert re.search(variable["pattern"], "${TIMEOUT}")
    assert definitions["Sink"]["properties"]["secret"]["writeOnly"] is True
    assert "secret_file" in definitions["Sink"]["properties"]
    assert set(definitions["Sink"]["required"]) == {"name", "kind"}


def test_every_reference_leads_to_a_definition() -> None:
    schema = json_schema()
    referred = set(re.findall(r"#/\$defs/(\w+)", str(schema)))
    assert referred == set(schema["$defs"])


def test_the_reference_page_is_current() -> None:
    assert (REPOSITORY / "docs/configuration.md").read_text() == page(), "run `make docs`"


def test_every_key_of_the_page_has_its_words() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) == sum(len(written_keys(section)) for section in ALL)
    assert all(re.search(r"\.\)? \|$", row) for row in rows)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ((), Kind.SECTION),
        (("providers", 0, "accounts", 3, "credentials", "any"), Kind.SECRET),
        (("providers", 0, "egress_allow", 1), Kind.NETWORK),
        (("contacts", "admin", "phone"), Kind.TEXT),
        (("polling", "intervals", "calls"), Kind.DURATION),
    ],
)
def test_the_shape_at_a_path(path: tuple[str | int, ...], kind: Kind) -> None:
    shape = shape_at(Settings, path)
    assert shape is not None
    assert shape.kind is kind


@pytest.mark.parametrize("path", [("nowhere",), ("providers", "x"), ("listen", 0, "x"), ("log", 1)])
def test_there_is_no_shape_where_there_is_no_key(path: tuple[str | int, ...]) -> None:
    assert shape_at(Settings, path) is None


def test_the_bounds_of_a_key_are_known() -> None:
    assert fields_of(Settings)["listen"].bounds == {"min_length": 1}
    shape = shape_at(Settings, ("polling", "rate"))
    assert shape is not None
    assert shape.bounds == {"gt": 0, "le": 10_000}
