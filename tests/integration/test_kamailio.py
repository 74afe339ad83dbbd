"""The kamailio adapter against a real Kamailio, whose phones a real SIP client registers."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.cli.observation import poll_once
from agent.config.settings import Settings
from agent.model import Binding
from agent.states import BindingState, Capability, PollFailure
from tests.integration.processes import free_port, needs, running, wait_until

HERE = Path(__file__).parent
NUMBER, OTHER = "4006220001", "4006220002"
DEADLINE = 60.0
"""Seconds: a busy machine sends the probes of the dispatcher late."""

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@dataclass(frozen=True)
class Exchange:
    """A Kamailio that runs, and how its phones register."""

    sip_port: int
    http_port: int
    dead_trunk: str
    folder: Path

    def register(self, *users: tuple[str, int]) -> None:
        """Register each user for so many seconds."""
        rows = "".join(f"{user};{seconds}\n" for user, seconds in users)
        (self.folder / "users.csv").write_text(f"SEQUENTIAL\n{rows}")
        command = [needs("sipp"), f"127.0.0.1:{self.sip_port}", "-sf", str(HERE / "register.xml")]
        command += ["-inf", str(self.folder / "users.csv"), "-m", str(len(users))]
        command += ["-i", "127.0.0.1", "-p", str(free_port()), "-nostdin", "-timeout", "20"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]

    @property
    def live_trunk(self) -> str:
        """A target that answers: Kamailio itself."""
        return f"sip:127.0.0.1:{self.sip_port}"

    def settings(
        self, *extensions: str, path: str = "/RPC", profile: str = "kamailio", **options: str
    ) -> Settings:
        """Settings whose inventory has the given extensions."""
        phones = [{"extension": it, "position": at} for at, it in enumerate(extensions, 1)]
        account = {
            "id": "main",
            "inventory": {
                "numbers": [
                    {"number": NUMBER, "phones": phones},
                    {"number": OTHER, "account": "pbx/other", "phones": phones[:1]},
                ]
            },
        }
        provider = {
            "name": "pbx",
            "profile": profile,
            "base_url": f"http://127.0.0.1:{self.http_port}{path}",
            "egress_allow": ["127.0.0.0/8"],
            "options": options,
            "accounts": [account],
            "polling": {"attempts": 1, "timeout": "20s", "request_timeout": "10s"},
        }
        return Settings.model_validate({"providers": [provider]})


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    kamailio = needs("kamailio")
    needs("sipp")
    folder = tmp_path_factory.mktemp("kamailio")
    sip_port, http_port = free_port(), free_port()
    running_one = Exchange(sip_port, http_port, f"sip:127.0.0.1:{free_port()}", folder)
    targets = (running_one.live_trunk, running_one.dead_trunk)
    (folder / "dispatcher.list").write_text("".join(f"1 {target}\n" for target in targets))
    text = (HERE / "kamailio.cfg").read_text().replace("FOLDER", str(folder))
    text = text.replace("SIP_PORT", str(sip_port)).replace("HTTP_PORT", str(http_port))
    (folder / "kamailio.cfg").write_text(text)
    command = [kamailio, "-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-Y", str(folder)]
    with running(command, folder / "kamailio.log"):
        wait_until(lambda: _answers(running_one), 30, "Kamailio answers")
        running_one.register(("801", 3600), ("alice", 3600))
        yield running_one


def _answers(exchange: Exchange) -> bool:
    return not polled(exchange.settings("801"))[1]


def polled(settings: Settings) -> tuple[Any, dict[Capability, Any]]:
    """The snapshot after one poll, and its failures."""
    report = asyncio.run(poll_once(settings))
    (account,) = report.accounts
    failures = {it.capability: it for it in account.outcomes if it.failure is not None}
    return account.snapshot, failures


def states(settings: Settings) -> dict[str, tuple[BindingState, str]]:
    """State and word of each extension."""
    snapshot, failures = polled(settings)
    assert not failures
    return {it.id: (it.state, it.native_status) for it in snapshot.bindings[NUMBER]}


@pytest.mark.parametrize("options", [{}, {"dump_from": "1"}], ids=["one by one", "the whole table"])
def test_who_is_registered_can_be_reached_and_who_is_not_cannot(exchange, options) -> None:
    found = states(exchange.settings("801", "alice", "ALICE@example.com", "809", **options))
    assert found == {
        "801": (BindingState.OK, "registered"),
        "alice": (BindingState.OK, "registered"),
        "ALICE@example.com": (BindingState.OK, "registered"),
        "809": (BindingState.OFF, "not registered"),
    }


def test_the_number_s_own_state_stays_unknown_and_another_account_s_number_is_separate(
    exchange,
) -> None:
    snapshot, _failures = polled(exchange.settings("801"))
    assert [it.state for it in snapshot.listing.numbers] == ["unknown"]
    expected = Binding("801", "", position=1, state=BindingState.OK, native_status="registered")
    assert snapshot.unlisted_bindings == {OTHER: (expected,)}


@pytest.mark.parametrize("options", [{}, {"dump_from": "1"}], ids=["one by one", "the whole table"])
def test_a_registration_that_expires_is_none(exchange, options) -> None:
    user = f"8{len(options)}3"
    exchange.register((user, 2))
    began = time.monotonic()

    def expired() -> tuple[BindingState, str] | None:
        found = states(exchange.settings(user, **options))[user]
        return None if found[0] is BindingState.OK else found

    found = wait_until(expired, DEADLINE, "the registration has expired")
    assert found[0] is BindingState.OFF
    assert found[1] in {"not registered", "registration expired"}
    assert time.monotonic() - began >= 1.0, "it was registered at first"


def test_a_trunk_that_answers_is_reachable_and_a_dead_one_is_not(exchange) -> None:
    settings = exchange.settings(exchange.live_trunk, exchange.dead_trunk, "sip:127.0.0.1:9")
    seen = []

    def both_are_settled() -> dict[str, tuple[BindingState, str]] | None:
        found = states(settings)
        seen.append(found[exchange.dead_trunk])
        live = found[exchange.live_trunk][0] is BindingState.OK
        return found if live and found[exchange.dead_trunk][0] is BindingState.OFF else None

    found = wait_until(both_are_settled, DEADLINE, "the dead trunk is inactive")
    assert found[exchange.live_trunk] == (BindingState.OK, "dispatcher AP")
    assert found[exchange.dead_trunk] == (BindingState.OFF, "dispatcher IP")
    assert found["sip:127.0.0.1:9"] == (BindingState.UNKNOWN, "not in the dispatcher")
    # While the dispatcher is not sure, nor are we: never reachable, never down.
    assert {state for state, _word in seen} <= {BindingState.UNKNOWN, BindingState.OFF}


@pytest.mark.parametrize("options", [{}, {"dump_from": "1"}], ids=["one by one", "the whole table"])
def test_a_table_that_does_not_exist_is_a_configuration_error(exchange, options) -> None:
    _snapshot, failures = polled(exchange.settings("801", location="subscribers", **options))
    outcome = failures[Capability.REACHABILITY]
    assert outcome.failure is PollFailure.SCHEMA
    assert "configuration error" in outcome.detail
    assert "set the option location" in outcome.detail


def test_a_wrong_path_is_no_phone_that_is_off(exchange) -> None:
    snapshot, failures = polled(exchange.settings("801", path="/rpc"))
    assert failures[Capability.NUMBERS].failure is PollFailure.HTTP_4XX
    assert snapshot is None or not snapshot.bindings


LOCATION = """
name: kamailio_location
title: Contacts in Kamailio's location table
envelope: {code: error.code, absent_is_ok: true, message: error.message}
reachability:
  path: /RPC
  method: POST
  read: true
  body: {jsonrpc: "2.0", method: METHOD, params: [], id: 1}
  records:
    path: result.Domains
    each: {path: Domain.AoRs, each: {path: Info.Contacts, empty_when_absent: true}}
  extensions: true
  absent_state: unregistered
  fields:
    id: Contact.Ruid
    phone: ^.Info.AoR
    state:
      first_of:
        - {when: {Contact.Expires: {match: "^[1-9][0-9]*$"}}, const: ok}
        - {path: Contact.Expires, values: {permanent: ok, expired: "off", deleted: "off", 0: "off"}}
    native_status: {const: contact}
