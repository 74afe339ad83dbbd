"""The id of a phone that several numbers ring tells phones apart and gives no digit away."""

from hashlib import sha256
from pathlib import Path

import pytest

from agent.masking import mask_phone
from agent.states import BindingState, NumberState
from agent.store.database import Database
from agent.tickets.landing_ids import KEY_BYTES, LandingIds
from agent.tickets.ledger import Ledger
from tests.tickets.driver import Run
from tests.tickets.scene import Scene, alert

PHONE = "13800000001"
NUMBERS = tuple(f"40062200{index:02}" for index in range(1, 4))


def plain_id(phone: str) -> str:
    """The id as versions before 0.3 made it."""
    return f"{mask_phone(phone)} {sha256(phone.encode()).hexdigest()[:8]}"


def guessed(identity: str) -> list[str]:
    """The phones with the mask of ``identity`` of which its hash is one without a key."""
    mask, _, digest = identity.partition(" ")
    front, back = mask.split("****")
    phones = (f"{front}{hidden:04}{back}" for hidden in range(10_000))
    return [it for it in phones if sha256(it.encode()).hexdigest().startswith(digest)]


def run_of(database: Database) -> Run:
    scene = Scene(states=dict.fromkeys(NUMBERS, NumberState.ACTIVE))
    scene.phones = {"b1": BindingState.ARREARS, "b2": BindingState.OK}
    return Run(database, scene)


def dead() -> list:
    return [
        alert("BindingSuspended", "binding", "binding_down", "warning", number=number)
        for number in NUMBERS
    ]


async def landing_of(run: Run) -> str:
    await run.step(*dead())
    (cause,) = (it for it in run.tickets.open if it.subject.symptom == "landing_down")
    return cause.subject.binding


async def test_the_hidden_digits_are_not_found_by_trying(database: Database) -> None:
    identity = await landing_of(run_of(database))
    assert identity.startswith("138****0001 ")
    assert guessed(identity) == []


def test_an_id_without_a_key_would_be_found() -> None:
    assert guessed(plain_id(PHONE)) == [PHONE]


async def test_ids_are_those_of_the_ledger_for_good(database: Database, tmp_path: Path) -> None:
    run = run_of(database)
    identity = await landing_of(run)
    run.restart()
    assert await run.step(*dead()) == ()
    assert (await Ledger(database).landing_ids()).of(PHONE) == identity
    other = await Database.open(tmp_path / "other")
    assert await landing_of(run_of(other)) != identity
    await other.close()


async def test_a_ticket_of_an_earlier_version_is_not_doubled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(database)
    with monkeypatch.context() as earlier:
        earlier.setattr(LandingIds, "of", lambda _self, phone: plain_id(phone))
        assert await landing_of(run) == plain_id(PHONE)
    run.restart()
    assert await run.step(*dead()) == ()
    (cause,) = (it for it in run.tickets.open if it.subject.symptom == "landing_down")
    assert cause.subject.binding == plain_id(PHONE)


def test_phones_with_one_mask_are_told_apart() -> None:
    ids = LandingIds(b"k" * KEY_BYTES)
    assert ids.of("13811110001") != ids.of("13800000001")
    assert ids.of("13800000001") != LandingIds(b"l" * KEY_BYTES).of("13800000001")
