import pytest

from exporters.telemetry import Telemetry


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()
