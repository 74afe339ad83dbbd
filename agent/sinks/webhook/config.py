"""The configuration of a webhook sink."""

import re
from collections.abc import Iterator

from pydantic import Field

from agent.config.section import Section
from agent.config.sink_configuration import CallbackSignature, SinkConfiguration
from agent.config.template_syntax import syntax_problems
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem

_PATH = re.compile(r"/(?!/)")


class Template(Section):
    """How a delivery looks to a system that wants another form (jinja2, in a sandbox).

    ``type``, ``timestamp`` and ``ticket`` (its fields as in the API) can be used in each text.
    """

    path: str = ""
    """The path of the address, replacing that of ``url``; begins with a slash."""
    headers: dict[str, str] = Field(default={})
    """Further headers."""
    body: str = ""
    """The body instead of the usual one."""
    content_type: str = "application/json"
    """The type of ``body``; with ``application/json`` it must render as JSON."""


def check_templates(path: KeyPath, section: object) -> Iterator[Problem]:
    """Every text of the section is jinja2, and the path begins with one slash."""
    texts = (
        *select(section, "path", at=path),
        *select(section, "headers", "*", at=path),
        *select(section, "body", at=path),
    )
    for text_path, text in texts:
        if isinstance(text, str):
            yield from syntax_problems(text_path, text)
            if text_path[-1] == "path" and text and not _PATH.match(text):
                yield Problem(text_path, "is not a path, expected one slash at its beginning")


CONFIGURATION = SinkConfiguration(
    kind="webhook",
    position=10,
    key="template",
    section=Template,
    section_required=False,
    description="Another form of the webhook, for any system.",
    callback=CallbackSignature.STANDARD_WEBHOOKS,
    checks=(check_templates,),
)
