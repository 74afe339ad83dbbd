import pytest

from agent.store.database import Database
from tests.tickets.driver import Run
from tests.tickets.scene import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def run(database: Database, scene: Scene) -> Run:
    return Run(database, scene)
