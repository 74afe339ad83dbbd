"""Records what people found out: their answers to the questions of a diagnosis."""

from collections.abc import Mapping

from agent.diagnosis.answers import answer_errors
from agent.diagnosis.context import normalize_number
from agent.i18n import Joined, Message
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor, person_name
from agent.tickets.lifecycle import ActorKind
from agent.tickets.manager import Tickets


async def record_answers(
    tickets: Tickets, number: str, answers: Mapping[str, str], by: str, now: float
) -> None:
    """Records ``answers`` to the diagnosis' questions with the number's open tickets.

    Raises:
        ActionRequestError: when an answer or the name is not valid; nothing is recorded then.
        StoreError: when the ledger refuses; answers already written stay written.
    """
    actor = Actor(ActorKind.PERSON, person_name(by))
    wrong = answer_errors(answers)
    if wrong:
        raise ActionRequestError(Message("{problems}", {"problems": Joined(tuple(wrong))}))
    digits = normalize_number(number)
    for ticket in tickets.open:
        if ticket.subject.number == digits:
            for question, answer in answers.items():
                fields = {"question": question, "answer": answer}
                request = ActionRequest(TicketAction.ANSWER, actor, "found out", fields)
                await tickets.act(ticket.id, request, now)
