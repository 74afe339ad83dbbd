"""One person's data, found by any spelling of the phone or by the reporter's id, and deleted."""

import zlib
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from agent.masking import mask_phone
from agent.privacy.erasure import Reason
from agent.privacy.person import Form, UnknownPersonError, person_of
from agent.privacy.requests import CONFIGURATION, FILE, PersonReport
from agent.store import schema
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from tests.privacy.planted_person import (
    DAY,
    NAME,
    NOW,
    OTHER,
    PHONE,
    SPELLINGS,
    PlantedLedger,
    service,
)
from tests.privacy.test_purge import everything_in
from tests.proof_size import size

LATELY = NOW - 2 * DAY
TABLES = {
    "complaints",
    "evidence",
    "notifications",
    "outbox",
    "provider_pushes",
    "tickets",
    "timeline",
}


@pytest.fixture
async def ledger(database: Database) -> PlantedLedger:
    return await PlantedLedger.open(database)


def tables(report: PersonReport) -> set[str]:
    return {it.table for it in report.places}


async def test_everything_of_a_person_is_exported_with_its_place(
    ledger: PlantedLedger, database: Database
) -> None:
    await ledger.everything(LATELY)
    await ledger.push(LATELY)
    await ledger.audit(LATELY)
    people = service(database).people
    report = await people.export(await people.find("0086-139 1234 5678", ""))
    assert report.person == mask_phone(PHONE)
    assert tables(report) >= TABLES | {"audit"}
    texts = " ".join(text for place in report.places for text in place.texts)
    for spelling in SPELLINGS:
        assert spelling in texts, spelling
    assert OTHER not in texts, "nobody else's phone leaves with it"
    # By the reporter's id it is the same person, while a complaint still has the phone.
    (complaint,) = (await ledger.rows())["complaints"]
    again = await people.export(await people.find("", complaint["who"]))
    assert tables(again) == tables(report)
    assert (await people.export(await people.find("13900000000", ""))).places == ()


async def test_a_deleted_person_is_in_no_table_and_no_file(
    ledger: PlantedLedger, database: Database
) -> None:
    await ledger.everything(LATELY)
    await ledger.push(LATELY)
    await ledger.complain(OTHER, LATELY, f"my neighbour {SPELLINGS[1]} cannot call either")
    people = service(database).people
    person = await people.find(PHONE, "")
    folder = database.path.parent
    report = await people.delete(person)
    # The neighbour's complaint is not answered: its ticket may still need it.
    assert [(it.table, it.stays_for) for it in report.places if it.table != FILE] == [
        ("complaints", Reason.OPEN)
    ]
    (open_one,) = list(ledger.complaints.waiting.values())
    await ledger.answer(open_one.complaint, NOW)
    report = await people.delete(person)
    assert report.places == ()
    assert (await people.export(person)).places == ()
    rows = await ledger.rows()
    evidence = b"".join(zlib.decompress(it["content"]) for it in rows["evidence"])
    for form in (*SPELLINGS, mask_phone(PHONE), person.who):
        assert form.encode() not in everything_in(folder), form
        assert form not in repr(rows), form
        assert form.encode() not in evidence, form
    # Others stay, and so does what happened.
    assert OTHER in [it["caller"] for it in rows["complaints"]]
    ticket = await Ledger(database).get("t-1")
    assert ticket is not None
    assert ticket.text.description == "complaint of [erased]: [erased]"
    assert [it.who for it in ticket.complaints] == [""]
    assert NAME in ticket.timeline[1].actor, "a name alone is no phone: privacy.tickets is for it"


async def test_a_complaint_that_cannot_be_read_is_emptied_and_stops_no_deletion(
    ledger: PlantedLedger, database: Database
) -> None:
    made = await ledger.complain(PHONE, LATELY, "no answer")
    await ledger.answer(made, NOW)
    damaged = f'{{"complaint": {{"caller": "{PHONE}"}}}}'.encode()
    async with database.transaction() as connection:
        await connection.execute(update(schema.complaints).values(document=damaged))
    people = service(database).people
    report = await people.delete(await people.find(PHONE, ""))
    assert report.places == ()
    (row,) = (await ledger.rows())["complaints"]
    assert (row["caller"], row["who"], row["document"]) == ("", "", b"{}")


