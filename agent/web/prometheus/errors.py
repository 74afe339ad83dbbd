"""Errors of the read API, in Prometheus' own terms."""

from enum import Enum, unique
from http import HTTPStatus


@unique
class ErrorType(Enum):
    """Prometheus' error types, each with its HTTP status."""

    BAD_DATA = ("bad_data", HTTPStatus.BAD_REQUEST)
    EXECUTION = ("execution", HTTPStatus.UNPROCESSABLE_ENTITY)
    TIMEOUT = ("timeout", HTTPStatus.SERVICE_UNAVAILABLE)
    UNAVAILABLE = ("unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
    INTERNAL = ("internal", HTTPStatus.INTERNAL_SERVER_ERROR)

    @property
    def text(self) -> str:
        """The value of ``errorType``."""
        return self.value[0]

    @property
    def status(self) -> HTTPStatus:
        """The status of the response."""
        return self.value[1]


class QueryApiError(Exception):
    """A request that is refused or has failed."""

    def __init__(self, error: str, error_type: ErrorType = ErrorType.BAD_DATA) -> None:
        super().__init__(error)
        self.error = error
        self.error_type = error_type


def invalid_parameter(name: str, reason: str) -> QueryApiError:
    """The error for a parameter that cannot be used, in Prometheus' words."""
    return QueryApiError(f'invalid parameter "{name}": {reason}')
