"""A simulated world, an agent, a Prometheus and an Alertmanager on one machine, all real.

Each of the last three can be killed with SIGKILL and started again on the same data.
"""

import contextlib
import json
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.store.directory import TOKEN_NAME
from tests.forks import running_numwatch
from tests.integration.processes import (
    ROOT,
    RunningProcess,
    free_port,
    get,
    kill,
    needs,
    numwatch,
    running,
    wait_until,
)

NUMBERS = tuple(f"40062200{place:02}" for place in range(1, 25))
DOWN = "number_down"
TOKEN = "a-long-token-for-tests"
_CALM = 120.0
"""Seconds within which everything must have happened on a very busy machine."""


def world(numbers: Sequence[str] = NUMBERS) -> dict[str, Any]:
    """Every number is well."""
    return {
        "seed": 7,
        "providers": [
            {
                "name": "north",
                "dialect": "generic",
                "accounts": [
                    {
                        "id": "hq",
                        "credentials": {"key": "demo", "secret": "demo-secret"},
                        "balance": 5000,
                        "currency": "CNY",
                        "numbers": [_number(number) for number in numbers],
                    }
                ],
            }
        ],
    }


def _number(number: str) -> dict[str, Any]:
    phones = [
        {"id": "b1", "phone": "13800000001", "kind": "mobile", "position": 1, "state": "ok"},
        {"id": "b2", "phone": "13800000002", "kind": "mobile", "position": 2, "state": "ok"},
    ]
    return {"number": number, "state": "active", "network_state": "active", "bindings": phones}


Start = Callable[[Sequence[str], Path], contextlib.AbstractContextManager[RunningProcess]]
"""Starts a command with its output in a file; it is ended with the context."""


@dataclass
class Process:
    """One process of the scene, which can be killed and started again."""

    command: list[str]
    ready: str
    log: Path
    ends: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    run: Start = running
    popen: RunningProcess | None = None
    lives: int = 0

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.popen is not None and self.popen.poll() is None

    def launch(self) -> None:
        """Start it and do not wait."""
        self.lives += 1
        log = self.log.with_suffix(f".{self.lives}.log")
        self.popen = self.ends.enter_context(self.run(self.command, log))

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        wait_until(lambda: get(self.ready), _CALM, f"life {self.lives} of {self.log} answers")

    def kill(self) -> None:
        """SIGKILL: no goodbye, nothing saved."""
        assert self.popen is not None
        kill(self.popen)

    def restart(self) -> None:
        """Kill it and start it on what is on its disk."""
        self.kill()
        self.start()


