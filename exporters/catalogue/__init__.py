"""The table behind the catalogue: one row per family, in the order of the metrics page.

A HELP text says where the value comes from, because that is what a reader of a graph asks
first. Labels never carry callers or full bound phone numbers.
"""

from exporters.catalogue.agent import TELEMETRY
from exporters.catalogue.providers import SERIES
from exporters.catalogue.row import POLL_FAILURE_REASONS, Kind, Row

__all__ = ["POLL_FAILURE_REASONS", "SERIES", "TELEMETRY", "Kind", "Row"]
