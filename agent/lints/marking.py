"""A lint of what people have marked a number as (docs/reference/domain.md §7)."""

from agent.i18n import Message
from agent.i18n.words import MARKINGS, word
from agent.lints.facts import Needs, NumberFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, lint
from agent.states import REFUSED_TAGS


@lint(
    "L45",
    Level.WARNING,
    Message("marked as a nuisance"),
    Message("marked as {tag} by {count} people: calls back from it are refused"),
    Needs.MARKING,
)
def marked(facts: NumberFacts) -> Result:
    """A number that handsets show as harassment, advertising or fraud (L45)."""
    marking = facts.number.marking
    if marking is None or marking.tag not in REFUSED_TAGS:
        return None
    return {"tag": word(marking.tag.value, MARKINGS), "count": marking.count}