@dataclass
class Peers:
    """The scene."""

    world_url: str
    agent_url: str
    prometheus_url: str
    alertmanager_url: str
    agent: Process
    prometheus: Process
    alertmanager: Process
    config: Path
    """The agent's configuration."""

    def use_token(self, token: str) -> None:
        """Have the running agent ask for another token."""
        settings = yaml.safe_load(self.config.read_text())
        settings["intake"]["alertmanager"]["token"] = token
        self.config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        own = (self.config.parent / settings["data_dir"] / TOKEN_NAME).read_text().strip()
        self._post(f"{self.agent_url}/-/reload", {}, Authorization=f"Bearer {own}")

    def set_state(self, number: str, state: str) -> None:
        """Change a number's state in the world."""
        self._post(f"{self.world_url}/world", {"number": number, "set": {"state": state}})

    def break_number(self, number: str) -> None:
        """Suspend a number, for a reason that is its own and no sign of a wider outage."""
        self.set_state(number, "suspended_requested")

    def mend_number(self, number: str) -> None:
        """Put a number back in service."""
        self.set_state(number, "active")

    def _post(self, url: str, body: object, **headers: str) -> None:
        request = urllib.request.Request(
            url,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", **headers},
        )
        urllib.request.urlopen(request, timeout=30).close()

    def desk(self) -> list[dict[str, Any]]:
        """Every ticket at the desk."""
        return list(json.loads(get(f"{self.world_url}/desk/tickets")))

    def tickets(self, *numbers: str) -> list[dict[str, Any]]:
        """The desk's tickets about these numbers being down."""
        return [t for t in self.desk() if t["symptom"] == DOWN and t["number"] in numbers]

    def one_ticket(self, number: str) -> dict[str, Any]:
        """The one ticket of a number, as soon as the desk has it."""
        wait_until(lambda: self.tickets(number), _CALM, f"{number} has its ticket")
        (ticket,) = self.tickets(number)
        return ticket

    def closed(self, *numbers: str, within: float = _CALM) -> list[dict[str, Any]]:
        """The tickets of these numbers once every one is closed."""

        def all_closed() -> list[dict[str, Any]] | None:
            found = self.tickets(*numbers)
            done = {t["number"] for t in found if t["stage"] == "closed"}
            return found if done == set(numbers) else None

        return wait_until(all_closed, within, lambda: self._still_open(numbers))

    def _still_open(self, numbers: Sequence[str]) -> str:
        """What is known of tickets that should be closed, in one line for a failure's summary."""
        tickets = [(t["number"], t["stage"], types(t)) for t in self.tickets(*numbers)]
        parts = [f"the tickets of {numbers} are closed; desk: {tickets}"]
        if not self.agent.is_running:
            return f"{parts[0]}; the agent is not running"
        alerts = json.loads(get(f"{self.agent_url}/api/v1/alerts"))["data"]["alerts"]
        parts.append(f"alerts: {[(a['labels'].get('number'), a['state']) for a in alerts]}")
        wanted = ("poll_failures", "poll_last", "outbox_", "sink_", "numwatch_number_state")
        lines = get(f"{self.agent_url}/metrics").decode().splitlines()
        lines = [it for it in lines if it[0] != "#" and not it.endswith(" 0.0")]
        parts += [it for it in lines if any(word in it for word in wanted)]
        return "; ".join(parts)

    def metric(self, name: str, **labels: str) -> float:
        """The agent's own metric, summed over the series that have these labels; 0 if none."""
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        lines = get(f"{self.agent_url}/metrics").decode().splitlines()
        return sum(
            float(line.rpartition(" ")[2])
            for line in lines
            if re.match(rf"{name}(\{{|\s)", line) and all(label in line for label in wanted)
        )

    def alertmanager_fires(self, number: str) -> bool:
        """Whether Alertmanager lists the number's alert as firing."""
        listed = json.loads(get(f"{self.alertmanager_url}/api/v2/alerts"))
        return any(
            it["labels"].get("number") == number and it["labels"].get("symptom") == DOWN
            for it in listed
        )

    def prometheus_alerts(self, number: str) -> bool:
        """Whether Prometheus has an alert about the number, pending or firing."""
        alerts = json.loads(get(f"{self.prometheus_url}/api/v1/alerts"))["data"]["alerts"]
        return any(it["labels"].get("number") == number for it in alerts)

    def hook_count(self, outcome: str) -> float:
        """The number of alerts with that outcome since the agent started."""
        return self.metric("numwatch_intake_alerts_total", outcome=outcome)


def types(ticket: dict[str, Any]) -> list[str]:
    """The types of the ticket's deliveries to the desk, each once, in order."""
    return [delivery["type"] for delivery in ticket["deliveries"]]


@contextlib.contextmanager
def peers(
    folder: Path,
    *,
    embedded: bool = True,
    rounds: float = 0.5,
    group_wait: str = "1s",
    reconcile: bool = True,
    external: bool = True,
    numbers: Sequence[str] = NUMBERS,
    clock: Sequence[str] = (),
    program: Sequence[str] = ("agent",),
    adapt: Callable[[dict[str, Any]], None] = lambda _settings: None,
) -> Iterator[Peers]:
    """The scene, all of it up; ended with the block.

    Args:
        folder: Where everything of it is.
        embedded: Whether the agent evaluates rules itself.
        rounds: Seconds between two rounds of those rules.
        group_wait: Alertmanager's own.
        reconcile: Whether the agent compares its alerts with Alertmanager's.
        external: Whether Prometheus and Alertmanager run.
        numbers: The numbers of the world.
        clock: The beginning of the commands of the agent and its world, for another clock.
        program: The agent's module, and words before its own arguments.
        adapt: Changes the agent's settings before its first start.
    """
    for binary in ("prometheus", "prometheus-alertmanager") if external else ():
        needs(binary)
    ports = [f"127.0.0.1:{free_port()}" for _ in range(4)]
    world_at, agent_at, prometheus_at, alertmanager_at = ports
    (folder / "world.yaml").write_text(yaml.safe_dump(world(numbers), allow_unicode=True))
    config = folder / "agent.yaml"
    simulator = ["simulate", "--world", str(folder / "world.yaml"), "--listen", world_at]
    simulator += ["--write-config", str(config)]
    log = folder / "world.log"
    started = (
        running([*clock, *numwatch(*simulator)], log)
        if clock
        else running_numwatch(*simulator, log=log)
    )
    with contextlib.ExitStack() as ends, started:
        wait_until(lambda: get(f"http://{world_at}/world"), _CALM, "the world answers")
        url = f"http://{alertmanager_at}" if reconcile and external else None
        _adapt(config, agent_at, url, adapt, embedded=embedded, rounds=rounds)
        made = Peers(
            *(f"http://{at}" for at in ports),
            agent=_agent(folder, config, agent_at, ends, clock, program),
            prometheus=_prometheus(folder, agent_at, prometheus_at, alertmanager_at, ends),
            alertmanager=_alertmanager(folder, agent_at, alertmanager_at, group_wait, ends),
            config=config,
        )
        made.agent.start()
        for process in (made.alertmanager, made.prometheus) if external else ():
            process.start()
        yield made


