"""The alert state that survives a restart: since when alerts are active, and the last evaluation.

Only time in which rules were evaluated counts towards ``for``. The time between the last
evaluation before a restart and the first one after it does not, however the clock was changed
meanwhile, as in Prometheus.

The state is a set of named pages, each with some alerts of one rule: no page grows with the number
of alerts, and a change rewrites one page. Earlier versions stored one page with all of them, which
is still read.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from zlib import crc32

import msgspec

from agent.model import Alert
from agent.rules.active import PENDING, ActiveAlert
from agent.rules.alerting import AlertingState, key_of
from agent.rules.rule import GoneRule, Group, Rule

VERSION = 2
SINGLE_PAGE_VERSION = 1
"""The version whose only page has the alerts of all rules."""

ROOT = "rules/alerts"
"""The page with the version and the last evaluation; the names of all others begin with it."""

ALERTS_PER_PAGE = 128
"""About how many alerts a page has, at most twice as many."""


# The field names of the structs are stored: they must not change within a version.
class _StoredAlert(msgspec.Struct, gc=False):
    alert: Alert
    missing_since: float | None = None


class _Root(msgspec.Struct):
    version: int
    rules: dict[str, list[_StoredAlert]] = {}
    """Empty since version 2."""
    watched_until: float = 0.0
    """The newest evaluation; 0 where no alert waits, so that equal states have equal bytes."""


class _Page(msgspec.Struct):
    rule: str
    alerts: list[_StoredAlert]


_encoder = msgspec.msgpack.Encoder()
_root_decoder = msgspec.msgpack.Decoder(_Root)
_page_decoder = msgspec.msgpack.Decoder(_Page)

Pages = Mapping[str, bytes]


def identity(group: Group, rule: Rule) -> str:
    """A rule's identity over restarts: its group, its name and its labels in the file."""
    labels = ",".join(f"{name}={text.source}" for name, text in sorted(rule.labels.items()))
    return f"{group.name}/{rule.name}{{{labels}}}"


def dump(states: Mapping[str, AlertingState], watched_until: float = 0.0) -> Pages:
    """The alerts of all rules as pages, as of the evaluation at ``watched_until``."""
    pages: dict[str, bytes] = {}
    waits = False
    for name, state in states.items():
        if state.active:
            pages |= _pages_of(name, state)
            waits = waits or any(map(_waits, state.active.values()))
    pages[ROOT] = _encoder.encode(_Root(VERSION, watched_until=watched_until if waits else 0.0))
    return pages


def _pages_of(name: str, state: AlertingState) -> Iterator[tuple[str, bytes]]:
    """The pages of one rule; an alert stays on its page while their number is the same."""
    bits = (len(state.active) // ALERTS_PER_PAGE).bit_length()
    mask = (1 << bits) - 1
    pages: dict[int, list[_StoredAlert]] = {}
    for key, entry in state.active.items():
        # Not hash(): it differs from process to process, so a restart would rewrite every page.
        place = crc32("\0".join(key).encode("utf-8", "surrogatepass")) & mask
        pages.setdefault(place, []).append(_StoredAlert(entry.alert, entry.missing_since))
    for place, alerts in pages.items():
        yield f"{_prefix(name)}{bits}-{place}", _encoder.encode(_Page(name, alerts))


def _prefix(name: str) -> str:
    """How the names of the pages of the rule ``name`` begin."""
    return f"{ROOT}/{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}/"


def without_rule(pages: Collection[str], states: Collection[str]) -> frozenset[str]:
    """Those of the names ``pages`` whose rule is none of ``states``."""
    prefixes = tuple(map(_prefix, states)) if pages else ()
    return frozenset(page for page in pages if not page.startswith(prefixes))


def _waits(entry: ActiveAlert) -> bool:
    return entry.alert.state == PENDING or entry.missing_since is not None


def load(
    pages: Pages, states: Mapping[str, AlertingState], *, interrupted: bool = True
) -> tuple[int, tuple[GoneRule, ...]]:
    """Restore the alerts in ``pages``.

    Returns how many still have a rule, and the rules of the others.

    ``interrupted`` says that no rules were evaluated from then until the first evaluation.

    Raises:
        ValueError: when ``pages`` are not a state of this version or of the one before.
    """
    try:
        root = _root_decoder.decode(pages.get(ROOT, b""))
        rules: dict[str, list[_StoredAlert]] = dict(root.rules)
        if root.version == VERSION:
            for name, content in pages.items():
                if name != ROOT:
                    page = _page_decoder.decode(content)
                    rules.setdefault(page.rule, []).extend(page.alerts)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the saved rule state cannot be read: {error}") from None
    if root.version not in (VERSION, SINGLE_PAGE_VERSION):
        raise ValueError(f"the saved rule state has version {root.version}, expected {VERSION}")
    stored = [(states[name], alerts) for name, alerts in rules.items() if name in states]
    for rule, alerts in stored:
        # The pages have no order among them; alerts are shown in the order they became active.
        alerts.sort(key=lambda entry: entry.alert.active_at)
        _restore(rule, alerts, root.watched_until if interrupted else 0.0)
    names = {rule.rule.name for rule in states.values()}
    gone = tuple(
        _gone(identity, [entry.alert for entry in alerts], names)
        for identity, alerts in rules.items()
        if identity not in states and alerts
    )
    return sum(len(alerts) for _, alerts in stored), gone


def gone_rules(
    former: Mapping[str, AlertingState], states: Mapping[str, AlertingState]
) -> tuple[GoneRule, ...]:
    """The rules of ``former`` that ``states`` does not have, with their alerts."""
    names = {state.rule.name for state in states.values()}
    return tuple(
        GoneRule(state.rule.name, identity, state.alerts(), state.rule.name in names)
        for identity, state in former.items()
        if identity not in states
    )


def _gone(identity: str, alerts: list[Alert], names: Collection[str]) -> GoneRule:
    name = alerts[0].name
    return GoneRule(name, identity, tuple(alerts), name in names)


def _restore(rule: AlertingState, alerts: Iterable[_StoredAlert], watched_until: float) -> None:
    entries = {
        key_of(entry.alert.labels): ActiveAlert(entry.alert, entry.missing_since, unconfirmed=True)
        for entry in alerts
    }
    rule.restore(entries, watched_until)
