"""Decisions against every order of events that hypothesis finds."""

from collections.abc import Iterable

from hypothesis import settings as rigour
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agent.states import Stage
from agent.tickets.changes import Change
from agent.tickets.decide.decide import decide
from agent.tickets.decide.decision import Assessment, Decision, DecisionPolicy, Finding, Transition
from agent.tickets.decide.faults import faults_of, pending_keys
from agent.tickets.decide.view import View
from agent.tickets.key import key_of, subject_of
from agent.tickets.number_details import Particulars
from agent.tickets.ticket import Text, Ticket
from agent.tickets.transitions import Opening, carry_out, open_ticket, reopen_ticket
from tests.proof_size import size
from tests.tickets.scene import START, alert

ALERTS = {
    "outage": ("ProviderApiDown", "provider", "provider_api", "critical"),
    "stop": ("BalanceStop", "account", "balance", "critical"),
    "low": ("BalanceLow", "account", "balance", "warning"),
    "down": ("NumberNotActive", "number", "number_down", "critical"),
    "phones": ("AllBindingsDown", "number", "binding_down", "critical"),
    "phone": ("BindingDown", "binding", "binding_down", "warning"),
}
FINDINGS = (Finding.GOOD, Finding.GOOD, Finding.UNKNOWN, Finding.BAD)
POLICY = DecisionPolicy(recovery_polls=2, hold=100.0, reopen_window=600.0)


def key_of_alert(name: str) -> str:
    example = alert(*ALERTS[name])
    return key_of(subject_of(example.name, example.labels))


KEYS = {name: key_of_alert(name) for name in ALERTS}


class Rounds(RuleBasedStateMachine):
    """Alerts come and go, facts say good, bad or nothing; tickets must stay true to them."""

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.open: dict[str, Ticket] = {}
        self.newest: dict[str, Ticket] = {}
        self.last_alert_at: dict[str, float] = {}
        self.since: dict[str, float] = {}
        self.good_since: dict[str, float] = {}

    @rule(
        firing=st.sets(st.sampled_from(sorted(ALERTS)), max_size=2),
        waiting=st.sets(st.sampled_from(sorted(ALERTS)), max_size=1),
        findings=st.fixed_dictionaries(
            {key: st.sampled_from(FINDINGS) for key in sorted(set(KEYS.values()))}
        ),
        polled=st.sampled_from([True, True, False]),
        seconds=st.sampled_from([5.0, 60.0, 60.0, 150.0, 700.0]),
    )
    def observe(
        self,
        firing: set[str],
        waiting: set[str],
        findings: dict[str, Finding],
        polled: bool,
        seconds: float,
    ) -> None:
        before = self.now
        self.now += seconds
        for name in sorted(firing):
            self.since.setdefault(name, self.now)
        self.since = {name: at for name, at in self.since.items() if name in firing}
        alerts = [alert(*ALERTS[name], at=self.since[name]) for name in sorted(firing)]
        alerts += [alert(*ALERTS[name], state="pending") for name in sorted(waiting - firing)]
        faults = faults_of(alerts, ["critical", "warning"])
        pending = pending_keys(alerts)
        seen_at = self.now - 1 if polled else before - 1
        self._note_good(findings, faults.keys() | pending, seen_at)
        view = View(
            tickets=dict(self.open),
            closed={k: t for k, t in self.newest.items() if k in faults and k not in self.open},
            faults=faults,
            pending=pending,
            evidence={
                key: Assessment(finding, f"the facts are {finding}", seen_at)
                for key, finding in findings.items()
                if key not in faults and key not in pending
            },
            last_alert_at=dict(self.last_alert_at),
            policy=POLICY,
        )
        decisions = decide(view, self.now)
        assert decisions == decide(view, self.now)
        assert all(decision.reason for decision in decisions)
        for change in self._carry_out(decisions, view):
            self._check(change)
        for key in faults.keys() | pending:
            self.last_alert_at[key] = self.now

    def _note_good(
        self, findings: dict[str, Finding], alerting: Iterable[str], seen_at: float
    ) -> None:
        """An independent account of since when each thing has been good without a break."""
        for key, finding in findings.items():
            if key in alerting or finding is not Finding.GOOD:
                self.good_since.pop(key, None)
            elif seen_at > self.last_alert_at.get(key, 0.0):
                self.good_since.setdefault(key, self.now)

    def _carry_out(self, decisions: list[Decision], view: View) -> Iterable[Change]:
        groups: dict[str, list[Decision]] = {}
        for decision in decisions:
            groups.setdefault(decision.key, []).append(decision)
        for key, group in groups.items():
            first = group[0]
            if first.transition in (Transition.OPEN, Transition.REOPEN):
                change = self._begin(first, view)
                yield change
                yield from carry_out(change.after, group[1:], self.now)
            else:
                yield from carry_out(self.open[key], group, self.now)

    def _begin(self, decision: Decision, view: View) -> Change:
        assert decision.fault is not None
        opening = Opening(Particulars(), Text("t", "d"), None)
        previous = view.closed.get(decision.key)
        if decision.transition is Transition.REOPEN:
            assert previous is not None
            return reopen_ticket(decision, decision.fault, previous, opening, self.now)
        return open_ticket(decision, decision.fault, previous, opening, self.now)

    def _check(self, change: Change) -> None:
        after = change.after
        if change.before is None:
            assert after.key not in self.open
            assert all(after.id != other.id for other in self.newest.values())
        elif change.entries:
            assert after.revision == change.before.revision + 1
        else:
            assert after.revision == change.before.revision
            assert after.stage is change.before.stage
        assert all(entry.reason for entry in change.entries)
        if after.stage is Stage.CLOSED:
            since = self.good_since.get(after.key)
            assert since is not None, "closed without unbroken good evidence"
            assert self.now - since >= POLICY.hold, "closed before the hold had passed"
        self.newest[after.key] = after
        if after.open:
            self.open[after.key] = after
        else:
            self.open.pop(after.key, None)

    @invariant()
    def members_stand_in_one_ledger(self) -> None:
        if not hasattr(self, "open"):
            return
        active = [
            member.key
            for ticket in self.open.values()
            for member in ticket.members
            if member.left_at is None
        ]
        assert len(active) == len(set(active))

    @invariant()
    def everything_that_fires_is_told(self) -> None:
        """What fired last has an open ticket of its own or stands in another's ledger."""
        if not hasattr(self, "open"):
            return
        covered = set(self.open) | {
            member.key
            for ticket in self.open.values()
            for member in ticket.members
            if member.left_at is None
        }
        assert {KEYS[name] for name in self.since} <= covered


TestRounds = Rounds.TestCase
TestRounds.settings = rigour(max_examples=size(20, 200), stateful_step_count=25, deadline=None)
