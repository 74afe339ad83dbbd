"""Accepts connections a few at a time, so that a burst of them does not hold up the event loop.

The event loops accept all that wait in one turn; a few hundred connections then keep everything
else waiting for a tenth of a second.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Any, Final

import structlog

log = structlog.get_logger(__name__)

ACCEPTED_AT_ONCE: Final = 16
"""Connections accepted in one turn of the event loop, at each address."""
PAUSE_SECONDS = 1.0
"""Between two tries to accept while there are no file descriptors or no memory for it."""
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Accepts connections at some listening sockets.

    Args:
        sockets: Sockets that listen; they are closed by :meth:`close`.
        make: Makes the protocol of a connection.
    """

    def __init__(self, sockets: list[socket.socket], make: Callable[[], asyncio.Protocol]) -> None:
        self.sockets = sockets
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._starting: set[asyncio.Task[Any]] = set()
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}
        for listening in sockets:
            listening.settimeout(0)
            self._resume(listening)

    def close(self) -> None:
        """Accept no more; connections that were accepted stay."""
        for pause in self._pauses.values():
            pause.cancel()
        for listening in self.sockets:
            self._loop.remove_reader(listening.fileno())
            listening.close()
        self.sockets = []

    def _resume(self, listening: socket.socket) -> None:
        self._pauses.pop(listening, None)
        self._loop.add_reader(listening.fileno(), self._accept_some, listening)

    def _accept_some(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                self._pause(listening, error)
                return
            task = self._loop.create_task(self._start(accepted))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        log.warning("no_connection_accepted", error=error.strerror or str(error))
        self._loop.remove_reader(listening.fileno())
        self._pauses[listening] = self._loop.call_later(PAUSE_SECONDS, self._resume, listening)

    async def _start(self, accepted: socket.socket) -> None:
        accepted.settimeout(0)
        try:
            await self._loop.connect_accepted_socket(self._make, accepted)
        except OSError as error:
            # Its client has gone away again.
            log.debug("connection_lost_at_start", error=str(error))
            accepted.close()


async def listening_sockets(host: str | None, port: int, backlog: int) -> list[socket.socket]:
    """Sockets that listen at every address of ``host``.

    Raises:
        OSError: when one of the addresses cannot be listened at.
    """
    found = await asyncio.get_running_loop().getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, _type, _protocol, _name, address in dict.fromkeys(found):
            sockets.append(socket.create_server(address[:2], family=family, backlog=backlog))
    except OSError:
        for listening in sockets:
            listening.close()
        raise
    return sockets
