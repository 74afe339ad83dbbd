"""What every hook does with a request: bounds, counts, one line when it begins to refuse."""

from abc import ABC, abstractmethod

import structlog
from aiohttp import web

from agent.store.errors import StoreError
from agent.webhooks.admission import Admission, Held, OverloadedError
from agent.webhooks.answers import RequestOutcome, RequestRefusedError, refuse
from agent.webhooks.body import BodyTimeoutError, BodyTooLargeError, read_body
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

JSON = "application/json"
_LATER = "the same again, a little later"


class Hook(ABC):
    """Takes what one kind of system posts; 2xx only once what it changed is durable.

    Args:
        source: The system's kind, as metrics call it.
        path: Where it posts.
        telemetry: Counts requests by outcome.
        admission: How much may be under way at once.
    """

    def __init__(
        self, source: str, path: str, telemetry: Telemetry, admission: Admission | None = None
    ) -> None:
        self._source = source
        self._path = path
        self._telemetry = telemetry
        self._admission = admission or Admission()
        self._refusing: RequestRefusedError | None = None
        for outcome in RequestOutcome:
            telemetry.intake_requests.labels(source, outcome.value)

    async def post(self, request: web.Request) -> web.Response:
        """Take one request; 2xx only once what it changed is durable."""
        try:
            answer = await self._taken(request)
        except RequestRefusedError as refused:
            self._count(refused.outcome)
            self._tell(refused)
            return refuse(refused)
        self._count(RequestOutcome.ACCEPTED)
        self._tell(None)
        return answer

    @abstractmethod
    async def _take(self, request: web.Request, held: Held) -> web.Response:
        """Take a request that is let in as far as there is room for it.

        Raises:
            Refused: when it is not to be taken.
            Overloaded: when there is no room for what it brings.
            StoreError: when the ledger refuses.
        """

    @abstractmethod
    def _let_in(self, request: web.Request) -> None:
        """Look at the request before anything of its body is read.

        Raises:
            Refused: when it is not to be taken.
        """

    async def _taken(self, request: web.Request) -> web.Response:
        self._let_in(request)
        try:
            with self._admission.one() as held:
                return await self._take(request, held)
        except OverloadedError as error:
            text = f"the agent is overloaded: {error}"
            raise RequestRefusedError(RequestOutcome.OVERLOADED, text, _LATER) from error
        except StoreError as error:
            log.exception("hook_not_kept", path=self._path)
            text = "the ledger refused; the agent's log says why"
            raise RequestRefusedError(
                RequestOutcome.UNAVAILABLE, text, "the same again, later"
            ) from error

    def _count(self, outcome: RequestOutcome) -> None:
        self._telemetry.intake_requests.labels(self._source, outcome.value).inc()

    def _tell(self, refused: RequestRefusedError | None) -> None:
        """One line when requests begin to be refused for a reason, one when they are taken."""
        before, self._refusing = self._refusing, refused
        if refused is not None and (before is None or before.outcome is not refused.outcome):
            outcome = refused.outcome.value
            log.warning("hook_refuses", path=self._path, outcome=outcome, error=refused.error)
        elif refused is None and before is not None:
            log.info("hook_takes_again", path=self._path)


def must_be_json(request: web.Request) -> None:
    """Refuse other types: a page of another site can have a browser post a form, but not JSON.

    Raises:
        Refused: when the body is of another type.
    """
    if request.content_type != JSON:
        raise RequestRefusedError(RequestOutcome.MEDIA_TYPE, "the body is of another type", JSON)


async def whole_body(request: web.Request, most: int, key: str, held: Held) -> bytes:
    """The body, at most ``most`` bytes, which is what the setting ``key`` says.

    Raises:
        Refused: when it is larger or does not arrive.
        Overloaded: when other bodies take up the room.
    """
    try:
        return await read_body(request, most, held)
    except BodyTooLargeError:
        expected = f"at most {most} bytes ({key})"
        raise RequestRefusedError(
            RequestOutcome.TOO_LARGE, "the body is too large", expected
        ) from None
    except BodyTimeoutError:
        text = "the body did not arrive whole in time"
        raise RequestRefusedError(RequestOutcome.TOO_SLOW, text, "the same again") from None
