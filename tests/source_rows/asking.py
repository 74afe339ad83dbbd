"""What the rows about diagnosis ask of the running agent."""

import json
import urllib.request
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import yaml
from standardwebhooks.webhooks import Webhook

from tests.forks import numwatch_done
from tests.source_rows.hotlines import Hotlines

Verdict = dict[str, Any]


def verdict(hotlines: Hotlines, slug: str, caller: str = "") -> Verdict:
    """The verdict on the row's hotline, for calls from ``caller`` if it is given."""
    asked = {"caller": caller} if caller else {}
    found: Verdict = hotlines.json(f"/api/diagnose/{hotlines.number(slug)}", **asked)
    return found


def until_cause(hotlines: Hotlines, slug: str, cause: str, caller: str = "") -> Verdict:
    """The verdict, once it has ``cause``."""

    def asked() -> Verdict | None:
        found = verdict(hotlines, slug, caller)
        return found if found["cause"] == cause else None

    return hotlines.until(asked, f"{slug} is diagnosed as {cause}")


def send_signed(hotlines: Hotlines, path: str, document: dict[str, Any]) -> dict[str, Any]:
    """What the agent answers to ``document``, signed as its senders sign (Standard Webhooks)."""
    settings = yaml.safe_load(hotlines.agent.config.read_text(encoding="utf-8"))
    key = settings["intake"]["complaints"]["secret"]
    body, now = json.dumps(document, ensure_ascii=False), datetime.now(UTC)
    # A document that is sent again has the same id, another one another.
    message = f"msg-{sha256(body.encode()).hexdigest()[:24]}"
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(key).sign(message, now, body),
    }
    request = urllib.request.Request(hotlines.agent.url + path, body.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def configure(
    hotlines: Hotlines, slug: str, routing: dict[str, Any], cause: str, caller: str = ""
) -> Verdict:
    """Configure the row's hotline, and approve it once the agent has seen the change.

    Returns the verdict on calls from ``caller``, once it has ``cause``: until then the reason is
    that the configuration was changed.
    """
    path = f"/api/numbers/{hotlines.number(slug)}/baseline"
    hotlines.set(slug, routing)

    def seen() -> str | None:
        found: str = verdict(hotlines, slug, caller)["cause"]
        return found if found in ("config_changed", cause) else None

    # An agent that saw the number only now has nothing to compare with.
    if hotlines.until(seen, f"the configuration of {slug} is seen") == "config_changed":
        hotlines.post(path, {"by": "Li Wei", "note": "as agreed"})
    return until_cause(hotlines, slug, cause, caller)


def route(hotlines: Hotlines, slug: str, *options: str) -> dict[str, Any]:
    """What ``numwatch route`` says of a call to the row's hotline."""
    config = str(hotlines.agent.config)
    command = ("route", hotlines.number(slug), "--config", config, "--json", *options)
    done = numwatch_done(*command, within=120)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