def _adapt(
    config: Path,
    listen: str,
    alertmanager: str | None,
    adapt: Callable[[dict[str, Any]], None],
    *,
    embedded: bool,
    rounds: float,
) -> None:
    """Let the written configuration wait no longer than a test can."""
    settings = yaml.safe_load(config.read_text())
    settings["listen"] = [listen]
    settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], 0.5)
    # Some polls fail on a busy machine; five minutes' pause would outlast every deadline.
    settings["polling"]["breaker_pause"] = 5
    settings["rules"] = {"enabled": embedded, "interval": rounds, "pace": 1000}
    # The numbers break one after the other: each test looks at the ticket of its own.
    settings["tickets"] = {"hold": 1, "reopen_window": 1800, "common_cause_numbers": 1000}
    hook: dict[str, Any] = {"token": TOKEN}
    if alertmanager:
        hook |= {"url": alertmanager, "interval": 1, "settle": 4, "egress_allow": ["127.0.0.0/8"]}
    settings["intake"] = {"alertmanager": hook}
    adapt(settings)
    config.write_text(yaml.safe_dump(settings, allow_unicode=True))


def _agent(
    folder: Path,
    config: Path,
    at: str,
    ends: contextlib.ExitStack,
    clock: Sequence[str],
    program: Sequence[str],
) -> Process:
    command = [*clock, sys.executable, "-m", *program, "run", "--config", str(config)]
    return Process(command, f"http://{at}/-/ready", folder / "agent", ends, _started)


def _started(
    command: Sequence[str], log: Path
) -> contextlib.AbstractContextManager[RunningProcess]:
    """Numwatch as a fork, which starts at once; everything else by itself."""
    plain = numwatch()
    if list(command[: len(plain)]) != plain:
        return running(command, log)
    return running_numwatch(*command[len(plain) :], log=log)


def _prometheus(
    folder: Path, agent_at: str, at: str, alertmanager_at: str, ends: contextlib.ExitStack
) -> Process:
    """The shipped configuration and rules, in a hurry."""
    rules = folder / "alert_rules"
    rules.mkdir()
    for shipped in (ROOT / "alert_rules").glob("*.yml"):
        hurried = re.sub(r"\bfor: \w+", "for: 1s", shipped.read_text())
        (rules / shipped.name).write_text(hurried)
    text = (ROOT / "deploy/prometheus.yml").read_text()
    text = text.replace("127.0.0.1:10400", agent_at).replace("127.0.0.1:9093", alertmanager_at)
    text = text.replace(": 5s", ": 1s").replace("../alert_rules", str(rules))
    (folder / "prometheus.yml").write_text(text)
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={at}",
        "--rules.alert.resend-delay=1s",
        "--rules.alert.for-grace-period=0s",
    ]
    return Process(command, f"http://{at}/-/ready", folder / "prometheus", ends)


def _alertmanager(
    folder: Path, agent_at: str, at: str, group_wait: str, ends: contextlib.ExitStack
) -> Process:
    """The shipped configuration, in a hurry and with a token."""
    shipped = yaml.safe_load((ROOT / "deploy/alertmanager.yml").read_text())
    hook = next(it for it in shipped["receivers"] if it["name"] == "numwatch")
    hook["webhook_configs"][0]["url"] = f"http://{agent_at}/hooks/alertmanager"
    hook["webhook_configs"][0]["http_config"] = {"authorization": {"credentials": TOKEN}}
    shipped["route"] |= {"group_interval": "1s", "repeat_interval": "1h"}
    for route in (shipped["route"], *shipped["route"]["routes"]):
        route["group_wait"] = group_wait
    config = folder / "alertmanager.yml"
    config.write_text(yaml.safe_dump(shipped))
    command = [
        "prometheus-alertmanager",
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager-data'}",
        f"--web.listen-address={at}",
        "--cluster.listen-address=",
    ]
    return Process(command, f"http://{at}/-/ready", folder / "alertmanager", ends)
