"""Contexts and verdicts for the tests of the diagnosis."""

import msgspec

from agent.checks.engine import Checker
from agent.diagnosis import DiagnosisContext, diagnose_number
from agent.states import Capability
from tests.account_facts import (
    B1,
    B2,
    NOW,
    ROUTING,
    make_settings,
    make_snapshot,
    polled,
    rebound,
)

ONE = "4006220001"
NIGHT = NOW + 6 * 3600.0
CALLER = "13900001111"


def known(*snapshots, before=None, now=NOW, **settings):
    """What is known after the given snapshots; ``before`` was seen earlier."""
    checker = Checker(make_settings(**settings))
    earlier = None if before is None else checker.check(before, now - 100)
    checked = {
        (each.provider, each.account): checker.check(each, now, earlier) for each in snapshots
    }
    return DiagnosisContext(make_settings(**settings), now, checked)


def verdict_on(snapshot, *, before=None, now=NOW, caller="", symptom=""):
    return diagnose_number(
        ONE, known(snapshot, before=before, now=now), caller=caller, symptom=symptom
    )


def polled_at(now):
    return {capability: polled(now) for capability in Capability}


def bound(*states, **more):
    phones = tuple(rebound(phone, state) for phone, state in zip((B1, B2), states, strict=False))
    return make_snapshot(bindings={ONE: phones}, **more)


def routed(polls=None, **edits):
    more = {} if polls is None else {"polls": polls}
    return make_snapshot(routings={ONE: msgspec.structs.replace(ROUTING, **edits)}, **more)
