"""A fleet whose provider's answers are recorded as a poller records them."""

import json

from msgspec.structs import replace

from agent.config.settings import Settings
from agent.model import AccountKey
from agent.net.exchange import Answer, Request
from agent.polling.recorder import MAX_BYTES, ResponseRecorder
from agent.tickets.ticket import Ticket
from tests.sinks.change_writer import ChangeWriter

ACCOUNT: AccountKey = ("north", "hq")
URL = "https://north.example/v1"
PAGE_SIZE = 100

SETTINGS = Settings.model_validate(
    {"providers": [{"name": "north", "profile": "generic", "accounts": [{"id": "hq"}]}]}
)


class FleetAnswers:
    """Polls a listing, configurations and calls of numbers into a recorder."""

    def __init__(self, count: int, max_bytes: int = MAX_BYTES) -> None:
        self.now = 1_790_000_000.0
        self.recorder = ResponseRecorder(lambda: self.now, max_bytes)
        self.numbers = [f"400{7_000_000 + index}" for index in range(count)]
        self.states = dict.fromkeys(self.numbers, "active")
        self._body = b""
        self._fetch = self.recorder.wrap(ACCOUNT, self._answer)

    async def _answer(self, _request: Request) -> Answer:
        return Answer(200, {}, self._body, None)

    async def get(self, path: str, document: object, **params: str) -> None:
        """Record ``document`` as the answer to ``GET path``."""
        self._body = json.dumps(document, ensure_ascii=False).encode()
        await self._fetch(Request("GET", URL + path, tuple(params.items())))

    async def poll_listing(self) -> None:
        """Record every page of the listing, in order."""
        for start in range(0, len(self.numbers), PAGE_SIZE):
            items = [
                {
                    "number": number,
                    "state": self.states[number],
                    "company": "示例公司",
                    "bindings": [{"id": "b1", "phone": "13800000001", "state": "ok"}],
                    "contract_end": "2027-03-01",
                    "remark": "branch office, second floor, reception desk",
                }
                for number in self.numbers[start : start + PAGE_SIZE]
            ]
            await self.get("/numbers", {"items": items}, page=str(start // PAGE_SIZE))

    async def poll_configurations(self) -> None:
        """Record the answer about each number's routing."""
        for number in self.numbers:
            await self.get(f"/numbers/{number}/routing", {"number": number, "wait_seconds": 20})

    async def poll_calls(self, calls: int = 200) -> None:
        """Record the newest calls; every poll asks for another window, as providers want it."""
        items = [
            {
                "number": self.numbers[index * 7 % len(self.numbers)],
                "caller": f"139{index:08}",
                "at": self.now - index,
                "result": "answered",
            }
            for index in range(calls)
        ]
        await self.get("/calls", {"items": items}, since=str(int(self.now)))


async def opened(writer: ChangeWriter, fleet: FleetAnswers, index: int) -> Ticket:
    """A ticket in the ledger about the fleet's number ``index``."""
    ticket = await writer.opened(index)
    return replace(ticket, subject=replace(ticket.subject, number=fleet.numbers[index]))
