"""The configuration of a Jira Cloud sink."""

import re
from collections.abc import Iterator

from pydantic import Field

from agent.config.secret import Secret
from agent.config.section import Section
from agent.config.sink_configuration import CallbackSignature, SinkConfiguration
from agent.states import Severity
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem
from agent.yamlfile.values import Name

_LABEL = re.compile(r"\S{1,255}")


class Jira(Section):
    """A project of Jira Cloud that gets an issue for each ticket."""

    user: str
    """The mail address of the account whose API token is used."""
    token: Secret
    """The account's API token."""
    project: Name
    """The project's key."""
    issue_type: str = "Task"
    """The type of the issues."""
    labels: list[str] = Field(default=["numwatch"])
    """Labels of every issue; the ticket's id is added, so that it can be found again."""
    priorities: dict[Severity, str] = Field(default={})
    """The priority's name for each severity; none is set for a severity that is not here."""
    restored: str = ""
    """The status, or the transition, an issue goes to when its fault is over; empty leaves it."""
    closed: str = "Done"
    """The status, or the transition, an issue goes to when its ticket is closed."""
    reopened: str = "To Do"
    """The status, or the transition, an issue goes to when its ticket is reopened."""
    resolution: str = ""
    """The resolution set with ``closed``, where the transition's screen asks for one."""


def check_labels(path: KeyPath, section: object) -> Iterator[Problem]:
    """Reports labels that Jira refuses: too long, or with a space in them."""
    for label_path, label in select(section, "labels", "*", at=path):
        if isinstance(label, str) and not _LABEL.fullmatch(label):
            text = "is not a label, expected at most 255 characters without spaces"
            yield Problem(label_path, text)


CONFIGURATION = SinkConfiguration(
    kind="jira",
    position=20,
    key="jira",
    section=Jira,
    callback=CallbackSignature.BODY_HMAC,
    checks=(check_labels,),
)
