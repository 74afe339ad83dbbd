"""Every text of a stored ticket or complaint is either about people or known not to be."""

from collections.abc import Iterator

from msgspec import inspect

from agent.complaints.repository import StoredComplaint
from agent.privacy.personal import FORMS, PERSONAL
from agent.tickets.ticket import Ticket

_SUBJECT = frozenset({"provider", "account", "number", "binding", "carrier", "symptom"})
_OF_COMPLAINTS = frozenset(
    {"id", "number", "company", "pattern", "prompt", "symptom", "regulator", "filed/event"}
)
ABOUT_THE_FAULT = frozenset(
    {
        *("alerts", "carrier", "company", "id", "key", "outcome", "parent", "previous"),
        *("provider_ticket", "resolution", "responsible", "rule_gone", "timeline/event"),
        *(f"clocks/terms/calendar/{it}" for it in ("holidays", "workdays", "zone")),
        *(f"diagnosis/{it}" for it in ("cause", "party", "number", "findings", "questions")),
        *("diagnosis/next_steps", "diagnosis/translations/locale"),
        *(f"diagnosis/translations/{it}" for it in ("findings", "questions", "next_steps")),
        *(f"diagnosis/considered/{it}" for it in ("cause", "for", "against")),
        *(f"diagnosis/evidence/{it}" for it in ("fact", "source", "value")),
        *("members/key", "members/left_for", "visits/conduct", "severe/excluded", "severe/reason"),
        *("text/title", "text/description", "text/others", "joint_test/waits_for"),
        *(f"joint_test/calls/{it}" for it in ("call", "carrier", "outcome", "refusal", "result")),
        *(
            f"{it}/{name}"
            for it in ("subject", "elsewhere", "members/subject")
            for name in _SUBJECT
        ),
        *(f"complaints/{it}" for it in _OF_COMPLAINTS),
    }
)
"""What an old ticket keeps; phones in these texts are erased all the same."""
ERASED_BY_NAME = frozenset({"complaints/filed/text", "quality/reason", "timeline/reason"})
"""What is erased by functions of its own."""
OF_A_COMPLAINT = frozenset(
    {
        "ticket_id",
        *(f"again/{it}" for it in _SUBJECT),
        *(f"complaint/{it}" for it in _OF_COMPLAINTS - {"company"}),
        *("complaint/company", "complaint/filed/text"),
    }
)


def _texts(kind: inspect.Type, path: tuple[str, ...], within: frozenset[type]) -> Iterator[str]:
    match kind:
        case inspect.StructType(cls=cls, fields=fields) if cls not in within:
            for field in fields:
                yield from _texts(field.type, (*path, field.encode_name), within | {cls})
        case inspect.CollectionType(item_type=item):
            yield from _texts(item, path, within)
        case inspect.TupleType(item_types=items) | inspect.UnionType(types=items):
            for item in items:
                yield from _texts(item, path, within)
        case inspect.DictType(key_type=key, value_type=value):
            yield from _texts(key, path, within)
            yield from _texts(value, path, within)
        case inspect.StrType() | inspect.AnyType():
            yield "/".join(path)


def _neither_personal_nor_a_form(document: type) -> set[str]:
    found = set(_texts(inspect.type_info(document), (), frozenset()))
    people = PERSONAL | set(FORMS)
    return {path for path in found if not people & set(path.split("/"))}


def test_every_text_of_a_ticket_is_known() -> None:
    """A new field is written down here, or erased."""
    assert _neither_personal_nor_a_form(Ticket) == ABOUT_THE_FAULT | ERASED_BY_NAME


def test_every_text_of_a_complaint_is_known() -> None:
    assert _neither_personal_nor_a_form(StoredComplaint) == OF_A_COMPLAINT


def test_a_field_that_nobody_wrote_down_is_seen() -> None:
    """The control."""
    assert "assignee" in set(_texts(inspect.type_info(Ticket), (), frozenset()))
    assert "clocks/terms/calendar/zone" in _neither_personal_nor_a_form(Ticket)
