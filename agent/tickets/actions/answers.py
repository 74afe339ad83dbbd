"""What people tell the agent, put to the tickets it is about."""

from collections.abc import Mapping

from agent.diagnosis.answered import mistakes
from agent.diagnosis.digits import plain_digits
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor, named
from agent.tickets.lifecycle import ActorKind
from agent.tickets.manager import Tickets


async def keep_answers(
    tickets: Tickets, number: str, answers: Mapping[str, str], by: str, now: float
) -> None:
    """Keep with the number's open tickets what somebody has found out.

    Raises:
        OrderError: when an answer or the name cannot be read; nothing is kept then.
    """
    actor = Actor(ActorKind.PERSON, named(by))
    wrong = mistakes(answers)
    if wrong:
        raise ActionRequestError("; ".join(wrong))
    plain = plain_digits(number)
    for ticket in tickets.open:
        if ticket.subject.number == plain:
            for question, answer in answers.items():
                fields = {"question": question, "answer": answer}
                await tickets.act(
                    ticket.id, ActionRequest(TicketAction.ANSWER, actor, "found out", fields), now
                )
