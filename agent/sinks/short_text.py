"""What a message of a few words says about a ticket, in the language of whoever gets it.

No phone of a person is in it: every text is masked, but for the hotline number itself.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from agent.config.notification import TextField
from agent.diagnosis.cause_texts import CAUSE_TEXTS
from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.sinks.delivery import Delivery
from agent.sinks.text import Writer
from agent.sinks.text_limits import cut_characters
from agent.states import Cause

_LONGEST = 500
_NOTHING = "-"
_SUBJECTS: Final = ("number", "account", "carrier", "provider")
_BRACKETS = str.maketrans({"【": "(", "】": ")"})
"""A signature stands in these brackets; in a variable providers refuse them."""
_BEYOND_UCS2 = re.compile("[\U00010000-\U0010ffff\u200d\ufe0f]")
"""Emoji and what joins them, which SMS cannot carry."""


def short_texts(delivery: Delivery, writer: Writer) -> dict[TextField, str]:
    """Every text a template's variables can be filled with, not yet cut; none is empty."""
    ticket = delivery.ticket
    texts = {
        TextField.TICKET: delivery.id,
        TextField.CHANGE: writer.change(delivery.kind),
        TextField.SEVERITY: writer.severity(ticket),
        TextField.SUBJECT: _subject(ticket),
        TextField.CAUSE: _cause(ticket, writer.locale),
        TextField.TITLE: mask_text(str(ticket.get("title") or "")),
        TextField.COMPANY: mask_text(str(ticket.get("company") or "")),
        TextField.GRADE: str(ticket.get("grade") or ""),
        TextField.PROVIDER: mask_text(str(ticket.get("provider") or "")),
    }
    return {field: _plain(text, writer) for field, text in texts.items()}


def cut_to(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters, as providers count the text of a variable."""
    return cut_characters(text, limit)


def _subject(ticket: Mapping[str, Any]) -> str:
    if number := ticket.get("number"):
        return str(number)  # The hotline itself is public.
    return mask_text(next((str(ticket[it]) for it in _SUBJECTS if ticket.get(it)), ""))


def _cause(ticket: Mapping[str, Any], locale: str) -> str:
    code = str((ticket.get("diagnosis") or {}).get("cause") or Cause.UNKNOWN)
    cause = Cause(code) if code in Cause.__members__.values() else Cause.UNKNOWN
    return mask_text(CAUSE_TEXTS[cause].title.text(locale))


def _plain(text: str, writer: Writer) -> str:
    without_signs = _BEYOND_UCS2.sub("", text.translate(_BRACKETS))
    return writer.without_links(scrub(without_signs, _LONGEST)).strip() or _NOTHING