async def test_changed_evidence_is_still_whole_and_says_that_it_was_changed(
    ledger: PlantedLedger, database: Database
) -> None:
    await ledger.everything(LATELY)
    (before,) = (await ledger.rows())["evidence"]
    people = service(database).people
    await people.delete(await people.find(PHONE, ""))
    changed, note = (await ledger.rows())["evidence"]
    for row in (changed, note):
        assert sha256(zlib.decompress(row["content"])).hexdigest() == row["sha256"]
    assert changed["sha256"] != before["sha256"]
    assert msgspec.json.decode(zlib.decompress(note["content"])) == {
        "file": "onset/answers.json",
        "sha256_before": before["sha256"],
        "sha256_after": changed["sha256"],
        "reason": "data about one person was deleted at their request",
    }
    assert (note["ticket_id"], note["name"]) == ("t-1", "erasures.json")


async def test_an_open_ticket_holds_what_is_its_own_until_it_is_closed(
    ledger: PlantedLedger, database: Database
) -> None:
    await ledger.everything(LATELY, is_open=True)
    people = service(database).people
    report = await people.delete(await people.find(PHONE, ""))
    held = [it for it in report.places if it.table != FILE]
    assert {it.table for it in held} == TABLES - {"provider_pushes"}
    assert {(it.stays_for, it.ticket) for it in held} == {(Reason.OPEN, "t-1")}
    assert report.deleted == 0
    assert PHONE in (await ledger.rows())["complaints"][0]["caller"]


async def test_a_phone_that_is_bound_is_its_providers(
    ledger: PlantedLedger, database: Database
) -> None:
    await ledger.push(LATELY)
    for is_bound in (True, False):
        people = service(database, is_bound=is_bound).people
        report = await people.delete(await people.find(PHONE, ""))
        kept = [it.stays_for for it in report.places if it.table == "provider_pushes"]
        assert kept == ([Reason.BOUND] if is_bound else [])


async def test_the_audit_log_stays_and_files_are_named(
    ledger: PlantedLedger, database: Database, tmp_path: Path
) -> None:
    await ledger.audit(LATELY)
    aside = database.path.parent / "ledger.db.before-restore-1"
    aside.write_bytes(b"x" * 5_000_000 + SPELLINGS[1].encode())
    configuration = tmp_path / "config.yaml"
    configuration.write_text(f'contacts: {{admin: {{phone: "{PHONE}"}}}}')
    people = service(database, configuration=(configuration,)).people
    report = await people.delete(await people.find(PHONE, ""))
    assert {(it.table, it.stays_for) for it in report.places} == {
        ("audit", Reason.AUDIT),
        (FILE, "in_file"),
        (CONFIGURATION, "in_configuration"),
    }
    (file,) = [it for it in report.places if it.table == FILE]
    assert file.key == {"file": aside.name, "count": 1}
    assert aside.exists(), "what somebody put aside is not ours to remove"


async def test_a_deletion_is_recorded_without_the_person(
    ledger: PlantedLedger, database: Database
) -> None:
    await ledger.everything(LATELY)
    people = service(database).people
    report = await people.delete(await people.find(PHONE, ""))
    (record,) = [it for it in await service(database).records(5) if it.kind == "person"]
    assert (record.rows, record.request) == (report.deleted, report.request)
    assert record.rows > 0


separators = st.sampled_from(["", " ", "-", "  ", ".", "\u00a0", "\u200b"])


@settings(max_examples=size(25, 400))
@given(
    st.sampled_from(["139", "150", "186"]),
    st.integers(0, 99_999_999),
    st.sampled_from(["", "+86", "+86 ", "0086", "0086-", "0", "86"]),
    separators,
    st.sampled_from(["", "电话", "call ", "(", '{"caller": "']),
)
def test_every_spelling_is_the_same_person(
    head: str, rest: int, country: str, separator: str, before: str
) -> None:
    digits = f"{head}{rest:08}"
    written = separator.join((digits[:3], digits[3:7], digits[7:]))
    person = person_of(country + written, "")
    assert person.phone == digits
    text = f"{before}{country}{written}）, not 13700000000"
    assert Form.PHONE in person.forms_in(text)
    erased = person.erased_from(text, "[erased]")
    assert not person.forms_in(erased)
    assert "13700000000" in erased, "the control: nobody else is erased"


@pytest.mark.parametrize("phone", ["", "abc", "12", "4006220001x"])
def test_what_is_no_person_is_refused(phone: str) -> None:
    with pytest.raises(UnknownPersonError, match="phone"):
        person_of(phone, "")
