"""The configuration of an SMS gateway of any kind, described by small templates."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from agent.config.notification import NotificationSettings, check_receivers
from agent.config.secret import Secret
from agent.config.section import Section
from agent.config.sink_configuration import SinkConfiguration
from agent.config.template_syntax import syntax_problems
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem

Codes = Annotated[list[str], Field(max_length=100)]


class GatewayAnswer(Section):
    """How the gateway says what became of a message."""

    code: str = ""
    """The dotted path to the code in its JSON answer; without it every 2xx is success."""
    ok: Codes = Field(default=["0", "OK", "ok", "true"])
    """The codes of success."""
    reference: str = ""
    """The dotted path to the gateway's id of the message."""
    receiver: Codes = Field(default=[])
    """Codes of a receiver that can never be reached."""
    throttled: Codes = Field(default=[])
    """Codes of too many messages to one receiver; tried again after a minute."""
    hold: Codes = Field(default=[])
    """Codes of a wrong key, template or balance: everything waits until that is put right."""


class SmsGateway(NotificationSettings):
    """A gateway that takes a message by one HTTP request.

    Texts are jinja2; ``phone``, ``text``, ``id`` (the same in every attempt), ``credentials`` and
    the fields of templates (``ticket``, ``change``, ``subject``, ``cause`` …) can be used.
    """

    method: Literal["GET", "POST", "PUT"] = "POST"
    """The method of the request to ``url``."""
    query: dict[str, str] = Field(default={})
    """Parameters of the query; they are encoded."""
    form: dict[str, str] = Field(default={})
    """Fields of a form as body; they are encoded."""
    body: str = ""
    """A JSON body, instead of a form; values are written as ``{{ text | tojson }}``."""
    text: str = "{{ change }}: {{ subject }}, {{ cause }} ({{ ticket }})"
    """The message itself."""
    text_length: Annotated[int, Field(ge=20, le=1000)] = 140
    """Characters of the message; longer ones are cut."""
    credentials: dict[str, Secret] = Field(default={})
    """Secrets that the request needs, by name; those of headers belong under ``headers``."""
    answer: GatewayAnswer = GatewayAnswer()
    """How the gateway says what became of a message."""


def check_request(path: KeyPath, section: object) -> Iterator[Problem]:
    """Every text is jinja2, the phone is in the request, and there is one body at most."""
    texts = (
        *select(section, "query", "*", at=path),
        *select(section, "form", "*", at=path),
        *select(section, "body", at=path),
        *select(section, "text", at=path),
    )
    for text_path, text in texts:
        if isinstance(text, str):
            yield from syntax_problems(text_path, text)
    if not isinstance(section, dict):
        return
    if not any("phone" in str(text) for text_path, text in texts if text_path[-1] != "text"):
        text = "has the phone nowhere, expected {{ phone }} in query, form or body"
        yield Problem(path, text)
    if section.get("form") and section.get("body"):
        yield Problem((*path, "body"), "stands beside form, expected one of them")


CONFIGURATION = SinkConfiguration(
    kind="sms_gateway",
    position=110,
    key="sms_gateway",
    section=SmsGateway,
    checks=(check_receivers, check_request),
)
