"""The approved configuration of a number: looked at, and approved."""

import asyncio
from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.baselines.baseline import Baseline
from agent.baselines.drift_effect import effect_of_drift
from agent.baselines.service import BaselineReport
from agent.masking import mask_text
from agent.tickets.document import stamp
from agent.web.configured import effect_views
from agent.web.encoding import json_response, large_json_response
from agent.web.keys import state_of
from agent.web.numbers import phone_views, routing_view
from agent.web.parameters import Parameter, read
from agent.web.problem import ApiError
from agent.web.state import Baselines
from agent.web.views import BaselineView, DifferenceView, PlannedView, VersionView

PLACE = (
    Parameter("provider", "Only what is at this provider."),
    Parameter("account", "Only what is at this account."),
)
_LONGEST_NAME = 100
_LONGEST_NOTE = 500


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent to approve a configuration."""

    by: str
    """Who approves."""
    note: str = ""
    """Why."""


async def show(request: web.Request) -> web.Response:
    """What a number is held to, and what differs from it."""
    place = read(request.query, PLACE)
    number = request.match_info["number"]
    report = await _desk(request).report(number, **place)
    if report is None:
        raise _nobody()
    return await large_json_response(await asyncio.to_thread(baseline_view, report))


async def approve(request: web.Request) -> web.Response:
    """Make the configuration as it is now the approved one."""
    place = read(request.query, PLACE)
    approval = _approval(await request.read())
    try:
        baseline = await _desk(request).approve(
            request.match_info["number"], approval.by, approval.note, **place
        )
    except LookupError as error:
        expected = "a number whose whole configuration was polled"
        raise ApiError(f"409 {error}", expected, HTTPStatus.CONFLICT) from None
    if baseline is None:
        raise _nobody()
    return json_response(version_view(baseline))


def _desk(request: web.Request) -> Baselines:
    desk = state_of(request).baselines
    if desk is None:
        raise _nobody()
    return desk


def _approval(body: bytes) -> Approval:
    try:
        approval = msgspec.json.decode(body, type=Approval)
    except msgspec.MsgspecError as error:
        raise ApiError(f"400 {error}", 'a body such as {"by": "Li Wei", "note": "…"}') from None
    if not approval.by.strip() or len(approval.by) > _LONGEST_NAME:
        raise ApiError("400 by does not say who approves", f"a name, {_LONGEST_NAME} characters")
    if len(approval.note) > _LONGEST_NOTE:
        raise ApiError("400 note is too long", f"at most {_LONGEST_NOTE} characters")
    return approval


def _nobody() -> ApiError:
    expected = "a number listed at /api/numbers"
    return ApiError("404 no account has this number", expected, HTTPStatus.NOT_FOUND)


def version_view(baseline: Baseline) -> VersionView:
    """Who approved a baseline, and when."""
    return VersionView(
        origin=baseline.origin.value,
        version=baseline.version,
        taken_at=stamp(baseline.taken_at or None),
        approved_by=baseline.approved_by,
        note=mask_text(baseline.note),
    )


def baseline_view(report: BaselineReport) -> BaselineView:
    """A report as the API shows it."""
    baseline, checked = report.baseline, report.checked
    planned = report.planned
    return BaselineView(
        number=report.number,
        provider=checked.snapshot.provider,
        account=checked.snapshot.account,
        baseline=None if baseline is None else version_view(baseline),
        routing=routing_view(baseline.routing) if baseline and baseline.routing else None,
        phones=phone_views(baseline.bindings) if baseline and baseline.bindings else None,
        compared=tuple(section.value for section in checked.drift_known(report.number)),
        drifted=tuple(section.value for section in checked.drift_sections(report.number)),
        differences=tuple(
            DifferenceView(each.section.value, each.field, each.was, each.now)
            for each in report.differences
        ),
        effects=effect_views(effect_of_drift(checked, report.number)),
        since=stamp(report.since),
        planned=None
        if planned is None
        else PlannedView(stamp(planned.start), stamp(planned.end), planned.change.reason),
        history=tuple(map(version_view, report.history)),
    )
