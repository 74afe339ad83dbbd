"""Listings of registrations: an extension that a whole listing lacks is not registered."""

import pytest
from aiohttp import web

from agent.config.inventory.inventory import Inventory, InventoryNumber, InventoryPhone
from agent.config.inventory.section import InventorySection
from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings
from agent.net.exchange import ProviderError
from agent.providers.registry import build
from agent.states import BindingKind
from tests.net.http_bench import serving
from tests.providers.profile_bench import Recorder, mistakes, profile_file

NUMBER = "4006220001"
LISTING = """
reachability:
  path: /registrations
  records: rows
  extensions: true
  absent_state: unregistered
  fields:
    id: contact
    phone: user
    state: {path: status, values: {Registered: ok, Expired: "off"}}
"""
PHONES = (
    InventoryPhone("p1", extension="801", position=1),
    InventoryPhone("p2", extension="802", position=2),
    InventoryPhone("p3", "13800000001", position=3),
    InventoryPhone("p4", extension="sip:gw.example.com:5060", position=4),
    InventoryPhone("p5", extension="t5", kind=BindingKind.TRUNK, position=5),
)


def row(user, status="Registered", contact=None):
    return {"user": user, "contact": contact or f"sip:{user}@192.0.2.1", "status": status}


async def states(bench, tmp_path, rows, text=LISTING, **more):
    """The states of the inventory's phones after one read of ``rows``."""

    def answer(_sent):
        return rows if isinstance(rows, web.Response) else {"rows": rows, **more}

    inventory = Inventory.of([InventoryNumber(NUMBER, phones=PHONES)])
    account = Account(
        id="hq",
        credentials={"key": Secret("k")},
        inventory=InventorySection().with_file_content(inventory.numbers),
    )
    async with serving(Recorder(answer)) as server:
        settings = ProviderSettings(
            name="pbx",
            profile=profile_file(tmp_path, text),
            base_url=server.url,
            accounts=[account],
        )
        provider = build(settings, account, bench.client.fetch, Polling())
        bindings = await provider.reachability([NUMBER])
    return {it.id: str(it.state) for it in bindings[NUMBER]}


REST = dict.fromkeys(("p3", "p4", "p5"), "unknown")
"""Mobiles and trunks register nowhere: that they are not listed says nothing of them."""


async def test_who_is_not_in_a_whole_listing_is_not_registered(bench, tmp_path):
    found = await states(bench, tmp_path, [row("801")])
    assert found == {"p1": "ok", "p2": "unregistered", **REST}


async def test_an_empty_listing_says_that_nobody_is_registered(bench, tmp_path):
    found = await states(bench, tmp_path, [])
    assert found == {"p1": "unregistered", "p2": "unregistered", **REST}


async def test_without_the_declaration_the_absent_stay_unknown(bench, tmp_path):
    text = LISTING.replace("  absent_state: unregistered\n", "")
    found = await states(bench, tmp_path, [row("801")], text)
    assert found == {"p1": "ok", "p2": "unknown", **REST}


@pytest.mark.parametrize(
    "unfit", [{"contact": "c9", "status": "Registered"}, {"user": "809", "status": "Registered"}, 7]
)
async def test_a_record_that_does_not_fit_may_be_the_absent_one(bench, tmp_path, unfit):
    rows = [row("801"), *(row(f"9{it:02}") for it in range(9)), unfit]
    found = await states(bench, tmp_path, rows)
    assert found == {"p1": "ok", "p2": "unknown", **REST}


async def test_a_listing_that_is_cut_says_nothing(bench, tmp_path):
    text = LISTING.replace("  extensions", "  paging: {total: count}\n  extensions")
    assert (await states(bench, tmp_path, [row("801")], text, count=1))["p2"] == "unregistered"
    with pytest.raises(ProviderError, match="1 records of 2"):
        await states(bench, tmp_path, [row("801")], text, count=2)


@pytest.mark.parametrize("order", [1, -1])
async def test_one_contact_that_is_registered_is_enough(bench, tmp_path, order):
    rows = [row("801", "Expired", "c1"), row("801", contact="c2"), row("802", "New", "c3")]
    rows.append(row("802", "Expired", "c4"))
    found = await states(bench, tmp_path, rows[::order])
    # Of a contact whose word is new nobody knows whether it can be reached.
    assert found == {"p1": "ok", "p2": "unknown", **REST}


async def test_names_are_compared_as_sip_registrars_store_them(bench, tmp_path):
    found = await states(bench, tmp_path, [row("T5"), row("SIP:gw.example.com:5060")])
    assert (found["p4"], found["p5"]) == ("ok", "ok")


WHOLE = f"name: example\ntitle: Example\nbase_url: https://api.example.com{LISTING}"


def test_it_is_refused_where_it_has_no_effect(tmp_path):
    assert mistakes(tmp_path, WHOLE) == []
    (text,) = mistakes(
        tmp_path,
        WHOLE.replace("  extensions: true\n", "").replace("    id:", "    number: n\n    id:"),
    )
    assert text.startswith("7: reachability.absent_state: is for what is asked once per phone")
    assert "or extensions: true" in text


@pytest.mark.parametrize(
    ("beside", "is_refused"),
    [
        ("", True),
        ("  envelope: {code: code, absent_is_ok: true}\n", True),
        ("  envelope: {code: code, ok: ['0']}\n", False),
        ("  paging: {total: count}\n", False),
    ],
)
def test_an_answer_without_a_list_must_not_say_that_nobody_is_registered(
    tmp_path, beside, is_refused
):
    text = WHOLE.replace("  records: rows", "  records: {path: rows, empty_when_absent: true}")
    found = mistakes(tmp_path, text.replace("  extensions", f"{beside}  extensions"))
    assert [it.partition(": ")[2].partition(" ")[0] for it in found] == (
        ["reachability.absent_state:"] if is_refused else []
    )
    assert all("expected paging: {total: PATH}, or an envelope" in it for it in found)
