"""What a query that cannot be answered is told, in Prometheus' own terms."""

from enum import Enum, unique
from http import HTTPStatus


@unique
class Kind(Enum):
    """Prometheus' error types, each with its HTTP status."""

    BAD_DATA = ("bad_data", HTTPStatus.BAD_REQUEST)
    EXECUTION = ("execution", HTTPStatus.UNPROCESSABLE_ENTITY)
    TIMEOUT = ("timeout", HTTPStatus.SERVICE_UNAVAILABLE)
    UNAVAILABLE = ("unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
    INTERNAL = ("internal", HTTPStatus.INTERNAL_SERVER_ERROR)

    @property
    def word(self) -> str:
        """As ``errorType`` has it."""
        return self.value[0]

    @property
    def status(self) -> HTTPStatus:
        """The status of the answer."""
        return self.value[1]


class QueryApiError(Exception):
    """A request that cannot be answered as asked."""

    def __init__(self, error: str, kind: Kind = Kind.BAD_DATA) -> None:
        super().__init__(error)
        self.error = error
        self.kind = kind


def wrong(parameter: str, why: str) -> QueryApiError:
    """A parameter that cannot be used, in Prometheus' words."""
    return QueryApiError(f'invalid parameter "{parameter}": {why}')
