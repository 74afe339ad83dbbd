"""Commands that talk to a running agent are tested against the pages' own fixtures."""

from tests.web.conftest import database, facts, services

__all__ = ["database", "facts", "services"]
