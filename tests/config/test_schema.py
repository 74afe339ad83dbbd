"""The schema and the reference page say what the settings are, no more and no less."""

import re
from pathlib import Path
from typing import get_args, get_origin

import pytest

from agent.config.reference import page
from agent.config.schema import json_schema, settings_schema
from agent.config.secret import Secret
from agent.config.section import Section
from agent.config.settings import Settings

REPOSITORY = Path(__file__).parents[2]


def leaves(section: type[Section]) -> set[type[Section]]:
    """Every class below ``section`` that is nobody's base."""
    below = section.__subclasses__()
    return set().union(*map(leaves, below)) if below else {section}


PACKAGES = ("agent.config.", "agent.sinks.")
SECTIONS = {it for it in leaves(Section) if it.__module__.startswith(PACKAGES)}


def keys_of(section: type[Section]) -> set[str]:
    """Every key a file may have in ``section``, the ``*_file`` keys of secrets too."""
    secrets = [
        name
        for name, info in section.model_fields.items()
        if _has_secret(info.annotation) and get_origin(info.annotation) is not dict
    ]
    return {*section.model_fields, *(f"{name}_file" for name in secrets)}


def _has_secret(annotation: object) -> bool:
    return annotation is Secret or any(map(_has_secret, get_args(annotation)))


@pytest.mark.parametrize("section", sorted(SECTIONS, key=str), ids=lambda section: section.__name__)
def test_every_key_of_the_settings_is_in_the_schema(section: type[Section]) -> None:
    schema = json_schema()
    published = schema if section is Settings else schema["$defs"][section.__name__]
    assert keys_of(section) == set(published["properties"])
    assert all(key["description"].endswith(".") for key in published["properties"].values())
    assert published["additionalProperties"] is False


def test_every_section_is_in_the_schema() -> None:
    names = {section.__name__ for section in SECTIONS - {Settings}}
    assert set(settings_schema().sections()) == names
    assert names <= set(json_schema()["$defs"])


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
    assert len(rows) == sum(len(keys_of(section)) for section in SECTIONS)
    assert all(re.search(r"\.\)? \|$", row) for row in rows)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("providers", 0, "accounts", 3, "credentials", "any"), "secret"),
        (("providers", 0, "egress_allow", 1), "network"),
        (("polling", "intervals", "calls"), "duration"),
    ],
)
def test_the_kind_of_value_at_a_path(path: tuple[str | int, ...], kind: str) -> None:
    schema = settings_schema().at(path)
    assert schema is not None
    assert schema["x-kind"] == kind


def test_the_type_of_value_at_a_path() -> None:
    top, phone = settings_schema().at(()), settings_schema().at(("contacts", "admin", "phone"))
    assert top is not None
    assert phone is not None
    assert (top["type"], phone["type"]) == ("object", "string")


@pytest.mark.parametrize("path", [("nowhere",), ("providers", "x"), ("listen", 0, "x"), ("log", 1)])
def test_there_is_no_schema_where_there_is_no_key(path: tuple[str | int, ...]) -> None:
    assert settings_schema().at(path) is None


def test_the_bounds_of_a_key_are_known() -> None:
    listen, rate = settings_schema().at(("listen",)), settings_schema().at(("polling", "rate"))
    assert listen is not None
    assert rate is not None
    assert listen["minItems"] == 1
    assert (rate["exclusiveMinimum"], rate["maximum"]) == (0, 10_000)
    timeout = settings_schema().at(("polling", "timeout"))
    assert timeout is not None
    assert (timeout["exclusiveMinimum"], timeout["maximum"]) == (0, 3600)
