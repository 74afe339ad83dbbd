"""Pushed call records in the ledger: counted once, and no reason to read less."""

from agent.model import Call
from agent.polling.call_ledger import OVERLAP, CallLedger
from agent.states import CallResult

START = 1_790_000_000.0
NUMBER = "4006220001"


def record(name: str, at: float) -> Call:
    return Call(name, NUMBER, at, CallResult.ANSWERED)


def test_a_pushed_record_does_not_move_where_polls_read_on() -> None:
    ledger = CallLedger(START)
    ledger.add([record("c-1", START + 100)], START + 7200)
    since = ledger.since()
    facts = ledger.add_pushed(
        [record("c-2", START + 7100), record("c-1", START + 100)], START + 7200
    )
    assert facts.totals == {(NUMBER, CallResult.ANSWERED): 2}
    ledger.add([record("c-2", START + 7100)], START + 7300)
    assert ledger.facts().totals == {(NUMBER, CallResult.ANSWERED): 2}
    assert ledger.since() <= START + 7100 - OVERLAP
    assert since <= START + 100


def test_polls_alone_would_have_read_on_there() -> None:
    ledger, pushed = CallLedger(START), CallLedger(START)
    pushed.add_pushed([record("c-9", START + 7100)], START + 7200)
    for each in (ledger, pushed):
        each.add([record("c-1", START + 100)], START + 7200)
    assert pushed.since() == ledger.since()