"""
DISPATCHER = """
name: kamailio_dispatcher
title: Targets of Kamailio's dispatcher
envelope: {code: error.code, absent_is_ok: true, message: error.message}
reachability:
  path: /RPC
  method: POST
  read: true
  body: {jsonrpc: "2.0", method: dispatcher.list, id: 1}
  records: {path: result.RECORDS, each: SET.TARGETS}
  extensions: true
  fields:
    id: DEST.URI
    phone: DEST.URI
    state:
      path: DEST.FLAGS
      values: {AP: ok, IP: "off", IX: "off", DP: "off", DX: "off", AX: unknown, TP: unknown,
               TX: unknown}
"""


def profile_file(exchange: Exchange, text: str, method: str = "ul.dump") -> str:
    """The path of a profile that calls ``method`` for the location table."""
    file = exchange.folder / f"{method}-{len(text)}.yaml"
    file.write_text(text.replace("METHOD", method))
    return str(file)


def test_a_profile_reads_who_is_registered_and_who_is_not(exchange) -> None:
    profile = profile_file(exchange, LOCATION)
    found = states(exchange.settings("801", "ALICE", "809", path="", profile=profile))
    assert found == {
        "801": (BindingState.OK, "contact"),
        "ALICE": (BindingState.OK, "contact"),
        "809": (BindingState.UNREGISTERED, "not listed"),
    }


def test_a_profile_reads_that_a_registration_has_expired(exchange) -> None:
    exchange.register(("823", 2))
    settings = exchange.settings("823", path="", profile=profile_file(exchange, LOCATION))
    assert states(settings)["823"][0] is BindingState.OK
    expected = {BindingState.OFF, BindingState.UNREGISTERED}
    wait_until(lambda: states(settings)["823"][0] in expected, DEADLINE, "it has expired")


def test_a_profile_reads_that_one_target_of_the_dispatcher_is_dead(exchange) -> None:
    profile = profile_file(exchange, DISPATCHER, "dispatcher.list")
    trunks = (exchange.live_trunk, exchange.dead_trunk, "sip:127.0.0.1:9")
    settings = exchange.settings(*trunks, path="", profile=profile)
    seen = []

    def both_are_settled() -> dict[str, tuple[BindingState, str]] | None:
        found = states(settings)
        seen.append(found[exchange.dead_trunk][0])
        live = found[exchange.live_trunk][0] is BindingState.OK
        return found if live and seen[-1] is BindingState.OFF else None

    found = wait_until(both_are_settled, DEADLINE, "the dead target is inactive")
    assert found[exchange.live_trunk] == (BindingState.OK, "AP")
    assert found[exchange.dead_trunk] == (BindingState.OFF, "IP")
    assert found["sip:127.0.0.1:9"][0] is BindingState.UNKNOWN
    # It shows AX until it was probed: never reachable, never down.
    assert set(seen) <= {BindingState.UNKNOWN, BindingState.OFF}


def test_a_method_that_kamailio_does_not_have_is_no_empty_table(exchange) -> None:
    profile = profile_file(exchange, LOCATION, "ul.dumb")
    snapshot, failures = polled(exchange.settings("801", path="", profile=profile))
    assert "Method Not Found" in failures[Capability.REACHABILITY].detail
    assert snapshot is None or not snapshot.bindings
