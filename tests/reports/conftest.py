"""Reports are read as people and programs do: over the server of the pages' own fixtures."""

import dataclasses

import pytest

from agent.history.hours import HistoryReader
from agent.reports.service import ReportService
from agent.store.database import Database
from agent.web.services import WebServices
from tests.web.conftest import client, database, facts
from tests.web.conftest import services as services_without_reports
from tests.web.facts import Facts

__all__ = ["client", "database", "facts", "services_without_reports"]


class Past:
    """The history that reports are given."""

    reader: HistoryReader | None = None


@pytest.fixture
def past() -> Past:
    return Past()


@pytest.fixture
def services(
    services_without_reports: WebServices, database: Database, facts: Facts, past: Past
) -> WebServices:
    reports = ReportService(
        database, lambda: facts.settings, lambda: facts.now, lambda: past.reader, facts
    )
    return dataclasses.replace(services_without_reports, reports=reports)
