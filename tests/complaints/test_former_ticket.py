"""A complaint finds the ticket that was closed a moment ago, however many were closed since."""

from agent.complaints.complaint import Channel, ComplaintReport
from agent.complaints.correlation import ComplaintCorrelator
from agent.complaints.repository import ComplaintRepository, Obligations
from agent.states import NumberState
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from exporters.telemetry import Telemetry
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, Scene, alert

LATER = 25


async def closed_then_many_others(run: Run) -> str:
    """Closes the number's ticket, and then many others of the same number; returns its id."""
    await run.step(alert())
    (first,) = run.tickets.open
    await run.until_closed()
    others = [alert(f"Odd{index}", symptom=f"odd_{index}") for index in range(LATER)]
    await run.step(*others)
    assert len(run.tickets.open) == LATER
    await run.until_closed()
    return first.id


async def test_the_ticket_of_the_repair_is_found(database: Database) -> None:
    scene = Scene(states={NUMBER: NumberState.ACTIVE})
    run = Run(database, scene, common_cause_numbers=1000)
    await closed_then_many_others(run)
    complaints = await ComplaintRepository.open(database)
    report = ComplaintReport(
        number=NUMBER,
        caller="13900001111",
        at=run.now,
        has_time=True,
        channel=Channel.HOTLINE,
        **dict.fromkeys(("prompt", "content", "reference", "handler"), ""),
    )
    assert await complaints.add("c-1", report, Obligations(), 10, run.now)
    correlator = ComplaintCorrelator(
        complaints, run.tickets, Ledger(database), lambda: run.settings, Telemetry()
    )
    (again,) = await correlator.collect_alerts(scene.fleet, run.now)
    assert again.name == "ComplaintAfterRepair"
    assert again.labels["symptom"] == "number_down"
