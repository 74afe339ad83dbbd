"""The words of checklists, for pages, reports and alerts."""

from typing import Final

from agent.i18n import Message
from agent.inspections.checklist import Kind, Result
from agent.inspections.items import ITEMS

KINDS: Final = {
    Kind.INSPECTION: Message("Inspection"),
    Kind.ONBOARDING: Message("Onboarding"),
}
RESULTS: Final = {
    Result.PASSED: Message("in order"),
    Result.FAILED: Message("not in order"),
    Result.NOT_APPLICABLE: Message("does not apply"),
    Result.UNKNOWN: Message("not known"),
}
PROBLEMS: Final = {
    "closed": Message("It is closed already."),
    "no_such_row": Message("There is no such row: {items}."),
    "too_many_answers": Message("It has too many answers; close it and begin another one."),
    "unanswered": Message("These rows still need an answer: {items}."),
    "failed": Message("These rows are not in order, so the number is not taken over: {items}."),
    "changed": Message("Somebody else has changed it meanwhile; look again."),
    "no_name": Message("Say who you are."),
    "no_number": Message("A number of 5 to 20 digits is expected."),
    "under_way": Message("There is one under way already."),
    "too_many": Message("Too many are open; close some first."),
    "no_answer": Message("Nothing was answered."),
}
"""Why something was not done."""


def item_message(code: str, kind: Kind) -> Message | str:
    """What the row ``code`` is about; a sentence of the configuration stays as it is."""
    for item in ITEMS[kind]:
        if item.code == code:
            return Message(item.text)
    return code


def item_text(code: str, kind: Kind, locale: str) -> str:
    """The same in one language."""
    message = item_message(code, kind)
    return message if isinstance(message, str) else message.text(locale)
