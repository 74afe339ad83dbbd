"""``/api/numbers/{number}/baseline``: the approved configuration shown and approved."""

import asyncio
from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.baselines.baseline import Baseline
from agent.baselines.drift_effect import effect_of_drift
from agent.baselines.service import BaselineReport
from agent.masking import mask_text
from agent.tickets.document import stamp
from agent.web.authentication import recorded_actor
from agent.web.configuration import effect_views
from agent.web.number_views import phone_views, routing_view
from agent.web.numbers import ACCOUNT_QUERY
from agent.web.parameters import read
from agent.web.responses import ApiError, json_response, large_json_response, no_number
from agent.web.services import Baselines, services_of
from agent.web.views import BaselineView, DifferenceView, PlannedView, VersionView

LONGEST_NAME = 100
"""Characters of the name of whoever decides on a configuration."""
LONGEST_NOTE = 500
"""Characters of why."""


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An approval of a configuration as it is now."""

    by: str
    """Who approves."""
    note: str = ""
    """Why."""


async def show_baseline(request: web.Request) -> web.Response:
    """The approved configuration of a number, and what differs from it now."""
    account = read(request.query, ACCOUNT_QUERY)
    report = await _baselines(request).report(request.match_info["number"], **account)
    if report is None:
        raise no_number()
    return await large_json_response(await asyncio.to_thread(baseline_view, report))


async def approve_baseline(request: web.Request) -> web.Response:
    """Approve the configuration of a number as it is now."""
    account = read(request.query, ACCOUNT_QUERY)
    approval = _decode(await request.read())
    by = recorded_actor(request, approval.by)
    try:
        baseline = await _baselines(request).approve(
            request.match_info["number"], by, approval.note, **account
        )
    except LookupError as error:
        expected = "a number whose whole configuration was polled"
        raise ApiError(f"409 {error}", expected, HTTPStatus.CONFLICT) from None
    if baseline is None:
        raise no_number()
    return json_response(version_view(baseline))


def _baselines(request: web.Request) -> Baselines:
    baselines = services_of(request).baselines
    if baselines is None:
        raise no_number()
    return baselines


def _decode(body: bytes) -> Approval:
    try:
        approval = msgspec.json.decode(body, type=Approval)
    except msgspec.MsgspecError as error:
        raise ApiError(f"400 {error}", 'a body such as {"by": "Li Wei", "note": "…"}') from None
    if not approval.by.strip() or len(approval.by) > LONGEST_NAME:
        raise ApiError("400 by does not say who approves", f"a name, {LONGEST_NAME} characters")
    if len(approval.note) > LONGEST_NOTE:
        raise ApiError("400 note is too long", f"at most {LONGEST_NOTE} characters")
    return approval


def version_view(baseline: Baseline) -> VersionView:
    """One version of a baseline: who approved it, and when."""
    return VersionView(
        origin=baseline.origin.value,
        version=baseline.version,
        taken_at=stamp(baseline.taken_at or None),
        approved_by=baseline.approved_by,
        note=mask_text(baseline.note),
    )


def baseline_view(report: BaselineReport) -> BaselineView:
    """A report as the API shows it."""
    baseline, result = report.baseline, report.checked
    planned = report.planned
    return BaselineView(
        number=report.number,
        provider=result.snapshot.provider,
        account=result.snapshot.account,
        baseline=None if baseline is None else version_view(baseline),
        routing=routing_view(baseline.routing) if baseline and baseline.routing else None,
        phones=phone_views(baseline.bindings) if baseline and baseline.bindings else None,
        compared=tuple(section.value for section in result.drift_known(report.number)),
        drifted=tuple(section.value for section in result.drift_sections(report.number)),
        differences=tuple(
            DifferenceView(it.section.value, it.field, it.was, it.now) for it in report.differences
        ),
        effects=effect_views(effect_of_drift(result, report.number)),
        since=stamp(report.since),
        planned=None
        if planned is None
        else PlannedView(stamp(planned.start), stamp(planned.end), planned.change.reason),
        history=tuple(map(version_view, report.history)),
    )
